"""The least that any screen for keyed values must do with a text, as fast as we know how.

Every byte is read and classed, words and longer runs of digits are cut out and hashed (words that
were met lately are remembered, as the matcher does it), and each hash is asked of one filter that
stays in the processor's cache. Nothing is looked up, no number is read in more than one way, no
row is judged: what a scan takes beyond this pass is what could still be gained.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.kernel.bench import REGION
from matching.kernel.lanes import spread_bits
from matching.kernel.number_masks import later
from matching.kernel.sieve import ONE, ahead, bit_of, keep, new_sieve, sieve_pointers
from matching.kernel.sift_words import find_words, gather_long, gather_short
from matching.kernel.siphash import siphash_long, siphash_short
from matching.normalise.fold import Folded
from native.jit import inner, kernel, pointer
from native.vector import LANES, count_ones, digits, letters, trailing_zeros

u64 = np.uint64
i64 = np.int64

FILTER_BYTES = 1 << 17  # in the second level cache of any processor of the last ten years
FEWEST = 6  # digits of a run that is hashed


@inner
def gather_digits(f: Any, blocks: Any, s: Any, filter_: Any, k0: Any, k1: Any) -> Any:
    """Hash runs of FEWEST digits and more; returns how many the filter knows."""
    n, before = i64(0), u64(0)
    for j in range(blocks):
        here, behind = s.digits[j], s.digits[j + 1]
        starts = here & ~((here << ONE) | before)
        before = here >> u64(63)
        for more in range(1, FEWEST):
            starts &= later(here, behind, more)
        if starts:
            spread_bits(starts, j * LANES, s.place, n)
            n += count_ones(starts)
    n_short, n_long = i64(0), i64(0)
    for t in range(n):
        at = i64(s.place[t])
        size = min(trailing_zeros(~ahead(s.digits, at)), 15)
        n_short, n_long = keep(f, at, size, 0, s, n_short, n_long)
    found = i64(0)
    for t in range(n_short):
        s.hashes[t] = siphash_short(s.short[t], k0, k1)
    for t in range(n_short):
        found += i64(bit_of(filter_, s.hashes[t]))
    for t in range(n_long):
        s.hashes[t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    for t in range(n_long):
        found += i64(bit_of(filter_, s.hashes[t]))
    return found


@kernel
def bare_pass(f: Any, size: Any, bits: Any, sieve: Any, keys: Any) -> Any:
    """Pass over `f[:size]`, padded with newlines; returns how many hashes the filter knew."""
    s, filter_ = sieve_pointers(sieve), (pointer(bits), u64(len(bits) * 8 - 1))
    k0, k1, found = keys[0], keys[1], i64(0)
    for at in range(0, size, REGION):
        here = min(REGION, size - at)
        text = pointer(f[at:])
        blocks = (here + LANES - 1) // LANES
        for j in range(blocks):
            s.letters[j], s.digits[j] = letters(text, j * LANES), digits(text, j * LANES)
        for j in range(blocks, blocks + 2):
            s.letters[j] = s.digits[j] = u64(0)
        words = find_words(blocks, s)
        filters = (filter_, filter_, False)
        n_open = gather_short(text, words, s, filters, k0, k1)
        for t in range(n_open, n_open + 8):
            s.bare_at[t] = words
        gather_long(text, n_open, s, filters, k0, k1)
        found += gather_digits(text, blocks, s, filter_, k0, k1)
    return found


class BarePass:
    """Its working memory, and a filter as full as that of a leak's names."""

    def __init__(self) -> None:
        """Fill the filter with numbers drawn under a fixed seed."""
        draw = np.random.default_rng(1)
        self._bits: NDArray[np.uint8] = np.zeros(FILTER_BYTES, np.uint8)
        self._bits[draw.integers(0, FILTER_BYTES, FILTER_BYTES // 64)] = 1
        self._keys = draw.integers(1, 1 << 62, 2).astype(np.uint64)
        self._sieve = new_sieve(REGION + 64)

    def __call__(self, folded: Folded) -> int:
        """Pass over one folded text."""
        return int(bare_pass(folded.data, folded.size, self._bits, self._sieve, self._keys))
