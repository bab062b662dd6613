"""Keys of a string and of the string less each of its bytes, several at once."""

from __future__ import annotations

import numpy as np

from matching.kernel.sieve import low_bytes
from matching.kernel.siphash import siphash_bytes, siphash_long, siphash_short
from native.jit import inlined, inner
from native.vector import load_word

u64 = np.uint64
i64 = np.int64

BEHIND = 64  # where in the scratch bytes a string less one byte is written


@inlined
def splice(whole, moved, low):
    """The bytes of `low` from one word, the others from another."""
    return (whole & low) | (moved & ~low)


@inner
def hash_less_one(f, base, size, k0, k1, s):
    """Put the key of `f[base:base + size]` into `s.near[0]`, and that of the string less its byte
    i into `s.near[i + 1]`. `f` must be readable sixteen bytes on; strings are at most 60 long."""
    s.near[0] = siphash_bytes(f, base, base + size, k0, k1)
    less = size - 1
    tag = u64(less) << u64(56)
    if less < 8:
        a = load_word(f, base)
        moved = (a >> u64(8)) | (load_word(f, base + 8) << u64(56))
        for skip in range(size):
            kept = splice(a, moved, low_bytes(skip))
            s.near[skip + 1] = siphash_short((kept & low_bytes(less)) | tag, k0, k1)
    elif less < 16:
        a, b = load_word(f, base), load_word(f, base + 8)
        moved = (a >> u64(8)) | (b << u64(56))
        behind = ((b >> u64(8)) & low_bytes(less - 8)) | tag
        for skip in range(8):
            s.near[skip + 1] = siphash_long(splice(a, moved, low_bytes(skip)), behind, k0, k1)
        for skip in range(size - 8):
            kept = splice(b, b >> u64(8), low_bytes(skip)) & low_bytes(less - 8)
            s.near[skip + 9] = siphash_long(a, kept | tag, k0, k1)
    else:
        for skip in range(size):
            at = BEHIND
            for i in range(size):
                if i != skip:
                    s.bytes[at] = f[base + i]
                    at += 1
            s.near[skip + 1] = siphash_bytes(s.bytes, BEHIND, at, k0, k1)
