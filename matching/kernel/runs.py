"""Runs of letters and digits, and of anything but delimiters: house numbers, leet, passwords."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.siphash import siphash_padded
from matching.kernel.tokens import S_HOUSE, S_JOINED, S_LEFT, S_TYPED, put
from native.jit import inlined, inner
from native.vector import LANES, chunks, trailing_zeros

i64 = np.int64
u8 = np.uint8

STREET_REACH = 6  # words looked at behind a house number
STREET_WORDS = 3  # words of the street joined to the number


@inlined
def spoken(c):
    """The letter that a digit stands for in leet, 0 for none."""
    if c == 48:
        return u8(111)
    if c == 49:
        return u8(105)
    if c == 51:
        return u8(101)
    if c == 52:
        return u8(97)
    if c == 53:
        return u8(115)
    if c == 55:
        return u8(116)
    return u8(98) if c == 56 else u8(0)


@inner
def put_leet(f, start, end, tokens, n, s, keys):
    """Append M4RT1N34U as the word it is read as, if letters outnumber digits in the run."""
    letters = 0
    for i in range(start, end):
        if is_letter(f[i]):
            s.bytes[i - start] = f[i]
            letters += 1
        else:
            s.bytes[i - start] = spoken(f[i])
            if s.bytes[i - start] == 0:
                return n
    if 2 * letters < end - start:
        return n
    key = siphash_padded(s.bytes, 0, end - start, keys[2 * k.WORD], keys[2 * k.WORD + 1])
    return put(tokens, n, k.WORD, key, start, end, 0)


@inner
def put_run(f, start, end, tokens, n, s, keys):
    """Append a run of letters and digits as NUMBER, and open a street behind a house number."""
    if end - start >= 4 and end - start <= 20 and not is_digit(f[start]):
        n = put_leet(f, start, end, tokens, n, s, keys)
    digits = True
    house = 0
    for i in range(start, end):
        if not is_digit(f[i]):
            digits = False
        elif digits:
            house += 1
    aux = -1
    key = siphash_padded(f, start, end, keys[2 * k.NUMBER], keys[2 * k.NUMBER + 1])
    if digits and end - start <= 9:
        aux = 0
        for i in range(start, end):
            aux = aux * 10 + (i64(f[i]) - 48)
    if house and house <= 4 and end - start - house <= 3:
        # 12bis is the house 12.
        if not digits:
            inner = siphash_padded(
                f, start, start + house, keys[2 * k.NUMBER], keys[2 * k.NUMBER + 1]
            )
            n = put(tokens, n, k.NUMBER, inner, start, start + house, 0)
        s.state[S_HOUSE] = n
        s.state[S_TYPED] = 0
        s.state[S_LEFT] = STREET_REACH
        s.state[S_JOINED] = STREET_WORDS
        if not digits:
            s.state[S_HOUSE] = n - 1
    else:
        s.state[S_LEFT] = 0
    return put(tokens, n, k.NUMBER, key, start, end, aux)


@inlined
def is_chunk(c):
    """Whether a byte may stand inside a password-like run."""
    return c > 32 and not (
        c == 34 or c == 39 or c == 44 or c == 58 or c == 59 or c == 124 or c == 60 or c == 62
    )


@inner
def put_chunk(f, at, stop, tokens, n, keys):
    """Append the run of non-delimiters that begins at `at`; returns (count, its end)."""
    end = at
    while end < stop:
        size = trailing_zeros(~chunks(f, end))
        end += size
        if size < LANES:
            break
    end = min(end, stop)
    if end - at >= 4 and end - at <= 64:
        key = siphash_padded(f, at, end, keys[2 * k.CHUNK], keys[2 * k.CHUNK + 1])
        n = put(tokens, n, k.CHUNK, key, at, end, 0)
    return n, end
