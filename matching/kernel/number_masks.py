"""Which groups of digits are worth a look at all: told by masks, of many blocks at once.

What each byte is (a digit, a zero, a colon, …) is put down as masks of 64 bytes, a plane each, for
CHUNK blocks and their neighbours. One loop without branches, which LLVM makes lanes of, then asks
of every group of digits there what may follow it. Only time stamps are looked at one by one.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.shapes import is_digit
from matching.kernel.sieve import CHUNK, ONE, ROW
from native.jit import inlined, inner
from native.vector import (
    LANES,
    colon,
    corsican,
    dash,
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

# Where each plane begins in `Sieve.planes`: ROW masks, the first of the block before.
D, LETTER, G, Z, TO_3, TO_2, PLUS, COLON, DASH, POINT, MONTH, CORSICA, FOUND, STAMP = (
    plane * ROW for plane in range(14)
)


@inlined
def later(here, behind, count):
    """A mask moved so that each bit tells of the byte `count` (1 to 63) behind its own."""
    return (here >> u64(count)) | (behind << u64(64 - count))


@inlined
def earlier(here, before, count):
    """A mask moved so that each bit tells of the byte `count` (1 to 63) before its own."""
    return (here << u64(count)) | (before >> u64(64 - count))


@inner
def fill_planes(f, first, blocks, s):
    """Put down the masks of CHUNK blocks from `first` on and of one before and behind; returns
    whether any digit stands in them."""
    m = s.planes
    some = u64(0)
    for t in range(ROW):
        j = first + t - 1
        inside = 0 <= j < blocks
        m[D + t] = s.digits[j] if inside else u64(0)
        m[LETTER + t] = s.letters[j] if inside else u64(0)
        m[G + t] = s.gaps[j] if inside else u64(0)
        near = u64(0)
        if inside:
            some |= s.digits[j]
            near = s.digits[j] | s.digits[j + 1] | (s.digits[j - 1] if j else u64(0))
        if not near:
            for plane in range(Z, FOUND, ROW):
                m[plane + t] = u64(0)
            continue
        base = j * LANES
        m[Z + t], m[TO_3 + t] = zeros(f, base), to_threes(f, base)
        m[TO_2 + t], m[PLUS + t] = to_twos(f, base), pluses(f, base)
        m[COLON + t], m[DASH + t] = colon(f, base), dash(f, base)
        m[POINT + t], m[MONTH + t] = points(f, base), months(f, base)
        m[CORSICA + t] = twos(f, base) & corsican(f, base + 1)
    return some != u64(0)


@inner
def look_at_groups(s):
    """Say in FOUND which of the digits that begin groups may begin or end something, and in STAMP
    which may begin a time stamp.

    That is: runs of four letters and digits or more with a letter in front, runs of six or more,
    groups that may make nine digits together, and what has the shape of a date. Everything else in
    a log (counters, parts of addresses, fractions of seconds) stays outside.
    """
    m = s.planes
    for t in range(1, CHUNK + 1):
        d, d_next = m[D + t], m[D + t + 1]
        letters, letters_next = m[LETTER + t], m[LETTER + t + 1]
        g, g_next = m[G + t], m[G + t + 1]
        a, a_next = d | letters, d_next | letters_next
        y, y_next = d | g, d_next | g_next
        starts = d & ~earlier(d, m[D + t - 1], 1)
        before = earlier(a, m[D + t - 1] | m[LETTER + t - 1], 1)
        four = a & later(a, a_next, 1) & later(a, a_next, 2) & later(a, a_next, 3)
        six = four & later(a, a_next, 4) & later(a, a_next, 5)
        # A run that began in the block before: long enough, for all that is seen here.
        run = (four << ONE) | (four << u64(2)) | (four << u64(3)) | four
        run |= (m[LETTER + t - 1] >> u64(63)) * u64(7)
        bare = starts & ~before & ~fractions(m, t)
        one, two, three = later(d, d_next, 1), later(d, d_next, 2), later(d, d_next, 3)
        only_one = ~one
        only_two = one & ~two
        only_four = one & two & three & ~later(d, d_next, 4)
        found = (starts & before & run) | (bare & six)
        worded = may_be_worded(m[MONTH + t], m[MONTH + t + 1], g, g_next, one)
        found |= bare & (only_one | only_two) & worded
        wide = y & later(y, y_next, 1) & later(y, y_next, 2) & later(y, y_next, 3)
        bare &= wide & later(y, y_next, 4) & later(y, y_next, 5)
        m[STAMP + t] = bare & only_four & time_stamp(m, t)
        zero, low = m[Z + t], m[TO_3 + t]
        number = may_be_number(m, t, only_one, y, y_next)
        number |= only_one & ~zero & shape(m, t, 1)
        number |= low & ((only_two & shape(m, t, 2)) | (only_four & shape(m, t, 4)))
        corsica = m[CORSICA + t] | m[CORSICA + t + 1]
        number |= ~u64(0) if corsica else u64(0)
        m[FOUND + t] = found | (bare & number)


@inlined
def may_be_number(m, t, only_one, y, y_next):
    """Where digits may begin a NIR or phone of several groups: by what `is_number` asks of the
    first digits, and so many digits and gaps as that takes."""
    zero, low = m[Z + t], m[TO_3 + t]
    ten = later(y, y_next, 6) & later(y, y_next, 7) & later(y, y_next, 8) & later(y, y_next, 9)
    eleven = ten & later(y, y_next, 10)
    twelve = eleven & later(y, y_next, 11)
    thirteen = twelve & later(y, y_next, 12)
    second = later(zero, m[Z + t + 1], 1)
    return (
        (ten & (zero | earlier(m[PLUS + t], m[PLUS + t - 1], 1))) | (eleven & (only_one | second))
        | (twelve & low & ~m[TO_2 + t]) | thirteen
    )  # fmt: skip


@inlined
def fractions(m, t):
    """Where the byte behind a time of day and its point stands: 12:34:07.123456. Behind whole hours
    it may be another column (`is_fraction`)."""
    d, d_before = m[D + t], m[D + t - 1]
    z, z_before = m[Z + t], m[Z + t - 1]
    found = earlier(m[POINT + t], m[POINT + t - 1], 1)
    found &= earlier(m[COLON + t], m[COLON + t - 1], 4) & earlier(m[COLON + t], m[COLON + t - 1], 7)
    found &= earlier(d, d_before, 2) & earlier(d, d_before, 3)
    whole = earlier(z, z_before, 2) & earlier(z, z_before, 3) & earlier(z, z_before, 5)
    return found & earlier(d, d_before, 5) & earlier(d, d_before, 6) & ~whole


@inlined
def time_stamp(m, t):
    """Where four digits may begin the date of a time stamp (see `stamp_end`)."""
    d, d_next = m[D + t], m[D + t + 1]
    dashes, dashes_next = m[DASH + t], m[DASH + t + 1]
    likely = later(dashes, dashes_next, 4) & later(dashes, dashes_next, 7)
    likely &= later(m[COLON + t], m[COLON + t + 1], 13)
    likely &= later(d, d_next, 5) & later(d, d_next, 6)
    return likely & later(d, d_next, 8) & later(d, d_next, 9)


@inner
def drop_stamps(f, first, carried, s):
    """Take the groups of time stamps out of FOUND, in which no other number begins; `carried` and
    what is returned are those of the block behind."""
    m = s.planes
    for t in range(1, CHUNK + 1):
        likely = m[STAMP + t]
        stamps = u64(0)
        while likely:
            at = (first + t - 1) * LANES + trailing_zeros(likely)
            if stamp_end(f, at) > at:
                stamps |= likely & (~likely + ONE)
            likely &= likely - ONE
        m[FOUND + t] &= ~(carried | stamps | (stamps << u64(5)) | (stamps << u64(8)))
        carried = (stamps >> u64(LANES - 5)) | (stamps >> u64(LANES - 8))
    return carried


@inlined
def is_fraction(f, at):
    """Whether digits at `at` are the fraction of a second and no number of their own."""
    if at < 9 or f[at - 4] != 58 or f[at - 7] != 58 or (f[at - 1] != 46 and f[at - 1] != 44):
        return False
    seconds = is_digit(f[at - 2]) and is_digit(f[at - 3])
    if not seconds or not is_digit(f[at - 5]) or not is_digit(f[at - 6]):
        return False
    if f[at - 1] == 44 and f[at - 2] == 48 and f[at - 3] == 48 and f[at - 5] == 48:
        # A date of birth has no clock, and exports write one: 1950-11-06T00:00:00,0633756961.
        return is_digit(f[at + 1]) and is_digit(f[at + 2]) and not is_digit(f[at + 3])
    return True


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
def shape(m, t, first):
    """Where a group of `first` digits may be followed by the second and third group of a date."""
    g, g_next = m[G + t], m[G + t + 1]
    gap = later(g, g_next, first)
    more = later(g, g_next, first + 1)  # a gap of several bytes is looked at one by one
    second = later(m[D + t], m[D + t + 1], first + 1)
    third = later(m[D + t], m[D + t + 1], first + 2)
    one = ~later(m[Z + t], m[Z + t + 1], first + 1) & later(g, g_next, first + 2)
    two = third & later(m[TO_3 + t], m[TO_3 + t + 1], first + 1) & later(g, g_next, first + 3)
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
