"""One filter of bits for three questions about a word: is it of a name, a comment, or any value?

Each question has bits of its own of the word's key, all in the same 64 bytes, so that asking them
costs one miss of the cache (a blocked filter: Putze, Sanders and Singler, 2007). Values are all but
comments; names are values. Of passwords and of numbers (of insured persons and the like) the filter
knows the lengths only.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.siphash import siphash_number
from native.jit import inlined, inner, kernel, pointer

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

LONGEST_KNOWN = 64  # bytes
BLOCK = 512  # bits: what a cache loads at once


@inlined
def _bit_at(key, mask, inside):
    """One of the BLOCK bits in which all that is known of a word stands, of a filter of `mask` + 1
    bits, a power of two."""
    return ((key >> u64(20)) & ~u64(BLOCK - 1) | (inside & u64(BLOCK - 1))) & u64(mask)


@inlined
def name_bit(key, mask):
    """The place of a word of a name."""
    return _bit_at(key, mask, key)


@inlined
def phrase_bit(key, mask):
    """The place of a word of a comment."""
    return _bit_at(key, mask, key >> u64(9))


@inlined
def value_bit(key, mask):
    """The place of a word of any other value."""
    return _bit_at(key, mask, key >> u64(53))


@inlined
def set_bit(bits, place):
    """Set one bit."""
    bits[i64(place >> u64(3))] |= u8(1) << u8(place & u64(7))


@inlined
def get_bit(bits, place):
    """One bit, as uint8."""
    return (bits[i64(place >> u64(3))] >> u8(place & u64(7))) & u8(1)


@inner
def length_key(size, kind, keys):
    """What stands among the values for passwords (CHUNK) or numbers (NUMBER) of `size` bytes."""
    return siphash_number(u64(size), keys[2 * kind], keys[2 * kind + 1])


@kernel
def known_lengths(bits, mask, kind, keys):
    """How long passwords or numbers of the leak may be: bit `size` - 1 for each size in bytes."""
    found = u64(0)
    for size in range(1, LONGEST_KNOWN + 1):
        known = get_bit(pointer(bits), value_bit(length_key(size, kind, pointer(keys)), mask))
        found |= u64(known) << u64(size - 1)
    return found
