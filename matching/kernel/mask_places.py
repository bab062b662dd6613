"""`masks.find_masks` of a text that was sifted: only where masks of bytes tell that it may find.

Wherever else a byte stands, the loop over bytes puts nothing down and goes on behind it or behind
the word or number it stands in, where nothing can begin. A test holds the two against each other.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.masks import ROOM, is_edge, mask_at
from matching.kernel.number_masks import later
from matching.kernel.sieve import ONE, ahead
from native.jit import inlined, inner
from native.vector import (
    LANES,
    apostrophes,
    dots,
    exes,
    figures,
    low_lines,
    stars,
    trailing_zeros,
)

u64 = np.uint64
i64 = np.int64

NUMBER = 72  # bytes that the digits of one masked number may stand apart, and more


@inlined
def doubled(here, before, behind):
    """Bits of a mask beside which another one is set; the blocks before and behind are told."""
    return here & ((here << ONE) | (before >> u64(63)) | later(here, behind, 1))


@inlined
def opening(f, j, s):
    """Bytes of block `j` before which no letter, digit, at sign or apostrophe stands."""
    base = j * LANES
    inside = s.letters[j] | s.digits[j] | s.ats[j] | apostrophes(f, base)
    return ~(inside << ONE) & ~u64(0 if base == 0 or is_edge(f[base - 1]) else 1)


@inlined
def words_and_numbers(f, j, s):
    """(where a masked address or word may begin, where a masked number may) in block `j`."""
    base = j * LANES
    open_ = opening(f, j, s)
    letters, letters_next = s.letters[j], s.letters[j + 1]
    digits, digits_next = s.digits[j], s.digits[j + 1]
    one = later(letters, letters_next, 1)
    two = later(letters, letters_next, 2)
    three = later(letters, letters_next, 3)
    star, star_next = stars(f, base), stars(f, base + LANES)
    dot, dot_next = dots(f, base), dots(f, base + LANES)
    hidden = star | (dot & later(dot, dot_next, 1))
    hidden_next = star_next | dot_next
    words = ~one | (~two & later(hidden, hidden_next, 2))
    words |= ~three & later(hidden, hidden_next, 3)
    words = (letters & open_ & words) | s.ats[j]
    if digits | digits_next | s.digits[j + 2] == u64(0):
        return words, u64(0)
    before = base - LANES
    dot_before = dots(f, before) if j else u64(0)
    line_before = low_lines(f, before) if j else u64(0)
    x, x_next = exes(f, base), exes(f, base + LANES)
    hides = star | doubled(dot, dot_before, dot_next)
    hides |= doubled(low_lines(f, base), line_before, low_lines(f, base + LANES))
    hides |= x & (~one | later(x, x_next, 1))
    figure = figures(f, base)
    pair = figure & later(figure | digits, figures(f, base + LANES) | digits_next, 1)
    return words, open_ & (digits | hides | pair)


@inner
def find_sifted_masks(f, start, end, m, most, s):
    """`masks.find_masks` of f[start:end] without initials."""
    m.start[ROOM] = 0
    n, i = i64(0), i64(start)
    for j in range(start // LANES, (end + LANES - 1) // LANES):
        words, numbers = words_and_numbers(f, j, s)
        base = j * LANES
        events = words | numbers
        if base < start:
            # What stands first has nothing before it.
            first = ONE << u64(start - base)
            events = (events & ~(first - ONE)) | first
        elif base == start:
            events |= ONE
        while events:
            at = base + trailing_zeros(events)
            bit = events & (~events + ONE)
            events &= events - ONE
            if at < i:
                continue
            if at >= end or n >= most:
                return n
            # Letters and stars alone are no number.
            if (
                numbers & bit & ~(words | s.digits[j]) != u64(0)
                and at > start
                and ahead(s.digits, at) | ahead(s.digits, at + NUMBER - LANES) == u64(0)
            ):
                continue
            n, i = mask_at(f, at, start, end, False, m, n)
    return n
