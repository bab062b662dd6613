"""Length-prefixed frames between processes: a JSON header and raw bytes behind it.

Layout: u32 big-endian header length, u64 big-endian body length, header (UTF-8 JSON object),
body. The reader distrusts the writer: both lengths are bounded before anything is
allocated, reads are exact, and a short read is an error, never a shorter answer.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

PREFIX = struct.Struct(">IQ")
MAX_HEADER = 64 * 1024 * 1024
SMALL = 64 * 1024
MAX_BODY = 256 * 1024 * 1024


class FrameError(Exception):
    """The other side closed in the middle of a frame, or lied about its length."""


class Closed(FrameError):
    """The other side closed between two frames: the ordinary end."""


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame as bytes. Lone surrogates in strings are kept as JSON escapes."""
    return _head(header, body) + body


def _head(header: dict[str, Any], body: bytes) -> bytes:
    head = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    if len(head) > MAX_HEADER or len(body) > MAX_BODY:
        raise FrameError(f"a frame of {len(head)} + {len(body)} bytes is over the bound")
    return PREFIX.pack(len(head), len(body)) + head


def check_prefix(untrusted_prefix: bytes) -> tuple[int, int]:
    """Header and body length in bytes, bounded; raises FrameError beyond the bounds."""
    head_length, body_length = PREFIX.unpack(untrusted_prefix)
    if head_length > MAX_HEADER or body_length > MAX_BODY:
        raise FrameError(f"a frame of {head_length} + {body_length} bytes is over the bound")
    return head_length, body_length


def decode_header(untrusted_head: bytes) -> dict[str, Any]:
    """The header as a dict; raises FrameError when it is no JSON object."""
    try:
        header = json.loads(untrusted_head)
    except (ValueError, RecursionError) as error:
        raise FrameError("a frame's header is no JSON") from error
    if not isinstance(header, dict):
        raise FrameError("a frame's header is no JSON object")
    return header


def send(sock: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one whole frame."""
    head = _head(header, body)
    if len(body) <= SMALL:
        sock.sendall(head + body)  # the reader wakes up once
        return
    sock.sendall(head)
    sock.sendall(body)


def receive(sock: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Read one whole frame; raises Closed at the end, FrameError when it is cut or too long."""
    untrusted_prefix = _exactly(sock, PREFIX.size, at_start=True)
    head_length, body_length = check_prefix(untrusted_prefix)
    header = decode_header(_exactly(sock, head_length))
    return header, _exactly(sock, body_length)


def _exactly(sock: socket.socket, size: int, *, at_start: bool = False) -> bytes:
    parts: list[bytes] = []
    missing = size
    # Without a timeout the kernel waits for all of it: one buffer, which nobody puts together.
    most, flags = (size, socket.MSG_WAITALL) if sock.gettimeout() is None else (1 << 20, 0)
    while missing:
        part = sock.recv(min(missing, most), flags)
        if not part:
            if at_start and missing == size:
                raise Closed("the other side closed")
            raise FrameError(f"the other side closed {missing} bytes before the frame's end")
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
