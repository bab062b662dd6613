"""`masks.find_masks` of a text that was sifted: only where masks of bytes tell that it may find.

Wherever else a byte stands, the loop over bytes puts nothing down and goes on behind it or behind
the word or number it stands in, where nothing can begin. A test holds the two against each other.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.mask_filters import (
    may_be_masked,
    may_be_masked_mail,
    may_begin_date,
    may_stand_for,
)
from matching.kernel.masks import ROOM, WIDTH, is_edge, mask_at, odd_date
from matching.kernel.number_masks import later
from matching.kernel.sieve import ONE, ahead
from matching.kernel.sift_numbers import is_date
from native.jit import inlined, inner
from native.vector import (
    LANES,
    apostrophes,
    count_ones,
    dots,
    exes,
    figures,
    low_lines,
    stars,
    stops,
    trailing_zeros,
)

u64 = np.uint64
i64 = np.int64

FEWEST = 3  # digits of a masked number that are seen
# Two blocks less the most that a number takes without the gap behind a country's code: that code,
# and WIDTH digits with gaps of three bytes between them.
LONG_GAP = 2 * LANES - 5 - 4 * WIDTH


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
def has_no_number(j, s):
    """Whether no number that is masked, nor a date of no calendar, begins in block `j`: each has
    three digits or more, and none reaches beyond the second block behind it but with a country's
    code and a long gap in front (`masks.national`)."""
    digits = count_ones(s.digits[j]) + count_ones(s.digits[j + 1]) + count_ones(s.digits[j + 2])
    if digits >= FEWEST:
        return False
    gaps = count_ones(s.gaps[j]) + count_ones(s.gaps[j + 1]) + count_ones(s.gaps[j + 2])
    return gaps < LONG_GAP


@inlined
def words_and_numbers(f, j, star, star_next, dot, dot_next, s):
    """(where a masked address or word may begin, where a masked number may) in block `j`, and of it
    and of the one behind it what hides a digit, and what a masked number may be made of. What is a
    star or point in both is told."""
    base = j * LANES
    open_ = opening(f, j, s)
    letters, letters_next = s.letters[j], s.letters[j + 1]
    digits, digits_next = s.digits[j], s.digits[j + 1]
    one = later(letters, letters_next, 1)
    two = later(letters, letters_next, 2)
    three = later(letters, letters_next, 3)
    hidden = star | (dot & later(dot, dot_next, 1))
    hidden_next = star_next | dot_next
    words = ~two & later(hidden, hidden_next, 2)
    words |= ~three & later(hidden, hidden_next, 3)
    words &= letters & open_
    if s.ats[j] and may_be_masked_mail(f, j):
        words |= s.ats[j]
    alone = letters & open_ & ~one
    if alone:
        words |= alone & later(stops(f, base), stops(f, base + LANES), 1)
    if has_no_number(j, s):
        return words, u64(0), star, star_next, star, star_next
    before = base - LANES
    dot_before = dots(f, before) if j else u64(0)
    line_before = low_lines(f, before) if j else u64(0)
    x, x_next = exes(f, base), exes(f, base + LANES)
    line, line_next = low_lines(f, base), low_lines(f, base + LANES)
    hides = star | doubled(dot, dot_before, dot_next)
    hides |= doubled(line, line_before, line_next)
    figure, figure_next = figures(f, base), figures(f, base + LANES)
    pair = figure & later(figure | digits, figure_next | digits_next, 1)
    numbers = open_ & (digits | hides | (x & (~one | later(x, x_next, 1))) | pair)
    soft, soft_next = hides | x | figure, star_next | x_next | figure_next
    soft_next |= doubled(dot_next, dot, ~u64(0)) | doubled(line_next, line, ~u64(0))
    made, made_next = soft | digits | s.gaps[j], soft_next | digits_next | s.gaps[j + 1]
    hidden = hides | may_stand_for(x | figure, figure, figure_next, x, x_next, j, s)
    numbers &= may_be_masked(hidden, made, made_next, digits) | (digits & may_begin_date(f, j, s))
    return words, numbers, soft, soft_next, made, made_next


@inlined
def may_hide(at, s, soft, soft_next, made, made_next):
    """Whether the number at byte `at` may have a hidden digit and three others, as
    `masks.masked_number` asks of each."""
    b = u64(at & (LANES - 1))
    run = trailing_zeros(~((made >> b) | ((made_next << ONE) << (u64(63) - b))))
    if run >= LANES:
        return True
    low = (ONE << u64(run)) - ONE
    hidden = (soft >> b) | ((soft_next << ONE) << (u64(63) - b))
    return hidden & low != u64(0) and count_ones(ahead(s.digits, at) & low) >= FEWEST


@inlined
def may_be_date(f, at, s):
    """Whether digits at `at` may begin a date, of a calendar or not (`masks.odd_date`)."""
    x = ahead(s.digits, at)
    y = x | ahead(s.gaps, at)
    first = trailing_zeros(~x)
    if is_date(f, at, first, x, y):
        return True
    rest = x >> u64(first & (LANES - 1))
    if first > 4 or rest == u64(0):
        return False
    gap = trailing_zeros(rest)
    rest >>= u64(gap)
    second = trailing_zeros(~rest)
    return gap <= 3 and second <= 3 and rest >> u64(second) != u64(0)


@inner
def plain_number(f, at, m, n, s):
    """Keep the date of no calendar at a number that hides nothing; returns (count, behind).

    Where there is none it is not gone past: nothing begins inside a run of letters and digits.
    """
    if may_be_date(f, at, s):
        return odd_date(f, at, m, n)
    return n, at


@inner
def find_sifted_masks(f, start, end, m, most, s):
    """`masks.find_masks` of f[start:end] without initials."""
    m.start[ROOM] = 0
    n, i = i64(0), i64(start)
    base = start // LANES * LANES
    star_next, dot_next = stars(f, base), dots(f, base)
    for j in range(start // LANES, (end + LANES - 1) // LANES):
        base = j * LANES
        star, dot = star_next, dot_next
        star_next, dot_next = stars(f, base + LANES), dots(f, base + LANES)
        words, numbers, soft, soft_next, made, made_next = words_and_numbers(
            f, j, star, star_next, dot, dot_next, s
        )
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
            if (
                numbers & bit != u64(0)
                and at > start
                and not may_hide(at, s, soft, soft_next, made, made_next)
            ):
                if s.digits[j] & bit != u64(0):
                    n, i = plain_number(f, at, m, n, s)
                    continue
                if words & bit == u64(0):
                    continue
            n, i = mask_at(f, at, start, end, False, m, n)
    return n
