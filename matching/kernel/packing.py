"""Sorting entries into a table, and enciphering what it says; all deterministic."""

from __future__ import annotations

import numpy as np

from matching.kernel.desk import row_stream
from matching.kernel.jit import inner, kernel, pointer
from matching.kernel.table import stream

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
u8 = np.uint8


@inner
def sort_bucket(checks, values, first, end):
    """Insertion sort by check, then value; buckets hold a few entries, long runs come sorted."""
    for i in range(first + 1, end):
        check, value = checks[i], values[i]
        j = i - 1
        while j >= first and (checks[j] > check or (checks[j] == check and values[j] > value)):
            checks[j + 1] = checks[j]
            values[j + 1] = values[j]
            j -= 1
        checks[j + 1] = check
        values[j + 1] = value


@kernel
def sort_entries(keys, values, shift, starts, checks, sorted_values):
    """Put entries into buckets by the keys' top bits; `starts` has one place more than buckets."""
    n = len(keys)
    starts_ = pointer(starts)
    buckets = len(starts) - 1
    for i in range(n):
        starts_[i64(keys[i] >> u64(shift)) + 1] += u32(1)
    for b in range(buckets):
        starts_[b + 1] += starts_[b]
    for i in range(n):
        b = i64(keys[i] >> u64(shift))
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
    """Set the bit of every key in a bit filter."""
    mask = u64(len(bits) * 8 - 1)
    for i in range(len(keys)):
        at = (keys[i] >> u64(20)) & mask
        bits[i64(at >> u64(3))] |= u8(1) << u8(at & u64(7))


@kernel
def encipher_values(values, domain, keys):
    """Put the key stream over the row numbers of a table, in place."""
    keys_ = pointer(keys)
    for entry in range(len(values)):
        values[entry] ^= stream(domain, entry, keys_)


@kernel
def encipher_rows(words, first_row, keys):
    """Put the key stream over row records (uint64, rows x width), in place."""
    keys_ = pointer(keys)
    for i in range(words.shape[0]):
        for w in range(words.shape[1]):
            words[i, w] ^= row_stream(first_row + i, w, keys_)
