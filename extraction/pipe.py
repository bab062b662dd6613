"""Frames between the sandbox and its child: bounded lengths, exact reads.

Layout: u32 big-endian header length, u64 body length, header (UTF-8 JSON object), body. The
reader believes neither length: both are bounded before anything is read, and a stream that
ends early is an error.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

PREFIX = struct.Struct(">IQ")
TO_JSON = json.JSONEncoder(separators=(",", ":")).encode  # made once: it costs what a header does
SMALL = 64 * 1024
MAX_HEADER = 16 * 1024 * 1024


class PipeError(Exception):
    """The other side closed in the middle, lied about a length, or sent no JSON object."""


class Silent(PipeError):
    """The other side said nothing until the deadline."""


def send(sock: socket.socket, header: dict[str, Any], body: bytes, deadline: float | None) -> None:
    """Write one frame before `deadline` (monotonic seconds; None waits for ever)."""
    head = TO_JSON(header).encode("ascii")
    head = PREFIX.pack(len(head), len(body)) + head
    # Of a small frame the reader hears once.
    for part in (head + body,) if len(body) <= SMALL else (head, body):
        view = memoryview(part)
        while view:
            sock.settimeout(_left(deadline))
            try:
                view = view[sock.send(view[: 1 << 20]) :]
            except TimeoutError as error:
                raise Silent("nothing was taken until the deadline") from error
            except OSError as error:
                raise PipeError("the other side is gone") from error


def receive(
    sock: socket.socket, max_body: int, deadline: float | None
) -> tuple[dict[str, Any], bytes]:
    """Read one frame with a body of at most `max_body` bytes; raises PipeError."""
    head_length, body_length = PREFIX.unpack(_exactly(sock, PREFIX.size, deadline))
    if head_length > MAX_HEADER or body_length > max_body:
        raise PipeError("a frame's length is over the bound")
    try:
        untrusted_header = json.loads(_exactly(sock, head_length, deadline))
    except (ValueError, RecursionError) as error:
        raise PipeError("a frame's header is no JSON") from error
    if not isinstance(untrusted_header, dict):
        raise PipeError("a frame's header is no JSON object")
    return untrusted_header, _exactly(sock, body_length, deadline)


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    missing = size
    # Without a deadline the kernel waits for all of it: one buffer, which nobody puts together.
    most, flags = (size, socket.MSG_WAITALL) if deadline is None else (1 << 20, 0)
    while missing:
        sock.settimeout(_left(deadline))
        try:
            part = sock.recv(min(missing, most), flags)
        except TimeoutError as error:
            raise Silent("nothing came until the deadline") from error
        except OSError as error:
            raise PipeError("the other side is gone") from error
        if not part:
            raise PipeError(f"the other side closed {missing} bytes before the frame's end")
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise Silent("the deadline has passed")
    return left
