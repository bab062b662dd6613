"""Escapes of strings (\\n, \\u00e9, \\xc3\\xa9) written as what they mean, in UTF-8."""

from __future__ import annotations

import numpy as np

from extraction.kernel.planes import backslashes
from extraction.kernel.points import bytes_of_point
from extraction.kernel.signs import byte_at, hex_digits
from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, trailing_zeros

i64 = np.int64
u64 = np.uint64

# Places in `told`: where reading goes on, how many bytes were written, how many runs of bytes are
# left to the caller.
E_AT, E_WRITTEN, E_LEFT = range(3)
OF_LEFT = 3  # numbers of such a run: bytes written before it, where it begins, where it ends
LONGEST_RUN = 16  # bytes from which on a run may be in a charset of its own


@inlined
def hex_value(byte):
    """What a digit of hex stands for."""
    return byte - 48 if byte <= 57 else (byte | 32) - 87


@inlined
def number_at(text, at, digits):
    """The number that so many digits of hex write."""
    found = i64(0)
    for each in range(digits):
        found = found << 4 | hex_value(i64(text[at + each]))
    return found


@inlined
def is_byte(text, size, at):
    """Whether a byte stands there: \\xe9."""
    return (
        byte_at(text, size, at) == 92
        and byte_at(text, size, at + 1) == 120
        and hex_digits(text, size, at + 2, 2) == 2
    )


@inlined
def is_unit(text, size, at):
    """Whether a unit of UTF-16 stands there: \\u00e9."""
    return (
        byte_at(text, size, at) == 92
        and byte_at(text, size, at + 1) == 117
        and hex_digits(text, size, at + 2, 4) == 4
    )


@inner
def put_point(out, to, point):
    """Write a code point, also a lone surrogate; returns the place behind it."""
    if point < 0x80:
        out[to] = point
        return to + 1
    if point < 0x800:
        out[to] = 0xC0 | point >> 6
        out[to + 1] = 0x80 | (point & 63)
        return to + 2
    if point < 0x10000:
        out[to] = 0xE0 | point >> 12
        out[to + 1] = 0x80 | (point >> 6 & 63)
        out[to + 2] = 0x80 | (point & 63)
        return to + 3
    out[to] = 0xF0 | point >> 18
    out[to + 1] = 0x80 | (point >> 12 & 63)
    out[to + 2] = 0x80 | (point >> 6 & 63)
    out[to + 3] = 0x80 | (point & 63)
    return to + 4


@inner
def put_run(out, to, run, count, western):
    """Write a short run of bytes as `charset.utf_8_or_western` reads it."""
    at = i64(0)
    while at < count:
        more = i64(run[at] < 0x80) or bytes_of_point(run, count, at)
        if more == 0:
            to = put_point(out, to, i64(western[run[at]]))
            at += 1
        for _ in range(more):
            out[to] = run[at]
            to += 1
            at += 1
    return to


@inner
def is_marked(run, count):
    """Whether the byte order mark of a charset begins a run."""
    if count >= 2 and run[0] ^ run[1] == 1 and run[0] >= 0xFE:
        return True
    if count >= 3 and run[0] == 0xEF and run[1] == 0xBB and run[2] == 0xBF:
        return True
    return count >= 4 and run[0] == 0 and run[1] == 0 and run[2] == 0xFE and run[3] == 0xFF


@inlined
def meant_by(kind):
    """What a backslash before such a letter or sign means, -1 where it is none of these."""
    if kind == 110:
        return 10
    if kind == 114:
        return 13
    if kind == 116:
        return 9
    if kind == 47 or kind == 34 or kind == 39 or kind == 92:
        return i64(kind)
    return -1


@inner
def copied(text, size, at, out, to):
    """Copy what stands before the next backslash of a block, at least one byte where none stands at
    `at`; returns how much."""
    if at + LANES > size:
        out[to] = text[at]
        return i64(text[at] != 92)
    signs = backslashes(text, at)
    for each in range(LANES):
        out[to + each] = text[at + each]
    return i64(trailing_zeros(signs)) if signs else i64(LANES)


@inner
def read_run(text, size, at, run):
    """Read a run of bytes, as far as there is room; returns (how many there are, where it ends)."""
    count = i64(0)
    while is_byte(text, size, at):
        if count < LONGEST_RUN:
            run[count] = number_at(text, at + 2, 2)
        count += 1
        at += 4
    return count, at


@inner
def read_unit(text, size, at):
    """(the code point, where it ends) of a unit of UTF-16, or of two that are one character."""
    point = number_at(text, at + 2, 4)
    at += 6
    if point >> 10 == 0x36 and is_unit(text, size, at):
        low = number_at(text, at + 2, 4)
        if low >> 10 == 0x37:
            return 0x10000 + ((point & 1023) << 10) + (low & 1023), at + 6
    return point, at


@kernel
def unescape(text, out, run, western, left, told):
    """Go on through a text from byte `told[E_AT]` on, to its end or until `left` is full: runs of
    LONGEST_RUN bytes and more, and such as tell their charset by a mark, are not written.

    `out` is as long as the text and a block. `run` has room for LONGEST_RUN bytes. `western` is the
    code point of every byte in windows-1252.
    """
    size = len(text)
    here, put, byte, points = pointer(text), pointer(out), pointer(run), pointer(western)
    others = pointer(left)
    at, to, n = i64(told[E_AT]), i64(0), i64(0)
    most = len(left) // OF_LEFT
    while at < size and n < most:
        plain = copied(here, size, at, put, to)
        at += plain
        to += plain
        if at >= size or here[at] != 92:
            continue
        meant = meant_by(byte_at(here, size, at + 1))
        if meant >= 0:
            put[to] = meant
            to += 1
            at += 2
        elif is_byte(here, size, at):
            count, behind = read_run(here, size, at, byte)
            if count >= LONGEST_RUN or is_marked(byte, count):
                place = n * OF_LEFT
                others[place], others[place + 1], others[place + 2] = to, at, behind
                n += 1
            else:
                to = put_run(put, to, byte, count, points)
            at = behind
        elif is_unit(here, size, at):
            point, at = read_unit(here, size, at)
            to = put_point(put, to, point)
        else:
            put[to] = 92
            at += 1
            to += 1
    told[E_AT], told[E_WRITTEN], told[E_LEFT] = at, to, n
