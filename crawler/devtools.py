"""Chromium over its own debugging pipe: Chrome DevTools Protocol 1.3, a JSON message up to each
zero byte, on descriptors 3 and 4 of the browser.

Nobody else can speak to a pipe, as they could to a debugging port. A driver between would cost a
process, and each request of each page two more hops; Playwright stays where a page is pictured or
a person logs in.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from crawler.errors import BrowserFailed, NoBrowser, RenderFailed

Event = Callable[[str, dict[str, Any]], None]
IN, OUT = 3, 4
# Above these, so that no end of a pipe is what the browser's descriptors are made of.
ABOVE = 64
CLOSING_SECONDS, KILLED_SECONDS = 3.0, 2.0
# A page's text as JSON: six bytes a character at most.
MAX_MESSAGE = 512 * 1024 * 1024


class DevTools:
    """A running Chromium. `hear` has a session's events told, "" being the browser's own."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._next = 0
        self._asked: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self._listeners: dict[str, Event] = {}
        self._writing: asyncio.WriteTransport | None = None
        self._gone = asyncio.Event()

    @classmethod
    async def started(
        cls, command: Sequence[str], environment: dict[str, str], seconds: float
    ) -> DevTools:
        """Start Chromium and wait until it answers; raises NoBrowser or BrowserFailed."""
        pid, reading, writing = _spawned(command, environment)
        loop = asyncio.get_running_loop()
        tools = cls(pid)
        try:
            await loop.connect_read_pipe(lambda: _Incoming(tools), os.fdopen(reading, "rb", 0))
            tools._writing, _ = await loop.connect_write_pipe(
                asyncio.BaseProtocol, os.fdopen(writing, "wb", 0)
            )
            async with asyncio.timeout(seconds):
                await tools.send("Browser.getVersion")
        except (TimeoutError, RenderFailed, OSError) as error:
            await tools.close()
            raise BrowserFailed from error
        except BaseException:
            await tools.close()
            raise
        return tools

    @property
    def is_running(self) -> bool:
        """Whether it can still be spoken to."""
        return not self._gone.is_set()

    def hear(self, session: str, listener: Event) -> None:
        """Tell events of a session to a listener."""
        self._listeners[session] = listener

    def forget(self, session: str) -> None:
        """A session is over: nobody hears of it, and what it was asked fails."""
        self._listeners.pop(session, None)
        self._fail(lambda asked: asked == session)

    async def send(
        self, method: str, params: dict[str, Any] | None = None, session: str = ""
    ) -> dict[str, Any]:
        """One command and its result; raises RenderFailed where Chromium refuses it or is gone."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        number = self._write(method, params, session)
        self._asked[number] = session, answer
        if self._gone.is_set():
            answer.set_exception(RenderFailed("the browser is gone"))
        try:
            return await answer
        finally:
            self._asked.pop(number, None)

    def tell(self, method: str, params: dict[str, Any] | None = None, session: str = "") -> None:
        """One command whose result nobody waits for."""
        self._write(method, params, session)

    async def close(self) -> None:
        """End it, whatever state it is in."""
        with contextlib.suppress(TimeoutError, RenderFailed):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self.send("Browser.close")
                await self._gone.wait()
        if self._writing is not None:
            self._writing.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError, ChildProcessError):
            async with asyncio.timeout(KILLED_SECONDS):
                while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                    await asyncio.sleep(0.02)

    def _write(self, method: str, params: dict[str, Any] | None, session: str) -> int:
        self._next += 1
        message: dict[str, Any] = {"id": self._next, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        if self._writing is not None and not self._gone.is_set():
            self._writing.write(json.dumps(message).encode() + b"\0")
        return self._next

    def take(self, untrusted_message: bytes) -> None:
        """One message of Chromium's; what a page says in it is told on, not believed."""
        told = json.loads(untrusted_message)
        if "id" not in told:
            listener = self._listeners.get(told.get("sessionId", ""))
            if listener is not None:
                listener(told["method"], told.get("params", {}))
            return
        _, answer = self._asked.get(told["id"], ("", None))
        if answer is None or answer.done():
            return
        if "error" in told:
            answer.set_exception(RenderFailed(str(told["error"].get("message", ""))[:200]))
        else:
            answer.set_result(told.get("result", {}))

    def end(self) -> None:
        """The pipe is closed."""
        self._gone.set()
        self._fail(lambda _session: True)

    def _fail(self, concerns: Callable[[str], bool]) -> None:
        for session, answer in self._asked.values():
            if concerns(session) and not answer.done():
                answer.set_exception(RenderFailed("the browser, or its page, is gone"))


class _Incoming(asyncio.Protocol):
    """Messages out of a stream of bytes."""

    def __init__(self, tools: DevTools) -> None:
        self._tools = tools
        self._begun: list[bytes] = []
        self._size = 0
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        first, *others = data.split(b"\0")
        self._begun.append(first)
        self._size += len(first)
        if self._size > MAX_MESSAGE and self._transport is not None:
            self._transport.close()
            return
        for other in others:
            self._tools.take(b"".join(self._begun))
            self._begun, self._size = [other], len(other)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._tools.end()


def _spawned(command: Sequence[str], environment: dict[str, str]) -> tuple[int, int, int]:
    """(process, its answers, its orders). It leads a session, and has no descriptor of ours but
    these two: all others are closed where it begins (PEP 446)."""
    if not Path(command[0]).is_file():
        raise NoBrowser
    to_it, orders = _pipe()
    answers, from_it = _pipe()
    nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0)
    actions = [
        nothing, (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2),
        (os.POSIX_SPAWN_DUP2, to_it, IN), (os.POSIX_SPAWN_DUP2, from_it, OUT),
    ]  # fmt: skip
    try:
        pid = os.posix_spawn(
            command[0], list(command), environment, file_actions=actions, setsid=True
        )
    except OSError as error:
        os.close(answers)
        os.close(orders)
        raise BrowserFailed from error
    finally:
        os.close(to_it)
        os.close(from_it)
    return pid, answers, orders


def _pipe() -> tuple[int, int]:
    low = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, ABOVE) for end in low]
    for end in low:
        os.close(end)
    return high[0], high[1]
