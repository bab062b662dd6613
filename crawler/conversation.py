"""The child's end of the frames: pages and questions out, answers and "stop" in, in the loop.

Sending waits while the supervisor is busy (back-pressure), so memory stays flat however fast
the site is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

from crawler.bounds import MAX_PATH
from crawler.messages import PageReport
from matching import frames

HIGH_WATER = 4 * 1024 * 1024
BATCH = 1000
STATES = frozenset({"new", "changed", "same", "old"})


class Conversation:
    """Frames over a connected socket. `on_stop` is called once, at "stop" or when it closes."""

    def __init__(self, sock: socket.socket, on_stop: Callable[[], None]) -> None:
        self._sock = sock
        self._on_stop = on_stop
        self._questions: dict[int, asyncio.Future[list[str] | bool]] = {}
        self._next = 0
        self._writing = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the socket is attached to the loop."""
        return self._writer is not None

    async def open(self) -> None:
        """Attach the socket to the running loop."""
        self._reader, self._writer = await asyncio.open_connection(sock=self._sock)
        self._writer.transport.set_write_buffer_limits(high=HIGH_WATER)
        self._listening = asyncio.create_task(self._listen(self._reader))

    async def ask(
        self, keys: Sequence[tuple[str, str]], within: str = "", *, links: bool = False
    ) -> list[str]:
        """For each (location, state): "new", "changed", "same", or for `links` "old", when it is
        time to look again. `within` is the location of the thread they stand in, if they do."""
        found: list[str] = []
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            listed = [list(key) for key in batch]
            states = await self._question(
                {"t": "ask", "keys": listed, "within": within, "links": links}
            )
            if not isinstance(states, list) or len(states) != len(batch):
                raise frames.FrameError("an answer is not as long as its question")
            found += states
        return found

    async def _question(self, header: dict[str, Any]) -> list[str] | bool:
        self._next += 1
        number = self._next
        answer: asyncio.Future[list[str] | bool] = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        await self._send({**header, "id": number})
        return await answer

    async def page(self, report: PageReport) -> None:
        """Report one page."""
        await self._send(*report.to_frame())

    async def link(self, address: str, kind: str, path: Sequence[str]) -> None:
        """Report an address that is to be fetched: by another source ("sister") or this one."""
        listed = list(path)[-MAX_PATH:]
        await self._send({"t": "link", "address": address, "kind": kind, "path": listed})

    async def left(self, address: str, reason: str, path: Sequence[str]) -> None:
        """Report a link that is not followed, and why."""
        listed = list(path)[-MAX_PATH:]
        await self._send({"t": "left", "address": address, "reason": reason, "path": listed})

    async def part(self, layers: Sequence[tuple[str, str]]) -> bool:
        """Whether the texts of a file's beginning are enough to be certain of a repost."""
        answer = await self._question({"t": "part", "layers": [list(layer) for layer in layers]})
        return answer is True

    async def reading(self, told: dict[str, Any]) -> None:
        """Tell how a page was read (crawler.trialframes); in a trial only."""
        await self._send({"t": "reading", **told})

    async def problem(self, kind: str, address: str, what: str) -> None:
        """Report what went wrong: one sentence, no content."""
        await self._send({"t": "problem", "kind": kind, "address": address, "what": what})

    async def sent(self, hosts: dict[str, int]) -> None:
        """Report how many requests went to which host since the last time."""
        if hosts:
            await self._send({"t": "sent", "hosts": hosts})

    async def lists(self, pages: list[dict[str, Any]]) -> None:
        """Hand over what sites told of pages that are looked at again."""
        await self._send({"t": "lists", "pages": pages})

    async def done(self, outcome: str, counts: dict[str, int], wait: float = 0.0) -> None:
        """The last frame; waits until all is handed over. `wait`: seconds for which the site
        asked to be left alone."""
        last = {"t": "done", "outcome": outcome, "counts": counts, "wait": round(wait, 1)}
        await self._send(last)
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()
        if self._listening is not None:
            self._listening.cancel()

    async def _send(self, header: dict[str, Any], body: bytes = b"") -> None:
        if self._writer is None:
            raise frames.FrameError("the conversation is not open")
        async with self._writing:
            self._writer.write(frames.encode(header, body))
            await self._writer.drain()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                head_length, body_length = frames.check_prefix(
                    await reader.readexactly(frames.PREFIX.size)
                )
                header = frames.decode_header(await reader.readexactly(head_length))
                await reader.readexactly(body_length)
                self._take(header)
        except (asyncio.IncompleteReadError, OSError, frames.FrameError):
            self._close()

    def _take(self, header: dict[str, Any]) -> None:
        if header.get("t") == "stop":
            self._on_stop()
        elif header.get("t") == "known":
            answer = self._questions.pop(int(header["id"]), None)
            if answer is not None and not answer.done():
                answer.set_result([s if s in STATES else "new" for s in header["states"]])
        elif header.get("t") == "enough":
            answer = self._questions.pop(int(header["id"]), None)
            if answer is not None and not answer.done():
                answer.set_result(header.get("enough") is True)

    def _close(self) -> None:
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(frames.Closed("the supervisor is gone"))
        self._questions.clear()
        self._on_stop()
