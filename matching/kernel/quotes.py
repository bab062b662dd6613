"""How much of a row's comment may stand around a hit: a bound from the pieces of words alone."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.glimpse import G_BEHIND, G_FIRST, G_ORDER, G_PHRASES
from matching.kernel.masked import COMMENT_MOST, WORD_BITS, follow, sketch_of, tells
from matching.kernel.pieces import COMMENT_WORDS, P_COMMENT, word_piece
from matching.kernel.reading import word_flags
from matching.kernel.sieve import ahead
from matching.kernel.sift_words import PHRASE, is_set_apart, is_word
from native.jit import inlined, inner
from native.vector import LANES, bit_1, flagged, trailing_zeros

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

CHAIN = 9  # words of a comment in a row: more say no more
FEWEST = 3  # words in a row that say anything
GAP = 2  # words of the text between two of them


@inlined
def has_comment(rows, desk):
    """Whether the opened record has a comment of several words."""
    return desk.record8[sketch_of(rows) + P_COMMENT + 3] != 0


@inlined
def put(g, n, piece, loose):
    """Append a word; returns the new count."""
    g.order[n] = u8(piece)
    g.loose[n] = u8(loose)
    return n + 1


@inner
def put_in_order(f, local, count, g, s, scratch):
    """Fill `order` with the pieces of words of evidence, and zeros behind them.

    Words that `local` has, read out of runs with digits, are put between the others.
    """
    n, t = i64(0), i64(0)
    first, behind = g.info[G_FIRST], g.info[G_BEHIND]
    for w in range(first, behind + 1):
        at = i64(s.place[w])
        while t < count and (w == behind or local.start[t] < at):
            if tells(t, local, 0, 1 << 40):
                n = put(g, n, word_piece(local.key[t]), True)
            t += 1
        if w == behind or not is_word(f, w, s):
            continue
        end = at + trailing_zeros(~ahead(s.letters, at))
        if word_flags(f, at, end, scratch.numbers, scratch.marks) & k.F_STOP == 0:
            piece = word_piece(s.key[w]) if s.flags[w] & PHRASE else u8(0)
            n = put(g, n, piece, is_set_apart(f, at, end))
    for t in range(n, n + LANES):
        g.order[t] = u8(0)
    g.info[G_ORDER] = n


@inner
def counts_as_gap(f, w, s, scratch):
    """Whether word `w` is one of those between two of a comment that must be few."""
    if not is_word(f, w, s):
        return False
    at = i64(s.place[w])
    end = at + trailing_zeros(~ahead(s.letters, at))
    if word_flags(f, at, end, scratch.numbers, scratch.marks) & k.F_STOP:
        return False
    return not is_set_apart(f, at, end)


@inner
def is_near_by(f, last, w, s, scratch):
    """Whether a quotation may go on from word `last` to word `w`."""
    if w - last - 1 <= GAP:
        return True
    gap = 0
    for v in range(last + 1, w):
        gap += i64(counts_as_gap(f, v, s, scratch))
        if gap > GAP:
            return False
    return True


@inner
def longest_quote(f, g, s, scratch):
    """How many words that comments of the leak have follow each other at most, whatever the row;
    no more than CHAIN are counted."""
    run, last, longest = i64(0), i64(-1), i64(0)
    first, behind = g.info[G_FIRST], g.info[G_BEHIND]
    for base in range(first, behind, LANES):
        found = bit_1(s.flags, base)  # PHRASE
        while found:
            w = base + trailing_zeros(found)
            found &= found - u64(1)
            if w >= behind:
                continue
            at = i64(s.place[w])
            end = at + trailing_zeros(~ahead(s.letters, at))
            if word_flags(f, at, end, scratch.numbers, scratch.marks) & k.F_STOP:
                continue
            run = run + 1 if run and is_near_by(f, last, w, s, scratch) else i64(1)
            longest = max(longest, run)
            if longest >= CHAIN:
                return longest
            last = w
    return longest


@inlined
def chain_bits(longest):
    """What so many words of a comment that follow each other say."""
    return min(COMMENT_MOST, WORD_BITS * (longest - FEWEST + 1)) if longest >= FEWEST else 0.0


@inner
def most_quoted(f, local, count, g, s, scratch):
    """The most that words around a hit can say for any comment of the leak."""
    if g.info[G_PHRASES] < 0:
        others = i64(0)
        for t in range(count):
            others += i64(tells(t, local, 0, 1 << 40))
        if others == 0:
            g.info[G_PHRASES] = longest_quote(f, g, s, scratch)
        else:
            # Words out of runs with digits stand between the others: all are counted.
            for w in range(g.info[G_FIRST], g.info[G_BEHIND]):
                others += i64(s.flags[w] & PHRASE != 0)
            g.info[G_PHRASES] = others
    return chain_bits(g.info[G_PHRASES])


@inner
def quote_bound(f, local, count, rows, g, s, scratch, desk):
    """The most that words around a hit can say for the opened record's comment: the longest run of
    them that follow each other as there."""
    if g.info[G_ORDER] < 0:
        put_in_order(f, local, count, g, s, scratch)
    at = sketch_of(rows) + P_COMMENT
    n = g.info[G_ORDER]
    for t in range(n + LANES):
        g.hits[t] = u8(0)
    for p in range(COMMENT_WORDS):
        wanted = desk.record8[at + p]
        if wanted != 0:
            for t in range(n):
                g.hits[t] |= u8(g.order[t] == wanted)
    longest = i64(0)
    for j in range(0, n, LANES):
        found = flagged(g.hits, j)
        while found:
            begin = j + trailing_zeros(found)
            found &= found - u64(1)
            if not goes_on(begin, g, n):
                continue
            for p in range(COMMENT_WORDS):
                if desk.record8[at + p] == g.order[begin]:
                    longest = max(longest, chain_from(at, p, begin, g, n, desk))
        if longest >= CHAIN:
            break
    return chain_bits(longest)


@inner
def goes_on(begin, g, n):
    """Whether FEWEST words of the comment follow each other from `begin` on, in whatever order."""
    count, gap, t = 1, 0, begin + 1
    while t < n and gap <= GAP and count < FEWEST:
        if g.hits[t]:
            count += 1
            gap = 0
        elif not g.loose[t]:
            gap += 1
        t += 1
    return count >= FEWEST


@inner
def chain_from(at, p, begin, g, n, desk):
    """How many words follow each other from piece `p` and word `begin` on, at most CHAIN."""
    chain, gap, place = i64(1), i64(0), i64(p)
    t = begin + 1
    while t < n and gap <= GAP and chain < CHAIN:
        found = follow(at, place, i64(g.order[t]), chain, desk) if g.hits[t] else i64(-1)
        if found >= 0:
            chain += 1
            gap = i64(0)
            place = found
        elif not g.loose[t]:
            gap += 1
        t += 1
    return chain
