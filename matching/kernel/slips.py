"""Words of the leak that are one slip away from what stands around a hit, without tokens."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import (
    I_NEAR,
    I_STAMP,
    SET_SIZE,
    STRANGE,
    add_near,
    may_slip,
)
from matching.kernel.glimpse import G_BEHIND, G_FIRST
from matching.kernel.reading import word_flags
from matching.kernel.sieve import ahead
from native.jit import inner
from native.vector import trailing_zeros

u64 = np.uint64
i64 = np.int64

SHORTEST, LONGEST = 4, 24  # letters, as `desk.may_slip` has it


@inner
def find_slips(f, local, tokens, g, s, desk, scratch, leak):
    """Fill the desk's set of near words from the words of a glimpse and its `tokens` numbers.

    All are put down as token 0, which nobody claims.
    """
    for p in range(SET_SIZE):
        desk.near_token[p] = 0
    desk.used[0], desk.claimed[0], desk.info[I_STAMP] = 0, 0, 1
    count = 0
    first = g.info[G_FIRST]
    for w in range(first, g.info[G_BEHIND]):
        key = g.keys[w - first]
        if key == u64(0) or desk.strange[i64(key & u64(STRANGE - 1))] == key:
            continue
        at = i64(s.place[w])
        size = trailing_zeros(~ahead(s.letters, at))
        flags = word_flags(f, at, at + size, scratch.numbers, scratch.marks)
        if SHORTEST <= size <= LONGEST and flags & k.F_STOP == 0:
            count = add_near(f, at, size, key, 0, desk, scratch, leak, count)
    for t in range(tokens):
        if may_slip(t, local):
            base = i64(local.start[t])
            size = i64(local.end[t]) - base
            count = add_near(f, base, size, local.key[t], 0, desk, scratch, leak, count)
    desk.info[I_NEAR] = count
