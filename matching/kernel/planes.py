"""What each byte is, as masks of 64 bytes, a plane each, for CHUNK blocks and their neighbours.

Eight planes hold the bits of the bytes themselves; what asks whether a byte is a zero, a colon or
the first letter of a month is made of them for eight blocks at once (LLVM makes lanes of loops
without branches), which is less than comparing each block with each of those bytes.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.sieve import LONG, ROW, SLOTS
from native.jit import inlined, inner
from native.vector import LANES, bit_0, bit_1, bit_2, bit_3, bit_4, bit_5, bit_6, bit_7, count_ones

u64 = np.uint64
i64 = np.int64

# Where each plane begins in `Sieve.planes`: SLOTS masks, the first of the block before, those
# behind the block after CHUNK empty.
(
    D, LETTER, G, B0, B1, B2, B3, B4, B5, B6, B7, Z, TWO, TO_2, TO_3, NINE, PLUS, COLON, DASH, DOT,
    POINT, BLANK, MONTH, CORSICA, FOUND, STAMP, RUN, ADDRESS, LAST, OTHER,
) = (plane * SLOTS for plane in range(30))  # fmt: skip
DOTTED = 3  # dots between digits, fewer than which make no internet address


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
    if first > 0 and first + ROW <= blocks:
        for t in range(ROW):
            j = first + t - 1
            digits = s.digits[j]
            some |= digits
            m[D + t], m[LETTER + t], m[G + t] = digits, s.letters[j], s.gaps[j]
    else:
        for t in range(ROW):
            j = first + t - 1
            inside = 0 <= j < blocks
            digits = s.digits[j] if inside else u64(0)
            some |= digits
            m[D + t] = digits
            m[LETTER + t] = s.letters[j] if inside else u64(0)
            m[G + t] = s.gaps[j] if inside else u64(0)
    if not some:
        return False
    for t in range(ROW):
        j = first + t - 1
        if 0 <= j < blocks:
            at = j * LANES
            m[B0 + t], m[B1 + t] = bit_0(f, at), bit_1(f, at)
            m[B2 + t], m[B3 + t] = bit_2(f, at), bit_3(f, at)
            m[B4 + t], m[B5 + t] = bit_4(f, at), bit_5(f, at)
            m[B6 + t], m[B7 + t] = bit_6(f, at), bit_7(f, at)
        else:
            for plane in range(B0, Z, SLOTS):
                m[plane + t] = u64(0)
    return True


@inner
def name_bytes(s):
    """Make the planes of what bytes are from those of their bits; returns how many dots stand
    between two digits of one block."""
    m = s.planes
    dotted = i64(0)
    for t in range(LONG):
        d, letters = m[D + t], m[LETTER + t]
        b0, b1, b2, b3 = m[B0 + t], m[B1 + t], m[B2 + t], m[B3 + t]
        b4, upper = m[B4 + t], m[B6 + t] | m[B7 + t]
        signs = m[B5 + t] & ~b4 & ~upper  # from the space to the slash
        low = d & ~b3 & ~b2
        m[Z + t] = low & ~b1 & ~b0
        m[TWO + t] = low & b1 & ~b0
        m[TO_2 + t] = low & ~(b1 & b0)
        m[TO_3 + t] = low
        m[NINE + t] = d & b3 & b0
        m[PLUS + t] = signs & b3 & ~b2 & b1 & b0
        m[COLON + t] = m[B5 + t] & b4 & ~upper & b3 & ~b2 & b1 & ~b0
        m[DASH + t] = signs & b3 & b2 & ~b1 & b0
        dot = signs & b3 & b2 & b1 & ~b0
        m[DOT + t] = dot
        m[POINT + t] = signs & b3 & b2 & ~b0
        m[BLANK + t] = (signs & ~b3 & ~b2 & ~b1 & ~b0) | (letters & b4 & ~b3 & b2 & ~b1 & ~b0)
        # a, d, e, f, j, m, n, o and s: months in French or English, or er behind a 1.
        month = (~b3 & ~b2 & ~b1 & b0) | (~b3 & b2 & ~(b1 & b0)) | (b3 & b2 & (b1 | b0))
        month |= b3 & ~b2 & b1 & ~b0
        m[MONTH + t] = letters & ((~b4 & month) | (b4 & ~b3 & ~b2 & b1 & b0))
        m[CORSICA + t] = letters & ~b4 & ~b3 & ~b2 & (b1 ^ b0)
        dotted += count_ones(dot & (d << u64(1)) & (d >> u64(1)))
    return dotted
