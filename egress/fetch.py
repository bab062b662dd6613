"""One HTTP request through the guard, for services of ours: time stamps, RDAP, clocks.

The host is looked up once and the very address that was judged is dialled. No redirect is
followed, no environment proxy is used, one deadline bounds everything. Blocking: callers run it
in a thread of theirs.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from egress.errors import EgressError, NotFound, Refused
from egress.policy import Policy
from egress.resolve import resolve_blocking

MAX_BYTES = 4 * 1024 * 1024
STEP = 64 * 1024
PORTS = {"http": 80, "https": 443}


class Unreachable(EgressError):
    """The other side did not answer in time, or not in HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `headers` in their order, `certificate` the leaf as DER (b"" without TLS),
    `peer` the address and port that were dialled."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    peer: tuple[str, int] = ("", 0)
    certificate: bytes = field(default=b"", repr=False)
    seconds: float = 0.0

    def header(self, name: str) -> str:
        """The first header of that name, "" without one."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")


def fetch(
    address: str,
    *,
    policy: Policy,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = 15.0,
    max_bytes: int = MAX_BYTES,
    ca_file: Path | None = None,
) -> Answer:
    """Send one request and read the whole answer; raises EgressError.

    `ca_file` stands in for the system's trust store. `seconds` bounds look-up, connection,
    sending and reading together, also against a server that drips.
    """
    parts = urlsplit(address)
    if parts.scheme not in PORTS or not parts.hostname or parts.username:
        raise Refused("only plain http and https addresses are fetched", "scheme")
    began = time.monotonic()
    port = parts.port or PORTS[parts.scheme]
    addresses = resolve_blocking(parts.hostname, port, policy)
    connection = _Connection(parts.hostname, port, addresses, parts.scheme, seconds, ca_file)
    watch = threading.Timer(seconds, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        read = _read(response, max_bytes)
        return Answer(
            status=response.status,
            headers=tuple(response.getheaders()),
            body=read,
            peer=connection.peer,
            certificate=connection.certificate,
            seconds=time.monotonic() - began,
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() - began >= seconds:
            raise Unreachable(f"{parts.hostname} did not answer within {seconds:g} s") from error
        raise Unreachable(f"{parts.hostname}: {_reason(error)}") from error
    finally:
        watch.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """Dials addresses that were judged, in their order, and nothing else."""

    def __init__(
        self, host: str, port: int, addresses: Sequence[str], scheme: str, seconds: float,
        ca_file: Path | None,
    ) -> None:  # fmt: skip
        super().__init__(host, port, timeout=seconds)
        self._addresses = addresses
        self._tls = ssl.create_default_context(cafile=ca_file) if scheme == "https" else None
        self.peer: tuple[str, int] = ("", 0)
        self.certificate = b""

    def connect(self) -> None:
        last: OSError | None = None
        for address in self._addresses:
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError as error:
                last = error
        else:
            raise last or NotFound("no address")
        self.peer = (address, self.port)
        if self._tls is not None:
            self.sock = tls = self._tls.wrap_socket(self.sock, server_hostname=self.host)
            self.certificate = tls.getpeercert(binary_form=True) or b""

    def cut(self) -> None:
        """From the watch's thread: every read and write ends now."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


def _read(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    read = bytearray()
    while step := response.read(STEP):
        read += step
        if len(read) > max_bytes:
            raise ValueError(f"the answer is longer than {max_bytes} bytes")
    # http.client takes a cut body without a word when it was read in steps.
    if response.length:
        raise ValueError("the answer was cut")
    return bytes(read)


def _reason(error: Exception) -> str:
    """Ours and the system's words, never the server's."""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'no reason told'})"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, ValueError) else "no HTTP answer"
