"""Which places of a folded text the tokeniser has to read at all, found 64 bytes at a time.

Most text can point to no row of a leak whatever it says: a word that stands in no name and in no
comment, a number too short to be an identifier. `sift` marks the starts of all others, one bit a
byte: words behind the filters of names and comments, runs of letters and digits that are in the
exact table's filter, digits that may begin a NIR, phone or date, words behind a house number, and
at signs. `tokenise_marked` reads the marked places with the tokeniser's own functions, so that the
hits are those that reading everything would give; a test holds the two against each other.
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.hits import NAME_REACH, is_wide
from matching.kernel.mail import put_email
from matching.kernel.reading import put_alnum
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.sieve import ONE, classify, first_from, mark
from matching.kernel.sift_numbers import mark_runs
from matching.kernel.sift_words import VALUE, gather_words, mark_names, mark_words, word_size
from matching.kernel.table import find, warm
from matching.kernel.tokens import S_LEFT, S_PREVIOUS
from native.jit import inner
from native.vector import LANES, trailing_zeros

i64 = np.int64
u64 = np.uint64

AROUND = 2 * NAME_REACH  # bytes about a name that many bear that are read for its town


@inner
def sift(f, size, following, s, scratch, streets, phrases, leak):
    """Mark what has to be read of `f[:size]`; returns (number of blocks, number of words, number of
    names that many bear: `s.long_at` says where they end).

    `streets` is (bits, mask) of a filter; `phrases` says whether the leak has comments; `following`
    is (text, place) of what will be sifted next.
    """
    blocks = classify(f, size, s)
    names = (leak.name_bits, leak.name_mask)
    n = gather_words(f, blocks, s, names, streets, phrases, leak.keys)
    exact = (leak.exact_bits, leak.exact_mask)
    mark_words(f, n, s, scratch)
    numbers = mark_runs(
        f, blocks, following, s, scratch.bytes, names, exact, leak.lengths, leak.keys
    )
    pairs = mark_names(f, n, blocks, s, scratch, exact, leak.keys)
    for p in range(pairs):
        s.short[p] = s.hashes[p]  # `warm` writes behind those it is asked for
    for p in range(numbers):
        s.hashes[pairs + p] = s.long[p]
    warm(leak.exact, s.hashes, pairs + numbers)
    common = mark_common(f, pairs, blocks, n, s, leak)
    for j in range(blocks):
        s.marks[j] |= s.ats[j]
    return blocks, n, common


@inner
def mark_common(f, pairs, blocks, words, s, leak):
    """Mark what may be a town about names that many bear, of the pairs in `s.short`; returns how
    many they are."""
    common = i64(0)
    for p in range(pairs):
        first, end = find(leak.exact, s.short[p], leak.missing)
        if first == end or is_wide(k.PAIR, end - first):
            at = i64(s.long_at[p])
            mark_towns(f, at - AROUND, at + AROUND, blocks, words, s)
            s.long_at[common] = at
            common += 1
    return common


@inner
def mark_towns(f, start, end, blocks, words, s):
    """Mark what may be a postcode or the word of a town in [start, end) of a text of so many
    `words`: runs with digits, and words that stand in values of the leak."""
    for j in range(max(start, 0) // LANES, min((end + LANES - 1) // LANES, blocks)):
        digits = s.digits[j]
        before = (s.letters[j] | digits) << ONE
        if j:
            before |= (s.letters[j - 1] | s.digits[j - 1]) >> u64(LANES - 1)
        s.marks[j] |= digits & ~before
    for w in range(first_from(s, words, start), words):
        at = i64(s.place[w])
        if at >= end:
            break
        if s.flags[w] & VALUE or is_digit(f[at + word_size(s, at)]):
            mark(s, at)


@inner
def is_broken(f, start, end):
    """Whether a line or cell ends between two places, as the tokeniser sees it."""
    for i in range(start, end):
        c = f[i]
        if c == 10 or c == 59 or c == 124 or c == 9:
            return True
    return False


@inner
def tokenise_marked(f, blocks, size, s, tokens, room, scratch, keys):
    """Read the marked places into `tokens`; returns how many."""
    n = i64(0)
    i = i64(0)
    floor = i64(0)
    state = scratch.state
    for t in range(8):
        state[t] = 0
    state[S_PREVIOUS] = -1
    for j in range(blocks):
        marks = s.marks[j]
        while marks:
            at = j * LANES + trailing_zeros(marks)
            marks &= marks - ONE
            if at < i or at >= size or n >= room - 12:
                continue
            if state[S_LEFT] > 0 and is_broken(f, i, at):
                state[S_LEFT] = 0
            if f[at] == 64:
                n, i = put_email(f, at, floor, False, tokens, n, scratch, keys)
                floor = i
                continue
            i = at
            # What is read of a run may end inside it: 14/03/1985MARTIN.
            while i < size and n < room - 12 and (is_letter(f[i]) or is_digit(f[i])):
                n, i = put_alnum(f, i, size, tokens, n, scratch, keys)
    return n
