"""Where runs of base64 and hex stand in a text.

What every text pays for is a few comparisons of all its bytes, done by the processor's vector unit.
A run of some length holds whole words of four characters, wherever it begins: places are looked for
where so many words on end are of about the right kind, and the few found are then looked at
closely, all together, as rows of bits. Time hangs on the length of the text alone.
"""

from __future__ import annotations

import heapq
import re
import string
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from extraction import formats

SHORTEST = 20
SHORTEST_HEX = 32
SHORTEST_BYTES = 8  # fewer are no text worth the name
HEAD = 24  # characters of base64 that show whether a text or a file begins there
TAR_HEAD = 400  # characters from which a tar archive may show
BLOCK = 1 << 18  # characters whose classes fit a processor's cache
BEHIND = 512  # characters of the next block that a run's beginning is judged by
WORD, ROW = 4, 32  # bytes
MANY = 1 / 16  # share of a block's words that are worth another look at all of them
BEFORE = 2 * WORD  # bytes of the block before

BASE64, HEX, BETWEEN, SMALL, LARGE = 1, 2, 4, 8, 16
RUN_OF_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]*")
RUN_OF_HEX = re.compile(rb"[0-9a-fA-F]*")
PAIRS_OF_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}[ :-])*[0-9a-fA-F]{2}")
A_RUN = re.compile(rb"\x01{%d,}" % TAR_HEAD)

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Bits = NDArray[np.uint32]
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
IS_BASE64 = bytes(kinds & BASE64 for kinds in CLASSES)
# By the bits of the four bytes before a word: where the run that goes on in it begins, 0 if before.
BEGIN = np.array([(~before & 15).bit_length() for before in range(16)], np.uint32)
OF_SHORTEST = np.uint32((1 << SHORTEST) - 1)
OF_PAIRS = np.uint32(sum(3 << 3 * pair for pair in range(SHORTEST_BYTES)))
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
OF_SIGNS = np.uint32(sum(4 << 3 * pair for pair in range(SHORTEST_BYTES - 1)))


class Spans:
    """The runs of one text, given in UTF-8."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        block = _Block(len(text))
        found = [block.runs(text, at) for at in range(0, len(text), BLOCK)]
        self._base64 = _together([base64 for base64, _, _ in found])
        self._hexes = _together([hexes for _, hexes, _ in found])
        self._pairs = _together([pairs for _, _, pairs in found])

    def base64(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every run of at least SHORTEST characters that may be base64: no base64
        of twenty letters keeps to small ones, as words and paths do, and of many runs those are
        left out whose first bytes cannot begin what is read."""
        return self._whole(_promising(self._text, self._base64), RUN_OF_BASE64)

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


