"""Which groups of digits are worth a look at all: told of sixty-four bytes at once by masks."""

from __future__ import annotations

import numpy as np

from matching.kernel.jit import inlined
from matching.kernel.shapes import is_digit
from matching.kernel.sieve import ONE
from matching.kernel.vector import (
    LANES,
    colon,
    corsican,
    dash,
    digits,
    months,
    pluses,
    points,
    to_threes,
    to_twos,
    trailing_zeros,
    twos,
    zeros,
)

u64 = np.uint64
i64 = np.int64


@inlined
def later(here, behind, count):
    """A mask moved so that each bit tells of the byte `count` (1 to 63) behind its own."""
    return (here >> u64(count)) | (behind << u64(64 - count))


@inlined
def worth_a_look(f, j, starts, stamps, s):
    """Those of the digits that begin groups in block `j` which may begin or end something.

    That is: runs of four letters and digits or more with a letter in front, runs of six or more,
    groups that may make nine digits together, and what has the shape of a date. Everything else in
    a log (time stamps, counters, parts of addresses) stays outside. `stamps` are the beginnings of
    time stamps in the block before; returns those of this one as well.
    """
    d, d_next = s.digits[j], s.digits[j + 1]
    a, a_next = d | s.letters[j], d_next | s.letters[j + 1]
    g, g_next = s.gaps[j], s.gaps[j + 1]
    y, y_next = d | g, d_next | g_next
    before = a << ONE
    four = a & later(a, a_next, 1) & later(a, a_next, 2) & later(a, a_next, 3)
    six = four & later(a, a_next, 4) & later(a, a_next, 5)
    run = (four << ONE) | (four << u64(2)) | (four << u64(3)) | four
    if j:
        letters = s.letters[j - 1]
        last = a_before(s, j)
        before |= last >> u64(63)
        # A run that began in the block before: long enough, for all that is seen here.
        run |= ((last & letters) >> u64(63)) * u64(7)
    led = starts & before
    bare = starts & ~before
    if not (led & run) | bare:
        return u64(0), u64(0)
    one, two, three = later(d, d_next, 1), later(d, d_next, 2), later(d, d_next, 3)
    only_one = ~one
    only_two = one & ~two
    only_four = one & two & three & ~later(d, d_next, 4)
    wide = y & later(y, y_next, 1) & later(y, y_next, 2) & later(y, y_next, 3)
    wide &= later(y, y_next, 4) & later(y, y_next, 5)
    base = j * LANES
    bare &= ~fractions(f, base)
    found = (led & run) | (bare & six)
    few = bare & (only_one | only_two)
    if few & may_be_worded(s.letters[j], s.letters[j + 1], g, g_next, one):
        month, month_next = months(f, base), months(f, base + LANES)
        found |= few & may_be_worded(month, month_next, g, g_next, one)
    bare &= wide & ~((stamps >> u64(LANES - 5)) | (stamps >> u64(LANES - 8)))
    if not bare:
        return found, u64(0)
    zero, low = zeros(f, base), to_threes(f, base)
    stamp = time_stamps(f, base, bare & only_four, d, d_next)
    bare &= ~(stamp | (stamp << u64(5)) | (stamp << u64(8)))
    if not bare:
        return found, stamp
    found |= bare & may_be_number(f, base, only_one, zero, low, y, y_next, wide)
    found |= bare & only_one & ~zero & shape(f, base, 1, d, d_next, g, g_next)
    found |= bare & only_two & low & shape(f, base, 2, d, d_next, g, g_next)
    found |= bare & only_four & low & shape(f, base, 4, d, d_next, g, g_next)
    return found | (bare if letter_of_corsica(f, base) else u64(0)), stamp


@inlined
def may_be_number(f, base, only_one, zero, low, y, y_next, wide):
    """Where digits may begin a NIR or phone of several groups: by what `is_number` asks of the
    first digits, and so many digits and gaps as that takes."""
    ten = wide & later(y, y_next, 6) & later(y, y_next, 7) & later(y, y_next, 8)
    ten &= later(y, y_next, 9)
    eleven = ten & later(y, y_next, 10)
    twelve = eleven & later(y, y_next, 11)
    thirteen = twelve & later(y, y_next, 12)
    second = zeros(f, base + 1)
    three = low & ~to_twos(f, base)
    return (
        (ten & (zero | pluses(f, base - 1))) | (eleven & (only_one | second))
        | (twelve & three) | thirteen
    )  # fmt: skip


