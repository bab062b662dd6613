"""Whether bytes beyond ASCII may be letters of another charset than windows-1252.

To guess a charset takes a millisecond, and source code is full of what looks like one letter
written as a byte: class=ABCMeta has the byte AB of quoted-printable, %action that of an address.
What a charset makes of such bytes is no spelling: quotation marks inside words, capitals behind
small letters, Cyrillic beside Latin ones. Where that holds for each charset that may be guessed,
none of them is asked. Only that is left out: whatever may be spelt so is guessed as before.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

ONE_BYTE = ("cp1250", "cp1251", "cp850", "mac_roman", "koi8_r")
# Of the Chinese ones every second byte may be ASCII, though hardly ever for long.
PAIRED = ("gb18030", "big5")
DENSE = ("euc_kr", "euc_jp")
TOLERATED = 0.2  # share of the bytes that may be misspelt
# What may stand inside a word, and what right beside one.
INSIDE = frozenset("’‘ʼ–—‐‑·\xad")
BESIDE = INSIDE | frozenset("“”„‚«»‹›…°§•№€£©®™ªº\xa0¿¡")
# Of half the width, a byte each, beside ASCII letters.
ODD_KATAKANA = re.compile("(?<=[A-Za-z])[\uff61-\uff9f]|[\uff61-\uff9f](?=[A-Za-z])")
NEITHER, SMALL, LARGE = range(3)  # what stands beside a byte, of ASCII letters

Table = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


def may_be_guessed(untrusted_sample: bytes) -> bool:
    """Whether some charset but windows-1252 makes words of these bytes."""
    text = np.frombuffer(b"\n" + untrusted_sample + b"\n", np.uint8)
    at = np.flatnonzero(text >= 0x80)
    if not at.size:
        return True
    beside = _letters()
    before, high, behind = beside[text[at - 1]], text[at] & 0x7F, beside[text[at + 1]]
    most = TOLERATED * at.size
    if (_misspelt()[:, before, high, behind].sum(axis=1) <= most).any():
        return True
    if any(_decoded(untrusted_sample, charset) for charset in DENSE):
        return True
    alone = (text[at - 1] < 0x80) & (text[at + 1] < 0x80)
    if alone.sum() <= at.size - most and any(_decoded(untrusted_sample, one) for one in PAIRED):
        return True
    telling = [line for line in untrusted_sample.split(b"\n") if not line.isascii()]
    japanese = _decoded(b"\n".join(telling), "shift_jis")
    return bool(japanese) and len(ODD_KATAKANA.findall(japanese)) <= most


@functools.cache
def _letters() -> Bytes:
    """Which kind of ASCII letter each byte is."""
    found = np.full(256, NEITHER, np.uint8)
    found[ord("a") : ord("z") + 1] = SMALL
    found[ord("A") : ord("Z") + 1] = LARGE
    return found


@functools.cache
def _misspelt() -> Table:
    """For each of ONE_BYTE, what stands before a byte, the byte less 0x80, and what stands behind
    it, whether that is misspelt."""
    found = np.zeros((len(ONE_BYTE), 3, 128, 3), np.bool_)
    for number, charset in enumerate(ONE_BYTE):
        for high in range(128):
            char = bytes((0x80 | high,)).decode(charset, "replace")
            found[number, :, high, :] = _odd(charset, char)
    return found


def _odd(charset: str, char: str) -> Table:
    """Where a character is misspelt, by what stands before it and what behind."""
    odd = np.zeros((3, 3), np.bool_)
    name = unicodedata.name(char, "")
    if char in INSIDE or (charset == "cp850" and name.startswith("BOX DRAWINGS")):
        return odd  # those are frames of tables
    if char in BESIDE:
        odd[SMALL:, SMALL:] = True
    elif not char.isalpha() or "LATIN" not in name:
        odd[SMALL:, :] = odd[:, SMALL:] = True
    elif char.isupper():
        odd[SMALL, :] = True
    elif char.islower():
        odd[:, LARGE] = True
    return odd


def _decoded(untrusted_sample: bytes, charset: str) -> str:
    """The text, "" where the bytes are none; the last of them may be cut."""
    for cut in range(4):
        try:
            return untrusted_sample[: len(untrusted_sample) - cut].decode(charset)
        except UnicodeDecodeError as error:
            if error.end < len(untrusted_sample) - cut:
                return ""
    return ""
