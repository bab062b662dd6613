"""Bodies that are looked at while they come, through httpx, to addresses the guard pinned.

Scrapy's own handler hands a body over when it is whole and cannot be made to wait; httpx reads
when it is asked. What is dialled is what the guard checked: httpcore is given a network backend
that knows no other address.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import typing
from collections.abc import AsyncIterator
from typing import Any, Protocol

import httpcore
import httpx
from scrapy import Request
from scrapy.core.downloader.handlers._httpx import HttpxDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError
from scrapy.http import Headers, Response
from scrapy.utils._download_handlers import NullCookieJar, make_response

from crawler.borders import Borders
from crawler.bounds import FOLLOW_SECONDS, MAX_BODY
from crawler.unpacking import BadCoding, unpacked, unpackers
from crawler.wire import TRANSFERRED, Transferred
from egress.errors import EgressError
from egress.socks import connect

SINK = "vigie_sink"
# What waits in either kernel was fetched too. A small window, and segments no longer than those of
# an Ethernet, keep a server from running megabytes ahead of what is read.
RECEIVE_BUFFER = 128 * 1024
SEGMENT = 1400
CHUNK = 64 * 1024
ERROR_BODY = 64 * 1024
# Packed rows of text are some ten times shorter; a body of MAX_BODY and more that was packed to
# less than a hundredth is a bomb.
MAX_RATIO = 100


class Sink(Protocol):
    """Takes a body as it comes."""

    def begin(self, status: int, headers: Headers, declared: int) -> None:
        """A body follows; also again, when a request is tried a second time."""
        ...

    async def take(self, chunk: bytes) -> bool:
        """False when no more is wanted."""
        ...

    def body(self) -> bytes:
        """What is kept of it."""
        ...

    def begins(self) -> bool:
        """Whether what is kept begins where the body began."""
        ...


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the guard checked, and to nothing else."""

    def __init__(self, borders: Borders) -> None:
        self._borders = borders

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: typing.Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """httpcore's interface."""
        del local_address, socket_options
        for address in self._borders.pinned(host):
            try:
                async with asyncio.timeout(timeout):
                    return await connected(address, port)
            except (OSError, TimeoutError):
                continue
        raise httpcore.ConnectError("no address of the host answers that the guard let through")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: typing.Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never asked for."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """httpcore's interface."""
        await asyncio.sleep(seconds)


async def connected(address: str, port: int) -> SlowStream:
    """A connection to a literal address whose far end cannot run ahead; raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        # Before connecting: both are told to the other side with the first packet.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=CHUNK)
    except BaseException:
        sock.close()
        raise
    return SlowStream(reader, writer)


class SlowStream(httpcore.AsyncNetworkStream):
    """An asyncio connection as httpcore takes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """httpcore's interface; b"" at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(min(max_bytes, CHUNK))
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """httpcore's interface."""
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError from error

    async def aclose(self) -> None:
        """Close at once: what was sent and not read is of no use."""
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """httpcore's interface."""
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError("TLS failed") from error
        return self

    def get_extra_info(self, info: str) -> Any:
        """The names that httpcore and httpx ask for."""
        if info == "server_addr":
            return self._writer.get_extra_info("peername")
        if info == "client_addr":
            return self._writer.get_extra_info("sockname")
        if info == "is_readable":
            return self._reader.at_eof()
        return self._writer.get_extra_info(info)


class ThroughProxy(PinnedBackend):
    """Connects by way of the source's SOCKS5 proxy, to names that the guard let through."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: typing.Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """httpcore's interface."""
        del local_address, socket_options
        proxy = self._borders.socks
        if proxy is None or not self._borders.pinned(host):
            raise httpcore.ConnectError("the guard did not let this host through")
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await connect(proxy, self._borders.pinned(host)[0], port)
        except (OSError, TimeoutError, EgressError) as error:
            raise httpcore.ConnectError(str(error)) from error
        return SlowStream(reader, writer)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over such a backend."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, context: Any) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=64,
            max_keepalive_connections=0,
            network_backend=backend,
        )


class StreamingHandler(HttpxDownloadHandler):
    """Scrapy's httpx handler, guarded; a request with a sink in its meta is read into it."""

    def __init__(self, crawler: Crawler) -> None:
        self._borders: Borders = crawler.settings["VIGIE_BORDERS"]
        super().__init__(crawler)

    def _make_client(self, proxy_url: str | None = None) -> httpx.AsyncClient:
        del proxy_url
        backend = (ThroughProxy if self._borders.socks else PinnedBackend)(self._borders)
        transport = GuardedTransport(backend, self._ssl_context)
        client = httpx.AsyncClient(cookies=NullCookieJar(), transport=transport)
        for name in ("accept", "accept-encoding", "user-agent"):
            client.headers.pop(name, None)
        return client

    async def download_request(self, request: Request) -> Response:
        """As Scrapy asks, within the time for one file or page."""
        page = float(request.meta.get("download_timeout", FOLLOW_SECONDS))
        async with asyncio.timeout(FOLLOW_SECONDS if SINK in request.meta else page):
            return await super().download_request(request)

    async def _read_response(self, response: httpx.Response, request: Request) -> Response:
        if SINK not in request.meta:
            return await super()._read_response(response, request)
        sink: Sink = request.meta[SINK]
        headers = self._extract_headers(response)
        arguments: dict[str, Any] = dict(self._build_base_response_args(response, request, headers))
        declared = headers.get("Content-Length") or b"0"
        sink.begin(response.status_code, headers, int(declared) if declared.isdigit() else 0)
        as_sent, kept = headers.copy(), bytearray()
        # What is undone while it is read must not be undone a second time.
        encoding = (headers.pop("Content-Encoding", None) or [b""])[0].decode("latin-1")
        try:
            async for chunk in _content(response, encoding, kept):
                if not await sink.take(chunk):
                    break
        except httpx.RemoteProtocolError as error:
            raise ResponseDataLossError(str(error)) from error
        except BadCoding as error:
            raise ResponseDataLossError(str(error)) from error
        made: Response = make_response(**arguments, body=sink.body())
        wire = bytes(kept) or made.body
        whole = sink.begins() and len(kept) <= MAX_BODY
        request.meta[TRANSFERRED] = Transferred(as_sent, wire if whole else b"", whole)
        return made


async def _content(
    response: httpx.Response, encoding: str, kept: bytearray
) -> AsyncIterator[bytes]:
    """The body with its content encoding undone. What came over the connection is kept beside it,
    where that is something else; raises DownloadCancelledError for a bomb."""
    codings = unpackers(encoding)
    packed = content = 0
    async for chunk in response.aiter_raw(CHUNK):
        packed += len(chunk)
        if codings and len(kept) <= MAX_BODY:
            kept += chunk
        for piece in unpacked(codings, chunk):
            content += len(piece)
            if codings and content >= MAX_BODY and content > MAX_RATIO * packed:
                raise DownloadCancelledError("MAXSIZE")
            yield piece
