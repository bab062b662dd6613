"""Words that may stand in names, comments and streets of the leak, found by filters."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.entries import phrase_bit
from matching.kernel.jit import inlined, inner
from matching.kernel.reading import word_flags
from matching.kernel.runs import STREET_REACH
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.sieve import LONGEST, ONE, ahead, bit_of, keep, mark
from matching.kernel.vector import LANES, flagged, trailing_zeros
from matching.siphash import siphash_bytes, siphash_long, siphash_short

u64 = np.uint64
i64 = np.int64
u8 = np.uint8

NAME, PHRASE, PLACE = 1, 2, 4  # what the filters say of a word
PHRASE_WORDS = 5
HOUSE_REACH = 256  # characters between a house number and a word of its street


@inner
def gather_words(f, blocks, s, names, streets, phrases, keys):
    """Every word of two letters or more into `place`, `size` and `flags`; returns how many.

    `names`, `streets` are (bits, mask) of filters; `phrases` says whether comments are looked for.
    """
    n = i64(0)
    n_short = i64(0)
    n_long = i64(0)
    k0, k1 = keys[2 * k.WORD], keys[2 * k.WORD + 1]
    carry = u64(0)
    for j in range(blocks):
        here = s.letters[j]
        either = here | s.digits[j]
        starts = here & ~((either << ONE) | carry) & ((here >> ONE) | (s.letters[j + 1] << u64(63)))
        carry = either >> u64(63)
        while starts:
            at = j * LANES + trailing_zeros(starts)
            starts &= starts - ONE
            size = trailing_zeros(~ahead(s.letters, at))
            if is_digit(f[at + size]) or size > LONGEST:
                continue
            s.place[n] = at
            s.size[n] = size
            s.flags[n] = u8(0)
            if size < 16:
                n_short, n_long = keep(f, at, size, n, s, n_short, n_long)
            else:
                key = siphash_bytes(f, at, at + size, k0, k1)
                s.flags[n] = word_marks(key, names, streets, phrases)
            n += 1
    for t in range(n_short):
        s.hashes[t] = siphash_short(s.short[t], k0, k1)
    for t in range(n_short):
        s.flags[s.short_at[t]] = word_marks(s.hashes[t], names, streets, phrases)
    for t in range(n_long):
        s.hashes[t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    for t in range(n_long):
        s.flags[s.long_at[t]] = word_marks(s.hashes[t], names, streets, phrases)
    for t in range(n, n + LANES):
        s.flags[t] = u8(0)
    return n


@inlined
def word_marks(key, names, streets, phrases):
    """NAME, PHRASE and PLACE of a word, from the filters."""
    phrase = u8(0)
    if phrases:
        at = phrase_bit(key, names[1])
        phrase = (names[0][i64(at >> u64(3))] >> (at & u64(7))) & u8(1)
    return u8(bit_of(names, key) | (phrase << 1) | (bit_of(streets, key) << 2))


@inner
def mark_words(f, n, s, scratch):
    """Mark words of names, five words of comments in a row, and what follows a house number."""
    run = i64(0)
    j = i64(0)
    last = i64(-1)
    while j < n:
        found = flagged(s.flags, j)
        if not found:
            # No word of a comment among sixty-four.
            j += LANES
            run = 0
            continue
        for w in range(j, min(j + LANES, n)):
            flags = s.flags[w]
            at = i64(s.place[w])
            if flags & NAME and s.size[w] >= 3:
                mark(s, at)
            if flags & PLACE:
                mark_house(f, n, w, s, scratch)
            if flags & PHRASE:
                run += 1
                if run >= PHRASE_WORDS:
                    back = max(w - run + 1, last + 1)
                    for v in range(back, w + 1):
                        mark(s, i64(s.place[v]))
                    last = w
            elif not is_set_apart(f, at, at + s.size[w]):
                run = 0
        j += LANES


@inner
def is_set_apart(f, start, end):
    """Whether a word may be part of an address or date, which phrases are read across."""
    before, behind = f[start - 1], f[end]
    if before == 64 or before == 46 or before == 95 or before == 45 or before == 43:
        return True
    if behind == 64 or behind == 46 or behind == 95 or behind == 45 or behind == 43:
        return True
    return before == 37 or is_digit(before) or is_digit(f[start - 2]) or is_digit(behind)


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
    i = start
    while i > 0 and start - i < HOUSE_REACH:
        c = f[i - 1]
        if c == 10 or c == 59 or c == 124 or c == 9:
            return
        if is_digit(c):
            break
        i -= 1
    if i == 0 or not is_digit(f[i - 1]):
        return
    while i > 0 and (is_digit(f[i - 1]) or is_letter(f[i - 1])):
        i -= 1
    mark(s, i)
    v = w
    while v > 0 and s.place[v - 1] > i:
        v -= 1
    while v < n and v < w + STREET_REACH:
        mark(s, i64(s.place[v]))
        v += 1
