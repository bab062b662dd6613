"""Where runs of base64 and hex, and signs that some packing begins with, stand in a text.

What every text pays for is done on masks, one long number with a bit for each character: a run
of some length is found by shifting a mask over itself (doubling). Time hangs on the length alone.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SHORTEST = 20
SHORTEST_HEX = 32
SHORTEST_BYTES = 8  # fewer are no text worth the name
HEAD = 24  # characters of base64 that show whether a text or a file begins there
TAR_HEAD = 400  # characters from which a tar archive may show
CHUNK = 1 << 16
BLOCK = 1 << 18  # characters whose masks fit a processor's cache
FEW = 200  # places in a block that are looked at one by one sooner than all by masks
BEHIND = 512  # characters of the next block that a run's beginning is judged by

BASE64, HEX, BETWEEN, SMALL, LARGE = 1, 2, 4, 8, 16
RUN_OF_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]*")
RUN_OF_HEX = re.compile(rb"[0-9a-fA-F]*")
PAIRS_OF_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}[ :-])*[0-9a-fA-F]{2}")

Places = NDArray[np.int64]
NOWHERE = np.zeros(0, np.int64)


def _class_of(byte: int) -> int:
    char = chr(byte)
    if not char.isascii():
        return 0
    return (
        BASE64 * (char.isalnum() or char in "+/_-")
        | HEX * (char in "0123456789abcdefABCDEF")
        | BETWEEN * (char in " :-")
        | SMALL * char.islower()
        | LARGE * char.isupper()
    )


CLASSES = bytes(_class_of(byte) for byte in range(256))


def narrow(text: str) -> bytes:
    """One byte a code point; what Latin-1 has not is a question mark."""
    if text.isascii():
        return text.encode("ascii")
    # One wide character makes all of a text wide and slow to encode: not in pieces.
    pieces = (text[at : at + CHUNK] for at in range(0, len(text), CHUNK))
    return b"".join([_narrowed(piece) for piece in pieces])


def _narrowed(piece: str) -> bytes:
    try:
        return piece.encode("latin-1")
    except UnicodeEncodeError:
        # The codec's own replacing takes a step for every such character.
        points = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), np.uint32)
        return np.where(points < 256, points, ord("?")).astype(np.uint8).tobytes()


class Spans:
    """The runs of one text, given as `narrow` gives it."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        base64, hexes, pairs = [], [], []
        for at in range(0, len(text), BLOCK):
            masks = _Masks(text, at)
            base64.append(masks.base64())
            hexes.append(masks.hexes())
            pairs.append(masks.pairs())
        self._base64, self._hexes, self._pairs = map(_together, (base64, hexes, pairs))

    def base64(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every run of at least SHORTEST characters that may be base64: no base64
        of twenty letters keeps to small ones, as words and paths do."""
        return self._whole(self._base64, RUN_OF_BASE64)

    def hex(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every run of digits of hex, also in pairs, by where it begins."""
        return heapq.merge(
            self._whole(self._hexes, RUN_OF_HEX), self._whole(self._pairs, PAIRS_OF_HEX)
        )

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


class _Masks:
    """The classes of a block's characters, and of some behind it, as bits: the lowest comes first.

    Shifting a mask down by n tells of each character what stands n further on.
    """

    def __init__(self, text: bytes, at: int) -> None:
        self._text, self._at = text, at
        self._size = min(BLOCK, len(text) - at)
        piece = text[at : at + BLOCK + BEHIND].translate(CLASSES)
        self._classes = np.frombuffer(piece, np.uint8)
        self._before = CLASSES[text[at - 1]] if at else 0
        self._of_hex = self._bits(HEX)

    def base64(self) -> Places:
        """Where a run of SHORTEST characters of base64 begins, TAR_HEAD if they look small."""
        of_base64 = self._bits(BASE64)
        begin = self._beginnings(_run(of_base64, SHORTEST), of_base64, BASE64)
        if not begin:
            return NOWHERE
        if begin.bit_count() < FEW:
            places = self._places(begin)
            kept = [self._is_likely(place) for place in places.tolist()]
            return places[np.array(kept, np.bool_)]
        large = _any(self._bits(LARGE), SHORTEST)
        small = begin & ~large
        if small:
            small &= ~_any(self._bits(SMALL), SHORTEST) | _run(of_base64, TAR_HEAD)
        return self._places(begin & large | small)

    def _is_likely(self, place: int) -> bool:
        """What the masks tell of many runs, for one of few."""
        head = self._text[place : place + SHORTEST]
        if not head.islower():  # a capital, or no letter at all
            return True
        run = RUN_OF_BASE64.match(self._text, place, place + TAR_HEAD)
        return run is not None and run.end() - place == TAR_HEAD

    def hexes(self) -> Places:
        """Where a run of SHORTEST_HEX digits begins."""
        run = _run(self._of_hex, SHORTEST_HEX)
        return self._places(self._beginnings(run, self._of_hex, HEX))

    def pairs(self) -> Places:
        """Where SHORTEST_BYTES divided pairs of digits stand."""
        pair = self._of_hex & self._of_hex >> 1
        unit = pair & self._bits(BETWEEN) >> 2
        two = unit & unit >> 3
        four = two & two >> 6
        seven = four & four >> 9
        return self._places(seven & pair >> 21)

    def _bits(self, kind: int) -> int:
        packed = np.packbits(self._classes & kind, bitorder="little")
        return int.from_bytes(packed.tobytes(), "little")

    def _beginnings(self, run: int, mask: int, kind: int) -> int:
        """Where of a run's places the first is."""
        return run & ~(mask << 1 | bool(self._before & kind)) if run else 0

    def _places(self, mask: int) -> Places:
        """The numbers of the bits that are set, in the whole text."""
        if not mask:
            return NOWHERE
        data = np.frombuffer(mask.to_bytes(mask.bit_length() // 8 + 1, "little"), np.uint8)
        full = np.flatnonzero(data)
        row, bit = np.nonzero(np.unpackbits(data[full, None], axis=1, bitorder="little"))
        found = full[row] * 8 + bit
        return np.asarray(found[found < self._size] + self._at, np.int64)


def _run(mask: int, length: int) -> int:
    """A bit where `length` set ones begin."""
    have = 1
    while have < length and mask:
        step = min(have, length - have)
        mask &= mask >> step
        have += step
    return mask


def _any(mask: int, length: int) -> int:
    """A bit where one of `length` bits from there on is set."""
    have = 1
    while have < length:
        step = min(have, length - have)
        mask |= mask >> step
        have += step
    return mask


def _together(parts: list[Places]) -> Places:
    return np.concatenate(parts) if parts else NOWHERE
