"""Keys that join several columns of a row: the words of a name, alone and with their place."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.entries import (
    NAME_PLACES,
    NAME_ROW,
    NAME_TOWN,
    NAME_WORDS,
    add_exact,
    entry_pointers,
)
from matching.kernel.siphash import join, join_unordered, siphash_number
from native.jit import inlined, inner, kernel, pointer

u64 = np.uint64


@inlined
def add_home(name, place, row, e, keys):
    """Add the key of a name, or a word of one, with something that few others share with it."""
    if name != u64(0) and place != u64(0):
        key = siphash_number(join(name, place), keys[2 * k.HOME], keys[2 * k.HOME + 1])
        add_exact(e, key, row)


@inner
def add_pair(n, base, x, y, row, e, keys):
    """Add the key of two words of a name, alone and with the row's postcode and town.

    A name that hundreds bear makes no candidates alone; with its place it does.
    """
    if x == u64(0) or y == u64(0) or x == y:
        return
    pair = siphash_number(join_unordered(x, y), keys[2 * k.PAIR], keys[2 * k.PAIR + 1])
    add_exact(e, pair, row)
    for p in range(base + NAME_TOWN, base + NAME_ROW):
        add_home(pair, n[p], row, e, keys)


@kernel
def pair_names(names, first_row, rows, room, entries, keys):
    """Add the keys of a row's names: each surname with each first name, and a full name's words."""
    e = entry_pointers(entries)
    n = pointer(names)
    keys_ = pointer(keys)
    for i in range(rows):
        if e.held[0] > room - 4096:
            return i
        row = first_row + i
        base = i * NAME_ROW
        for a in range(base, base + NAME_PLACES):
            for p in range(base + NAME_PLACES, base + NAME_TOWN):
                add_home(n[a], n[p], row, e, keys_)
        for a in range(NAME_WORDS):
            for b in range(NAME_WORDS):
                add_pair(n, base, n[base + a], n[base + NAME_WORDS + b], row, e, keys_)
        full = base + 2 * NAME_WORDS
        for a in range(full, full + NAME_WORDS):
            for b in range(a + 1, full + NAME_WORDS):
                add_pair(n, base, n[a], n[b], row, e, keys_)
    return rows
