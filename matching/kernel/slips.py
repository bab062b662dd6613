"""Words of the leak that are one slip away from what stands around a hit, without tokens."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import (
    I_CALL,
    I_NEAR,
    I_STAMP,
    KNOWN,
    SET_SIZE,
    STRANGE,
    add_near,
    may_slip,
)
from matching.kernel.glimpse import G_BEHIND, G_FIRST, hash_words
from matching.kernel.reading import word_flags
from matching.kernel.sift_words import word_size
from native.jit import inner
from native.vector import LANES, flagged, trailing_zeros

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

SHORTEST, LONGEST = 4, 24  # letters, as `desk.may_slip` has it


@inner
def empty_near(desk):
    """Empty the desk's set of near words, for another call."""
    for p in range(SET_SIZE):
        desk.near_token[p] = 0
    desk.used[0], desk.claimed[0], desk.info[I_STAMP] = 0, 0, 1
    desk.info[I_CALL] += 1


@inner
def add_once(f, base, size, key, desk, scratch, leak, count):
    """`add_near` for token 0, unless this call did it for the same word: in a log the same few come
    again in every line."""
    seat = i64(key & u64(KNOWN - 1))
    call = desk.info[I_CALL]
    if desk.known_call[seat] == call and desk.known_key[seat] == key:
        return count
    count = add_near(f, base, size, key, 0, desk, scratch, leak, count)
    if desk.known_key[seat] == key:
        desk.known_call[seat] = call
    return count


@inner
def find_slips(f, local, tokens, g, s, desk, scratch, leak):
    """Fill the desk's set of near words from the words of a glimpse and its `tokens` numbers.

    All are put down as token 0, which nobody claims.
    """
    empty_near(desk)
    hash_words(f, g, s, leak.keys)
    count = 0
    first, words = g.info[G_FIRST], g.info[G_BEHIND] - g.info[G_FIRST]
    for w in range(words):
        s.hashes[w] = desk.strange[i64(g.keys[w] & u64(STRANGE - 1))]
    for w in range(words + LANES):
        g.hits[w] = u8(w < words and g.keys[w] != u64(0) and g.keys[w] != s.hashes[w])
    for base in range(0, words, LANES):
        others = flagged(g.hits, base)
        while others:
            w = base + trailing_zeros(others)
            others &= others - u64(1)
            at = i64(s.place[first + w])
            size = word_size(s, at)
            flags = word_flags(f, at, at + size, scratch.numbers, scratch.marks)
            if SHORTEST <= size <= LONGEST and flags & k.F_STOP == 0:
                count = add_once(f, at, size, g.keys[w], desk, scratch, leak, count)
    for t in range(tokens):
        if may_slip(t, local):
            base = i64(local.start[t])
            size = i64(local.end[t]) - base
            count = add_once(f, base, size, local.key[t], desk, scratch, leak, count)
    desk.info[I_NEAR] = count
