"""Content encodings undone while a body comes, a bounded piece at a time.

An HTTP library hands over what one packet unpacks to, whole; of a bomb that is gigabytes from a
few kilobytes. Here no step makes more than `STEP` bytes, so whoever reads can stop.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP = 64 * 1024
MAX_CODINGS = 2


class BadCoding(Exception):
    """The body is not of its content encoding, or of one that is not known."""


class Unpacker(Protocol):
    """One coding."""

    def pieces(self, untrusted_data: bytes) -> Iterator[bytes]:
        """What these bytes add; raises an error of the library."""
        ...


class _Zlib:
    """gzip (also several members) and deflate, with and without its wrapper (RFC 1950, 1951)."""

    def __init__(self, coding: str) -> None:
        self._gzip = coding == "gzip"
        self._made = zlib.decompressobj(16 + zlib.MAX_WBITS) if self._gzip else None
        self._head = b""

    def pieces(self, untrusted_data: bytes) -> Iterator[bytes]:
        data, piece = self._head + untrusted_data, b""
        self._head = b""
        if self._made is None:
            if len(data) < 2:
                self._head = data
                return
            has_wrapper = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._made = zlib.decompressobj(zlib.MAX_WBITS if has_wrapper else -zlib.MAX_WBITS)
        while data or len(piece) == STEP:
            piece = self._made.decompress(data, STEP)
            if piece:
                yield piece
            data = self._made.unconsumed_tail
            if self._made.eof:
                # Only another member goes on; what stands behind the last one is no content.
                behind = self._made.unused_data
                data = behind if self._gzip and behind.startswith(b"\x1f\x8b") else b""
                if data:
                    self._made = zlib.decompressobj(16 + zlib.MAX_WBITS)


class _Brotli:
    def __init__(self, _coding: str) -> None:
        self._made = brotli.Decompressor()

    def pieces(self, untrusted_data: bytes) -> Iterator[bytes]:
        piece = self._made.process(untrusted_data, output_buffer_limit=STEP)
        while piece or not self._made.can_accept_more_data():
            if piece:
                yield piece
            if self._made.is_finished():
                return
            piece = self._made.process(b"", output_buffer_limit=STEP)


class _Zstd:
    def __init__(self, _coding: str) -> None:
        self._made = zstd.ZstdDecompressor()

    def pieces(self, untrusted_data: bytes) -> Iterator[bytes]:
        data = untrusted_data
        while True:
            if self._made.eof:
                self._made = zstd.ZstdDecompressor()
            if piece := self._made.decompress(data, max_length=STEP):
                yield piece
            data = self._made.unused_data if self._made.eof else b""
            if not data and (self._made.eof or self._made.needs_input):
                return


CODINGS: dict[str, type[_Zlib | _Brotli | _Zstd]] = {
    "gzip": _Zlib, "x-gzip": _Zlib, "deflate": _Zlib, "br": _Brotli, "zstd": _Zstd,
}  # fmt: skip


def unpackers(untrusted_encoding: str) -> list[Unpacker]:
    """Those of a Content-Encoding, the outermost first; raises BadCoding."""
    named = [one.strip().lower() for one in untrusted_encoding.split(",")]
    named = [one for one in named if one not in ("", "identity")]
    if len(named) > MAX_CODINGS or not set(named) <= CODINGS.keys():
        raise BadCoding("a content encoding that is not known")
    return [CODINGS[one](one.removeprefix("x-")) for one in reversed(named)]


def unpacked(codings: Sequence[Unpacker], untrusted_data: bytes) -> Iterator[bytes]:
    """What these bytes of the body add to the content; raises BadCoding."""
    if not codings:
        yield untrusted_data
        return
    try:
        for piece in codings[0].pieces(untrusted_data):
            yield from unpacked(codings[1:], piece)
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
        raise BadCoding("the body is not of its content encoding") from error
