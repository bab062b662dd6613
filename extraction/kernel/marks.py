"""Runs of base64 and hex, and signs of other packings with the lines about them, in one pass.

Bytes are classed 64 at a time into masks, a bit a byte; what a run or a sign looks like is then
asked of whole masks (`planes`). Where one may begin, bytes are looked at one by one (`promising`,
`signs`). What is put down is little: the beginnings of runs, and where lines about signs begin and
end.
"""

from __future__ import annotations

import numpy as np

from extraction.kernel.found import (
    FEWEST_LEFT,
    T_AT,
    T_BASE64,
    T_BEFORE,
    T_HEX,
    T_LINES,
    T_PAIRS,
    pointers,
)
from extraction.kernel.planes import (
    ANY,
    CHUNK,
    LIKELY,
    LONG_HEX,
    LONG_RUN,
    LOOKED,
    OF_BASE64,
    ONE,
    SEVEN,
    SIGN,
    base64s,
    fill_masks,
    hexes,
    paired,
)
from extraction.kernel.promising import LONG, is_promising
from extraction.kernel.signs import KINDS, put_lines, read_sign
from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, trailing_zeros

u64 = np.uint64
i64 = np.int64

AHEAD = 512  # bytes behind a block that may be looked at with it
SHORTEST_HEX = 32  # characters of a run
PAIRS = 8  # of hex digits with a sign between
# Bytes of a text's end, read from a copy with zeros behind and a block before it.
TAIL = (CHUNK + 6) * LANES + AHEAD
ROOM_FOR_END = 2 * LANES + 2 * TAIL


@inlined
def low(count):
    """The lowest `count` bits (1 to 63)."""
    return (ONE << u64(count)) - ONE


@inner
def is_long(f, at):
    """Whether a run is as long as a tar archive."""
    for more in range(LANES, LONG, LANES):
        here = base64s(f, at + more - LANES)
        if ~here != u64(0):
            return False
    return base64s(f, at + LONG - LANES) == ~u64(0)


@inner
def put_base64(text, size, f, base, looked, likely, offset, found):
    """Put down the runs of base64 that begin at these places of a block, if they may hold
    something; others than the `likely` ones are no base64 but as a part of an archive."""
    while looked:
        at = base + trailing_zeros(looked)
        sure = likely >> u64(at - base) & ONE
        looked &= looked - ONE
        if (sure or is_long(f, at)) and is_promising(text, size, offset + at, found):
            found.base64[found.told[T_BASE64]] = offset + at
            found.told[T_BASE64] += 1


@inner
def put_hex(f, base, long, first, offset, found):
    """Put down the runs of hex that begin in a block, at places from which long runs go on; `first`
    is where the text begins."""
    told = found.told
    here = hexes(f, base)
    before = hexes(f, base - 1) & ONE if base > first else u64(0)
    begun = here & ~((here << ONE) | before) & long
    while begun:
        at = base + trailing_zeros(begun)
        begun &= begun - ONE
        if hexes(f, at) & low(SHORTEST_HEX) == low(SHORTEST_HEX):
            found.hex[told[T_HEX]] = offset + at
            told[T_HEX] += 1


@inner
def put_pairs(f, base, seven, first, offset, found):
    """Put down where PAIRS divided pairs of hex digits begin, the first two bytes before these
    signs; pairs that go on where others began are the same run."""
    told = found.told
    last = i64(-9)
    while seven:
        at = base + trailing_zeros(seven) - 2
        seven &= seven - ONE
        if at < first:
            continue
        digit, sign = hexes(f, at), paired(f, at)
        whole = True
        for pair in range(PAIRS):
            whole &= digit >> u64(3 * pair) & u64(3) == u64(3)
            if pair < PAIRS - 1:
                whole &= sign >> u64(3 * pair + 2) & ONE == ONE
        if whole:
            if at != last + 3:
                found.pairs[told[T_PAIRS]] = offset + at
                told[T_PAIRS] += 1
            last = at


@inner
def read_block(text, size, f, base, j, first, offset, found):
    """Read the block at `base`, number `j` of those whose masks are filled, and put down what is
    found."""
    m = found.masks
    if m[LOOKED + j]:
        put_base64(text, size, f, base, m[LOOKED + j], m[LIKELY + j], offset, found)
    if m[LONG_HEX + j]:
        put_hex(f, base, m[LONG_RUN + j], first, offset, found)
    if m[SEVEN + j]:
        put_pairs(f, base, m[SEVEN + j], first, offset, found)
    likely = m[SIGN + j]
    while likely:
        read_sign(text, size, offset + base + trailing_zeros(likely), found)
        likely &= likely - ONE


@inner
def read_blocks(text, size, f, first, start, behind, offset, room, found):
    """Read the blocks at [start, behind) of `f`, a text's bytes from `offset` on, until a list may
    be full; returns where reading stopped. The text begins at `first` of them."""
    told, m = found.told, found.masks
    for chunk in range(start, behind, CHUNK * LANES):
        fill_masks(f, chunk, u64(told[T_BEFORE]), m)
        for j in range(CHUNK):
            base = chunk + j * LANES
            if base >= behind:
                break
            if m[ANY + j]:
                most = max(told[T_BASE64], told[T_HEX], told[T_PAIRS], told[T_LINES])
                if most > room - FEWEST_LEFT:
                    return base
                read_block(text, size, f, base, j, first, offset, found)
            told[T_BEFORE] = i64(m[OF_BASE64 + j] >> u64(LANES - 1))
    return start + (behind - start + LANES - 1) // LANES * LANES


@kernel
def find_marks(text, room, found):
    """Go on through a text from byte `found.told[T_AT]` on, until a list may be full.

    `room` is what each list holds. `told` says where reading stopped: behind the text once all
    lines about signs are put down as well.
    """
    size = len(text)
    here = pointer(text)
    put = pointers(found)
    told, end = put.told, put.end
    told[T_BASE64] = told[T_HEX] = told[T_PAIRS] = told[T_LINES] = 0
    last = max(0, size - TAIL) // LANES * LANES
    at = told[T_AT]
    if at < last:
        at = read_blocks(here, size, here, i64(0), at, last, i64(0), room, put)
    before = min(last, LANES)
    if last <= at < size:
        # The end is read from a copy with zeros behind, and a block before it.
        begin = last - before
        for each in range(size - begin):
            end[each] = here[begin + each]
        for each in range(size - begin, ROOM_FOR_END):
            end[each] = 0
        first = i64(0) if last == 0 else i64(-1)
        at = begin + read_blocks(here, size, end, first, at - begin, size - begin, begin, room, put)
    told[T_AT] = min(at, size)
    if at >= size and told[T_LINES] <= room - KINDS:
        for kind in range(KINDS):
            put_lines(kind, put)
        told[T_AT] = size + 1
