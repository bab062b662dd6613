"""Texts in pictures. What decodes them is Tesseract, in a process of its own (extraction.tools);
here only the size a picture claims is looked at, before anything is decoded."""

from __future__ import annotations

import struct

from extraction.budget import Account
from extraction.formats import NAMES
from extraction.office import Content

MAX_PIXELS = 40_000_000
SMALLEST = 24  # pixels: below it nothing can be read, and every page is full of such icons
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read(untrusted_body: bytes, form: str, account: Account) -> Content:
    """The text in a picture, or a note that says why it was not read."""
    content = Content()
    width, height = size(untrusted_body, form)
    if 0 < width < SMALLEST or 0 < height < SMALLEST:
        return content
    name = NAMES[form]
    if width * height > MAX_PIXELS:
        content.notes.append(f"{name} has more points than are decoded; it was not read")
    elif not account.reads_pictures:
        content.notes.append(f"{name} was not read: Tesseract is not installed here")
    elif account.pictures <= 0:
        most = account.limits.max_pictures
        content.notes.append(f"there are more than {most} pictures; the rest was not read")
    else:
        account.pictures -= 1
        text = account.picture(untrusted_body)
        if text is None:
            content.notes.append(f"{name} could not be read")
        elif text.strip():
            content.texts.append(text)
    return content


def size(untrusted_body: bytes, form: str) -> tuple[int, int]:
    """Width and height a picture's header claims; (0, 0) when it claims none."""
    try:
        if form == "png":
            width, height = struct.unpack_from(">II", untrusted_body, 16)
        elif form == "gif":
            width, height = struct.unpack_from("<HH", untrusted_body, 6)
        elif form == "bmp":
            width, height = struct.unpack_from("<ii", untrusted_body, 18)
        elif form == "webp":
            return _webp(untrusted_body)
        elif form == "jpeg":
            return _jpeg(untrusted_body)
        else:
            return 0, 0
    except struct.error:
        return 0, 0
    return abs(width), abs(height)


def _jpeg(untrusted_body: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(untrusted_body) and untrusted_body[at] == 0xFF:
        marker = untrusted_body[at + 1]
        if marker in START_OF_FRAME:
            height, width = struct.unpack_from(">HH", untrusted_body, at + 5)
            return width, height
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", untrusted_body, at + 2)
        at += 2 + max(2, length)
    return 0, 0


def _webp(untrusted_body: bytes) -> tuple[int, int]:
    chunk = untrusted_body[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(untrusted_body[24:27], "little") + 1
        return width, int.from_bytes(untrusted_body[27:30], "little") + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", untrusted_body, 26)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", untrusted_body, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0
