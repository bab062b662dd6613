"""Digits that may begin an identifier or a date, and runs that the exact table may hold."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.addresses import address_end
from matching.kernel.lanes import EIGHT, cut_runs
from matching.kernel.number_masks import find_groups, is_fraction, stamp_end
from matching.kernel.planes import FOUND, RUN
from matching.kernel.runs import spoken
from matching.kernel.shapes import date_at, is_digit, is_letter
from matching.kernel.sieve import (
    CHUNK,
    LONGEST,
    ONE,
    WARMED,
    ahead,
    mark,
    mark_home,
    put_places,
)
from matching.kernel.siphash import siphash_bytes, siphash_here, siphash_long, siphash_short
from matching.kernel.table import in_pairs, pair_place
from matching.kernel.word_filter import get_bit, name_bit
from native.jit import inlined, inner
from native.vector import LANES, count_ones, prefetch, prefetch_far, trailing_zeros

u64 = np.uint64
i64 = np.int64

SHORTEST = 6  # digits of a run that is looked up though nothing joins it to others
ENOUGH = 32  # runs that are hashed together: what tells of them comes while others are looked for
LANED = 16
ASKED = CHUNK // 2  # blocks asked of memory at once: about as many as a core waits for


@inlined
def has_five(x):
    """Whether five digits follow each other in a mask of digits."""
    two = x & (x >> ONE)
    return two & (two >> u64(2)) & (x >> u64(4)) != u64(0)


@inlined
def is_number(f, at, inside, first, total, x):
    """Whether digits of which `first` stand in the first group and `total` in all may be a NIR or
    phone, also with a slip; `inside` says that a letter of Corsica follows, `x` is their mask."""
    c = f[at]
    if first >= 9:
        return True
    if inside:
        return True
    if total < 9:
        return False
    if c == 48 or f[at - 1] == 43:
        return True
    if c == 51 and total >= 11 and (first == 1 or f[at + 1] == 51):
        return True  # 33, the country, before nine digits
    if total >= 12 and c <= 56 and (first == 1 or first == 3 or first == 5 or first == 7):
        return True
    if total >= 10 and first == 1:
        return True
    # A zero that changed places: ten digits in the groups of a phone (`shapes.phone_groups`).
    return f[at + 1] == 48 and (total > 10 or (total == 10 and not has_five(x)))


@inlined
def is_date(f, at, first, x, y):
    """Whether a date may begin at digits whose first group is `first` long; `x` and `y` are the
    masks of digits, and of digits and gaps, from there."""
    if first == 8:
        return True
    if first != 1 and first != 2 and first != 4:
        return False
    i = at + first
    if first <= 2:
        if f[i] == 101 and f[i + 1] == 114:
            return True
        j = i
        while j < i + 4 and (f[j] == 32 or (f[j] >= 45 and f[j] <= 47)):
            j += 1
        letters = is_letter(f[j]) and is_letter(f[j + 1]) and is_letter(f[j + 2])
        if letters and is_month(f[j], f[j + 1]):
            return True
    run = trailing_zeros(~y)
    rest = x >> u64(first)
    gap = trailing_zeros(rest)
    if gap == 0 or gap > 3 or first + gap >= run:
        return False
    rest >>= u64(gap)
    second = trailing_zeros(~rest)
    if second > 2:
        return False
    rest >>= u64(second)
    more = trailing_zeros(rest)
    return more > 0 and more <= 3 and first + gap + second + more < run


@inlined
def is_month(a, b):
    """Whether a French or English month may begin with these two letters."""
    if a == 106:  # ja, ju
        return b == 97 or b == 117
    if a == 102:  # fe
        return b == 101
    if a == 109:  # ma
        return b == 97
    if a == 97:  # av, ap, ao, au
        return b == 118 or b == 112 or b == 111 or b == 117
    if a == 115 or a == 100:  # se, de
        return b == 101
    if a == 111:  # oc
        return b == 99
    return a == 110 and b == 111  # no


@inlined
def mark_digits(f, at, x, y, s):
    """Mark digits at `at` that may begin an identifier or a date; returns the place up to which
    no other number begins, 0 when these are neither.

    `x` and `y` are the masks of digits, and of digits and gaps, from there.
    """
    first = trailing_zeros(~x)
    if first == 4 and f[at + 4] == 45:
        behind = stamp_end(f, at)
        if behind > at:
            return behind
    wide = trailing_zeros(~y)
    joined = x if wide >= 64 else x & ((ONE << u64(wide)) - ONE)
    total = count_ones(joined)
    c = f[at + wide]
    corsica = total == 6 and (c == 97 or c == 98)
    if total < 9 and first != 1 and first != 2 and first != 4 and first != 8 and not corsica:
        return i64(0)
    dated = is_date(f, at, first, x, y)
    if dated:
        behind, date, _ = date_at(f, at)
        dated = date != 0 and not is_digit(f[behind])
    if is_number(f, at, corsica, first, total, joined):
        if first == 9 and is_bare(f, at, total) and not is_letter(f[at + 9]):
            return i64(0)  # its run is looked up as a phone, too (`cut_runs`)
        mark(s, at)
        if dated or (is_letter(c) and is_digit(f[at + wide - 1])):
            mark_home(s, at)  # 0639981234MARTIN: no mask tells of such a name
        return at + 1
    if dated:
        mark_home(s, at)
        return at + 1
    return i64(0)


@inlined
def plain_digits(f, at, s):
    """How many digits begin at `at` where they can be nothing but that number: no part of an
    identifier, of a date or of a run with letters; else 0."""
    x, letters = ahead(s.digits, at), ahead(s.letters, at)
    first = trailing_zeros(~x)
    if first >= 9 or (letters >> u64(first)) & ONE or is_letter(f[at - 1]):
        return i64(0)
    y = x | ahead(s.gaps, at)
    wide = trailing_zeros(~y)
    joined = x if wide >= 64 else x & ((ONE << u64(wide)) - ONE)
    total = count_ones(joined)
    c = f[at + wide]
    corsica = total == 6 and (c == 97 or c == 98)
    if is_number(f, at, corsica, first, total, joined) or is_date(f, at, first, x, y):
        return i64(0)
    return first


@inlined
def is_bare(f, at, total):
    """Whether nine digits in a row can be nothing but a phone without its zero, right in each;
    `total` are those that other groups behind them add."""
    c = f[at]
    return c != 48 and (c != 51 or total == 9) and f[at - 1] != 43


@inner
def is_leet(f, start, end, scratch, names, keys):
    """Whether a run that begins with a letter may be a name in leet (see `reading.put_leet`)."""
    letters = 0
    for i in range(start, end):
        c = f[i]
        if is_letter(c):
            letters += 1
        else:
            c = spoken(c)
            if c == 0:
                return False
        scratch[i - start] = c
    if 2 * letters < end - start:
        return False
    key = siphash_bytes(scratch, 0, end - start, keys[2 * k.WORD], keys[2 * k.WORD + 1])
    return get_bit(names[0], name_bit(key, names[1])) != 0


@inlined
def has_length(size, lengths):
    """Whether a number of the leak is so many letters and digits long."""
    return 1 <= size <= 64 and (lengths >> u64(size - 1)) & ONE != u64(0)


@inlined
def read_group(f, group, s, scratch, names, exact, lengths, keys, floor, n_runs):
    """Mark or put down what the digits at `group` belong to.

    `n_runs` says how many runs are put down. Returns (place behind letters and digits, `floor`,
    `n_runs`).
    """
    at = group
    while at > 0 and is_letter(f[at - 1]) and group - at <= LONGEST:
        at -= 1
    x = ahead(s.digits, group)
    behind = group + trailing_zeros(~(x | ahead(s.letters, group)))
    if group < floor:
        return behind, floor, n_runs
    if at == group:
        floor = mark_digits(f, at, x, x | ahead(s.gaps, at), s)
        if floor:
            return behind, floor, n_runs
    run = behind - at
    if at < group and 4 <= run <= 20 and is_leet(f, at, behind, scratch, names, keys):
        mark_home(s, at)  # other words of the name may stand about it
    elif not has_length(run, lengths):
        return behind, floor, n_runs
    elif SHORTEST <= run < 16:
        s.run_at[n_runs] = at
        n_runs += 1
    elif 16 <= run <= LONGEST and in_pairs(
        exact[0],
        exact[1],
        siphash_bytes(f, at, behind, keys[2 * k.NUMBER], keys[2 * k.NUMBER + 1]),
    ):
        mark(s, at)
    return behind, floor, n_runs


@inlined
def whole_lanes(count):
    """So many rounds that a loop over lanes leaves none to be done one by one."""
    return (count + LANED - 1) & ~(LANED - 1)


@inlined
def put_hashes(count, places, s, exact, n):
    """Go on with hashes that stand from `n` on: where each belongs, and ask memory for what tells
    of it. Returns their end."""
    for t in range(count):
        s.hash_at[n + t] = places[t]
    for t in range(count):
        prefetch(exact[0], pair_place(exact[1], s.hashes[n + t]))
    return n + count


@inner
def hash_runs(f, blocks, n_runs, s, exact, keys, n):
    """Hash the runs put down, those of nine digits as phones too, behind `n` other hashes; returns
    how many there are."""
    for t in range(n_runs, n_runs + EIGHT):
        s.run_at[t] = blocks * LANES
    n_short, n_long, n_bare = i64(0), i64(0), i64(0)
    for t in range(0, n_runs, EIGHT):
        told = cut_runs(
            f, s.run_at, t, s.short, s.short_at, n_short, s.long, s.long2, s.long_at, n_long,
            s.bare, s.bare_at, n_bare,
        )  # fmt: skip
        n_short += count_ones(told & u64(255))
        n_long += count_ones(told & u64(255 << 8))
        n_bare += count_ones(told >> u64(16))
    k0, k1 = keys[2 * k.NUMBER], keys[2 * k.NUMBER + 1]
    for t in range(whole_lanes(n_short)):
        s.hashes[n + t] = siphash_short(s.short[t], k0, k1)
    n = put_hashes(n_short, s.short_at, s, exact, n)
    for t in range(whole_lanes(n_long)):
        s.hashes[n + t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    n = put_hashes(n_long, s.long_at, s, exact, n)
    k0, k1 = keys[2 * k.PHONE], keys[2 * k.PHONE + 1]
    for t in range(whole_lanes(n_bare)):
        s.hashes[n + t] = siphash_here(s.bare[t], k0, k1)
    return put_hashes(n_bare, s.bare_at, s, exact, n)


@inlined
def mark_known(count, s, exact):
    """Mark runs of whose hash the exact table may tell, and put those into `s.long`; returns how
    many."""
    found = i64(0)
    for t in range(count):
        if in_pairs(exact[0], exact[1], s.hashes[t]):
            mark(s, i64(s.hash_at[t]))
            s.long[found] = s.hashes[t]
            found = min(found + 1, WARMED)
    return found


@inner
def mark_runs(f, blocks, following, s, scratch, names, exact, lengths, keys):
    """Mark digits that may begin an identifier or a date, and runs that the exact table may hold.

    `names` and `exact` are (bits, mask) of filters, `scratch` is room for one run, `lengths` has a
    bit for each length of the leak's numbers. Returns how many
    keys of such runs `s.long` holds, which will be looked up. Meanwhile memory is asked for what
    stands at `following`, (text, place), to be sifted next.
    """
    n_runs, hashed = i64(0), i64(0)
    floor, read = i64(0), i64(0)
    joined = False
    for chunk in range(0, blocks, CHUNK):
        for j in range(chunk, chunk + ASKED):
            prefetch_far(following[0], following[1] + j * LANES)
        joined, runs = find_groups(f, chunk, blocks, s, joined, lengths)
        for j in range(chunk + ASKED, chunk + CHUNK):
            prefetch_far(following[0], following[1] + j * LANES)
        if not joined:
            continue
        base, groups = (chunk - 1) * LANES, i64(0)
        if runs:
            for t in range(1, CHUNK + 1):
                n_runs = put_places(s.planes[RUN + t], base + t * LANES, s.run_at, n_runs)
        for t in range(1, CHUNK + 1):
            groups = put_places(s.planes[FOUND + t], base + t * LANES, s.short_at, groups)
        for g in range(groups):
            group = i64(s.short_at[g])
            if group < read or is_fraction(f, group):
                continue
            behind = address_end(f, group)
            if behind > group:
                read = behind
                continue
            read, floor, n_runs = read_group(
                f, group, s, scratch, names, exact, lengths, keys, floor, n_runs
            )
        if n_runs >= ENOUGH:
            hashed = hash_runs(f, blocks, n_runs, s, exact, keys, hashed)
            n_runs = i64(0)
    hashed = hash_runs(f, blocks, n_runs, s, exact, keys, hashed)
    return mark_known(hashed, s, exact)
