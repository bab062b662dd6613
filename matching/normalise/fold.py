"""Text to folded bytes: one ASCII byte a character, so that positions stay code points.

Letters lose case and accents, digits of other scripts become ASCII digits, look-alikes from
Cyrillic and Greek become the Latin letter they imitate, other spaces become a space and other
line ends a newline. What has to vanish (zero-width characters, combining marks) or to
grow (œ to oe) changes positions: the way back to code points is then worked out when asked for.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Iterable
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

Bytes: TypeAlias = NDArray[np.uint8]

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

    def __init__(self, data: Bytes, size: int, untrusted_moved: bytes | None) -> None:
        """`untrusted_moved` is the UTF-8 where bytes and code points are not the same places."""
        self.data = data
        self.size = size
        self._moved = untrusted_moved
        self._positions: NDArray[np.int64] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The code points behind the bytes [start, end)."""
        if self._moved is None:
            return start, end
        if self._positions is None:
            self._positions = _run(self._moved, wanted=True)[2]
        return int(self._positions[start]), int(self._positions[end - 1]) + 1


def fold(untrusted_text: str | bytes) -> Folded:
    """Fold a text, which may be given as UTF-8; never fails, whatever the text holds. A stray byte
    becomes a space."""
    if isinstance(untrusted_text, str):
        untrusted_text = untrusted_text.encode("utf-8", "surrogatepass")
    data, told, _ = _run(untrusted_text, wanted=False)
    if told[F_UNKNOWN]:
        _learn(untrusted_text)
        data, told, _ = _run(untrusted_text, wanted=False)
    size = int(told[F_BYTES])
    return Folded(data[: size + PADDING], size, untrusted_text if told[F_MOVED] else None)


def _run(
    untrusted_utf_8: bytes, *, wanted: bool
) -> tuple[Bytes, NDArray[np.int64], NDArray[np.int64]]:
    raw = np.frombuffer(untrusted_utf_8 + _MARGIN, np.uint8)
    size = len(raw) - len(_MARGIN)
    out = np.empty(size + len(_MARGIN), np.uint8)
    told = np.zeros(4, np.int64)
    positions = np.zeros(len(out) if wanted else 1, np.int64)
    carriage = 10 if b"\r" in untrusted_utf_8 and b"\n" not in untrusted_utf_8 else 32
    fold_array(raw, size, out, positions, wanted, np.uint8(carriage), _table, _growing(), told)
    return out, told, positions


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


_MARGIN = b"\n" * 128
_LIGATURES = tuple(LIGATURES)
_table: Bytes = np.zeros(sys.maxunicode + 1, np.uint8)  # filled as texts need it; public knowledge


@functools.cache
def _growing() -> Bytes:
    """For each ligature how many letters it stands for, and which."""
    found = np.zeros((len(_LIGATURES), GROWING), np.uint8)
    for at, ligature in enumerate(_LIGATURES):
        letters = LIGATURES[ligature].encode("ascii")
        found[at, : len(letters) + 1] = [len(letters), *letters]
    return found.ravel()


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