@inlined
def fractions(f, base):
    """Where the byte behind a time of day and its point stands: 12:34:07.123456."""
    found = points(f, base - 1) & colon(f, base - 4) & colon(f, base - 7)
    found &= digits(f, base - 2) & digits(f, base - 3)
    return found & digits(f, base - 5) & digits(f, base - 6)


@inlined
def is_fraction(f, at):
    """Whether digits at `at` are the fraction of a second and no number of their own."""
    if at < 9 or f[at - 4] != 58 or f[at - 7] != 58 or (f[at - 1] != 46 and f[at - 1] != 44):
        return False
    seconds = is_digit(f[at - 2]) and is_digit(f[at - 3])
    return seconds and is_digit(f[at - 5]) and is_digit(f[at - 6])


@inlined
def stamp_end(f, at):
    """The end of the date of a time stamp (2024-05-17 12:34) at `at`, or `at`."""
    if f[at + 4] != f[at + 7] or f[at + 4] != 45 or f[at + 13] != 58:
        return at
    c = f[at + 10]
    if c != 32 and c != 116 and c != 95:
        return at
    if not is_digit(f[at + 11]) or not is_digit(f[at + 12]):
        return at
    if not is_digit(f[at + 14]) or not is_digit(f[at + 15]):
        return at
    midnight = f[at + 11] == 48 and f[at + 12] == 48 and f[at + 14] == 48 and f[at + 15] == 48
    month = (i64(f[at + 5]) - 48) * 10 + i64(f[at + 6]) - 48
    day = (i64(f[at + 8]) - 48) * 10 + i64(f[at + 9]) - 48
    year = (i64(f[at]) - 48) * 10 + i64(f[at + 1]) - 48
    if midnight or month < 1 or month > 12 or day < 1 or day > 28:
        return at
    if year != 19 and (year != 20 or f[at + 2] > 50):
        return at
    return at + 10


@inlined
def time_stamps(f, base, fours, d, d_next):
    """Which of `fours`, groups of four digits, begin the date of a time stamp (see `stamp_end`), in
    which no other number begins."""
    likely = fours & dash(f, base + 4) & dash(f, base + 7) & colon(f, base + 13)
    likely &= later(d, d_next, 5) & later(d, d_next, 6) & later(d, d_next, 8) & later(d, d_next, 9)
    found = u64(0)
    while likely:
        at = base + trailing_zeros(likely)
        if stamp_end(f, at) > at:
            found |= likely & (~likely + ONE)
        likely &= likely - ONE
    return found


@inlined
def a_before(s, j):
    """Letters and digits of the block before `j`."""
    return s.letters[j - 1] | s.digits[j - 1]


@inlined
def shape(f, base, first, d, d_next, g, g_next):
    """Where a group of `first` digits may be followed by the second and third group of a date."""
    gap = later(g, g_next, first)
    more = later(g, g_next, first + 1)  # a gap of several bytes is looked at one by one
    second = later(d, d_next, first + 1)
    third = later(d, d_next, first + 2)
    one = ~zeros(f, base + first + 1) & later(g, g_next, first + 2)
    two = third & to_threes(f, base + first + 1) & later(g, g_next, first + 3)
    return gap & (more | (second & (one | two)))


@inlined
def may_be_worded(word, word_next, g, g_next, one):
    """Where a word, a month's name or the er of a first day, may follow a digit or, where `one`
    says that another follows it, two; `word` is what it may begin with. Up to four gaps between."""
    near, near_next = word, word_next
    for _ in range(4):
        near = word | (g & later(near, near_next, 1))
        near_next = word_next | (g_next & (near_next >> ONE))
    behind = later(near, near_next, 1)
    return (behind & ~one) | (later(near, near_next, 2) & one)


@inlined
def letter_of_corsica(f, base):
    """Whether the 2A or 2B of a NIR stands in or shortly behind a block."""
    return (twos(f, base) & corsican(f, base + 1)) | (
        twos(f, base + LANES) & corsican(f, base + LANES + 1)
    ) != u64(0)
