"""SipHash-2-4 (Aumasson and Bernstein, 2012) compiled by numba; tested against its vectors."""

from __future__ import annotations

import numpy as np

from native.jit import inlined, inner, kernel, pointer
from native.vector import load_word

u64 = np.uint64
i64 = np.int64


@inlined
def rotate(x, b):
    """`x` rotated left by `b` bits."""
    return (x << u64(b)) | (x >> u64(64 - b))


@inlined
def sip_round(v0, v1, v2, v3):
    """One SipRound."""
    v0 = v0 + v1
    v1 = rotate(v1, 13) ^ v0
    v0 = rotate(v0, 32)
    v2 = v2 + v3
    v3 = rotate(v3, 16) ^ v2
    v0 = v0 + v3
    v3 = rotate(v3, 21) ^ v0
    v2 = v2 + v1
    v1 = rotate(v1, 17) ^ v2
    v2 = rotate(v2, 32)
    return v0, v1, v2, v3


@inner
def siphash_bytes(data, start, end, k0, k1):
    """The 64-bit SipHash-2-4 of `data[start:end]` (uint8 pointer) under the key (k0, k1)."""
    v0 = k0 ^ u64(0x736F6D6570736575)
    v1 = k1 ^ u64(0x646F72616E646F6D)
    v2 = k0 ^ u64(0x6C7967656E657261)
    v3 = k1 ^ u64(0x7465646279746573)
    size = end - start
    at = start
    while at + 8 <= end:
        m = u64(0)
        for j in range(8):
            m |= u64(data[at + j]) << u64(8 * j)
        v3 ^= m
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0 ^= m
        at += 8
    m = u64(size & 255) << u64(56)
    for j in range(end - at):
        m |= u64(data[at + j]) << u64(8 * j)
    v3 ^= m
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= m
    v2 ^= u64(255)
    for _ in range(4):
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inner
def siphash_padded(data, start, end, k0, k1):
    """`siphash_bytes` of bytes behind which eight more can be read."""
    v0 = k0 ^ u64(0x736F6D6570736575)
    v1 = k1 ^ u64(0x646F72616E646F6D)
    v2 = k0 ^ u64(0x6C7967656E657261)
    v3 = k1 ^ u64(0x7465646279746573)
    at = start
    while at + 8 <= end:
        m = load_word(data, at)
        v3 ^= m
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
        v0 ^= m
        at += 8
    m = load_word(data, at) & ((u64(1) << (u64(8) * u64(end - at))) - u64(1))
    m |= u64((end - start) & 255) << u64(56)
    v3 ^= m
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= m
    v2 ^= u64(255)
    for _ in range(4):
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inlined
def siphash_short(m, k0, k1):
    """The hash of up to seven bytes, given as the message word that ends them (length on top)."""
    v0 = k0 ^ u64(0x736F6D6570736575)
    v1 = k1 ^ u64(0x646F72616E646F6D)
    v2 = k0 ^ u64(0x6C7967656E657261)
    v3 = k1 ^ u64(0x7465646279746573)
    v3 ^= m
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= m
    v2 ^= u64(255)
    for _ in range(4):
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inlined
def siphash_long(x, m, k0, k1):
    """The hash of eight to fifteen bytes: their first eight, and the word that ends them."""
    v0 = k0 ^ u64(0x736F6D6570736575)
    v1 = k1 ^ u64(0x646F72616E646F6D)
    v2 = k0 ^ u64(0x6C7967656E657261)
    v3 = k1 ^ u64(0x7465646279746573)
    v3 ^= x
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= x
    v3 ^= m
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    v0 ^= m
    v2 ^= u64(255)
    for _ in range(4):
        v0, v1, v2, v3 = sip_round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@inlined
def siphash_here(x, k0, k1):
    """`siphash_number` in line: a loop over it runs several lanes at once."""
    return siphash_long(x, u64(8) << u64(56), k0, k1)


@inner
def siphash_number(x, k0, k1):
    """The SipHash-2-4 of the eight little-endian bytes of `x` (uint64)."""
    return siphash_here(x, k0, k1)


@inlined
def join(a, b):
    """Two keys as one message word, order kept."""
    return a ^ rotate(b * u64(0x9E3779B97F4A7C15), 29)


@inlined
def join_unordered(a, b):
    """Two keys as one message word, whichever came first."""
    return (a + b) ^ rotate(a ^ b, 23)


@kernel
def siphash_array(data, k0, k1):
    """The SipHash-2-4 of a whole uint8 array, for use from Python."""
    return siphash_bytes(pointer(data), 0, len(data), k0, k1)
