"""Line ends inside numbers of wrapped prose, found 64 bytes at a time."""

from __future__ import annotations

import numpy as np

from matching.kernel.shapes import is_digit
from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, digits, lines, trailing_zeros

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

LONGEST = 4  # digits of the group at the end of a line
NARROWEST, WIDEST = 50, 99  # bytes of a line that was wrapped
WORDS = 5  # and so many blanks in it, with no mark that divides cells
BEHIND = 39  # bytes of the next line that are looked at


@inlined
def ends_in_group(f, at):
    """Whether the line that ends at `at` ends in a short group of digits of its own."""
    i = at - 1
    while i > at - 1 - LONGEST and is_digit(f[i]):
        i -= 1
    c = f[i]
    return c == 32 or c == 46 or c == 43 or c == 40  # blank . + (


@inner
def divides(f, start, end, opens):
    """Whether a line f[start:end] has a mark that divides cells: | or a tab, ; without a blank
    behind it, quotes beside , or ; or at an end of it (`opens`: at its beginning, too)."""
    for i in range(start, end):
        c = f[i]
        behind = f[i + 1] if i + 1 < end else u8(0)
        if c == 124 or c == 9 or (c == 59 and behind != 32):
            return True
        if (c == 59 or c == 44) and behind == 34:
            return True
        if c == 34 and (behind == 59 or behind == 44 or i + 1 == end or (opens and i == start)):
            return True
    return False


@inner
def is_wrapped(f, size, at, floor):
    """Whether the lines before and behind the line end at `at` are prose; no line before it begins
    before `floor`, where one ended."""
    start, blanks = at, 0
    while start > floor and f[start - 1] != 10 and at - start <= WIDEST:
        start -= 1
        blanks += f[start] == 32
    if at - start < NARROWEST or at - start > WIDEST or blanks < WORDS:
        return False
    stop = at + 1
    while stop < size and stop < at + 1 + BEHIND and f[stop] != 10:
        stop += 1
    return not divides(f, start, at, start > 0) and not divides(f, at + 1, stop, True)


@kernel
def mend_lines(data, size):
    """Make a blank of each line end inside a number of wrapped prose in `data[:size]`, which has
    line ends behind it; returns how many."""
    f = pointer(data)
    count, floor = i64(0), i64(0)
    before = u64(0)
    for base in range(0, size, LANES):
        here = digits(f, base)
        last = u64(is_digit(f[base + LANES])) << u64(LANES - 1)
        found = lines(f, base) & ((here << u64(1)) | before) & ((here >> u64(1)) | last)
        before = here >> u64(LANES - 1)
        while found:
            at = base + trailing_zeros(found)
            found &= found - u64(1)
            if (
                NARROWEST <= at < size - 1
                and ends_in_group(f, at)
                and is_wrapped(f, size, at, floor)
            ):
                f[at] = u8(32)
                count += 1
                floor = at + 1
    return count
