"""Where runs of base64 and hex stand in a text, found in time that hangs on its length alone."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SHORTEST = 20
SHORTEST_HEX = 32
SHORTEST_BYTES = 8  # fewer are no text worth the name
NO_BASE64 = bytes(
    not (chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+/_-"))
    for byte in range(256)
)
HEX_CLASS = bytes(
    72 if chr(byte) in "0123456789abcdefABCDEF" else 83 if chr(byte) in " :-" else 32
    for byte in range(256)
)
HEX_RUNS = (
    (b"H" * SHORTEST_HEX, re.compile(b"H*")),
    (b"HHS" * (SHORTEST_BYTES - 1) + b"HH", re.compile(b"(?:HHS)*HH")),
)
CHUNK = 1 << 16
BLOCK = 1 << 20
HEAD = 24  # characters of base64 that show whether a text or a file begins there
TAR_HEAD = 400  # characters from which a tar archive may show


def _narrow(text: str) -> bytes:
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


def base64_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every run of at least SHORTEST characters that may be base64: no base64 of
    twenty letters keeps to small ones, as words and paths do."""
    narrow = _narrow(text)
    outside = narrow.translate(NO_BASE64)
    start = 0
    for at in range(0, len(outside) + 1, BLOCK):
        gaps = np.flatnonzero(np.frombuffer(outside[at : at + BLOCK], np.bool_)) + at
        if at + BLOCK >= len(outside):
            gaps = np.append(gaps, len(outside))
        sizes = np.diff(gaps, prepend=start - 1) - 1
        long = np.flatnonzero(sizes >= SHORTEST)
        ends, sizes = gaps[long], sizes[long]
        kept = sizes >= TAR_HEAD
        kept |= ~_are_small(np.frombuffer(narrow, np.uint8), ends - sizes, sizes)
        yield from zip((ends - sizes)[kept].tolist(), ends[kept].tolist(), strict=True)
        start = int(gaps[-1]) + 1 if len(gaps) else start


def _are_small(
    narrow: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Of each run whether its first HEAD bytes hold small letters and no capital ones."""
    small, large = np.zeros(len(starts), np.bool_), np.zeros(len(starts), np.bool_)
    for step in range(HEAD):
        here = narrow[np.minimum(starts + step, len(narrow) - 1)]
        inside = step < sizes
        small |= inside & (here >= 97) & (here <= 122)
        large |= inside & (here >= 65) & (here <= 90)
    return small & ~large


def hex_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every run of digits of hex, also in pairs, by where it begins."""
    classes = _narrow(text).translate(HEX_CLASS)
    return heapq.merge(*(_found(classes, *kind) for kind in HEX_RUNS))


def _found(classes: bytes, least: bytes, whole: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """(start, end) of every run that begins with `least`; looking for that skips most bytes."""
    at = classes.find(least)
    while at >= 0:
        found = whole.match(classes, at)
        end = found.end() if found else at + len(least)
        yield at, end
        at = classes.find(least, end)
