"""Where a text shows signs of a packing: markup, entities, URL, quoted-printable, string escapes.

All look at the text's UTF-8: a pattern over bytes is several times faster than over a text with
one wide character, and most begin with one plain character, which is looked for as fast as memory
is read. Where characters are counted, a few bytes more than that may pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

Places = Iterator[tuple[int, int]]
Find = Callable[[bytes], Places]

BLOCK = 1 << 16  # bytes: what is answered about them needs no fresh pages of memory
MARKUP = re.compile(rb"</?(?:t[rdh]|br|p|div|span|li|dd|dt|b|pre)\b[^<>]{0,600}>", re.IGNORECASE)
ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
FORM = re.compile(rb"&[\w?\x80-\xff.\[\]-]{1,120}=")
ESCAPE = re.compile(rb"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[nrt/\"'\\])")
# page=97 in an address is none: a byte written in two decimal digits has letters about it.
EQUALS = re.compile(
    rb"=(?:[A-F][0-9A-F]|[89][A-F]|[89][0-9](?=[A-Za-z=])|3D|0[AD]=|[0-9A-F]{2}(?:=[0-9A-F]{2}){3})"
)
FULL_LINE = range(70, 76)  # characters before a soft break
SOFT_BREAK = re.compile(rb"=\r?\n(?=\S)")
SAMPLE = 1 << 16
FEW = 1 << 6  # signs in a sample that are found one by one sooner than by a pattern
# Bytes that begin a character; the others go on with one.
BEGINNINGS = bytes(byte for byte in range(256) if byte & 0xC0 != 0x80)
CAPITAL, DIGIT, NINTH, BEHIND = 1, 2, 4, 8  # A-F, 0-9, 8-9, what may follow a byte in digits
HEX = CAPITAL | DIGIT
CLASSES = np.array(
    [
        CAPITAL * (65 <= byte <= 70) | DIGIT * (48 <= byte <= 57) | NINTH * (byte in b"89")
        | BEHIND * (byte == 61 or (byte < 128 and chr(byte).isalpha()))
        for byte in range(256)
    ],
    np.uint8,
)  # fmt: skip


def of(sign: bytes, pattern: re.Pattern[bytes]) -> Find:
    """Where a pattern matches, as (start, end); it begins with `sign`, a plain character."""

    def find(text: bytes) -> Places:
        if text.count(sign, 0, SAMPLE) > FEW:
            yield from (found.span() for found in pattern.finditer(text))
            return
        at = text.find(sign)
        while at >= 0:
            found = pattern.match(text, at)
            if found:
                yield found.span()
            at = text.find(sign, found.end() if found else at + 1)

    return find


def equals(text: bytes) -> Places:
    """Where bytes are written as quoted-printable has them (RFC 2045, 6.7).

    Logs are full of settings: what follows each sign is looked at for all signs of a block at once.
    """
    for at in range(0, len(text), BLOCK):
        if text.find(b"=", at, at + BLOCK) < 0:
            continue
        # The last signs of a block are judged by what stands behind it.
        block = np.frombuffer(text[at : at + BLOCK + 3], np.uint8)
        signs = np.flatnonzero(block[:BLOCK] == 61)
        one, two, three = (
            CLASSES[block[np.minimum(signs + step, len(block) - 1)]] for step in (1, 2, 3)
        )
        likely = (one & HEX != 0) & (two & HEX != 0)
        likely &= (one | two) & CAPITAL | (three & BEHIND) != 0
        for sign in (signs[likely] + at).tolist():
            found = EQUALS.match(text, sign)
            if found:
                yield found.span()


def soft_breaks(text: bytes) -> Places:
    """Where a long line ends in a soft break of quoted-printable."""
    if not _ends_in_equals(text):
        return
    for found in SOFT_BREAK.finditer(text):
        start = max(0, found.start() - 4 * FULL_LINE.stop)
        line = text[start : found.start()].rpartition(b"\n")[2]
        if len(line) - len(line.translate(None, BEGINNINGS)) in FULL_LINE:
            yield found.span()


def _ends_in_equals(text: bytes) -> bool:
    """Whether a line does. Looking for two characters is far slower than for one."""
    if b"=" not in text:
        return False
    for at in range(0, len(text), BLOCK):
        block = np.frombuffer(text[at : at + BLOCK + 1], np.uint8)
        sign, end = block[:-1] == 61, (block[1:] == 10) | (block[1:] == 13)
        if (sign & end).any():
            return True
    return False
