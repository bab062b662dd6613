"""Which groups of digits are worth a look at all: told by masks, of many blocks at once.

One loop without branches, which LLVM makes lanes of, asks of every group of digits in CHUNK blocks
what may follow it (`planes` says what each byte is). Time stamps and internet addresses are left
out, and digits that can only be looked up as they stand are put apart.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.address_masks import drop_addresses, find_addresses
from matching.kernel.planes import (
    ADDRESS,
    BLANK,
    COLON,
    CORSICA,
    DASH,
    DOTTED,
    FOUND,
    LETTER,
    MONTH,
    NINE,
    PLUS,
    POINT,
    RUN,
    STAMP,
    TO_2,
    TO_3,
    TWO,
    D,
    G,
    Z,
    earlier,
    fill_planes,
    name_bytes,
)
from matching.kernel.planes import (
    later as later,
)
from matching.kernel.shapes import is_digit
from matching.kernel.sieve import CHUNK, ONE
from native.jit import inlined, inner

u64 = np.uint64
i64 = np.int64


@inner
def look_at_groups(s, lengths):
    """Say in FOUND which of the digits that begin groups may begin or end something, and in RUN
    which are runs that may only be in the leak as they stand, or nine digits that may be a phone
    without its zero. STAMP says which begin time stamps. Returns whether there are any runs.

    FOUND is: runs of four letters and digits or more with a letter in front, runs of six or more,
    groups that may make nine digits together, and what has the shape of a date. Of runs those are
    left out of whose length, a bit of `lengths`, no number of the leak is. Everything else in
    a log (counters, parts of addresses, fractions of seconds) stays outside.
    """
    m = s.planes
    runs = u64(0)
    known = (every_bit(lengths, 6), every_bit(lengths, 7), every_bit(lengths, 8))
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
        fraction, whole = fractions(m, t)
        bare = starts & ~before & ~(fraction & ~whole)
        one, two, three = later(d, d_next, 1), later(d, d_next, 2), later(d, d_next, 3)
        only_one = ~one
        only_two = one & ~two
        only_four = one & two & three & ~later(d, d_next, 4)
        found = (starts & before & run) | (bare & six)
        worded = may_be_worded(m[MONTH + t], m[MONTH + t + 1], g, g_next, one)
        found |= bare & (only_one | only_two) & worded
        wide = y & later(y, y_next, 1) & later(y, y_next, 2) & later(y, y_next, 3)
        wide &= later(y, y_next, 4) & later(y, y_next, 5)
        nine = later(d, d_next, 4) & later(d, d_next, 5) & later(d, d_next, 6)
        nine &= two & three & later(d, d_next, 7) & later(d, d_next, 8)
        m[STAMP + t] = bare & wide & only_four & time_stamp(m, t)
        zero, low = m[Z + t], m[TO_3 + t]
        number = may_be_number(m, t, nine & later(d, d_next, 9) & later(d, d_next, 10), y, y_next)
        number |= only_one & ~zero & shape(m, t, 1)
        number |= low & ((only_two & shape(m, t, 2)) | (only_four & shape(m, t, 4)))
        number |= ~u64(0) if near_corsica(m, t) else u64(0)
        number &= wide
        bare_nine = starts & ~before & ~fraction & one & nine & ~later(a, a_next, 9)
        bare_nine &= ~zero & ~(low & ~m[TO_2 + t]) & ~earlier(m[PLUS + t], m[PLUS + t - 1], 1)
        alone = starts & ~before & ~fraction & ~number
        plain, wanted = plain_run(m, t, known)
        m[RUN + t] = bare_nine | (alone & wanted)
        m[FOUND + t] = (found | (bare & number)) & ~(bare_nine | (alone & plain))
        runs |= m[RUN + t]
    return runs != u64(0)


@inlined
def every_bit(lengths, size):
    """All bits where numbers of the leak are as long, none elsewhere."""
    return u64(0) - ((lengths >> u64(size - 1)) & ONE)


@inlined
def plain_run(m, t, known):
    """Where six to eight digits and no letter follow each other that are no date, nor the first
    six of a NIR from Corsica; and where so of a length that is `known`."""
    d, d_next = m[D + t], m[D + t + 1]
    a, a_next = d | m[LETTER + t], d_next | m[LETTER + t + 1]
    six = d & later(d, d_next, 1) & later(d, d_next, 2) & later(d, d_next, 3)
    six &= later(d, d_next, 4) & later(d, d_next, 5)
    seven = six & later(d, d_next, 6)
    eight = seven & later(d, d_next, 7)
    low, low_next = m[TO_3 + t], m[TO_3 + t + 1]
    to_2, to_2_next = m[TO_2 + t], m[TO_2 + t + 1]
    # The first digits of year, month and day as eight digits of a date have them.
    fifth = later(to_2, to_2_next, 4)
    year_first = to_2 & fifth & later(low, low_next, 6)
    day_first = low & later(to_2, to_2_next, 2) & fifth
    island = later(m[TWO + t], m[TWO + t + 1], 5)
    six &= ~island & ~later(a, a_next, 6)
    seven &= ~later(a, a_next, 7)
    eight &= ~year_first & ~day_first & ~later(a, a_next, 8)
    return six | seven | eight, (six & known[0]) | (seven & known[1]) | (eight & known[2])


@inlined
def near_corsica(m, t):
    """Whether a 2A or 2B, of a NIR from Corsica, stands in a block or the next."""
    letter, letter_next = m[CORSICA + t], m[CORSICA + t + 1]
    found = m[TWO + t] & later(letter, letter_next, 1)
    return (found | (m[TWO + t + 1] & (letter_next >> ONE))) != u64(0)


@inlined
def may_be_number(m, t, solid, y, y_next):
    """Where digits may begin a NIR or phone of several groups: by what `is_number` asks of the
    first digits, and so many digits and gaps as that takes. `solid` says where ten digits follow
    the second byte."""
    zero, low, to_2 = m[Z + t], m[TO_3 + t], m[TO_2 + t]
    only_one = ~later(m[D + t], m[D + t + 1], 1)
    ten = later(y, y_next, 6) & later(y, y_next, 7) & later(y, y_next, 8) & later(y, y_next, 9)
    eleven = ten & later(y, y_next, 10)
    twelve = eleven & later(y, y_next, 11)
    thirteen = twelve & later(y, y_next, 12)
    second = later(zero, m[Z + t + 1], 1)
    three = low & ~to_2
    country = three & (only_one | later(three, m[TO_3 + t + 1] & ~m[TO_2 + t + 1], 1))
    return (
        (ten & (zero | earlier(m[PLUS + t], m[PLUS + t - 1], 1))) | (eleven & second)
        | (eleven & only_one & solid) | (twelve & (only_one | country)) | thirteen
    )  # fmt: skip


@inlined
def fractions(m, t):
    """Where the byte behind a time of day and its point stands: 12:34:07.123456, and whether the
    hour is whole: behind such a one it may be another column (`is_fraction`)."""
    d, d_before = m[D + t], m[D + t - 1]
    z, z_before = m[Z + t], m[Z + t - 1]
    found = earlier(m[POINT + t], m[POINT + t - 1], 1)
    found &= earlier(m[COLON + t], m[COLON + t - 1], 4) & earlier(m[COLON + t], m[COLON + t - 1], 7)
    found &= earlier(d, d_before, 2) & earlier(d, d_before, 3)
    whole = earlier(z, z_before, 2) & earlier(z, z_before, 3) & earlier(z, z_before, 5)
    return found & earlier(d, d_before, 5) & earlier(d, d_before, 6), whole


@inlined
def time_stamp(m, t):
    """Where four digits begin the date of a time stamp (see `stamp_end`; behind a low line they are
    left to it)."""
    d, d_next = m[D + t], m[D + t + 1]
    z, z_next = m[Z + t], m[Z + t + 1]
    to_2, to_2_next = m[TO_2 + t], m[TO_2 + t + 1]
    two, two_next = m[TWO + t], m[TWO + t + 1]
    nine, nine_next = m[NINE + t], m[NINE + t + 1]
    dashes, dashes_next = m[DASH + t], m[DASH + t + 1]
    found = later(dashes, dashes_next, 4) & later(dashes, dashes_next, 7)
    found &= later(m[COLON + t], m[COLON + t + 1], 13)
    found &= later(m[BLANK + t], m[BLANK + t + 1], 10)
    found &= later(d, d_next, 5) & later(d, d_next, 6) & later(d, d_next, 8) & later(d, d_next, 9)
    found &= later(d, d_next, 11) & later(d, d_next, 12)
    found &= later(d, d_next, 14) & later(d, d_next, 15)
    midnight = later(z, z_next, 11) & later(z, z_next, 12)
    midnight &= later(z, z_next, 14) & later(z, z_next, 15)
    # A first digit of 0 or 1, to begin with, and those of 2 where they can be.
    low, low_next = to_2 & ~two, to_2_next & ~two_next
    ten, zero = later(low, low_next, 5), later(z, z_next, 5)
    month = (zero & ~later(z, z_next, 6)) | (ten & ~zero & later(to_2, to_2_next, 6))
    ten, zero = later(low, low_next, 8), later(z, z_next, 8)
    day = (zero & ~later(z, z_next, 9)) | (ten & ~zero)
    day |= later(two, two_next, 8) & ~later(nine, nine_next, 9)
    year = two & later(z, z_next, 1) & later(to_2, to_2_next, 2)
    year |= low & ~z & later(nine, nine_next, 1)
    return found & ~midnight & month & day & year


@inner
def drop_stamps(s):
    """Take the groups of time stamps out of FOUND, in which no other number begins."""
    m = s.planes
    for t in range(1, CHUNK + 1):
        stamps, before = m[STAMP + t], m[STAMP + t - 1]
        m[FOUND + t] &= ~(stamps | earlier(stamps, before, 5) | earlier(stamps, before, 8))


@inner
def find_groups(f, first, blocks, s, joined, lengths):
    """Fill FOUND and RUN for CHUNK blocks from `first` on (see `look_at_groups`).

    `joined` says whether the planes hold the CHUNK blocks before. Returns whether any digit stands
    in these, and whether there are runs.
    """
    m = s.planes
    for plane in (STAMP, ADDRESS):
        m[plane] = m[plane + CHUNK] if joined else u64(0)
    if not fill_planes(f, first, blocks, s):
        return False, False
    dotted = name_bytes(s)
    runs = look_at_groups(s, lengths)
    drop_stamps(s)
    if dotted >= DOTTED:
        find_addresses(s)
    else:
        for t in range(1, CHUNK + 1):
            m[ADDRESS + t] = u64(0)
    if dotted >= DOTTED or m[ADDRESS]:
        drop_addresses(s)
    return True, runs


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
