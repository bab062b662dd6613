"""The growing lists a build fills: keys with their rows, and the neighbours of words."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.shapes import pack
from matching.kernel.siphash import siphash_bytes, siphash_number
from matching.kernel.word_filter import name_bit, phrase_bit, set_bit, value_bit
from native.jit import inlined, inner, pointer

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
u8 = np.uint8

NAME_ROW = 24  # three lists of words, then keys of houses and birth dates, then of towns
NAME_PLACES = 12  # where the keys of houses and birth dates begin
NAME_TOWN = 20  # where the keys of postcode and town begin
NAME_WORDS = 4  # words of a name kept per row for pairs: per column class
SEEN = 1 << 16  # first places in the set of words whose neighbours are in the table


class Entries(NamedTuple):
    """Growing (key, value) lists of the three tables; `held` says how many each has."""

    exact_key: NDArray[np.uint64]
    exact_value: NDArray[np.uint32]
    near_key: NDArray[np.uint64]
    near_value: NDArray[np.uint32]
    word_key: NDArray[np.uint64]
    word_value: NDArray[np.uint32]
    held: NDArray[np.int64]


class Column(NamedTuple):
    """Where one column's results go: slots [from, from + room) of every row."""

    slots: NDArray[np.uint32]  # rows x width
    sketch: NDArray[np.uint8]  # rows x SKETCH_BYTES
    names: NDArray[np.uint64]  # rows x NAME_ROW
    seen: NDArray[np.uint64]
    seen_count: NDArray[np.int64]
    seen_mask: Any  # places in `seen`, less 1; never more than half of them are taken
    name_bits: NDArray[np.uint8]
    name_mask: Any
    width: Any
    first: Any  # first slot of this column
    words: Any  # how many word slots it has
    kind: Any  # C_*
    origin: Any  # the row that slots, sketch and names begin with


def new_entries(capacity: int) -> Entries:
    """Room for `capacity` entries in each list."""
    return Entries(
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.uint32),
        np.zeros(4, np.int64),
    )


@inlined
def entry_pointers(e):
    """The same struct over pointers."""
    return Entries(
        pointer(e.exact_key),
        pointer(e.exact_value),
        pointer(e.near_key),
        pointer(e.near_value),
        pointer(e.word_key),
        pointer(e.word_value),
        pointer(e.held),
    )


@inlined
def column_pointers(c):
    """The same struct over pointers."""
    return Column(
        pointer(c.slots),
        pointer(c.sketch),
        pointer(c.names),
        pointer(c.seen),
        pointer(c.seen_count),
        c.seen_mask,
        pointer(c.name_bits),
        c.name_mask,
        c.width,
        c.first,
        c.words,
        c.kind,
        c.origin,
    )


@inlined
def signature(key):
    """The 32 bits of a key that a slot holds; never 0, which means empty."""
    sig = u32(key & u64(0xFFFFFFFF))
    return sig if sig != 0 else u32(1)


@inlined
def add_exact(e, key, row):
    """Append to the exact table's list."""
    at = e.held[0]
    e.exact_key[at] = key
    e.exact_value[at] = row
    e.held[0] = at + 1


@inlined
def add_near(e, key, row):
    """Append to the near table's list."""
    at = e.held[1]
    e.near_key[at] = key
    e.near_value[at] = row
    e.held[1] = at + 1


@inner
def near_digits(digits, start, size, kind, row, e, keys):
    """Add a number less each of its digits."""
    for skip in range(start, start + size):
        if skip > start and digits[skip] == digits[skip - 1]:
            continue  # the same string as before
        key = siphash_number(
            pack(digits, start, start + size, skip), keys[2 * kind], keys[2 * kind + 1]
        )
        add_near(e, key, row)


@inner
def near_letters(f, start, end, scratch, kind, keys, out_key, out_value, at, value):
    """Add a string and the string less each of its letters; returns the new count."""
    k0, k1 = keys[2 * kind], keys[2 * kind + 1]
    for skip in range(start - 1, end):
        if skip > start and f[skip] == f[skip - 1]:
            continue
        size = 0
        for i in range(start, end):
            if i != skip and size < 100:
                scratch[size] = f[i]
                size += 1
        out_key[at] = siphash_bytes(scratch, 0, size, k0, k1)
        out_value[at] = value
        at += 1
    return at


@inner
def learn_word(f, start, end, key, s, c, e, keys):
    """Add the neighbours of a word met for the first time."""
    size = end - start
    if size < 4 or size > 24:
        return
    mask = u64(c.seen_mask)
    at = (key >> u64(7)) & mask
    while c.seen[i64(at)] != u64(0):
        if c.seen[i64(at)] == key:
            return
        at = (at + u64(1)) & mask
    c.seen[i64(at)] = key
    c.seen_count[0] += 1
    e.held[2] = near_letters(
        f, start, end, s.bytes, k.WORD_NEAR, keys, e.word_key, e.word_value, e.held[2],
        signature(key),
    )  # fmt: skip


@inner
def add_place(c, row, key):
    """Keep the key of a row's house or birth date for its names to be joined to."""
    keep(c, (row - c.origin) * NAME_ROW + NAME_PLACES, NAME_TOWN - NAME_PLACES, key)


@inner
def add_town(c, row, key):
    """Keep the key of a row's postcode or of a word of its town."""
    keep(c, (row - c.origin) * NAME_ROW + NAME_TOWN, NAME_ROW - NAME_TOWN, key)


@inner
def keep(c, base, room, key):
    """Put a key into the first free place of a list, unless it is there."""
    for i in range(base, base + room):
        if c.names[i] == key:
            return
        if c.names[i] == u64(0):
            c.names[i] = key
            return


@inner
def add_name(c, base, key):
    """Keep a name's word for the row's pairs, and in the filter before them."""
    for i in range(base, base + NAME_WORDS):
        if c.names[i] == key:
            return
        if c.names[i] == u64(0):
            c.names[i] = key
            set_bit(c.name_bits, name_bit(key, c.name_mask))
            return


@inlined
def add_phrase(c, key):
    """Put a word of a comment into the filter."""
    set_bit(c.name_bits, phrase_bit(key, c.name_mask))


@inlined
def add_value(c, key):
    """Put a word of another value, or the key of a password's length, into the filter."""
    set_bit(c.name_bits, value_bit(key, c.name_mask))
