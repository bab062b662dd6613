"""UTF-8 to folded bytes, 64 at once where they are ASCII (see matching.normalise.fold)."""

from __future__ import annotations

import numpy as np

from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, fold_block, lower_block, special, trailing_zeros, unusual

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

UNKNOWN, DELETE = 0, 1  # entries of a table: not looked up yet, vanishes
GROWS = 128  # from here on an entry names letters of `growing`
GROWING = 8  # bytes an entry of `growing` takes: how many letters, then the letters
LAST_POINT = 0x10FFFF
F_BYTES, F_POINTS, F_MOVED, F_UNKNOWN = range(4)  # what `fold_array` tells


@inlined
def hex_value(c):
    """The value of a hexadecimal digit, -1 for anything else."""
    if 48 <= c <= 57:
        return i64(c) - 48
    if 97 <= c <= 102:
        return i64(c) - 87
    if 65 <= c <= 70:
        return i64(c) - 55
    return i64(-1)


@inner
def escape_at(raw, i):
    """The code point of the JSON escape whose backslash is at `i`, -1 when it is none."""
    point = i64(0)
    for t in range(2, 6):
        value = hex_value(raw[i + t])
        if value < 0:
            return i64(-1)
        point = point * 16 + value
    return point


@inner
def point_at(raw, i):
    """(code point, bytes) of the UTF-8 sequence at `i`; a stray byte is (32, 1)."""
    c = i64(raw[i])
    size = 2 if c < 0xE0 else (3 if c < 0xF0 else 4)
    if c < 0xC2 or c > 0xF4:
        return i64(32), i64(1)
    point = c & (0x1F if size == 2 else (0x0F if size == 3 else 0x07))
    for t in range(1, size):
        more = i64(raw[i + t])
        if more & 0xC0 != 0x80:
            return i64(32), i64(1)
        point = (point << 6) | (more & 0x3F)
    if point > LAST_POINT:
        return i64(32), i64(1)
    return point, i64(size)


@inlined
def put_point(entry, out, n, growing):
    """Write what one code point folds to; returns how many bytes that is."""
    if entry == DELETE:
        return i64(0)
    if entry < GROWS:
        out[n] = entry
        return i64(1)
    base = (i64(entry) - GROWS) * GROWING
    count = i64(growing[base])
    for t in range(count):
        out[n + t] = growing[base + 1 + t]
    return count


@inlined
def next_point(raw, i, end):
    """(code point, bytes, code points of the text) of what is no plain ASCII at `i`.

    A backslash and u that are no escape (C:\\users) stand for themselves.
    """
    if raw[i] != 92:
        point, size = point_at(raw, i)
        return point, size, i64(1)
    point = escape_at(raw, i)
    if point < 0 or i + 6 > end:
        return i64(92), i64(1), i64(1)
    return point, i64(6), i64(6)


@inner
def fold_some(
    source, size, until, target, places, wanted, carriage, entries, letters, i, n, points, moved,
    unknown,
):  # fmt: skip
    """Fold from byte `i` on until `until` is reached; the last five say how far all is, and are
    returned so."""
    while i < until:
        if not wanted and size - i >= LANES and special(source, i) == u64(0):
            # Nearly every block. Where the next one is hangs on no bit of this one.
            lower_block(source, i, target, n)
            i, n, points = i + LANES, n + LANES, points + LANES
            continue
        others = unusual(source, i)
        fold_block(source, i, target, n, carriage)
        if not wanted and others == u64(0) and size - i >= LANES:
            i, n, points = i + LANES, n + LANES, points + LANES
            continue
        plain = min(trailing_zeros(others), size - i)
        if wanted:
            for t in range(plain):
                places[n + t] = points + t
        i += plain
        n += plain
        points += plain
        if plain == LANES or i >= size:
            continue
        point, length, width = next_point(source, i, size)
        entry = entries[point]
        unknown += i64(entry == UNKNOWN)
        count = put_point(entry, target, n, letters)
        if wanted:
            for t in range(count):
                places[n + t] = points
        moved += i64(count != width)
        n += count
        i += length
        points += width
    return i, n, points, moved, unknown


@inlined
def end_folded(target, n, points, moved, unknown, told):
    """Put newlines behind a folded text, and down what is told of it."""
    for t in range(LANES):
        target[n + t] = u8(10)
    told[F_BYTES], told[F_POINTS], told[F_MOVED], told[F_UNKNOWN] = n, points, moved, unknown


@kernel
def fold_array(raw, size, out, positions, wanted, carriage, table, growing, told):
    """Fold `size` bytes of UTF-8, padded with 128 newlines, into `out`, as large and more.

    `told` gets the bytes written, code points read, whether the two are ever apart, and how
    many code points the table does not know yet. With `wanted`, `positions` gets the code point
    that each byte comes from, and their number at the end. `carriage` is what a carriage return
    becomes.
    """
    target, places = pointer(out), pointer(positions)
    none = i64(0)
    _, n, points, moved, unknown = fold_some(
        pointer(raw), size, size, target, places, wanted, carriage, pointer(table),
        pointer(growing), none, none, none, none, none,
    )  # fmt: skip
    end_folded(target, n, points, moved, unknown, told)
    if wanted:
        places[n] = points
