"""What the number of words around a hit takes off a bound.

The more words a window has, the less each says (`evidence.speaks`), and a window that shows a row's
word far from the hit has all words between. So rows that would be read for words scattered over a
page of names are told from those whose words stand together. Asked last, of few rows.
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.glimpse import (
    G_BEHIND,
    G_COUNTED,
    G_FIRST,
    G_JOINED,
    G_WORDS,
    JOINED,
    SLOTS,
)
from matching.kernel.sieve import first_from
from matching.kernel.sift_words import is_word
from matching.kernel.worth_bounds import words_bound
from native.jit import inlined, inner
from native.vector import LANES, bit_3, trailing_zeros

u32 = np.uint32
u64 = np.uint64
i64 = np.int64


@inner
def stands_otherwise(sig, local, count, g):
    """Whether a word was also read out of a run with digits, or made of two words."""
    for t in range(count):
        if local.kind[t] == k.WORD and u32(local.key[t] & u64(0xFFFFFFFF)) == sig:
            return True
    for each in range(min(JOINED, g.info[G_JOINED])):
        if g.joined[each] == sig:
            return True
    return g.info[G_JOINED] > JOINED


@inner
def count_words(f, g, s):
    """Put into `g.before` how many words stand before each that was looked at, once."""
    if g.info[G_COUNTED]:
        return
    g.info[G_COUNTED] = 1
    first = g.info[G_FIRST]
    count = 0
    for w in range(g.info[G_BEHIND] - first):
        g.before[w] = count
        count += i64(is_word(f, first + w, s))
    g.before[g.info[G_BEHIND] - first] = count


@inlined
def words_between(sig, here, g, s):
    """How many words a window has at least that holds word number `here` and the nearest with this
    signature; 0 where there is none."""
    nearest = i64(-1)
    first, behind = g.info[G_FIRST], g.info[G_BEHIND]
    for base in range(first, behind, LANES):
        found = bit_3(s.flags, base)  # VALUE
        while found:
            w = base + trailing_zeros(found)
            found &= found - u64(1)
            if w >= behind or u32(s.key[w] & u64(0xFFFFFFFF)) != sig:
                continue
            if nearest < 0 or abs(w - here) < abs(nearest - here):
                nearest = w
    if nearest < 0:
        return i64(0)
    return i64(abs(g.before[nearest - first] - g.before[min(here, behind) - first]))


@inner
def measure(f, at, local, count, rows, g, s, desk):
    """Put into `g.far`, for each slot shown of the opened record, how many words a window has at
    least that shows it with byte `at`; 0 where that is not known."""
    here = first_from(s, g.info[G_WORDS], at)
    count_words(f, g, s)
    for slot in range(rows.slots):
        g.far[slot] = 0
    for word in range(SLOTS // 64):
        shown = g.shown[word]
        while shown:
            slot = 64 * word + trailing_zeros(shown)
            shown &= shown - u64(1)
            sig = desk.record32[slot]
            if rows.slot_role[slot] == k.R_WORD and not stands_otherwise(sig, local, count, g):
                g.far[slot] = words_between(sig, here, g, s)


@inner
def crowded_bound(near, beside, rows, g, desk):
    """`words_bound` of the window that is the best for the row, however wide."""
    best = words_bound(near, 0, beside, rows, g, desk)
    for word in range(SLOTS // 64):
        shown = g.shown[word]
        while shown:
            slot = 64 * word + trailing_zeros(shown)
            shown &= shown - u64(1)
            if g.far[slot] > 0:
                best = max(best, words_bound(near, g.far[slot], beside, rows, g, desk))
    return best
