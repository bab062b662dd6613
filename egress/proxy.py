"""A forward proxy on loopback through which Chromium goes out.

A browser resolves names by itself, follows redirects by itself and opens WebSockets by
itself; only a proxy sees all of that. Each request's host is resolved once for the crawl, every
answer is judged by the source's policy, and that very address is dialled. Plain HTTP comes in
absolute form (one request a connection), HTTPS and WebSockets as CONNECT. HTTP/1.1, RFC 9112.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from egress.errors import EgressError, NotFound, Refused
from egress.policy import Policy
from egress.request import BadRequest, Request, parse
from egress.resolve import LookUp, PinnedNames
from egress.socks import SocksProxy, check_name, connect

STEP = 64 * 1024
REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    407: "Proxy Authentication Required",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """Bounds of one connection; times in seconds, sizes in bytes."""

    header: int = 64 * 1024
    header_seconds: float = 15.0
    connect_seconds: float = 10.0
    idle_seconds: float = 60.0
    total_seconds: float = 600.0
    total_bytes: int = 512 * 1024 * 1024
    connections: int = 256


@dataclass(slots=True)
class Counts:
    """What went through. `refused` counts by rule, never by host."""

    connections: int = 0
    dialled: int = 0
    failed: int = 0
    bytes: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Proxy:
    """One crawl's way out; with `socks` by way of that proxy, which looks names up.
    Use `async with Proxy(policy) as proxy: proxy.url`.

    With `credential=True` clients must know a random user name and password (`username`,
    `password`), so that nobody else on the machine goes out in this source's name.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        limits: ProxyLimits | None = None,
        look_up: LookUp | None = None,
        credential: bool = False,
        socks: SocksProxy | None = None,
    ) -> None:
        self.counts = Counts()
        self.username = "vigie" if credential else ""
        self.password = secrets.token_urlsafe(24) if credential else ""
        self._names = PinnedNames(policy, look_up=look_up)
        self._look_up = look_up
        self._socks = socks
        self._policy = policy
        self._limits = limits or ProxyLimits()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def port(self) -> int:
        """The port on 127.0.0.1; only while it runs."""
        if self._server is None:
            raise EgressError("the proxy is not running; enter it first")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """What a client is told: http://127.0.0.1:PORT."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, limit=self._limits.header
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is None:
            return
        self._closing = True
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._open.add(task)
        self.counts.connections += 1
        try:
            await self._bounded(reader, writer)
        except asyncio.CancelledError:
            # asyncio 3.11 reports a cancelled handler as an error of the loop.
            if not self._closing:
                raise
        finally:
            self._open.discard(task)
            await _close(writer)

    async def _bounded(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) > self._limits.connections:
            await _answer(reader, writer, 503, "too many connections")
            return
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                await self._serve(reader, writer)
        except* (TimeoutError, OSError):
            pass  # the other side is gone, or time is up: closing is the answer

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await self._request(reader)
            if not self._is_ours(request):
                self.counts.refused["credential"] += 1
                await _answer(reader, writer, 407, "the proxy needs its credential")
                return
            async with self._dial(request) as (far_reader, far_writer):
                await self._carry(request, reader, writer, far_reader, far_writer)
        except BadRequest as error:
            self.counts.refused["request"] += 1
            await _answer(reader, writer, 400, str(error))
        except Refused as error:
            self.counts.refused[error.kind] += 1
            await _answer(reader, writer, 403, str(error))
        except (NotFound, _Unreachable) as error:
            self.counts.failed += 1
            await _answer(reader, writer, 502, str(error))

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        try:
            async with asyncio.timeout(self._limits.header_seconds):
                untrusted_head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise BadRequest("the request's header is too long") from error
        except asyncio.IncompleteReadError as error:
            raise BadRequest("the request's header is cut") from error
        return parse(untrusted_head)

    def _is_ours(self, request: Request) -> bool:
        if not self.password:
            return True
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        given = request.authorization.encode("utf-8", "replace")
        return hmac.compare_digest(given, f"Basic {pair}".encode())

    @contextlib.asynccontextmanager
    async def _dial(
        self, request: Request
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        if self._socks is None:
            addresses = await self._names.resolve(request.host, request.port)
        else:
            name = check_name(request.host, request.port, self._policy)
            if self._look_up is not None:  # whether a page asked for it
                await self._look_up(name, request.port)
            addresses = [name]
        for address in addresses:
            # Without a proxy the address is a literal: nothing is looked up here.
            connecting = self._connected(address, request.port)
            try:
                async with asyncio.timeout(self._limits.connect_seconds):
                    far_reader, far_writer = await connecting
            except (OSError, TimeoutError, _Socks):
                continue
            self.counts.dialled += 1
            try:
                yield far_reader, far_writer
            finally:
                await _close(far_writer)
            return
        raise _Unreachable("no address of the host answers")

    async def _connected(
        self, address: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._socks is None:
            return await asyncio.open_connection(address, port, limit=STEP)
        try:
            return await connect(self._socks, address, port, limit=STEP)
        except EgressError as error:
            raise _Socks(str(error)) from error

    async def _carry(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        meter = _Meter(self._limits, self.counts)
        if request.is_tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            there = meter.pump(reader, far_writer, None)
        else:
            far_writer.write(request.head)
            await far_writer.drain()
            # Only this request's body goes on: a second request needs a connection of its own,
            # or it would reach this host whatever host it names.
            there = meter.pump(reader, far_writer, request.body_length)
        async with asyncio.TaskGroup() as both:
            both.create_task(there)
            both.create_task(meter.pump(far_reader, writer, None))


class _Socks(EgressError):
    """The SOCKS proxy did not lead there."""


class _Unreachable(EgressError):
    """Every address of the host refused the connection or was silent."""


class _OverBound(OSError):
    """A connection carried more bytes than one may."""


class _Meter:
    """Carries the bytes of one connection and counts them."""

    def __init__(self, limits: ProxyLimits, counts: Counts) -> None:
        self._limits = limits
        self._counts = counts
        self._left = limits.total_bytes

    async def pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int | None
    ) -> None:
        """Carry `length` bytes, or all until the end; silence and too many bytes raise OSError."""
        missing = length
        while missing is None or missing > 0:
            async with asyncio.timeout(self._limits.idle_seconds):
                data = await reader.read(STEP if missing is None else min(STEP, missing))
            if not data:
                break
            missing = None if missing is None else missing - len(data)
            self._left -= len(data)
            self._counts.bytes += len(data)
            if self._left <= 0:
                raise _OverBound
            writer.write(data)
            async with asyncio.timeout(self._limits.idle_seconds):
                await writer.drain()
        if length is None and writer.can_write_eof():
            writer.write_eof()


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int, reason: str
) -> None:
    """The proxy's own short answer; it names no address of the page."""
    body = f"Vigie's egress guard: {reason}.\n".encode()
    extra = 'Proxy-Authenticate: Basic realm="vigie"\r\n' if status == 407 else ""
    head = (
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"{extra}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(head.encode("ascii") + body)
        async with asyncio.timeout(2):
            await writer.drain()
            writer.write_eof()
            # Closing with bytes unread would reset the connection and lose the answer.
            for _ in range(16):
                if not await reader.read(STEP):
                    break


async def _close(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        writer.close()
        async with asyncio.timeout(2):
            await writer.wait_closed()
