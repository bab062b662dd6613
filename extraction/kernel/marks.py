"""Runs of base64 and hex, and the bytes at which other packings may begin, in one pass.

Bytes are classed 64 at a time into masks, a bit a byte; what a run or a sign looks like is then
asked of whole masks. What is put down is little: the beginnings of runs, and a bit for each byte
that may begin an escape, a tag, a byte of quoted-printable or a soft break.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, any_of, between, mask_of, one_of, trailing_zeros

u64 = np.uint64
i64 = np.int64

ONE = u64(1)
AHEAD = 512  # bytes behind a block that may be looked at with it
TAIL = 2 * LANES + AHEAD  # bytes of a text's end, read from a copy with zeros behind
SHORTEST, SHORTEST_HEX, LONG = 20, 32, 400  # characters of a run, and of one that may be a tar
PAIRS = 8  # of hex digits with a sign between
FEWEST_LEFT = 64  # free places of a list that one block may need
# Places in `told`.
T_AT, T_BASE64, T_HEX, T_PAIRS, T_BEFORE = range(5)


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
signs: Any = mask_of("signs", lambda b, block, _: one_of(b, block, b"=\\<"))
equals: Any = mask_of("equals", lambda b, block, _: between(b, block, 61, 61))
capital: Any = mask_of("capital", lambda b, block, _: between(b, block, 65, 70))
decimal: Any = mask_of("decimal", lambda b, block, _: between(b, block, 48, 57))
behind_byte: Any = mask_of("behind_byte", _behind_byte)
ends: Any = mask_of("ends", lambda b, block, _: one_of(b, block, b"\r\n"))
backslashes: Any = mask_of("backslashes", lambda b, block, _: between(b, block, 92, 92))
escaped: Any = mask_of("escaped", lambda b, block, _: one_of(b, block, b"xunrt/\"'\\"))
opens: Any = mask_of("opens", lambda b, block, _: between(b, block, 60, 60))
opened: Any = mask_of("opened", _opened)


class Found(NamedTuple):
    """What a pass puts down: places of runs, and bitmaps with a word for each block of the text."""

    base64: Any
    hex: Any
    pairs: Any
    equals: Any
    breaks: Any
    escapes: Any
    tags: Any
    told: Any


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


@inner
def may_be_base64(f, at):
    """Whether a run's first characters could be base64, or it is as long as a tar archive: no
    base64 of twenty letters keeps to small ones, as words and paths do."""
    if large(f, at) & low(SHORTEST) or small(f, at) & low(SHORTEST) == 0:
        return True
    for more in range(LANES, LONG, LANES):
        here = base64s(f, at + more - LANES)
        if ~here != u64(0):
            return False
    return base64s(f, at + LONG - LANES) == ~u64(0)


@inner
def put_base64(f, base, begun, offset, found):
    """Put down the runs of base64 that begin at these places of a block."""
    told = found.told
    while begun:
        at = base + trailing_zeros(begun)
        begun &= begun - ONE
        if may_be_base64(f, at):
            found.base64[told[T_BASE64]] = offset + at
            told[T_BASE64] += 1


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
def mark_signs(f, base, block, found):
    """Set the bits of a block in which one of the signs stands."""
    sign = equals(f, base)
    if sign:
        one, two = capital(f, base + 1), capital(f, base + 2)
        likely = sign & (one | decimal(f, base + 1)) & (two | decimal(f, base + 2))
        likely &= one | two | behind_byte(f, base + 3)
        if likely:
            found.equals[block] = likely
        broken = sign & ends(f, base + 1)
        if broken:
            found.breaks[block] = broken
    sign = backslashes(f, base)
    if sign:
        sign &= escaped(f, base + 1)
        if sign:
            found.escapes[block] = sign
    sign = opens(f, base)
    if sign:
        sign &= opened(f, base + 1)
        if sign:
            found.tags[block] = sign


@inner
def read_blocks(f, first, start, behind, offset, room, found):
    """Read the blocks at [start, behind) of `f`, a text's bytes from `offset` on, until a list may
    be full; returns where reading stopped. The text begins at `first` of them."""
    told = found.told
    base = start
    here, divides = base64s(f, base), divide(f, base)
    divides &= ~divide(f, base + 1)
    while base < behind:
        if max(told[T_BASE64], told[T_HEX], told[T_PAIRS]) > room - FEWEST_LEFT:
            return base
        next_ = base64s(f, base + LANES)
        long = begin_long(here, next_)
        if long:
            put_base64(f, base, long & ~((here << ONE) | u64(told[T_BEFORE])), offset, found)
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
            mark_signs(f, base, (offset + base) // LANES, found)
        here, divides = next_, divides_next
        base += LANES
    return base


def tail_begins(size: int) -> int:
    """Where the part of a text begins that is read from a copy: it begins a block."""
    return max(0, size - TAIL) // LANES * LANES


@kernel
def find_marks(text, end, room, found):
    """Go on through a text from byte `found.told[T_AT]` on, until a list may be full.

    `end` is a copy of the text's last bytes, with a block before them where there is one and zeros
    behind; `room` is what each list holds. `told` says where reading stopped.
    """
    size = len(text)
    f, tail = pointer(text), pointer(end)
    put = Found(
        pointer(found.base64), pointer(found.hex), pointer(found.pairs), pointer(found.equals),
        pointer(found.breaks), pointer(found.escapes), pointer(found.tags), pointer(found.told),
    )  # fmt: skip
    told = put.told
    told[T_BASE64] = told[T_HEX] = told[T_PAIRS] = 0
    last = max(0, size - TAIL) // LANES * LANES  # as `tail_begins`
    if told[T_AT] < last:
        told[T_AT] = read_blocks(f, i64(0), told[T_AT], last, i64(0), room, put)
        if told[T_AT] < last:
            return
    before = min(last, LANES)
    at = told[T_AT] - last + before
    told[T_AT] = (
        last
        - before
        + read_blocks(
            tail,
            i64(0) if before == 0 else i64(-1),
            at,
            before + size - last,
            last - before,
            room,
            put,
        )
    )
