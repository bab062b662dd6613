"""How many characters a text in UTF-8 has, if it is one: 64 bytes at once where they are ASCII."""

from __future__ import annotations

from typing import Any

import numpy as np

from native.jit import inner, kernel, pointer
from native.vector import LANES, between, mask_of, trailing_zeros

i64 = np.int64
u64 = np.uint64

beyond: Any = mask_of("beyond", lambda b, block, _: between(b, block, 128, 255))


@inner
def bytes_of_point(text, size, at):
    """How many bytes the character beyond ASCII at `at` has (RFC 3629), 0 where none stands."""
    first = i64(text[at])
    if first < 0xC2 or first > 0xF4:
        return i64(0)
    count = i64(2) + (first >= 0xE0) + (first >= 0xF0)
    if at + count > size:
        return i64(0)
    second = i64(text[at + 1])
    low = 0xA0 if first == 0xE0 else 0x90 if first == 0xF0 else 0x80
    high = 0x9F if first == 0xED else 0x8F if first == 0xF4 else 0xBF
    if second < low or second > high:
        return i64(0)
    for more in range(2, count):
        if i64(text[at + more]) & 0xC0 != 0x80:
            return i64(0)
    return count


@kernel
def count_points(text):
    """The characters of a text, -1 where it is no UTF-8."""
    size = len(text)
    here = pointer(text)
    at = left_out = i64(0)  # bytes of characters beyond their first
    while at < size:
        if at + LANES <= size:
            high = beyond(here, at)
            if high == u64(0):
                at += LANES
                continue
            at += trailing_zeros(high)
        elif here[at] < 0x80:
            at += 1
            continue
        # Such characters often stand side by side.
        while at < size and here[at] >= 0x80:
            count = bytes_of_point(here, size, at)
            if count == 0:
                return i64(-1)
            at += count
            left_out += count - 1
    return size - left_out
