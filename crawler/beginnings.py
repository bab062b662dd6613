"""The text at the beginning of a file of which the rest has not come yet. Pure and bounded.

Only what can be said from the front: plain text, one compressed stream, the first members of a
ZIP. A 7z or RAR archive, a document or a picture is read when it is whole.
"""

from __future__ import annotations

import struct
import zlib

from crawler.pages import Post
from crawler.reporting import texts_of
from extraction import formats, packed
from extraction.layers import Extracted, Limits

# APPNOTE.TXT 4.3.7: signature, version, flags, method, time, date, CRC, two sizes, two lengths.
LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
LOCAL_SIGNATURE = b"PK\x03\x04"
ENCRYPTED = 0x1
STORED, DEFLATED = 0, 8
MOST = 32 * 1024 * 1024
LIMITS = Limits(max_bytes=MOST, max_text=MOST)


def opened(untrusted_beginning: bytes) -> bytes | None:
    """The bytes to be read as text: unpacked where needed; None where that must wait."""
    packing = packed.kind(untrusted_beginning)
    if packing:
        found = packed.unpack(untrusted_beginning, packing, LIMITS, MOST)
        return None if found is None else _plain(found.data)
    if untrusted_beginning.startswith(LOCAL_SIGNATURE):
        first = _first_member(untrusted_beginning)
        return None if first is None else _plain(first)
    return _plain(untrusted_beginning)


def texts(untrusted_plain: bytes, content_type: str) -> Extracted:
    """The texts of whole lines; the last one may be cut and is left for the next time."""
    end = untrusted_plain.rfind(b"\n") + 1
    lines = untrusted_plain[:end] if end else untrusted_plain
    return texts_of(Post("", body=lines, content_type=content_type))


def _plain(data: bytes) -> bytes | None:
    return None if formats.kind(data) else data


def _first_member(untrusted_beginning: bytes) -> bytes | None:
    """What a ZIP's first member holds so far; None when it is encrypted or packed otherwise."""
    if len(untrusted_beginning) < LOCAL_HEADER.size:
        return None
    fields = LOCAL_HEADER.unpack_from(untrusted_beginning)
    flags, method, size, name, extra = fields[2], fields[3], fields[7], fields[9], fields[10]
    if flags & ENCRYPTED or method not in (STORED, DEFLATED):
        return None
    inside = untrusted_beginning[LOCAL_HEADER.size + name + extra :]
    if method == STORED:
        return inside[:size] if size else inside
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(inside, MOST)
    except zlib.error:
        return None
