"""Where runs of base64 and hex stand in a text, from the beginnings that its marks tell. Time hangs
on the length of the text alone.
"""

from __future__ import annotations

import heapq
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator

from extraction.marks import Marks

SHORTEST_BYTES = 8  # fewer are no text worth the name
RUN_OF_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]*")
PAIR, LEAST_OF_PAIRS = 3, 23  # bytes of a pair with its sign, and of eight of them
RUN_OF_HEX = re.compile(rb"[0-9a-fA-F]*")
PAIRS_OF_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}[ :-])*[0-9a-fA-F]{2}")


class Spans:
    """The runs of one text, given in UTF-8."""

    def __init__(self, text: bytes | memoryview, marks: Marks) -> None:
        """`marks` are those of the text."""
        self._text = text
        self._marks = marks

    def base64(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every run of at least SHORTEST characters that may be base64 and hold
        something: no base64 of twenty letters keeps to small ones, as words and paths do, and those
        are left out whose bytes are nothing that is read."""
        return self._whole(self._marks.base64, RUN_OF_BASE64)

    def hex(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every run of digits of hex, also in pairs, by where it begins."""
        return heapq.merge(self._whole(self._marks.hex, RUN_OF_HEX), self._pairs(self._marks.pairs))

    def _pairs(self, starts: array[int]) -> Iterator[tuple[int, int]]:
        """Runs of pairs. Where one ends inside the first pair of another, which the marks tell by
        its beginning alone, the other goes on behind it."""
        begins = starts.tolist()  # in order, and so a heap
        end = 0
        while begins:
            start = heapq.heappop(begins)
            if start < end:
                heapq.heappush(begins, start - (start - end) // PAIR * PAIR)
                continue
            found = PAIRS_OF_HEX.match(self._text, start)
            if found and found.end() - start >= LEAST_OF_PAIRS:
                end = found.end()
                yield start, end

    def _whole(self, starts: array[int], run: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
        at = 0
        while at < len(starts):
            start = starts[at]
            found = run.match(self._text, start)
            end = found.end() if found else start + 1
            yield start, end
            at += 1
            if at < len(starts) and starts[at] < end:
                at = bisect_left(starts, end, at)
