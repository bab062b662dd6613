"""Rows that were judged not to show in a stretch of text, where the same stretch comes again.

Licences, footers and signatures bring the same names in the same lines over and over, within one
page and from page to page. A stretch is known by a tag under a key of the leak, which nobody who
writes a page can make two texts agree in. What is remembered is forgotten with the text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.siphash import rotate, siphash_number
from native.jit import inlined, inner
from native.vector import load_word

u64 = np.uint64
i64 = np.int64

SEATS = 1 << 13  # rows and stretches remembered
BEFORE, BEHIND = 8, 88  # bytes about a stretch that its reading may look at
EACH = 32  # bytes at once; up to so many more go into a tag


@inner
def tag_of(f, low, high, keys):
    """The tag of f[low:high] with what stands right before and behind it.

    Not SipHash, which takes ten times as long: four lanes of multiplication by secret numbers,
    whose sum is hashed. No tag is ever told, so that nobody can look for two texts that share one.
    """
    key = 2 * k.ROWS
    m0, m1 = keys[key] | u64(1), keys[key + 1] | u64(1)
    a, b = keys[key + 1], keys[key]
    c, d = ~a, ~b
    for at in range(low - BEFORE, high + BEHIND, EACH):
        a = rotate((a ^ load_word(f, at)) * m0, 29)
        b = rotate((b ^ load_word(f, at + 8)) * m1, 31)
        c = rotate((c ^ load_word(f, at + 16)) * m0, 33)
        d = rotate((d ^ load_word(f, at + 24)) * m1, 35)
    mixed = (a ^ rotate(b, 17)) * m1 + (c ^ rotate(d, 19)) * m0 + u64(high - low)
    return siphash_number(mixed, keys[key], keys[key + 1])


@inlined
def question(tag, row, kind, exact):
    """What is asked of a row there, as one number that is not 0."""
    asked = (tag ^ (u64(row) * u64(0x9E3779B97F4A7C15))) * u64(0xD6E8FEB86659FD93)
    return (asked + u64(2) * u64(kind) + u64(exact)) | (u64(1) << u64(63))


@inlined
def seat_of(asked):
    """Where a question sits."""
    return i64((asked >> u64(40)) & u64(SEATS - 1))


def new_judged() -> NDArray[np.uint64]:
    """Nothing is remembered."""
    return np.zeros(SEATS, np.uint64)
