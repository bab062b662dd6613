"""Runs of base64 and hex, and signs of other packings with the lines about them, in one pass.

Bytes are classed 64 at a time into masks, a bit a byte; what a run or a sign looks like is then
asked of whole masks. Where one may begin, bytes are looked at one by one (`promising`, `signs`).
What is put down is little: the beginnings of runs, and where the lines about signs begin and end.
"""

from __future__ import annotations

from typing import Any

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
from extraction.kernel.promising import LONG, is_promising
from extraction.kernel.signs import KINDS, put_lines, read_sign
from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, any_of, between, mask_of, one_of, trailing_zeros

u64 = np.uint64
i64 = np.int64

ONE = u64(1)
AHEAD = 512  # bytes behind a block that may be looked at with it
TAIL = 2 * LANES + AHEAD  # bytes of a text's end, read from a copy with zeros behind
ROOM_FOR_END = 2 * LANES + TAIL + AHEAD + 2 * LANES  # with a block before it
SHORTEST, SHORTEST_HEX = 20, 32  # characters of a run
PAIRS = 8  # of hex digits with a sign between


def _letters(b: Any, block: Any, first: int, last: int) -> Any:
    """Letters of either case."""
    return any_of(b, between(b, block, first, last), between(b, block, first - 32, last - 32))


def _base64(b: Any, block: Any, _args: Any) -> Any:
    others = between(b, block, 47, 57), one_of(b, block, b"+_-")
    return any_of(b, _letters(b, block, 97, 122), *others)


def _hex(b: Any, block: Any, _args: Any) -> Any:
    return any_of(b, _letters(b, block, 97, 102), between(b, block, 48, 57))


def _behind_byte(b: Any, block: Any, _args: Any) -> Any:
    """What may follow a byte written in two decimal digits."""
    return any_of(b, _letters(b, block, 97, 122), between(b, block, 61, 61))


def _named(b: Any, block: Any, _args: Any) -> Any:
    """What an entity or the name of a form's field begins with."""
    others = between(b, block, 48, 57), between(b, block, 128, 255), one_of(b, block, b"#_?.-[]")
    return any_of(b, _letters(b, block, 97, 122), *others)


def _opened(b: Any, block: Any, _args: Any) -> Any:
    """What a tag begins with that is looked for: <table, </p."""
    both = [_letters(b, block, each, each) for each in b"tbpdsl"]
    return any_of(b, between(b, block, 47, 47), *both)


base64s: Any = mask_of("base64s", _base64)
hexes: Any = mask_of("hexes", _hex)
large: Any = mask_of("large", lambda b, block, _: between(b, block, 65, 90))
small: Any = mask_of("small", lambda b, block, _: between(b, block, 97, 122))
divide: Any = mask_of(
    "divide",
    lambda b, block, _: any_of(b, between(b, block, 0, 47), between(b, block, 58, 58)),
)
paired: Any = mask_of("paired", lambda b, block, _: one_of(b, block, b" :-"))
signs: Any = mask_of("signs", lambda b, block, _: one_of(b, block, b"=\\<&%\xc3\xe2"))
equals: Any = mask_of("equals", lambda b, block, _: between(b, block, 61, 61))
capital: Any = mask_of("capital", lambda b, block, _: between(b, block, 65, 70))
decimal: Any = mask_of("decimal", lambda b, block, _: between(b, block, 48, 57))
behind_byte: Any = mask_of("behind_byte", _behind_byte)
ends: Any = mask_of("ends", lambda b, block, _: one_of(b, block, b"\r\n"))
backslashes: Any = mask_of("backslashes", lambda b, block, _: between(b, block, 92, 92))
escaped: Any = mask_of("escaped", lambda b, block, _: one_of(b, block, b"xunrt/\"'\\"))
opens: Any = mask_of("opens", lambda b, block, _: between(b, block, 60, 60))
opened: Any = mask_of("opened", _opened)
ands: Any = mask_of("ands", lambda b, block, _: between(b, block, 38, 38))
named: Any = mask_of("named", _named)
percents: Any = mask_of("percents", lambda b, block, _: between(b, block, 37, 37))
# The bytes of Ã, ├ and √, one behind the other.
spoilt_1: Any = mask_of("spoilt_1", lambda b, block, _: one_of(b, block, b"\xc3\xe2"))
spoilt_2: Any = mask_of("spoilt_2", lambda b, block, _: one_of(b, block, b"\x83\x88\x94"))


@inlined
def later(here, behind, count):
    """A mask moved so that each bit tells of the byte `count` (1 to 63) behind its own."""
    return (here >> u64(count)) | (behind << u64(64 - count))


