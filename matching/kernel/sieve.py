"""The sieve a text is sifted with: classes of bytes as masks, 64 at a time, and lists to hash."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel.lanes import MEMO, spread_bits
from native.jit import inlined, inner, pointer
from native.lanes import WIDE
from native.vector import (
    LANES,
    ats,
    count_ones,
    digits,
    gaps,
    letters,
    lines,
    load_word,
    trailing_zeros,
)

u64 = np.uint64
i64 = np.int64
u8 = np.uint8

ONE = u64(1)
CHUNK = 32  # blocks whose groups of digits are looked at together
ROW = CHUNK + 2  # masks of a plane: theirs, and of one block before and behind
GROUP = 8  # places put down at once
LONG = CHUNK + 8  # as many as lanes go through where one behind is needed
SLOTS = LONG + 2
PLANES = 30
WARMED = 1000  # pairs of names, and numbers, whose rows are fetched ahead
LONGEST = 40  # letters and digits of a word or run that is looked up


class Sieve(NamedTuple):
    """Working memory: masks of classes, words and runs with their keys, and the marks.

    `homes` marks what a word of a name may be joined to (hits.home_hits). The memos hold words that
    stand in no filter, as message words; whoever begins a text empties them.
    """

    letters: NDArray[np.uint64]
    digits: NDArray[np.uint64]
    gaps: NDArray[np.uint64]
    ats: NDArray[np.uint64]
    lines: NDArray[np.uint64]
    marks: NDArray[np.uint64]
    homes: NDArray[np.uint64]
    place: NDArray[np.int32]  # first byte of each word
    size: NDArray[np.int32]  # where `flags` is not 0
    flags: NDArray[np.uint8]
    key: NDArray[np.uint64]  # where `flags` is not 0
    short: NDArray[np.uint64]  # message words, up to seven bytes
    short_at: NDArray[np.int32]  # which word, or where the run begins
    long: NDArray[np.uint64]  # two message words each, up to fifteen bytes
    long2: NDArray[np.uint64]
    long_at: NDArray[np.int32]
    bare: NDArray[np.uint64]  # nine digits as `shapes.pack` writes them
    bare_at: NDArray[np.int32]  # where each begins
    hashes: NDArray[np.uint64]
    memo: NDArray[np.uint64]
    memo_long: NDArray[np.uint64]
    memo_long2: NDArray[np.uint64]
    planes: NDArray[np.uint64]  # what each byte is, for the groups of digits
    hash_at: NDArray[np.int32]  # where the run of a hash begins
    run_at: NDArray[np.int32]  # where runs of six to fifteen letters and digits begin


def new_sieve(size: int) -> Sieve:
    """Room for texts of `size` bytes."""
    blocks = size // LANES + 4
    half = size // 2 + 2 * LANES

    def words(count: int) -> NDArray[np.uint64]:
        return np.zeros(count, np.uint64)

    def places() -> NDArray[np.int32]:
        return np.zeros(half, np.int32)

    return Sieve(
        words(blocks), words(blocks), words(blocks), words(blocks), words(blocks), words(blocks),
        words(blocks), places(), places(), np.zeros(half, np.uint8), words(half), words(half),
        places(), words(half), words(half), places(), words(half), places(),
        words(half + 4 * WARMED + 1), words(MEMO), words(MEMO), words(MEMO),
        words(PLANES * SLOTS), places(), places(),
    )  # fmt: skip


def forget_words(s: Sieve) -> None:
    """Empty the memos: no word of a text outlives its reading."""
    for memo in (s.memo, s.memo_long, s.memo_long2):
        memo[:] = 0


@inlined
def sieve_pointers(s):
    """The same struct over pointers."""
    return Sieve(
        pointer(s.letters), pointer(s.digits), pointer(s.gaps), pointer(s.ats), pointer(s.lines),
        pointer(s.marks), pointer(s.homes), pointer(s.place), pointer(s.size), pointer(s.flags),
        pointer(s.key), pointer(s.short), pointer(s.short_at), pointer(s.long), pointer(s.long2),
        pointer(s.long_at), pointer(s.bare), pointer(s.bare_at), pointer(s.hashes),
        pointer(s.memo), pointer(s.memo_long), pointer(s.memo_long2), pointer(s.planes),
        pointer(s.hash_at), pointer(s.run_at),
    )  # fmt: skip


@inner
def classify(f, size, s):
    """Fill the masks of letters, digits, gaps and at signs; returns the number of blocks."""
    blocks = (size + LANES - 1) // LANES
    for j in range(blocks):
        s.letters[j] = letters(f, j * LANES)
        s.digits[j] = digits(f, j * LANES)
        s.gaps[j] = gaps(f, j * LANES)
        s.ats[j] = ats(f, j * LANES)
        s.lines[j] = lines(f, j * LANES)
        s.marks[j] = s.homes[j] = u64(0)
    for j in range(blocks, blocks + 2):
        s.letters[j] = s.digits[j] = s.gaps[j] = s.ats[j] = s.lines[j] = u64(0)
        s.marks[j] = s.homes[j] = u64(0)
    return blocks


@inlined
def ahead(mask, at):
    """64 bits of a mask from bit `at` on."""
    j = at >> 6
    b = u64(at & 63)
    return (mask[j] >> b) | ((mask[j + 1] << ONE) << (u64(63) - b))


@inner
def first_from(s, n, at):
    """The first of `n` words that begins at byte `at` or behind it, by halving."""
    low, high = i64(0), n
    while low < high:
        middle = (low + high) >> 1
        if i64(s.place[middle]) < at:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def put_places(mask, base, places, n):
    """Append the places of a mask's bits, of which the first stands at `base`; returns how many
    there are now. Up to 64 behind them are written over."""
    if WIDE:
        spread_bits(mask, base, places, n)
        return n + count_ones(mask)
    count = count_ones(mask)
    at = n
    while mask:
        for each in range(GROUP):  # at once, so that how many there are is guessed less often
            places[at + each] = base + trailing_zeros(mask)
            mask &= mask - ONE
        at += GROUP
    return n + count


@inlined
def low_bytes(count):
    """A word whose lowest `count` bytes (0 to 7) are set."""
    return (ONE << (u64(8) * u64(count))) - ONE


@inlined
def mark(s, at):
    """Mark a byte."""
    s.marks[at >> 6] |= ONE << u64(at & 63)


@inlined
def mark_home(s, at):
    """Mark a byte, and as what a name may be joined to."""
    mark(s, at)
    s.homes[at >> 6] |= ONE << u64(at & 63)


@inlined
def keep(f, at, size, name, s, n_short, n_long):
    """Put a run of at most fifteen bytes down for hashing, as number `name`; returns the counts."""
    a = load_word(f, at)
    b = load_word(f, at + 8)
    tag = u64(size) << u64(56)
    s.short[n_short] = (a & low_bytes(size & 7)) | tag
    s.short_at[n_short] = name
    s.long[n_long] = a
    s.long2[n_long] = (b & low_bytes((size - 8) & 7)) | tag
    s.long_at[n_long] = name
    is_short = i64(size < 8)
    return n_short + is_short, n_long + 1 - is_short


@inlined
def bit_of(bits, key):
    """The bit of a key in a (bits, mask) filter, as `in_bits` reads it."""
    at = (key >> u64(20)) & bits[1]
    return (bits[0][i64(at >> u64(3))] >> (at & u64(7))) & u8(1)
