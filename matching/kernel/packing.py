"""Sorting entries into a table, and enciphering what it says; all deterministic.

A table is sorted part by part: the top PART_BITS bits of a key name its part, so that what is
sorted at a time stays small however many rows a leak has.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.rows import row_stream
from matching.kernel.table import stream
from native.jit import inner, kernel, pointer

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
u8 = np.uint8

PART_BITS = 8
PARTS = 1 << PART_BITS
FEW = 24  # so many entries are sorted by insertion


@kernel
def part(keys, values, bounds, part_keys, part_values):
    """Order entries by their part; part p then lies at [bounds[p], bounds[p + 1])."""
    n = len(keys)
    shift = u64(64 - PART_BITS)
    bounds_ = pointer(bounds)
    for p in range(PARTS + 1):
        bounds_[p] = 0
    for i in range(n):
        bounds_[i64(keys[i] >> shift) + 1] += 1
    for p in range(PARTS):
        bounds_[p + 1] += bounds_[p]
    for i in range(n):
        p = i64(keys[i] >> shift)
        at = bounds_[p]
        part_keys[at] = keys[i]
        part_values[at] = values[i]
        bounds_[p] = at + 1
    for p in range(PARTS, 0, -1):
        bounds_[p] = bounds_[p - 1]
    bounds_[0] = 0


@inner
def behind(checks, values, a, b):
    """Whether entry `a` sorts behind entry `b`: by check, then by value."""
    return checks[a] > checks[b] or (checks[a] == checks[b] and values[a] > values[b])


@inner
def swap(checks, values, a, b):
    """Exchange two entries."""
    checks[a], checks[b] = checks[b], checks[a]
    values[a], values[b] = values[b], values[a]


@inner
def sink(checks, values, first, root, count):
    """Let an entry of a heap sink to its place."""
    while True:
        child = 2 * root + 1
        if child >= count:
            return
        if child + 1 < count and behind(checks, values, first + child + 1, first + child):
            child += 1
        if not behind(checks, values, first + child, first + root):
            return
        swap(checks, values, first + child, first + root)
        root = child


@inner
def sort_bucket(checks, values, first, end):
    """Sort by check, then value; n log n also where one key has most of the leak's rows."""
    i = first + 1
    while i < end and not behind(checks, values, i - 1, i):
        i += 1
    if i >= end:
        return
    if end - first <= FEW:
        for i in range(first + 1, end):
            j = i
            while j > first and behind(checks, values, j - 1, j):
                swap(checks, values, j - 1, j)
                j -= 1
        return
    count = end - first
    for root in range(count // 2 - 1, -1, -1):
        sink(checks, values, first, root, count)
    for last in range(count - 1, 0, -1):
        swap(checks, values, first, first + last)
        sink(checks, values, first, 0, last)


@kernel
def sort_entries(keys, values, shift, starts, checks, sorted_values):
    """Put the entries of one part into its buckets; `starts` has one place more than buckets.

    `shift` takes a key to its bucket among all of the table's, of which the part has a run.
    """
    n = len(keys)
    starts_ = pointer(starts)
    buckets = len(starts) - 1
    mask = i64(buckets - 1)
    for i in range(n):
        starts_[(i64(keys[i] >> u64(shift)) & mask) + 1] += u32(1)
    for b in range(buckets):
        starts_[b + 1] += starts_[b]
    for i in range(n):
        b = i64(keys[i] >> u64(shift)) & mask
        at = i64(starts_[b])
        checks[at] = u32(keys[i] & u64(0xFFFFFFFF))
        sorted_values[at] = values[i]
        starts_[b] += u32(1)
    for b in range(buckets - 1, 0, -1):
        starts_[b] = starts_[b - 1]
    starts_[0] = u32(0)
    for b in range(buckets):
        sort_bucket(pointer(checks), pointer(sorted_values), i64(starts_[b]), i64(starts_[b + 1]))


@kernel
def squeeze(starts, checks, values, cap):
    """Drop doubles and keys of more than `cap` rows, in place; returns how many entries stay."""
    out = 0
    first = i64(starts[0])
    for b in range(len(starts) - 1):
        end = i64(starts[b + 1])
        starts[b] = u32(out)
        i = first
        while i < end:
            j = i
            distinct = 0
            while j < end and checks[j] == checks[i]:
                if j == i or values[j] != values[j - 1]:
                    distinct += 1
                j += 1
            if distinct <= cap:
                check = checks[i]
                last = i64(-1)
                for at in range(i, j):
                    value = values[at]
                    if i64(value) != last:
                        checks[out] = check
                        values[out] = value
                        last = i64(value)
                        out += 1
            i = j
        first = end
    starts[len(starts) - 1] = u32(out)
    return out


@kernel
def fill_bits(keys, bits):
    """Set both bits of every key in the filter that `table.in_pairs` asks."""
    mask = u64(len(bits) * 8 - 1)
    for i in range(len(keys)):
        at = (keys[i] >> u64(20)) & mask
        other = (at & ~u64(63)) | ((keys[i] >> u64(52)) & u64(63))
        bits[i64(at >> u64(3))] |= u8(1) << u8(at & u64(7))
        bits[i64(other >> u64(3))] |= u8(1) << u8(other & u64(7))


@kernel
def encipher_values(values, first, domain, keys):
    """Put the key stream over the row numbers of a table, in place; `first` numbers the first."""
    keys_ = pointer(keys)
    for i in range(len(values)):
        values[i] ^= stream(domain, first + i, keys_)


@kernel
def encipher_rows(words, first_row, keys):
    """Put the key stream over row records (uint64, rows x width), in place."""
    keys_ = pointer(keys)
    for i in range(words.shape[0]):
        for w in range(words.shape[1]):
            words[i, w] ^= row_stream(first_row + i, w, keys_)


@kernel
def count_signatures(values, signatures, counts, held):
    """Count the signatures (uint32) of one slot in an open-addressing table.

    Returns where it stopped: before the end when the table is half full (`held`). 0 is no value.
    """
    mask = u32(len(signatures) - 1)
    for i in range(len(values)):
        if held[0] * 2 >= len(signatures):
            return i
        found = values[i]
        if found == u32(0):
            continue
        at = found & mask
        while signatures[i64(at)] != found and signatures[i64(at)] != u32(0):
            at = (at + u32(1)) & mask
        if signatures[i64(at)] == u32(0):
            signatures[i64(at)] = found
            held[0] += 1
        counts[i64(at)] += u32(1)
    return len(values)


@kernel
def move_counts(signatures, counts, to_signatures, to_counts):
    """Move a table of counts into a larger one."""
    mask = u32(len(to_signatures) - 1)
    for i in range(len(signatures)):
        if signatures[i] != u32(0):
            at = signatures[i] & mask
            while to_signatures[i64(at)] != u32(0):
                at = (at + u32(1)) & mask
            to_signatures[i64(at)] = signatures[i]
            to_counts[i64(at)] = counts[i]


@kernel
def put_weights(values, signatures, weights, out):
    """Write the weight (uint8) of every signature of one slot; 0 where there is no value."""
    mask = u32(len(signatures) - 1)
    for i in range(len(values)):
        found = values[i]
        if found == u32(0):
            out[i] = u8(0)
            continue
        at = found & mask
        while signatures[i64(at)] != found:
            at = (at + u32(1)) & mask
        out[i] = weights[i64(at)]


@kernel
def move_words(seen, to_seen):
    """Move the set of words that were met (see entries.learn_word) into a larger one."""
    mask = u64(len(to_seen) - 1)
    for i in range(len(seen)):
        if seen[i] != u64(0):
            at = (seen[i] >> u64(7)) & mask
            while to_seen[i64(at)] != u64(0):
                at = (at + u64(1)) & mask
            to_seen[i64(at)] = seen[i]