@inlined
def low(count):
    """The lowest `count` bits (1 to 63)."""
    return (ONE << u64(count)) - ONE


@inner
def begin_long(here, behind):
    """Where SHORTEST bits on end begin in `here`, as far as the next word tells."""
    a, b = here, behind
    for step in (1, 2, 4, 8):
        a &= later(a, b, step)
        b &= b >> u64(step)
    # Sixteen on end; four more behind them.
    return a & later(a, b, SHORTEST - 16)


@inlined
def within(here, behind):
    """Where one of the SHORTEST bits from a place on is set, as far as the next word tells."""
    a, b = here, behind
    for step in (1, 2, 4, 8):
        a |= later(a, b, step)
        b |= b >> u64(step)
    return a | later(a, b, SHORTEST - 16)


@inner
def no_words(f, base, begun):
    """Of runs that begin in a block, those whose first characters could be base64: no base64 of
    twenty letters keeps to small ones, as words and paths do."""
    capitals = within(large(f, base), large(f, base + LANES))
    smalls = within(small(f, base), small(f, base + LANES))
    return begun & (capitals | ~smalls)


@inner
def is_long(f, at):
    """Whether a run is as long as a tar archive."""
    for more in range(LANES, LONG, LANES):
        here = base64s(f, at + more - LANES)
        if ~here != u64(0):
            return False
    return base64s(f, at + LONG - LANES) == ~u64(0)


@inner
def put_base64(text, size, f, base, begun, next_, offset, found):
    """Put down the runs of base64 that begin at these places of a block, if they may hold
    something; `next_` tells of base64 in the block behind."""
    likely = no_words(f, base, begun)
    looked = likely if ~next_ else begun
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
def likely_signs(f, base):
    """Where a sign may begin in a block, as far as the next bytes tell."""
    likely = u64(0)
    sign = equals(f, base)
    if sign:
        one, two = capital(f, base + 1), capital(f, base + 2)
        byte = (one | decimal(f, base + 1)) & (two | decimal(f, base + 2))
        byte &= one | two | behind_byte(f, base + 3)
        likely |= sign & (byte | ends(f, base + 1))
    sign = backslashes(f, base)
    if sign:
        likely |= sign & escaped(f, base + 1)
    sign = opens(f, base)
    if sign:
        likely |= sign & opened(f, base + 1)
    sign = ands(f, base)
    if sign:
        likely |= sign & named(f, base + 1)
    sign = percents(f, base)
    if sign:
        likely |= sign & hexes(f, base + 1) & hexes(f, base + 2)
    sign = spoilt_1(f, base)
    if sign:
        likely |= sign & spoilt_2(f, base + 1)
    return likely


@inner
def read_signs(text, size, f, base, offset, found):
    """Look at the places of a block at which a sign may begin."""
    likely = likely_signs(f, base)
    while likely:
        read_sign(text, size, offset + base + trailing_zeros(likely), found)
        likely &= likely - ONE


@inner
def read_blocks(text, size, f, first, start, behind, offset, room, found):
    """Read the blocks at [start, behind) of `f`, a text's bytes from `offset` on, until a list may
    be full; returns where reading stopped. The text begins at `first` of them."""
    told = found.told
    base = start
    here, divides = base64s(f, base), divide(f, base)
    divides &= ~divide(f, base + 1)
    while base < behind:
        most = max(told[T_BASE64], told[T_HEX], told[T_PAIRS], told[T_LINES])
        if most > room - FEWEST_LEFT:
            return base
        next_ = base64s(f, base + LANES)
        long = begin_long(here, next_)
        if long:
            begun = long & ~((here << ONE) | u64(told[T_BEFORE]))
            if begun:
                put_base64(text, size, f, base, begun, next_, offset, found)
            if begin_long(hexes(f, base), hexes(f, base + LANES)):
                put_hex(f, base, long, first, offset, found)
        told[T_BEFORE] = i64(here >> u64(63))
        divides_next = divide(f, base + LANES) & ~divide(f, base + LANES + 1)
        two = divides & later(divides, divides_next, 3)
        if two:
            two_next = divides_next & (divides_next >> u64(3))
            four = two & later(two, two_next, 6)
            seven = four & later(four, two_next & (two_next >> u64(6)), 9)
            if seven:
                put_pairs(f, base, seven, first, offset, found)
        if signs(f, base):
            read_signs(text, size, f, base, offset, found)
        here, divides = next_, divides_next
        base += LANES
    return base


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
