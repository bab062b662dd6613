"""The tables of a fingerprint file as the kernels read them: key to row numbers.

A table is three arrays. The top bits of a key name its bucket; `starts[bucket]` and
`starts[bucket + 1]` bound the bucket's entries; an entry is the key's low 32 bits (`checks`)
and a row number enciphered by a key stream over entry numbers (`values`). Entries of equal
keys stand together. Blocks are checked against their hash before first use: a look-up that
needs an unchecked block says which, and the caller checks it and runs again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.siphash import siphash_number
from native.jit import inlined, inner, pointer
from native.vector import load_word

u64 = np.uint64
u32 = np.uint32
i64 = np.int64

BLOCK_SHIFT = 16  # blocks of 64 KiB
MAX_MISSING = 250
FULLEST = 1 << 10  # entries of a bucket that are looked at where nothing tells that there are more


class Table(NamedTuple):
    """One table, memory-mapped; `domain` keeps the key streams of the tables apart."""

    starts: NDArray[np.uint32]
    checks: NDArray[np.uint32]
    values: NDArray[np.uint32]
    starts_ok: NDArray[np.uint8]
    checks_ok: NDArray[np.uint8]
    values_ok: NDArray[np.uint8]
    shift: int
    size: int
    domain: int


@inlined
def table_pointers(t):
    """The same struct over pointers."""
    return Table(
        pointer(t.starts),
        pointer(t.checks),
        pointer(t.values),
        pointer(t.starts_ok),
        pointer(t.checks_ok),
        pointer(t.values_ok),
        t.shift,
        t.size,
        t.domain,
    )


@inner
def need(missing, section, block):
    """Note an unchecked block; missing[0] counts, pairs follow."""
    count = missing[0]
    if count < MAX_MISSING:
        missing[1 + 2 * count] = section
        missing[2 + 2 * count] = block
        missing[0] = count + 1


@inner
def find(table, key, missing):
    """The entries [first, behind) of a key; (0, 0) when it has none or a block is unchecked.

    Of unchecked blocks nothing is believed but which block will be asked for next, so that all that
    one look-up needs is asked for at once.
    """
    bucket = i64(key >> u64(table.shift))
    block = (bucket * 4) >> BLOCK_SHIFT
    behind = ((bucket + 1) * 4) >> BLOCK_SHIFT
    checked = table.starts_ok[block] and table.starts_ok[behind]
    if not checked:
        need(missing, table.domain * 3, block if not table.starts_ok[block] else behind)
    first = i64(table.starts[bucket])
    last = i64(table.starts[bucket + 1])
    # A file with right hashes and wrong offsets could only be built on purpose; still bounded.
    if first >= last or last > table.size:
        return 0, 0
    if not checked:
        last = min(last, first + FULLEST)
    for at in range((first * 4) >> BLOCK_SHIFT, (((last - 1) * 4) >> BLOCK_SHIFT) + 1):
        if not table.checks_ok[at]:
            need(missing, table.domain * 3 + 1, at)
            checked = False
    check = u32(key & u64(0xFFFFFFFF))
    while first < last and table.checks[first] != check:
        first += 1
    end = first
    while end < last and table.checks[end] == check:
        end += 1
    if end > first:
        for at in range((first * 4) >> BLOCK_SHIFT, (((end - 1) * 4) >> BLOCK_SHIFT) + 1):
            if not table.values_ok[at]:
                need(missing, table.domain * 3 + 2, at)
                checked = False
    return (first, end) if checked else (0, 0)


@inlined
def is_complete(missing, before):
    """Whether no block was asked for since `before` were noted: once MAX_MISSING are, no more can
    be, and nothing found is complete."""
    return missing[0] == before and before < MAX_MISSING


@inner
def warm(table, keys, count):
    """Touch what looking up `keys[:count]` will read, so that the misses of all overlap.

    Nothing is believed of what is read here; `keys` has room for `count` + 1 numbers behind them.
    """
    seen = u64(0)
    last = i64(table.size) - 1
    for t in range(count):
        keys[count + t] = u64(table.starts[i64(keys[t] >> u64(table.shift))])
    for t in range(count):
        if last >= 0:
            entry = min(i64(keys[count + t]), last)
            seen += u64(table.checks[entry]) + u64(table.values[entry])
    keys[2 * count] = seen


@inlined
def stream(domain, entry, keys):
    """The 32 bits that encipher the value of an entry."""
    mixed = siphash_number(
        (u64(domain) << u64(48)) | u64(entry), keys[2 * k.POSTINGS], keys[2 * k.POSTINGS + 1]
    )
    return u32(mixed & u64(0xFFFFFFFF))


@inlined
def value_at(table, entry, keys):
    """The value of an entry, deciphered."""
    return i64(table.values[entry] ^ stream(table.domain, entry, keys))


@inlined
def in_bits(bits, mask, key):
    """Whether a key may stand in the table before which this bit filter lies."""
    at = (key >> u64(20)) & mask
    return (bits[i64(at >> u64(3))] >> (at & u64(7))) & u64(1) != u64(0)


@inlined
def pair_place(mask, key):
    """Where the eight bytes stand in the exact table's filter that tell of a key."""
    return i64((((key >> u64(20)) & mask) >> u64(6)) << u64(3))


@inlined
def in_pairs(bits, mask, key):
    """Whether a key may stand in the exact table: its filter has two bits a key, both in the same
    eight bytes, so that asking costs one miss of the cache."""
    at = (key >> u64(20)) & mask
    word = load_word(bits, pair_place(mask, key))
    return (word >> (at & u64(63))) & (word >> ((key >> u64(52)) & u64(63))) & u64(1) != u64(0)