class _Block:
    """One block after the other of a text, in memory that is taken once.

    Comparing is bound by memory: fresh pages for every answer would take most of the time.
    """

    def __init__(self, length: int) -> None:
        most = BEFORE + min(length, BLOCK + BEHIND) + 2 * ROW
        self._room = np.empty(-(-most // ROW) * ROW, np.uint8)
        self._flags = np.empty((2, len(self._room)), np.bool_)
        self._shifted = np.empty(len(self._room), np.uint8)
        self.bytes = self._room

    def runs(self, text: bytes, at: int) -> tuple[Places, Places, Places]:
        """Where runs of base64, of hex and of pairs of hex begin in the block at `at`."""
        before, size = min(at, BEFORE), min(BLOCK, len(text) - at)
        piece = np.frombuffer(
            text, np.uint8, before + min(size + BEHIND, len(text) - at), at - before
        )
        begin = BEFORE - before
        self.bytes = self._room[: -(-(begin + len(piece) + 2 * ROW) // ROW) * ROW]
        # What stands before the text's beginning and behind its end is of no class.
        self.bytes[:begin] = 0
        self.bytes[begin:][: len(piece)] = piece
        self.bytes[begin + len(piece) :] = 0
        base64 = hexes = NOWHERE
        dense = _words(self.above("*"))
        if _on_end(dense, 4).any():
            base64 = _base64(self, dense)
            hexes = _hexes(self.bytes, dense & _words(self.below("g")))
        mine = (
            found[(found >= BEFORE) & (found < BEFORE + size)] + (at - BEFORE)
            for found in (base64, hexes, _pairs(self))
        )
        return next(mine), next(mine), next(mine)

    def above(self, sign: str) -> Flags:
        """Which bytes are greater. Each answer is overwritten by the next one."""
        return np.greater(self.bytes, ord(sign), out=self._flags[0, : len(self.bytes)])

    def below(self, sign: str) -> Flags:
        """Which bytes are less."""
        return np.less(self.bytes, ord(sign), out=self._flags[0, : len(self.bytes)])

    def within(self, first: str, last: str) -> Flags:
        """Which bytes are between two."""
        shifted = np.subtract(self.bytes, ord(first), out=self._shifted[: len(self.bytes)])
        return np.less_equal(shifted, ord(last) - ord(first), out=self._flags[0, : len(self.bytes)])

    def divides(self) -> Flags:
        """Which bytes may stand between pairs of digits: of blanks in a row the last alone."""
        between = self.below("0")
        colon = np.equal(self.bytes, ord(":"), out=self._flags[1, : len(self.bytes)])
        between |= colon
        return np.greater(between[:-1], between[1:], out=self._flags[1, : len(self.bytes) - 1])


def _base64(block: _Block, dense: Flags) -> Places:
    """Where a run of SHORTEST characters of base64 begins, TAR_HEAD if they look small."""
    words = _heads(block, dense)
    if len(words) > MANY * len(dense):
        # Cells of a table without blanks, most likely.
        for first, last in ((":", "@"), (",", ","), ("{", "\xff")):
            dense = dense & (block.within(first, last).view(np.uint32) == 0)
        words = _heads(block, dense)
    classes = _classes(block.bytes, words)
    runs = _bits(classes, BASE64)
    begin = BEGIN[runs & 15]
    head = runs >> begin & OF_SHORTEST
    large, small = (_bits(classes, kind) >> begin & OF_SHORTEST for kind in (LARGE, SMALL))
    wanted = (begin > 0) & (head == OF_SHORTEST) & ((large > 0) | (small == 0))
    found = (words[wanted] - 1) * WORD + begin[wanted]
    # A run of TAR_HEAD holds eleven times eight whole words.
    if _on_end(_eights(dense), 11).any():
        long = A_RUN.finditer(block.bytes.tobytes().translate(IS_BASE64))
        # numpy's own union would import more, which the limited child cannot.
        return np.array(sorted({*found.tolist(), *(run.start() for run in long)}), np.int64)
    return np.asarray(found, np.int64)


def _heads(block: _Block, dense: Flags) -> Places:
    """Words that begin four on end in which all is dense, and which are not all small letters."""
    capital = block.within("A", "Z").view(np.uint32) != 0
    # The first SHORTEST characters of a run lie in four whole words and those on either side.
    two = capital[:-1] | capital[1:]
    likely = two[:-4] | two[2:-2] | two[4:]
    likely |= _on_end(_words(block.below("`")), 4)[1 : len(likely) + 1]
    heads: Places = np.flatnonzero(_on_end(dense, 4)[1 : len(likely) + 1] & likely) + 1
    return heads


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
    last = starts + TAR_HEAD - 1
    far = ~promising & (last < len(data))
    far[far] = np.frombuffer(IS_BASE64, np.uint8)[data[last[far]]] > 0
    promising[far] = [_is_long(text, start) for start in starts[far].tolist()]
    return np.asarray(starts[promising], np.int64)


def _is_long(text: bytes, start: int) -> bool:
    run = RUN_OF_BASE64.match(text, start, start + TAR_HEAD)
    return run is not None and run.end() - start == TAR_HEAD


def _hexes(block: Bytes, likely: Flags) -> Places:
    """Where a run of SHORTEST_HEX digits begins."""
    words = np.flatnonzero(_on_end(likely, 7))
    words = words[words > 0]
    digits = _bits(_classes(block, words), HEX)
    begin = BEGIN[digits & 15]
    wanted = (begin > 0) & (digits >> 4 == (1 << ROW - 4) - 1)
    found = (words[wanted] - 1) * WORD + begin[wanted]
    if not len(found):
        return NOWHERE
    rows = sliding_window_view(block, ROW)[found]
    whole = _bits(rows.tobytes().translate(CLASSES), HEX) == (1 << SHORTEST_HEX) - 1
    return np.asarray(found[whole], np.int64)


def _pairs(block: _Block) -> Places:
    """Where SHORTEST_BYTES divided pairs of digits stand."""
    sign = block.divides()
    two = sign[:-3] & sign[3:]
    four = two[:-6] & two[6:]
    seven = four[:-9] & four[9:]
    if not seven.any():
        return NOWHERE
    found = np.flatnonzero(seven) - 2
    found = found[found >= 0]
    rows = sliding_window_view(block.bytes, ROW)[found].tobytes().translate(CLASSES)
    digits, signs = _bits(rows, HEX), _bits(rows, BETWEEN)
    wanted = (digits & OF_PAIRS == OF_PAIRS) & (signs & OF_SIGNS == OF_SIGNS)
    return np.asarray(found[wanted], np.int64)


def _words(of_kind: Flags) -> Flags:
    """Which words are of that kind in all their bytes."""
    return np.asarray(of_kind.view(np.uint32) == 0x01010101)


def _eights(words: Flags) -> Flags:
    """Which eights of words are flagged in all."""
    return np.asarray(words.view(np.uint64) == 0x0101010101010101)


def _on_end(flags: Flags, number: int) -> Flags:
    """Where so many flags on end begin."""
    have = 1
    while have < number:
        step = min(have, number - have)
        flags = flags[:-step] & flags[step:]
        have += step
    return flags


def _classes(block: Bytes, words: Places) -> bytes:
    """The classes of the ROW bytes from the word before each on."""
    row = np.arange(-1, ROW // WORD - 1)
    rows: bytes = block.view(np.uint32)[words[:, None] + row].tobytes()
    return rows.translate(CLASSES)


def _bits(classes: bytes, kind: int) -> Bits:
    """For each row a bit a byte, the first one lowest: whether it is of that kind."""
    flags = np.frombuffer(classes, np.uint8) & kind
    return np.packbits(flags, bitorder="little").view("<u4")


def _together(parts: list[Places]) -> Places:
    return np.concatenate(parts) if parts else NOWHERE
