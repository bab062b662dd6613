"""Which numbers of a text may hide digits or be dates of no calendar: asked of 64 bytes at once.

In logs and lists of changes every other word is a number, and next to none of them hides anything.
What is asked here is less than what `masks` asks, so nothing is lost; bytes whose answer hangs on
more than the block behind are always kept.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.planes import later
from matching.kernel.sieve import ONE
from native.jit import inlined
from native.vector import LANES, ats, dots, exes, months, spaces, stars

u64 = np.uint64

ALL = ~u64(0)
HIGHEST = u64(63)


@inlined
def reaches(seeds, through):
    """Bits of `through` from which going on within it leads to one of `seeds`, and these."""
    found, on = seeds, through
    for step in (1, 2, 4, 8, 16, 32):
        found |= on & (found >> u64(step))
        on &= on >> u64(step)
    return found


@inlined
def hides_letters(f, base):
    """Where something in a block may hide letters of an address: a star, two dots, a dot before the
    at sign, two x (`masks.is_mail_mask`)."""
    dot = dots(f, base) & (dots(f, base + 1) | ats(f, base + 1))
    return stars(f, base) | dot | (exes(f, base) & exes(f, base + 1))


@inlined
def may_be_masked_mail(f, j):
    """Whether an at sign in block `j` may belong to a masked address: what hides letters stands in
    the eighty bytes before it (`masks.masked_mail`)."""
    found = hides_letters(f, j * LANES)
    if j > 0:
        found |= hides_letters(f, (j - 1) * LANES)
    if j > 1:
        found |= hides_letters(f, (j - 2) * LANES)
    return found != u64(0)


@inlined
def may_begin_date(f, j, s):
    """Where digits may begin a date in block `j`: three groups, the second of two digits at most or
    no space before any, or one group of two at most and what may be a month's name behind
    (`shapes.date_at`, `masks.odd_date`)."""
    base = j * LANES
    d, d_next = s.digits[j], s.digits[j + 1]
    g, g_next = s.gaps[j], s.gaps[j + 1]
    tight, tight_next = g & ~spaces(f, base), g_next & ~spaces(f, base + LANES)
    ends = d & ~later(d, d_next, 1)
    third = later(d, d_next, 4) & later(g, g_next, 2)
    joined = later(d, d_next, 2) | (later(d, d_next, 3) & later(g, g_next, 2))
    joined = ends & later(g, g_next, 1) & (joined | (third & later(g, g_next, 3)))
    closed = (later(d, d_next, 2) & later(tight, tight_next, 1)) | (
        later(d, d_next, 3) & later(tight, tight_next, 2)
    )
    closed = ends & later(g, g_next, 1) & (closed | (third & later(tight, tight_next, 3)))
    second = joined & ~((d << ONE) & (d << u64(2)))
    second |= later(second, ALL, 1)
    second |= later(second, ALL, 2)
    third = closed | later(closed, ALL, 1)
    third |= later(third, ALL, 2) | later(closed, ALL, 4)
    first = (joined & later(second, ALL, 2)) | (closed & later(third, ALL, 2))
    month = months(f, base) & later(s.letters[j], s.letters[j + 1], 1)
    for _ in range(4):
        month |= g & later(month, ALL, 1)
    worded = ends & later(month, ALL, 1)
    worded |= d & later(worded, ALL, 1)
    for _ in range(3):
        first |= d & later(first, ALL, 1)
    return first | worded


@inlined
def may_stand_for(letter, figure, figure_next, x, x_next, j, s):
    """Where one of the letters of block `j` that may stand for digits, or hide one, can do so: none
    of a word with others can (`masks.read_symbols`)."""
    letters, letters_next = s.letters[j], s.letters[j + 1]
    others = letters & ~(figure | x)
    others_next = letters_next & ~(figure_next | x_next)
    worded = later(others, others_next, 1) | (others << ONE)
    worded |= later(letters, letters_next, 1) & later(others, others_next, 2)
    return letter & ~worded


@inlined
def may_be_masked(hidden, made, made_next, digits):
    """Where what a masked number is made of leads to something hidden, and to digits."""
    behind = (made & made_next << HIGHEST) & (ONE << HIGHEST)
    return reaches(hidden | behind, made) & reaches(digits | behind, made)
