"""Text to folded bytes: one ASCII byte a character, so that positions stay code points.

Letters lose case and accents, digits of other scripts become ASCII digits, look-alikes from
Cyrillic and Greek become the Latin letter they imitate, other spaces become a space and other
line ends a newline. What has to vanish (zero-width characters, combining marks) or to
grow (œ to oe) changes positions: then a map back to code points comes along.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]

PADDING = 64  # newlines behind the text, so that kernels may look ahead
DELETE = 1
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
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
LAST = 0x3000  # code points from here on are looked up one by one


@dataclass(frozen=True, slots=True)
class Folded:
    """`data` holds `size` bytes and PADDING newlines; `positions` maps a byte to its code point.

    `positions` is None when byte and code point positions are equal; else it has `size + 1`
    entries, the last of them the text's length.
    """

    data: Bytes
    size: int
    positions: NDArray[np.int64] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The code points behind the bytes [start, end)."""
        if self.positions is None:
            return start, end
        return int(self.positions[start]), int(self.positions[end - 1]) + 1


def fold(untrusted_text: str) -> Folded:
    """Fold a text; never fails, whatever the text holds."""
    if "\\u" in untrusted_text and ESCAPE.search(untrusted_text):
        return _fold_escaped(untrusted_text)
    if "\r" in untrusted_text and "\n" not in untrusted_text:
        untrusted_text = untrusted_text.replace("\r", "\n")
    try:
        raw = untrusted_text.encode("latin-1")
    except UnicodeEncodeError:
        return _fold_wide(untrusted_text)
    if raw.isascii() or not raw.translate(None, _NOT_GROWING):
        return _padded(raw.translate(_narrow()))
    return _fold_wide(untrusted_text)


def _fold_escaped(untrusted_text: str) -> Folded:
    """Fold a text with JSON escapes in it; each escape is the one character it stands for."""
    parts: list[str] = []
    kept = np.ones(len(untrusted_text), bool)
    at = 0
    for escape in ESCAPE.finditer(untrusted_text):
        parts += (untrusted_text[at : escape.start()], chr(int(escape[1], 16)))
        kept[escape.start() + 1 : escape.end()] = False
        at = escape.end()
    folded = fold("".join((*parts, untrusted_text[at:])).replace("\\u", "  "))
    places = np.append(np.flatnonzero(kept), len(untrusted_text))
    positions = places if folded.positions is None else places[folded.positions]
    return Folded(folded.data, folded.size, positions)


_GROWING = "æÆßþÞ\u00ad".encode("latin-1")
_NOT_GROWING = bytes(byte for byte in range(256) if byte not in _GROWING)


def _padded(folded: bytes) -> Folded:
    data = np.frombuffer(folded + b"\n" * PADDING, np.uint8)
    return Folded(data, len(folded), None)


def _fold_wide(untrusted_text: str) -> Folded:
    points = np.frombuffer(untrusted_text.encode("utf-32-le", "surrogatepass"), "<u4")
    table = _wide()
    folded = table[np.minimum(points, LAST)]
    for at in np.flatnonzero(points >= LAST):
        folded[at] = _single(chr(points[at]))
    growing = np.flatnonzero(folded >= 128)
    if growing.size == 0 and not (folded == DELETE).any():
        return _padded(folded.tobytes())
    return _moved(points, folded, growing)


def _moved(points: NDArray[np.uint32], folded: Bytes, growing: NDArray[np.intp]) -> Folded:
    widths = (folded != DELETE).astype(np.int64)
    letters = [LIGATURES[chr(points[at])] for at in growing]
    widths[growing] = [len(each) for each in letters]
    positions = np.repeat(np.arange(len(points)), widths)
    data = np.repeat(folded, widths)
    starts = (np.cumsum(widths) - widths)[growing]
    for start, each in zip(starts, letters, strict=True):
        data[start : start + len(each)] = np.frombuffer(each.encode("ascii"), np.uint8)
    whole = _padded(data.tobytes())
    return Folded(whole.data, whole.size, np.append(positions, len(points)))


def _single(character: str) -> int:
    """The folded byte of one character; DELETE to drop it, 128 or more when it grows."""
    if character in LIGATURES:
        return 128
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


@functools.cache
def _narrow() -> bytes:
    return bytes(_single(chr(point)) & 0x7F for point in range(256))


@functools.cache
def _wide() -> Bytes:
    return np.array([_single(chr(point)) for point in range(LAST)] + [ord(" ")], np.uint8)
