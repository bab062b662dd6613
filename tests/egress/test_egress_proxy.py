"""The browser's way out, over real sockets, with a canary that nothing may reach."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.errors import EgressError
from egress.policy import Policy
from egress.proxy import Proxy, ProxyLimits
from egress.request import BadRequest, parse

LOOPBACK = ["127.0.0.0/8"]


class Site:
    """A server that counts its connections and keeps what it was sent."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        self.hits = 0
        self.closes = True
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        self.heads[-1] += await reader.readexactly(int(line.split(b":")[1]))
                writer.write(self.answer)
                await writer.drain()
                if self.closes:
                    break
        writer.close()

    async def __aenter__(self) -> Site:
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()


def names(**hosts: Sequence[str]) -> tuple[list[str], object]:
    asked: list[str] = []

    async def look_up(name: str, port: int) -> Sequence[str]:
        asked.append(name)
        return hosts.get(name.split(".")[0], [])

    return asked, look_up


@contextlib.asynccontextmanager
async def connection(
    proxy: Proxy,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def say(proxy: Proxy, request: bytes) -> bytes:
    async with connection(proxy) as (reader, writer):
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()


async def test_plain_http_goes_to_the_address_that_was_judged() -> None:
    asked, look_up = names(site=["127.0.0.1"])
    async with Site() as site, Proxy(Policy(LOOPBACK), look_up=look_up) as proxy:  # type: ignore[arg-type]
        answer = await say(
            proxy,
            f"GET http://site.example:{site.port}/a?b=c HTTP/1.1\r\nHost: evil.example\r\n"
            "Proxy-Connection: keep-alive\r\nCookie: a=b\r\nX-Hop: 1\r\nConnection: x-hop\r\n"
            "Upgrade: h2c\r\n\r\n".encode(),
        )
        assert answer.endswith(b"\r\n\r\nhi")
        head = site.heads[0].split(b"\r\n")
        assert head[0] == b"GET /a?b=c HTTP/1.1"
        assert head[1] == f"Host: site.example:{site.port}".encode()
        assert sorted(head[2:-2]) == [b"Connection: close", b"cookie: a=b"]
        assert asked == ["site.example"]
        assert proxy.counts.dialled == 1


async def test_a_body_goes_with_its_request() -> None:
    async with Site() as site, Proxy(Policy(LOOPBACK)) as proxy:
        head = f"POST http://127.0.0.1:{site.port}/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
        assert b"200 OK" in await say(proxy, head.encode())
        assert site.heads[0].endswith(b"\r\n\r\nhello")


async def test_a_tunnel_carries_bytes_both_ways_and_ends_with_either_side() -> None:
    async with (
        Site() as site,
        Proxy(Policy(LOOPBACK)) as proxy,
        connection(proxy) as (reader, writer),
    ):
        site.closes = False
        writer.write(f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\n\r\n".encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
            assert (await reader.readexactly(len(site.answer))) == site.answer
        writer.write_eof()
        assert await reader.read() == b""


@pytest.mark.parametrize(
    "form", ["GET http://{host}:{port}/ HTTP/1.1\r\n\r\n", "CONNECT {host}:{port} HTTP/1.1\r\n\r\n"]
)
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1",
     "0177.0.0.1", "inside.example", "[64:ff9b::7f00:1]", "0.0.0.0", "127.0.0.1."],
)  # fmt: skip
async def test_the_canary_gets_no_hit(form: str, host: str) -> None:
    _, look_up = names(inside=["127.0.0.1", "::1"], localhost=["127.0.0.1"])
    async with Site() as canary, Proxy(Policy(), look_up=look_up) as proxy:  # type: ignore[arg-type]
        answer = await say(proxy, form.format(host=host, port=canary.port).encode())
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert canary.hits == 0
        assert sum(proxy.counts.refused.values()) == 1
        assert proxy.counts.dialled == 0


