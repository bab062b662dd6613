"""Text to folded bytes: one ASCII byte a character, so that positions stay code points.

Letters lose case and accents, digits of other scripts become ASCII digits, look-alikes from
Cyrillic and Greek become the Latin letter they imitate, other spaces become a space and other
line ends a newline. What has to vanish (zero-width characters, combining marks) or to
grow (œ to oe) changes positions: the way back to code points is then worked out when asked for.
"""

from __future__ import annotations

import ctypes
import functools
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from matching.kernel.folding import (
    DELETE,
    F_BYTES,
    F_MOVED,
    F_UNKNOWN,
    GROWING,
    GROWS,
    UNKNOWN,
    fold_array,
)
from matching.result import InMemory
from matching.shared import MARGIN, Lying
from native.arguments import hold

Bytes: TypeAlias = NDArray[np.uint8]
Told: TypeAlias = NDArray[np.int64]

NEWLINE, RETURN, BLANK = 10, 13, 32
PIECE = 8192  # bytes looked at together
MOST_KEPT = 64 * 1024 * 1024  # bytes of a Room
PADDING = 64  # newlines behind the text, so that kernels may look ahead
LIGATURES = {
    "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ẞ": "ss", "ĳ": "ij", "Ĳ": "ij",
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "№": "no",
    "þ": "th", "Þ": "th",
}  # fmt: skip
LOOK_ALIKES = dict(
    zip(
        "аеорсхуіѕјкмтнвдгԁɡһԛԝАЕОРСХУІЅЈКМТНВαορινκτεχυβΑΒΕΖΗΙΚΜΝΟΡΤΥΧøØđĐłŁıħĦŧŦ",
        "aeopcxyisjkmthbdgdghqwaeopcxyisjkmthbaopivktexubabezhikmnoptyxooddllihhtt",
        strict=True,
    )
)
SPACES = "\t\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
NEWLINES = "\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
HIDDEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\ufeff"
MARKS = dict(
    zip(
        "‐‑‒–—―−﹣’‘ʼ′`´‛“”„«»•●■█▪◦∙·×＠…",
        "--------" + "'" * 7 + '"' * 5 + "*" * 7 + ".*@.",
        strict=True,
    )
)
ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")


class Folded:
    """`data` holds `size` bytes and PADDING newlines; `span` leads back to code points."""

    def __init__(self, data: Bytes, size: int, untrusted_moved: bytes | InMemory | None) -> None:
        """`untrusted_moved` is the UTF-8 where bytes and code points are not the same places. It
        is not copied: in shared memory it has to stay as long as spans are asked for."""
        self.data = data
        self.size = size
        self._moved = untrusted_moved
        self._positions: NDArray[np.int64] | None = None
        self._left: NDArray[np.int64] | None = None  # bytes left out, and from which byte on

    def shorten(self, places: NDArray[np.int64]) -> None:
        """Put one byte in the stead of each run of several: (first, one past the last, byte), in
        order, once."""
        first, behind, byte = places.T
        self.data[first] = byte.astype(np.uint8)
        base, to = self.data.ctypes.data, int(first[0]) + 1
        ends = [*(first[1:] + 1).tolist(), self.size + PADDING]
        for start, end in zip(behind.tolist(), ends, strict=True):
            # In place: as much memory anew takes longer than all else that is done to a text.
            ctypes.memmove(base + to, base + start, end - start)
            to += end - start
        self.data = self.data[:to]
        left = np.cumsum(behind - first - 1)
        self._left = np.stack((behind - left, left))
        self.size -= int(left[-1])

    def _whole(self, place: int) -> int:
        """The byte that stood at a place before the text was shortened."""
        if self._left is None:
            return place
        before = int(np.searchsorted(self._left[0], place, "right"))
        return place + (int(self._left[1, before - 1]) if before else 0)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The code points behind the bytes [start, end)."""
        start, end = self._whole(start), self._whole(end - 1) + 1
        if self._moved is None:
            return start, end
        if self._positions is None:
            padded = _padded(self._moved)
            self._positions = np.zeros(len(padded), np.int64)
            _run(padded, np.empty(len(padded), np.uint8), self._positions)
        return int(self._positions[start]), int(self._positions[end - 1]) + 1


class Room:
    """Memory for folded texts that is used again: pages that a process asks for anew cost as much
    as all that is done to what stands in them. What was folded in it lasts until `clear`."""

    def __init__(self) -> None:
        self._pages = np.empty(0, np.uint8)
        self._used = self._wanted = 0

    def clear(self) -> None:
        """Its texts are done with. There will be room for as many again, up to MOST_KEPT."""
        if self._wanted > len(self._pages) and self._wanted <= MOST_KEPT:
            self._pages = np.empty(self._wanted, np.uint8)
        self._used = self._wanted = 0

    def take(self, size: int) -> Bytes:
        """So many bytes, whatever stands there."""
        self._wanted += size
        end = self._used + size
        if end > len(self._pages):
            return np.empty(size, np.uint8)
        found = self._pages[self._used : end]
        self._used = end
        return found


def fold(
    untrusted_text: str | bytes | InMemory,
    room: Room | None = None,
    run: Callable[[Bytes, Bytes], Told] | None = None,
) -> Folded:
    """Fold a text, which may be given as UTF-8; never fails, whatever the text holds. A stray byte
    becomes a space. With `room` what is folded lasts as that says. `run` folds into its second
    argument and returns what `fold_array` tells, which does it where none is given."""
    run = run or _run
    if isinstance(untrusted_text, str):
        untrusted_text = untrusted_text.encode("utf-8", "surrogatepass")
    padded = _padded(untrusted_text, room)
    out = np.empty(len(padded), np.uint8) if room is None else room.take(len(padded))
    told = run(padded, out)
    if told[F_UNKNOWN]:
        _learn(bytes(untrusted_text))
        told = run(padded, out)
    size = int(told[F_BYTES])
    moved = untrusted_text if told[F_MOVED] else None
    return Folded(out[: size + PADDING], size, moved)


def _padded(untrusted_utf_8: bytes | InMemory, room: Room | None = None) -> Bytes:
    """The bytes with MARGIN newlines behind them, not to be written to."""
    if isinstance(untrusted_utf_8, Lying):
        return np.frombuffer(untrusted_utf_8.padded, np.uint8)
    untrusted_utf_8 = bytes(untrusted_utf_8)
    if room is None:
        return np.frombuffer(untrusted_utf_8 + MARGIN, np.uint8)
    size = len(untrusted_utf_8)
    padded = room.take(size + len(MARGIN))
    padded[:size] = np.frombuffer(untrusted_utf_8, np.uint8)
    padded[size:] = NEWLINE
    padded.flags.writeable = False
    return padded


def _run(padded: Bytes, out: Bytes, positions: NDArray[np.int64] | None = None) -> Told:
    """Fold into `out`, as long as the padded text; where wanted, `positions` gets the way back."""
    wanted = positions is not None
    told = np.zeros(4, np.int64)
    size, *given = size_and_tables(padded)
    fold_array(padded, size, out, _NONE if positions is None else positions, wanted, *given, told)
    return told


def size_and_tables(padded: Bytes) -> tuple[int, np.uint8, Bytes, Bytes]:
    """What kernels that fold are given of a padded text: its bytes, what a carriage return becomes,
    and what code points fold to."""
    size = len(padded) - len(MARGIN)
    return size, np.uint8(_carriage(padded[:size])), _held_table, _growing()


def _carriage(utf_8: Bytes) -> int:
    """What a carriage return becomes: a line's end in a text that has no other."""
    if NEWLINE in utf_8[:PIECE]:
        return BLANK  # nearly every text
    return NEWLINE if not _holds(utf_8, NEWLINE) and _holds(utf_8, RETURN) else BLANK


