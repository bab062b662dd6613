"""What one pass over a text puts down of packings that may stand in it (kernel.marks)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from extraction.kernel.marks import (
    AHEAD,
    FEWEST_LEFT,
    T_AT,
    T_BASE64,
    Found,
    find_marks,
    tail_begins,
)
from native.vector import LANES

LIST = 1 << 14  # places that the kernel puts down before it comes back
LISTS = range(T_BASE64, T_BASE64 + 3)
SIGNS = ("equals", "breaks", "escapes", "tags")

Places = NDArray[np.int64]


class Marks:
    """The marks of one text, given in UTF-8.

    `base64`, `hex` and `pairs` are where such runs begin, in order (the latter in divided pairs).
    """

    def __init__(self, untrusted_utf_8: bytes) -> None:
        size = len(untrusted_utf_8)
        text = np.frombuffer(untrusted_utf_8, np.uint8)
        # Most texts are short, and their lists need not be cleared in full.
        room = min(LIST, FEWEST_LEFT + 1 + size // LANES)
        lists = [np.zeros(room, np.int64) for _ in LISTS]
        # Pages of zeros take no memory before something is written to them.
        maps = [np.zeros(size // LANES + 1, np.uint64) for _ in SIGNS]
        told = np.zeros(8, np.int64)
        found, end = Found._make((*lists, *maps, told)), _end(text)
        parts: list[list[Places]] = [[] for _ in LISTS]
        while told[T_AT] < size:
            find_marks(text, end, room, found)
            for part, places, number in zip(parts, lists, LISTS, strict=True):
                part.append(places[: told[number]].copy())
        self.base64, self.hex, self.pairs = map(_together, parts)
        self._maps = dict(zip(SIGNS, maps, strict=True))

    def count(self, sign: str) -> int:
        """How many blocks of LANES bytes hold such a mark."""
        return int(np.count_nonzero(self._maps[sign]))

    def of(self, sign: str) -> Iterator[int]:
        """Where one of SIGNS stands that may begin something, in order."""
        words = self._maps[sign]
        for block in np.flatnonzero(words).tolist():
            bits = int(words[block])
            while bits:
                yield block * LANES + (bits & -bits).bit_length() - 1
                bits &= bits - 1


def _end(text: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of a text's last bytes, as `find_marks` wants it."""
    last = text[max(0, tail_begins(len(text)) - LANES) :]
    end = np.zeros(len(last) + AHEAD + 4 * LANES, np.uint8)
    end[: len(last)] = last
    return end


def _together(parts: list[Places]) -> Places:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