async def test_a_name_that_turns_inward_is_not_looked_up_again() -> None:
    """DNS rebinding: the first answer is outside the canary's network, the next one is it."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
    count = 0

    async def rebinding(name: str, port: int) -> Sequence[str]:
        nonlocal count
        count += 1
        return next(answers)

    async with Site() as canary, Proxy(Policy(["127.0.0.2/32"]), look_up=rebinding) as proxy:
        for _ in range(3):
            await say(proxy, f"GET http://r.example:{canary.port}/ HTTP/1.1\r\n\r\n".encode())
        assert canary.hits == 0
        assert count == 1


async def test_a_second_request_cannot_ride_on_the_first_connection() -> None:
    async with Site() as site, Proxy(Policy(LOOPBACK)) as proxy:
        site.closes = False
        one = f"GET http://127.0.0.1:{site.port}/one HTTP/1.1\r\n\r\n"
        two = f"GET http://127.0.0.1:{site.port}/two HTTP/1.1\r\n\r\n"
        async with connection(proxy) as (reader, writer):
            writer.write((one + two).encode())
            await reader.readexactly(len(site.answer))
            await asyncio.sleep(0.1)
        assert [head.split(b" ")[1] for head in site.heads] == [b"/one"]


async def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    _, look_up = names(two=["127.0.0.9", "127.0.0.1"], none=[])
    async with Site() as site, Proxy(Policy(LOOPBACK), look_up=look_up) as proxy:  # type: ignore[arg-type]
        assert b"200 OK" in await say(
            proxy, f"GET http://two.example:{site.port}/ HTTP/1.1\r\n\r\n".encode()
        )
        assert b" 502 " in await say(proxy, b"GET http://none.example/ HTTP/1.1\r\n\r\n")
        assert b" 502 " in await say(proxy, b"GET http://127.0.0.9:1/ HTTP/1.1\r\n\r\n")
        assert proxy.counts.failed == 2


async def test_with_a_credential_others_on_the_machine_do_not_go_out() -> None:
    async with Site() as site, Proxy(Policy(LOOPBACK), credential=True) as proxy:
        line = f"GET http://127.0.0.1:{site.port}/ HTTP/1.1\r\n"
        pair = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        wrong = base64.b64encode(b"vigie:").decode()
        assert b" 407 " in await say(proxy, f"{line}\r\n".encode())
        assert b" 407 " in await say(
            proxy, f"{line}Proxy-Authorization: Basic {wrong}\r\n\r\n".encode()
        )
        assert site.hits == 0
        assert b" 200 " in await say(
            proxy, f"{line}Proxy-Authorization: Basic {pair}\r\n\r\n".encode()
        )
        assert pair.encode() not in site.heads[0]


@pytest.mark.parametrize(
    ("limits", "request_head", "counted"),
    [
        (ProxyLimits(header_seconds=0.2), b"GET http://a.exam", ""),
        (
            ProxyLimits(header=1000),
            b"GET http://a.example/ HTTP/1.1\r\nA: " + b"x" * 5000,
            "request",
        ),
    ],
)
async def test_slow_and_endless_headers_end(
    limits: ProxyLimits, request_head: bytes, counted: str
) -> None:
    async with Proxy(Policy(), limits=limits) as proxy:
        async with asyncio.timeout(3):
            answer = await say(proxy, request_head)
        assert not answer or b" 400 " in answer
        assert proxy.counts.refused[counted] == bool(counted)


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
    writer.close()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)
    writer.close()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@pytest.mark.parametrize(
    ("serve", "limits"),
    [
        (_endless, ProxyLimits(total_bytes=1_000_000)),
        (_drip, ProxyLimits(total_seconds=0.5)),
        (_silent, ProxyLimits(idle_seconds=0.3)),
    ],
)
async def test_no_server_holds_a_connection_for_ever(serve: object, limits: ProxyLimits) -> None:
    assert callable(serve)
    served: list[asyncio.Task[None]] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served.append(task)
        await serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Proxy(Policy(LOOPBACK), limits=limits) as proxy:
        async with asyncio.timeout(5):
            got = await say(proxy, f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n".encode())
        assert len(got) <= 1_000_000
    server.close()
    await asyncio.wait(served, timeout=3)


async def test_too_many_connections_are_turned_away() -> None:
    proxy = Proxy(Policy(), limits=ProxyLimits(connections=2))
    async with proxy, connection(proxy), connection(proxy):
        await asyncio.sleep(0.05)
        assert b" 503 " in await say(proxy, b"GET http://a.example/ HTTP/1.1\r\n\r\n")


async def test_closing_ends_every_connection() -> None:
    proxy = Proxy(Policy())
    async with proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        await asyncio.sleep(0.05)
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(EgressError):
        _ = proxy.port


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1",
        b"GET https://a.example/ HTTP/1.1",
        b"GET file:///etc/passwd HTTP/1.1",
        b"GET ftp://a.example/ HTTP/1.1",
        b"GET http://user:pw@a.example/ HTTP/1.1",
        b"GET http:///x HTTP/1.1",
        b"GET http://a.example:0/ HTTP/1.1",
        b"GET http://a.example:99999/ HTTP/1.1",
        b"CONNECT a.example HTTP/1.1",
        b"CONNECT a.example:443/x HTTP/1.1",
        b"CONNECT a@b:443 HTTP/1.1",
        b"GET http://a.example/ HTTP/2.0",
        b"get http://a.example/ HTTP/1.1",
        b"GET http://a.example/ b HTTP/1.1",
        b"GET http://a.example/\xe9 HTTP/1.1",
        b"GET http://a.example/ HTTP/1.1\r\n folded: x",
        b"GET http://a.example/ HTTP/1.1\r\nA: b\nEvil: c",
        b"GET http://a.example/ HTTP/1.1\r\nA : b",
        b"GET http://a.example/ HTTP/1.1\r\nA: b\x00",
        b"POST http://a.example/ HTTP/1.1\r\nTransfer-Encoding: chunked",
        b"POST http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        b"POST http://a.example/ HTTP/1.1\r\nContent-Length: +1",
        b"POST http://a.example/ HTTP/1.1\r\nContent-Length: 99999999999",
    ],
)
def test_requests_of_two_meanings_are_refused(head: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(head + b"\r\n\r\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(head: bytes) -> None:
    with contextlib.suppress(BadRequest):
        parse(b"GET http://a.example/ HTTP/1.1\r\n" + head + b"\r\n\r\n")
    with contextlib.suppress(BadRequest):
        parse(head + b"\r\n\r\n")


@pytest.mark.browser
async def test_chromium_reaches_nothing_inside(tmp_path: Path) -> None:
    """Redirect, frame, fetch, WebSocket and image from a page whose site is allowed."""
    from playwright.async_api import async_playwright

    async with Site() as canary:
        places = f"127.0.0.1:{canary.port}"
        page_body = (
            f"<img src='http://{places}/img'><iframe src='http://{places}/frame'></iframe><script>"
            f"fetch('http://{places}/fetch',{{mode:'no-cors'}}).catch(()=>0);"
            f"fetch('http://localhost:{canary.port}/fetch').catch(()=>0);"
            f"fetch('/redirect').catch(()=>0);"
            f"new WebSocket('ws://{places}/socket');"
            "setTimeout(()=>{document.title='done'},1500)</script>"
        ).encode()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            first = b"HTTP/1.1 200 OK\r\nContent-Type: text/html"
            body = page_body
            if head.startswith(b"GET /redirect"):
                first = f"HTTP/1.1 302 Found\r\nLocation: http://{places}/r".encode()
                body = b""
            writer.write(b"%b\r\nContent-Length: %d\r\n\r\n%b" % (first, len(body), body))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.2", 0)
        port = server.sockets[0].getsockname()[1]
        async with (
            Proxy(Policy(["127.0.0.2/32"]), credential=True) as proxy,
            async_playwright() as driver,
        ):
            browser = await driver.chromium.launch(
                executable_path="/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None,
                args=["--no-sandbox", "--proxy-bypass-list=<-loopback>"],
                proxy={"server": proxy.url, "username": proxy.username, "password": proxy.password},
            )
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.2:{port}/")
            await page.wait_for_function("document.title === 'done'")
            await browser.close()
            assert proxy.counts.refused["address"] >= 4
            assert proxy.counts.dialled >= 2
        server.close()
        assert canary.hits == 0
