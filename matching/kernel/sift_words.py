"""Words that may stand in names, comments and streets of the leak, found by filters."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.hits import NAME_REACH
from matching.kernel.lanes import EIGHT, cut_long, cut_short, long_seat, seat, spelt_out
from matching.kernel.reading import word_flags
from matching.kernel.runs import STREET_REACH
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.sieve import LONGEST, ONE, WARMED, ahead, bit_of, mark, mark_home, put_places
from matching.kernel.siphash import (
    join_unordered,
    siphash_bytes,
    siphash_long,
    siphash_number,
    siphash_short,
)
from matching.kernel.table import in_pairs
from matching.kernel.tokens import NAMES
from matching.kernel.word_filter import get_bit, name_bit, phrase_bit, value_bit
from native.jit import inlined, inner
from native.vector import LANES, bit_0, bits_1_2, count_ones, leading_zeros, trailing_zeros

u64 = np.uint64
i64 = np.int64
u8 = np.uint8

NAME, PHRASE, PLACE, VALUE = 1, 2, 4, 8  # what the filters say of a word
PHRASE_WORDS = 5
HOUSE_REACH = 256  # characters between a house number and a word of its street
HOME_REACH = 640  # a name and its house or date lie less far apart, with all their words


@inner
def find_words(blocks, s):
    """The first byte of every word of two letters or more into `place`; returns how many.

    A run that goes on with a digit is among them.
    """
    n = i64(0)
    carry = u64(0)
    for j in range(blocks):
        here = s.letters[j]
        either = here | s.digits[j]
        starts = here & ~((either << ONE) | carry) & ((here >> ONE) | (s.letters[j + 1] << u64(63)))
        carry = either >> u64(63)
        n = put_places(starts, j * LANES, s.place, n)
    for t in range(n, n + 2 * EIGHT):
        s.place[t] = blocks * LANES
    for t in range(n + LANES):
        s.flags[t] = u8(0)
    return n


@inlined
def flag_word(w, key, size, flags, s):
    """Put down what the filters say of a word; returns whether any knows it."""
    if flags:
        s.flags[w] = flags
        s.size[w] = size
        s.key[w] = key
    return flags != 0


@inner
def gather_short(f, n, s, filters, k0, k1):
    """Flag words of up to seven letters; returns how many longer ones `bare_at` names."""
    n_short, n_open = i64(0), i64(0)
    for t in range(0, n, EIGHT):
        told = cut_short(f, s.place, t, s.memo, s.short, s.short_at, n_short, s.bare_at, n_open)
        n_short += count_ones(told & u64(255))
        n_open += count_ones(told >> u64(8))
    for t in range(n_short):
        s.hashes[t] = siphash_short(spelt_out(s.short[t]), k0, k1)
    for t in range(n_short):
        s.long[t] = u64(word_marks(s.hashes[t], filters))
    for t in range(n_short):
        m = s.short[t]
        if not flag_word(s.short_at[t], s.hashes[t], m >> u64(56), u8(s.long[t]), s):
            s.memo[seat(m)] = m
    return n_open


@inner
def gather_long(f, n_open, s, filters, k0, k1):
    """Flag words of eight to fifteen letters; returns how many longer ones `short_at` names."""
    n_long, n_more = i64(0), i64(0)
    for t in range(0, n_open, EIGHT):
        told = cut_long(
            f, s.place, s.bare_at, t, s.memo_long, s.memo_long2, s.long, s.long2, s.long_at,
            n_long, s.short_at, n_more,
        )  # fmt: skip
        n_long += count_ones(told & u64(255))
        n_more += count_ones(told >> u64(8))
    for t in range(n_long):
        s.hashes[t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    for t in range(n_long):
        s.short[t] = u64(word_marks(s.hashes[t], filters))
    for t in range(n_long):
        a, m = s.long[t], s.long2[t]
        if not flag_word(s.long_at[t], s.hashes[t], m >> u64(56), u8(s.short[t]), s):
            at = long_seat(a, m)
            s.memo_long[at], s.memo_long2[at] = a, m
    return n_more


@inner
def gather_words(f, blocks, s, names, streets, phrases, keys):
    """Every word of two letters or more into `place` and `flags`; returns how many.

    `names`, `streets` are (bits, mask) of filters; `phrases` says whether comments are looked for.
    """
    filters = (names, streets, phrases)
    k0, k1 = keys[2 * k.WORD], keys[2 * k.WORD + 1]
    n = find_words(blocks, s)
    n_open = gather_short(f, n, s, filters, k0, k1)
    for t in range(n_open, n_open + EIGHT):
        s.bare_at[t] = n  # where the text ends
    n_more = gather_long(f, n_open, s, filters, k0, k1)
    for t in range(n_more):
        w = s.short_at[t]
        at = i64(s.place[w])
        size = word_size(s, at)
        if size <= LONGEST and not is_digit(f[at + size]):
            key = siphash_bytes(f, at, at + size, k0, k1)
            flag_word(w, key, size, word_marks(key, filters), s)
    return n


@inlined
def word_size(s, at):
    """How many letters follow each other from a byte on, up to 64."""
    return trailing_zeros(~ahead(s.letters, at))


@inlined
def is_word(f, w, s):
    """Whether run `w` of letters is a word by itself: not too long, and no digit behind it."""
    size = word_size(s, i64(s.place[w]))
    return size <= LONGEST and not is_digit(f[i64(s.place[w]) + size])


@inlined
def word_marks(key, filters):
    """NAME, PHRASE, PLACE and VALUE of a word, from the filters."""
    (bits, mask), streets, phrases = filters
    # Nothing branches, so that what is read for many words is waited for at once.
    phrase = get_bit(bits, phrase_bit(key, mask)) & u8(phrases)
    name, value = get_bit(bits, name_bit(key, mask)), get_bit(bits, value_bit(key, mask))
    return u8(name | (phrase << 1) | (bit_of(streets, key) << 2) | (value << 3))


@inner
def mark_words(f, n, s, scratch):
    """Mark five words of comments in a row, and what follows a house number."""
    run = i64(0)
    last = i64(-1)  # the last word of a comment, and of those that are marked
    marked = i64(-1)
    for j in range(0, n, LANES):
        found = bits_1_2(s.flags, j)  # PHRASE or PLACE
        while found:
            w = j + trailing_zeros(found)
            found &= found - ONE
            flags = s.flags[w]
            if flags & PLACE:
                mark_house(f, n, w, s, scratch)
            if flags & PHRASE == 0:
                continue
            if run and not follows(f, last, w, s):
                run = 0
            run += 1
            last = w
            if run >= PHRASE_WORDS:
                for v in range(max(w - run + 1, marked + 1), w + 1):
                    mark(s, i64(s.place[v]))
                marked = w


@inner
def follows(f, last, w, s):
    """Whether only words that phrases are read across lie between two words."""
    for v in range(last + 1, w):
        at = i64(s.place[v])
        size = word_size(s, at)
        if size <= LONGEST and not is_set_apart(f, at, at + size):
            return False
    return True


@inner
def mark_names(f, n, blocks, s, scratch, exact, keys):
    """Mark words of names beside another that makes a pair of the leak with them, or beside a
    house or date; `exact` is (bits, mask) of the exact table's filter.

    Returns how many pairs `s.hashes` names, which will be looked up; `s.long_at` says where each
    ends.
    """
    ring = scratch.ring
    k0, k1 = keys[2 * k.PAIR], keys[2 * k.PAIR + 1]
    held, pairs = i64(0), i64(0)
    last, lists = u64(0), i64(0)  # in a log the same word comes again and again
    homes = u64(0)
    for j in range(blocks):
        homes |= s.homes[j]
    for j in range(0, n, LANES):
        found = bit_0(s.flags, j)  # NAME
        while found:
            w = j + trailing_zeros(found)
            found &= found - ONE
            if s.size[w] < 3:
                continue
            at = i64(s.place[w])
            key = s.key[w]
            if key != last:
                last = key
                lists = word_flags(f, at, at + i64(s.size[w]), scratch.numbers, scratch.marks)
            if lists & (k.F_STOP | k.F_STREET):
                continue
            for back in range(min(held, NAMES)):
                other = ring[(held - 1 - back) % NAMES]
                behind = i64(s.place[other]) + i64(s.size[other])
                if at - behind > NAME_REACH:
                    break
                if s.key[other] == key:
                    continue
                both = siphash_number(join_unordered(key, s.key[other]), k0, k1)
                if in_pairs(exact[0], exact[1], both):
                    mark(s, i64(s.place[other]))
                    mark(s, at)
                    s.hashes[pairs] = both
                    s.long_at[pairs] = at + i64(s.size[w])
                    pairs = min(pairs + 1, WARMED)
            ring[held % NAMES] = w
            held += 1
            if homes and is_by_home(at, blocks, s):
                mark(s, at)
    return pairs


@inner
def is_by_home(at, blocks, s):
    """Whether a house or date is marked near a byte."""
    behind = min(blocks, (at + HOME_REACH + LANES) >> 6)
    found = u64(0)
    for j in range(max(i64(0), at - HOME_REACH) >> 6, behind):
        found |= s.homes[j]
    return found != u64(0)


@inner
def is_set_apart(f, start, end):
    """Whether a word may be part of an address or date, which phrases are read across."""
    before, behind = f[start - 1], f[end]
    if before == 64 or before == 46 or before == 95 or before == 45 or before == 43:
        return True
    if behind == 64 or behind == 46 or behind == 95 or behind == 45 or behind == 43:
        return True
    return before == 37 or is_digit(before) or is_digit(f[start - 2]) or is_digit(behind)


@inlined
def last_before(mask, at):
    """The last byte of a mask among the HOUSE_REACH before `at`, -1 for none."""
    j = at >> 6
    here = mask[j] & ((ONE << u64(at & 63)) - ONE)
    while here == u64(0) and j > 0 and at - LANES * j < HOUSE_REACH:
        j -= 1
        here = mask[j]
    last = LANES * j + LANES - 1 - leading_zeros(here)
    return last if here and at - last <= HOUSE_REACH else i64(-1)


@inner
def mark_house(f, n, w, s, scratch):
    """Mark a word of the street list, the house number before it and the words between and behind,
    if there is such a number."""
    start = i64(s.place[w])
    if (
        not word_flags(f, start, start + i64(s.size[w]), scratch.numbers, scratch.marks)
        & k.F_STREET
    ):
        return
    house = last_before(s.digits, start)
    if house < 0 or house < last_before(s.lines, start):
        return
    i = start
    while i > house + 1:
        c = f[i - 1]
        if c == 59 or c == 124 or c == 9:
            return
        i -= 1
    while i > 0 and (is_digit(f[i - 1]) or is_letter(f[i - 1])):
        i -= 1
    mark_home(s, i)
    v = w
    while v > 0 and s.place[v - 1] > i:
        v -= 1
    while v < n and v < w + STREET_REACH:
        mark(s, i64(s.place[v]))
        v += 1
