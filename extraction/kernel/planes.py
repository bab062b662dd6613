"""What stands in many blocks of a text, as masks: a bit for each of 64 bytes, a word for a block.

CHUNK blocks are asked at once, in loops without branches of which LLVM makes lanes: where runs of
base64 or hex begin, divided pairs, and signs of other packings, as far as the next bytes tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from native.jit import inlined, inner
from native.vector import LANES, any_of, between, mask_of, one_of

u64 = np.uint64

ONE = u64(1)
SHORTEST = 20  # characters of a run of base64
CHUNK = 32  # blocks of which much is asked at once
ROW = CHUNK + 8
# Where masks of blocks begin: what is of base64; where a long run of it goes on, and of hex; where
# such runs begin that are looked at, and which of those are likely; what divides; where seven
# divided pairs may stand; where a sign may begin; whether there is any of all this; each of the
# bytes that signs begin with; what may follow them.
(
    OF_BASE64, LONG_RUN, HEX, LONG_HEX, LOOKED, LIKELY, LARGE, SMALL, DIVIDE, SEVEN, SIGN, ANY,
    EQUAL, BACK, OPEN, AND, PERCENT, SPOILT, PLANE_A, PLANE_B, PLANE_C, PLANE_D,
) = (plane * ROW for plane in range(22))  # fmt: skip
MASKS = 22 * ROW


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
def find_pairs(f, base, m):
    """Fill SEVEN: the last of some signs that divide, and others three bytes from it on, seven in
    all."""
    for j in range(CHUNK + 4):
        m[DIVIDE + j] = divide(f, base + j * LANES)
    for j in range(CHUNK + 3):
        m[SEVEN + j] = m[DIVIDE + j] & ~later(m[DIVIDE + j], m[DIVIDE + j + 1], 1)
    for step in (3, 6, 9):
        for j in range(CHUNK + 2):
            m[SEVEN + j] &= later(m[SEVEN + j], m[SEVEN + j + 1], step)


@inner
def find_runs(f, base, before, m):
    """Fill LONG_RUN, and of the blocks that have any LOOKED, LIKELY and LONG_HEX. `before` says
    whether base64 stands right before the first block.

    No base64 of twenty letters keeps to small ones, as words and paths do: of such runs those are
    LOOKED at that fill the next block, for it may be part of a tar archive.
    """
    for j in range(CHUNK + 1):
        m[OF_BASE64 + j] = base64s(f, base + j * LANES)
    some = u64(0)
    for j in range(CHUNK):
        m[LONG_RUN + j] = begin_long(m[OF_BASE64 + j], m[OF_BASE64 + j + 1])
        some |= m[LONG_RUN + j]
        m[LOOKED + j] = m[LONG_HEX + j] = u64(0)
    if some == u64(0):
        return
    for j in range(CHUNK + 1):
        m[HEX + j] = hexes(f, base + j * LANES)
        m[LARGE + j] = large(f, base + j * LANES)
        m[SMALL + j] = small(f, base + j * LANES)
    m[LOOKED] = m[LONG_RUN] & ~((m[OF_BASE64] << ONE) | before)
    for j in range(1, CHUNK):
        continued = (m[OF_BASE64 + j] << ONE) | (m[OF_BASE64 + j - 1] >> u64(LANES - 1))
        m[LOOKED + j] = m[LONG_RUN + j] & ~continued
    for j in range(CHUNK):
        small_ones = within(m[SMALL + j], m[SMALL + j + 1])
        m[LIKELY + j] = within(m[LARGE + j], m[LARGE + j + 1]) | ~small_ones
        whole = u64(0) - u64(m[OF_BASE64 + j + 1] == ~u64(0))
        m[LOOKED + j] &= m[LIKELY + j] | whole
        m[LONG_HEX + j] = begin_long(m[HEX + j], m[HEX + j + 1]) & m[LONG_RUN + j]


@inner
def find_equals(f, base, m):
    """Add to SIGN where a byte of quoted-printable or a soft break may begin."""
    for j in range(CHUNK + 1):
        m[PLANE_A + j] = capital(f, base + j * LANES)
        m[PLANE_B + j] = decimal(f, base + j * LANES)
        m[PLANE_C + j] = behind_byte(f, base + j * LANES)
        m[PLANE_D + j] = ends(f, base + j * LANES)
    for j in range(CHUNK):
        one, two = following(m, PLANE_A, j, 1), following(m, PLANE_A, j, 2)
        byte = one | following(m, PLANE_B, j, 1)
        byte &= two | following(m, PLANE_B, j, 2)
        byte &= one | two | following(m, PLANE_C, j, 3)
        m[SIGN + j] |= m[EQUAL + j] & (byte | following(m, PLANE_D, j, 1))


@inner
def find_percents(f, base, m):
    """Add to SIGN where a byte of an address may begin."""
    for j in range(CHUNK + 1):
        m[PLANE_A + j] = hexes(f, base + j * LANES)
    for j in range(CHUNK):
        digits = following(m, PLANE_A, j, 1) & following(m, PLANE_A, j, 2)
        m[SIGN + j] |= m[PERCENT + j] & digits


@inlined
def following(m, plane, j, count):
    """A plane's mask of block `j`, moved so that each bit tells of the byte `count` behind."""
    return later(m[plane + j], m[plane + j + 1], count)


@inlined
def add_signs(m, plane):
    """Add to SIGN the signs of a plane behind which stands what PLANE_A tells of."""
    for j in range(CHUNK):
        m[SIGN + j] |= m[plane + j] & following(m, PLANE_A, j, 1)


@inner
def find_signs(f, base, m):
    """Fill SIGN: where markup, an entity, an escape or a spoilt letter may begin, as far as the
    next bytes tell."""
    equal, back, open_, and_, percent, spoilt = (u64(0), u64(0), u64(0), u64(0), u64(0), u64(0))
    for j in range(CHUNK):
        at = base + j * LANES
        m[EQUAL + j], m[BACK + j], m[OPEN + j] = equals(f, at), backslashes(f, at), opens(f, at)
        m[AND + j], m[PERCENT + j], m[SPOILT + j] = ands(f, at), percents(f, at), spoilt_1(f, at)
        m[SIGN + j] = u64(0)
        equal |= m[EQUAL + j]
        back |= m[BACK + j]
        open_ |= m[OPEN + j]
        and_ |= m[AND + j]
        percent |= m[PERCENT + j]
        spoilt |= m[SPOILT + j]
    if equal:
        find_equals(f, base, m)
    if back:
        for j in range(CHUNK + 1):
            m[PLANE_A + j] = escaped(f, base + j * LANES)
        add_signs(m, BACK)
    if open_:
        for j in range(CHUNK + 1):
            m[PLANE_A + j] = opened(f, base + j * LANES)
        add_signs(m, OPEN)
    if and_:
        for j in range(CHUNK + 1):
            m[PLANE_A + j] = named(f, base + j * LANES)
        add_signs(m, AND)
    if percent:
        find_percents(f, base, m)
    if spoilt:
        for j in range(CHUNK + 1):
            m[PLANE_A + j] = spoilt_2(f, base + j * LANES)
        add_signs(m, SPOILT)


@inner
def fill_masks(f, base, before, m):
    """What is asked of CHUNK blocks from `base` on, for many at once (see the places of masks)."""
    find_runs(f, base, before, m)
    find_pairs(f, base, m)
    find_signs(f, base, m)
    for j in range(CHUNK):
        m[ANY + j] = m[LOOKED + j] | m[LONG_HEX + j] | m[SEVEN + j] | m[SIGN + j]
