"""Files longer than one frame to the matcher holds: read in windows, in memory that stays flat.

Layers are named after the byte at which their window begins ("byte 50266112"); spans count from
there. Packed files are not cut: they are refused as too long.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extraction import formats, packed
from matching.long_text import Whole
from matching.result import ScanResult, TextLayer, together

if TYPE_CHECKING:
    from matching.client import MatcherClient
    from vigie.scan_inputs import Ahead

WINDOW = 16 * 1024 * 1024  # bytes
OVERLAP = 64 * 1024  # bytes of a window that stand in the next as well: more than a record takes
HEAD = 64 * 1024


def is_plain(path: Path) -> bool:
    """Whether a file's bytes are text as they stand, and no archive, document or compression."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(-min(HEAD, path.stat().st_size), 2)
        ends = head + file.read()
    return not (packed.kind(head) or formats.kind(ends) or formats.hides_zip(ends))


class Windows:
    """The windows of a file, in order; `size` and `sha256` of all that was read so far, the latter
    "" unless it is `hashed`."""

    def __init__(
        self,
        file: io.BufferedIOBase,
        window: int = WINDOW,
        overlap: int = OVERLAP,
        *,
        hashed: bool = True,
    ) -> None:
        self._file = file
        self._window = window
        self._overlap = overlap
        self._kept = b""
        self._hash = hashlib.sha256() if hashed else None
        self.size = 0

    @property
    def sha256(self) -> str:
        """In hexadecimal."""
        return self._hash.hexdigest() if self._hash else ""

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """(first byte, bytes) of each window. None begins inside a character of UTF-8."""
        room = memoryview(bytearray(self._window))
        while (found := self.read_into(room)) is not None:
            start, first, end = found
            yield start, bytes(room[first:end])

    def read_into(self, room: memoryview) -> tuple[int, int, int] | None:
        """The next window, written into `room`: its first byte in the file, its first in the room,
        and one past its last there. None behind the end."""
        kept = len(self._kept)
        room[:kept] = self._kept
        fresh = self._file.readinto(room[kept : self._window])
        if not fresh:
            return None
        start, end = self.size - kept, kept + fresh
        if self._hash:
            self._hash.update(room[kept:end])
        self.size += fresh
        inside = _inside_character(bytes(room[: min(4, end)])) if start else 0
        self._kept = bytes(room[max(0, end - self._overlap) : end])
        return start + inside, inside, end


def _inside_character(head: bytes) -> int:
    """How many bytes at the beginning are the rest of a character of UTF-8."""
    rest = len(head) - len(head.lstrip(bytes(range(0x80, 0xC0))))
    # Zeros speak for UTF-16, whose units must not be cut; the overlap makes up for either.
    return 0 if 0 in head or rest > 3 else rest


def scan_long(
    name: str, path: Path, ahead: Ahead, matcher: MatcherClient, *, every: bool, explain: bool,
    most: int, hashed: bool,
) -> Iterator[ScanResult | dict[str, str]]:  # fmt: skip
    """The result for a long file, and an error for each window that could not be read."""
    from vigie.explain import explained

    wholes = [Whole(0 if every else most) for _ in matcher.names]
    notes: dict[str, None] = {}
    seen: dict[tuple[str, int], Any] = {}
    count = 0
    with path.open("rb") as file:
        windows = Windows(file, hashed=hashed)
        for start, extracted in ahead.windows(windows, name, path):
            count += 1
            if isinstance(extracted, str):
                error = f"its window from byte {start} on was not read: {extracted}"
                yield {"document": name, "verdict": "error", "error": error}
                continue
            notes |= dict.fromkeys(extracted.notes)
            layers = [
                TextLayer(_named(start, each.name), each.as_given) for each in extracted.layers
            ]
            told = matcher.scan(name, 0, "", layers, all_matches=every, to_the_end=every)
            for whole, found in zip(wholes, told, strict=True):
                whole.add(found)
                if explain:
                    shown = explained(found, layers)
                    for match, values in zip(shown.matches, shown.seen, strict=True):
                        seen.setdefault((match.leak, match.row), values)
    size, sha256 = windows.size, windows.sha256
    for whole, known in zip(wholes, matcher.scan(name, size, sha256, ()), strict=True):
        whole.add(known)  # the whole file may be a known copy
    results = [whole.result(name, size, sha256) for whole in wholes]
    found = together(matcher.names, results, most=0 if every else most)
    note = (
        f"read in {count} windows of at most {WINDOW} bytes, {OVERLAP} of them in the next as "
        "well; what is packed in the text across an edge is read in part"
    )
    found = replace(found, notes=(note, *notes, *found.notes))
    yield _explained(found, seen) if explain else found


def _named(start: int, layer: str) -> str:
    return f"byte {start}>{layer}" if layer else f"byte {start}"


def _explained(found: ScanResult, seen: dict[tuple[str, int], Sequence[str]]) -> ScanResult:
    from vigie.explain import explained

    shown = tuple(tuple(seen.get((each.leak, each.row), ())) for each in found.matches)
    return replace(explained(found, ()), seen=shown)