def _holds(utf_8: Bytes, byte: int) -> bool:
    return any(byte in utf_8[at : at + PIECE] for at in range(0, len(utf_8), PIECE))


def _learn(untrusted_utf_8: bytes) -> None:
    """Look up every code point of a text that the table does not know."""
    raw = np.frombuffer(untrusted_utf_8, np.uint8)
    # What is no ASCII keeps whole sequences; the rest, nearly all of most texts, is known.
    beyond = raw[raw >= 0x80].tobytes()
    try:
        points = set(map(ord, set(beyond.decode("utf-8", "surrogatepass"))))
    except UnicodeDecodeError:
        # Stray bytes, between which whole sequences are found all the same.
        points = set(map(ord, set(beyond.decode("utf-8", "replace"))))
        points.update(range(0xD800, 0xE000))
    points.update(int(escape, 16) for escape in ESCAPE.findall(untrusted_utf_8))
    _look_up(points)


def _look_up(points: Iterable[int]) -> None:
    for point in points:
        if _table[point] == UNKNOWN:
            letters = chr(point)
            _table[point] = (
                GROWS + _LIGATURES.index(letters) if letters in LIGATURES else _single(letters)
            )


_NONE = hold(np.zeros(1, np.int64))
_LIGATURES = tuple(LIGATURES)
_table: Bytes = np.zeros(sys.maxunicode + 1, np.uint8)  # filled as texts need it; public knowledge
_held_table = hold(_table)


@functools.cache
def _growing() -> Bytes:
    """For each ligature how many letters it stands for, and which."""
    found = np.zeros((len(_LIGATURES), GROWING), np.uint8)
    for at, ligature in enumerate(_LIGATURES):
        letters = LIGATURES[ligature].encode("ascii")
        found[at, : len(letters) + 1] = [len(letters), *letters]
    return hold(found.ravel())


def _single(character: str) -> int:
    """The folded byte of one character that does not grow; DELETE to drop it."""
    if character in NEWLINES:
        return ord("\n")
    if character in SPACES or character == "\r":
        return ord("\t") if character == "\t" else ord(" ")
    if character in LOOK_ALIKES:
        return ord(LOOK_ALIKES[character])
    if character in MARKS:
        return ord(MARKS[character])
    if character in HIDDEN or unicodedata.category(character) in ("Mn", "Cf", "Me"):
        return DELETE
    if character < "\x80":
        return ord(character.lower()) if character >= " " else ord(" ")
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return ord(str(digit))
    base = unicodedata.normalize("NFKD", character)[0].lower()
    if base in LOOK_ALIKES:
        return ord(LOOK_ALIKES[base])
    return ord(base) if " " <= base < "\x7f" else ord(" ")


# What nearly every text is written with: ASCII, Latin letters, punctuation, euro sign.
_look_up((*range(0x250), *range(0x2000, 0x2070), 0x20AC))
