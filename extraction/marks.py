"""What one pass over a text puts down of packings that may stand in it (kernel.marks)."""

from __future__ import annotations

import string
from array import array

import numpy as np
from numpy.typing import NDArray

from extraction import formats, packed
from extraction.kernel.found import (
    T_AT,
    T_BASE64,
    T_COUNTING,
    T_HEX,
    T_LINES,
    T_PAIRS,
    Found,
)
from extraction.kernel.marks import ROOM_FOR_END, find_marks
from extraction.kernel.planes import MASKS
from extraction.kernel.promising import CONTROL, NONE, PRINTED, WRITTEN
from extraction.kernel.signs import COUNT, KINDS, OF_KIND, OF_STRETCH
from native.arguments import hold

LIST = 1 << 14  # places that the kernel puts down before it comes back
WHOLE = 100_000  # characters of a text that is rewritten as a whole
RUNS = T_BASE64, T_HEX, T_PAIRS
NEWLINE = ord("\n")
# Bytes that are in no text; those that a text in an old charset is mostly of, and a long one with
# markup or braces.
IN_NO_TEXT = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")
OF_TEXT = (string.ascii_letters + string.digits + " \t\r\n;,.:@-_'\"/|").encode()
OF_MARKUP = bytes(range(32, 127)) + b"\t\r\n"
OF_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits
PACKED = packed.GZIP, packed.BZIP2, packed.XZ, packed.ZSTD
# Bytes that begin a character; the others go on with one.
BEGINNINGS = bytes(byte for byte in range(256) if byte & 0xC0 != 0x80)

Table = NDArray[np.uint8]


def _sixes() -> Table:
    table = np.full(256, NONE, np.uint8)
    table[list(OF_BASE64.encode())] = range(62)
    table[list(b"+/-_")] = 62, 63, 62, 63
    return table


def _kinds() -> Table:
    table = np.zeros(256, np.uint8)
    table[list(IN_NO_TEXT)] |= CONTROL
    table[list(OF_TEXT)] |= WRITTEN
    table[list(OF_MARKUP)] |= PRINTED
    return table


def _first_two() -> Table:
    """Which two bytes an archive, a document or compressed bytes may begin with."""
    table = np.zeros((256, 256), np.uint8)
    for begin in (*(magic for magic, _ in formats.MAGIC), *PACKED, b"RIFF", b"BM"):
        table[begin[0], begin[1]] = 1
    for second in range(256):
        table[0x78, second] = bool(packed.kind(bytes((0x78, second)) + bytes(8)))
    return table.ravel()


class _Room:
    """What the kernel writes to, used for one text after another."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.runs = [np.zeros(most, np.int64) for _ in range(3)]
        self.lines = np.zeros(most * OF_STRETCH, np.int64)
        self.signs = np.zeros(KINDS * OF_KIND, np.int64)
        self.told = np.zeros(8, np.int64)
        end, masks = np.zeros(ROOM_FOR_END, np.uint8), np.zeros(MASKS, np.uint64)
        self.found = hold(
            Found._make((*self.runs, self.lines, self.signs, self.told, end, masks, *TABLES))
        )


TABLES = _sixes(), _kinds(), _first_two()
_rooms: list[_Room] = []  # those not in use


class Marks:
    """The marks of one text, given in UTF-8.

    `base64`, `hex` and `pairs` are where such runs begin, in order (the latter in divided pairs);
    of base64 only those that may hold something.
    """

    def __init__(self, untrusted_utf_8: bytes | memoryview, *, is_part: bool = False) -> None:
        """`is_part`: the text is what stood near signs in a long one."""
        self._text = untrusted_utf_8
        self.is_whole = not is_part and _is_short(untrusted_utf_8)
        # Arrays: a text may be full of them, and numbers of Python take four times as much.
        self.base64, self.hex, self.pairs = array("q"), array("q"), array("q")
        self._lines: dict[int, array[int]] = {}
        room = _rooms.pop() if _rooms else _Room(LIST)
        self._read(room)
        self._counts = room.signs[COUNT::OF_KIND].tolist()
        _rooms.append(room)

    def _read(self, room: _Room) -> None:
        text = np.frombuffer(self._text, np.uint8)
        told = room.told
        told[:] = 0
        told[T_COUNTING] = self.is_whole
        room.signs[:] = 0
        found = self.base64, self.hex, self.pairs
        at = 0
        while at <= len(text):
            find_marks(text, room.most, room.found)
            numbers = told.tolist()
            at = numbers[T_AT]
            for runs, places, number in zip(found, room.runs, RUNS, strict=True):
                if numbers[number]:
                    runs.frombytes(places[: numbers[number]].tobytes())
            if numbers[T_LINES]:
                stretches = room.lines[: numbers[T_LINES] * OF_STRETCH].reshape(-1, OF_STRETCH)
                for kind in set(stretches[:, 0].tolist()):
                    lines = self._lines.setdefault(kind, array("q"))
                    lines.frombytes(stretches[stretches[:, 0] == kind, 1:].tobytes())

    def count(self, kind: int) -> int:
        """How many signs of a kind there are."""
        return int(self._counts[kind])

    def near(self, kind: int) -> bytes:
        """The lines that hold such a sign and those near: one escape costs no second scan. A short
        text that is no part is told whole; where something is left out, a new line begins."""
        if self.is_whole:
            return bytes(self._text)
        pieces: list[bytes | memoryview] = []
        before = 0
        for first, behind in zip(*[iter(self._lines.get(kind, ()))] * 2, strict=True):
            if before and self._text[before - 1] != NEWLINE:
                pieces.append(b"\n")  # long lines are cut
            pieces.append(self._text[first:behind])
            before = behind
        return b"".join(pieces)


def _is_short(text: bytes | memoryview) -> bool:
    # A character has at most four bytes: long texts need not be counted.
    return len(text) < WHOLE or (len(text) < 4 * WHOLE and _characters(bytes(text)) < WHOLE)


def _characters(text: bytes) -> int:
    return len(text) if text.isascii() else len(text) - len(text.translate(None, BEGINNINGS))
