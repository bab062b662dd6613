"""Internet addresses among digits: told at once by masks, so that logs pay for no part of them."""

from __future__ import annotations

import numpy as np

from matching.kernel.shapes import is_digit, is_letter
from native.jit import inlined
from native.vector import digits, dots, load_word, trailing_zeros, zeros

u64 = np.uint64
i64 = np.int64
ONE = u64(1)
LONGEST = 16  # bytes of four numbers of three digits, and one behind


@inlined
def number_end(x, first):
    """The bit behind the digits (mask `x`) that begin at the bit `first`, if they are one to three;
    0 where `first` is 0 or no digit."""
    end = (x + (first & x)) & ~x
    return end & ((first << ONE) | (first << u64(2)) | (first << u64(3)))


@inlined
def address_end(f, at):
    """The end of an internet address (RFC 791: four numbers between dots) at a digit, else `at`.

    What may be a phone or date is none: a zero in front of another digit, a number that begins
    with the country 33 or zero, or more groups before or behind.
    """
    if f[at + 1] != 46 and f[at + 2] != 46 and f[at + 3] != 46:
        return at
    x, dot = digits(f, at), dots(f, at)
    one = number_end(x, ONE)
    two = number_end(x, (one & dot) << ONE)
    three = number_end(x, (two & dot) << ONE)
    end = number_end(x, (three & dot) << ONE)
    starts = ONE | (one << ONE) | (two << ONE) | (three << ONE)
    if end == u64(0) or starts & zeros(f, at) & (x >> ONE):
        return at
    size = trailing_zeros(one)
    front = load_word(f, at) << u64(24 - 8 * size)  # three digits, zeros in front
    value = (front & u64(15)) * u64(100) + ((front >> u64(8)) & u64(15)) * u64(10)
    value += (front >> u64(16)) & u64(15)
    if value == u64(0) or value == u64(33) or value > u64(255):
        return at
    i = at + trailing_zeros(end)
    if is_letter(f[i]) or (f[i] == 46 and is_digit(f[i + 1])):
        return at
    if at > 0:
        c = f[at - 1]
        if c == 40 or c == 43 or c == 95 or (c >= 45 and c <= 47) or is_digit(c) or is_letter(c):
            return at
    return i
