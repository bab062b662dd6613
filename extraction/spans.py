"""Where runs of base64 and hex stand in a text, from the beginnings that its marks tell.

Of many runs of base64 the first bytes are worked out all together: most words and paths begin
nothing that is read. Time hangs on the length of the text alone.
"""

from __future__ import annotations

import heapq
import re
import string
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from extraction import formats
from extraction.kernel.marks import LONG, SHORTEST
from extraction.marks import Marks

SHORTEST_BYTES = 8  # fewer are no text worth the name
HEAD = 24  # characters of base64 that show whether a text or a file begins there
RUN_OF_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]*")
PAIR, LEAST_OF_PAIRS = 3, 23  # bytes of a pair with its sign, and of eight of them
RUN_OF_HEX = re.compile(rb"[0-9a-fA-F]*")
PAIRS_OF_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}[ :-])*[0-9a-fA-F]{2}")

Places = NDArray[np.int64]

IS_BASE64 = np.array([RUN_OF_BASE64.fullmatch(bytes([byte])) is not None for byte in range(256)])
FEW = 16  # runs that are looked at one by one
SIX_BITS = np.zeros(256, np.uint8)  # what a character of base64 stands for
for _value, _sign in enumerate(
    (string.ascii_letters[26:] + string.ascii_letters[:26] + string.digits).encode()
):
    SIX_BITS[_sign] = _value
SIX_BITS[list(b"+/-_")] = 62, 63, 62, 63
# Bytes that are in no text; that make anything possible (text of two bytes a character, a PDF
# behind other bytes); that begin a known kind of file.
IN_NO_TEXT, ANYWHERE, AT_FIRST = 1, 2, 4
BYTE_KINDS = np.zeros(256, np.uint8)
BYTE_KINDS[[byte for byte in range(32) if byte not in b"\t\n\r\f\x1b"]] |= IN_NO_TEXT
BYTE_KINDS[list(b"\0%")] |= ANYWHERE
BYTE_KINDS[[*(magic[0] for magic, _ in formats.MAGIC), *b"RB\x1f\xfd\x28\x78"]] |= AT_FIRST


class Spans:
    """The runs of one text, given in UTF-8."""

    def __init__(self, text: bytes, marks: Marks) -> None:
        """`marks` are those of the text."""
        self._text = text
        self._marks = marks

    def base64(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every run of at least SHORTEST characters that may be base64: no base64
        of twenty letters keeps to small ones, as words and paths do, and of many runs those are
        left out whose first bytes cannot begin what is read."""
        return self._whole(_promising(self._text, self._marks.base64), RUN_OF_BASE64)

    def hex(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every run of digits of hex, also in pairs, by where it begins."""
        return heapq.merge(self._whole(self._marks.hex, RUN_OF_HEX), self._pairs(self._marks.pairs))

    def _pairs(self, starts: Places) -> Iterator[tuple[int, int]]:
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

    def _whole(self, starts: Places, run: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
        at = 0
        while at < len(starts):
            start = int(starts[at])
            found = run.match(self._text, start)
            end = found.end() if found else start + 1
            yield start, end
            at += 1
            if at < len(starts) and starts[at] < end:
                at = int(np.searchsorted(starts, end))


def _promising(text: bytes, starts: Places) -> Places:
    """The runs that may begin a text, an archive or a document, by their first fifteen bytes."""
    if len(starts) < FEW:
        return starts
    data = np.frombuffer(text, np.uint8)
    quarters = SIX_BITS[data[starts[:, None] + np.arange(SHORTEST)]].reshape(len(starts), -1, 4)
    one, two, three, four = np.moveaxis(quarters, 2, 0)
    whole = np.stack([one << 2 | two >> 4, two << 4 | three >> 2, three << 6 | four], axis=2)
    kinds = BYTE_KINDS[whole.reshape(len(starts), -1)]
    promising = ~(kinds & IN_NO_TEXT).any(axis=1) | (kinds & ANYWHERE).any(axis=1)
    promising |= (kinds[:, 0] & AT_FIRST) > 0
    # A tar archive shows further on.
    last = starts + LONG - 1
    far = ~promising & (last < len(data))
    far[far] = IS_BASE64[data[last[far]]]
    promising[far] = [_is_long(text, start) for start in starts[far].tolist()]
    return np.asarray(starts[promising], np.int64)


def _is_long(text: bytes, start: int) -> bool:
    run = RUN_OF_BASE64.match(text, start, start + LONG)
    return run is not None and run.end() - start == LONG
