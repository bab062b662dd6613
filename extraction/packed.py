"""Compressed bytes, opened with every byte counted; headers are never believed."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from extraction.layers import Limits

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP = 256 * 1024
# A stream this small may unpack to anything up to here, whatever its ratio: repeated rows do.
ALWAYS_ALLOWED = 1024 * 1024
LZMA_MEMORY = 256 * 1024 * 1024
ZSTD_WINDOW: Mapping[int, int] = {
    zstd.DecompressionParameter.window_log_max: 27
}  # 128 MiB, what `zstd` itself reads

GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True)
class Opened:
    """Unpacked bytes and, when the stream was cut or stopped, why."""

    data: bytes
    note: str = ""


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def kind(untrusted_body: bytes) -> str:
    """Which compression the first bytes speak of: "gzip", "zlib", "bzip2", "xz", "zstd", or ""."""
    if untrusted_body.startswith(GZIP):
        return "gzip"
    if untrusted_body.startswith(BZIP2) and untrusted_body[4:10] == b"1AY&SY":
        return "bzip2"
    if untrusted_body.startswith(XZ):
        return "xz"
    if untrusted_body.startswith(ZSTD):
        return "zstd"
    if len(untrusted_body) > 6 and untrusted_body[0] == 0x78:
        # RFC 1950: the first two bytes are a multiple of 31.
        header = int.from_bytes(untrusted_body[:2], "big")
        if header % 31 == 0 and not untrusted_body[1] & 0x20:
            return "zlib"
    return ""


def unpack(untrusted_body: bytes, packing: str, limits: Limits, room: int) -> Opened | None:
    """The bytes inside, at most `room` and at most `max_ratio` times the packed ones.

    A stream that breaks in the middle gives what came before the break, with a note; None
    when nothing can be read from it.
    """
    bound = min(room, limits.max_bytes, max(ALWAYS_ALLOWED, limits.max_ratio * len(untrusted_body)))
    parts: list[bytes] = []
    note = ""
    missing = bound + 1
    rest = untrusted_body
    while rest and missing > 0:
        part, rest, note = _one_stream(rest, packing, missing)
        parts.append(part)
        missing -= len(part)
        if not note and rest and kind(rest) != packing:
            break  # padding or a tail behind the last member
        if note:
            break
    data = b"".join(parts)
    if len(data) > bound:
        data = data[:bound]
        note = f"a {packing} layer grows beyond its bound; it was read up to {bound} bytes"
    return Opened(data, note) if data else None


def _one_stream(untrusted_body: bytes, packing: str, bound: int) -> tuple[bytes, bytes, str]:
    """One member's bytes, what follows it, and a note when it breaks."""
    parts: list[bytes] = []
    missing = bound
    try:
        if packing in ("gzip", "zlib"):
            inflater = zlib.decompressobj(wbits=47)
            feed = untrusted_body
            while missing > 0 and not inflater.eof:
                part = inflater.decompress(feed, min(STEP, missing))
                feed = inflater.unconsumed_tail
                parts.append(part)
                missing -= len(part)
                if not part and not feed:
                    return b"".join(parts), b"", "" if inflater.eof else _cut(packing)
            return b"".join(parts), inflater.unused_data, ""
        opener = _stream(packing)
        feed = untrusted_body
        while missing > 0 and not opener.eof:
            part = opener.decompress(feed, min(STEP, missing))
            feed = b""
            parts.append(part)
            missing -= len(part)
            if opener.needs_input and not opener.eof:
                return b"".join(parts), b"", _cut(packing)
        return b"".join(parts), opener.unused_data, ""
    except (zlib.error, OSError, lzma.LZMAError, EOFError, zstd.ZstdError):
        return b"".join(parts), b"", _cut(packing)


def _stream(packing: str) -> _Stream:
    if packing == "bzip2":
        return bz2.BZ2Decompressor()
    if packing == "zstd":
        return zstd.ZstdDecompressor(options=ZSTD_WINDOW)
    return lzma.LZMADecompressor(memlimit=LZMA_MEMORY)


def _cut(packing: str) -> str:
    return f"a {packing} layer is damaged; it was read up to the damage"
