"""A site made of a function, served by a process of its own that takes little of a core.

HTTP/1.1 with connections that stay open; bodies are made by the function when they are asked
for. What counts in the benches is measured here: when the first and the last page were asked for,
and how often which kind of thing was.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Self

HTML = b"text/html; charset=utf-8"
Made = tuple[bytes, bytes, bytes] | None
World = Callable[[str], Made]
"""A path (with query) to (kind of request, content type, body); None is a 404."""


@dataclass
class Told:
    """What was asked until now. Times are of the machine's monotonic clock."""

    counts: dict[str, int] = field(default_factory=dict)
    first: float = 0.0
    last: float = 0.0
    cpu: float = 0.0

    @property
    def seconds(self) -> float:
        """From the first page to the last."""
        return self.last - self.first


class Site:
    """A running site; a context manager. `factory` and `arguments` make the world over there."""

    def __init__(self, factory: Callable[..., World], *arguments: Any, ports: int = 1) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._pipe = ours
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(
            target=_serve, args=(theirs, factory, arguments, ports), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        self.ports: list[int] = self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    @property
    def address(self) -> str:
        """The root address of the first port, without a closing slash."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def told(self, *, anew: bool = False) -> Told:
        """What was asked since the beginning, or since it was last counted `anew`."""
        self._pipe.send(anew)
        found: Told = self._pipe.recv()
        return found


class _Counting:
    """The counts that all connections share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.counts: Counter[str] = Counter()
        self.first = self.last = 0.0

    def answer(self, path: str) -> bytes:
        made = self.world(path)
        if made is None:
            self.counts["missing"] += 1
            return _head(b"404 Not Found", b"text/plain", 2) + b"no"
        kind, content_type, body = made
        self.counts[kind.decode()] += 1
        if kind in (b"page", b"list"):
            self.last = time.monotonic()
            self.first = self.first or self.last
        return _head(b"200 OK", content_type, len(body)) + body


class _Connection(asyncio.Protocol):
    def __init__(self, counting: _Counting) -> None:
        self._counting = counting
        self._untrusted = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._untrusted += data
        while b"\r\n\r\n" in self._untrusted:
            head, _, self._untrusted = self._untrusted.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1")
            self._transport.write(self._counting.answer(path))
            if b"connection: close" in head.lower():
                self._transport.close()


def _head(status: bytes, content_type: bytes, length: int) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (
        status, content_type, length,
    )  # fmt: skip


def _serve(pipe: Connection, factory: Callable[..., World], arguments: Any, ports: int) -> None:
    asyncio.run(_run(pipe, _Counting(factory(*arguments)), ports))


async def _run(pipe: Connection, counting: _Counting, ports: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(lambda: _Connection(counting), "127.0.0.1", 0, backlog=512)
        for _ in range(ports)
    ]
    pipe.send([server.sockets[0].getsockname()[1] for server in servers])
    over = asyncio.Event()

    def tell() -> None:
        try:
            anew = pipe.recv()
        except EOFError:
            over.set()
            return
        told = Told(dict(counting.counts), counting.first, counting.last, time.process_time())
        pipe.send(told)
        if anew:
            counting.counts.clear()
            counting.first = counting.last = 0.0

    loop.add_reader(pipe.fileno(), tell)
    await over.wait()
