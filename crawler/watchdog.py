"""Watches one crawl child from outside: time, memory, and the wish to stop.

The child may be hostile, so nothing here asks it anything. At a limit the whole process group
is killed and the supervisor's end of the socket shut, which ends every read and write on it,
even while some process that left the group still holds the other end.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from socket import socket as Socket  # noqa: N812 - `socket` is a child's attribute
from types import TracebackType
from typing import Protocol

from matching.frames import encode

POLL = 0.2
MEMORY_EVERY = 0.5
STOP_GRACE = 4.0
PAGE = os.sysconf("SC_PAGE_SIZE")


class Child(Protocol):
    """What the fork server hands out for one crawl."""

    @property
    def socket(self) -> Socket:
        """The supervisor's end of the frames."""
        ...

    @property
    def pid(self) -> int:
        """The process, and the number of its group."""
        ...

    def kill(self) -> None:
        """Kill the whole process group."""
        ...

    def wait(self, timeout: float) -> int | None:
        """The exit status, or None when it still runs after `timeout` seconds."""
        ...


class Watchdog:
    """Guards a child while the context lasts; `reason` says why it was ended, "" if it was not.

    `seconds` bound the crawl's time, `memory` the group's resident bytes; `stop` is looked at
    all the time: a child that is asked to stop and does not within four seconds is killed.
    """

    def __init__(
        self,
        child: Child,
        *,
        seconds: float,
        memory: int,
        stop: Callable[[], str] = lambda: "",
        stop_grace: float = STOP_GRACE,
    ) -> None:
        self.reason = ""
        self.peak = 0
        self._child = child
        self._seconds = seconds
        self._memory = memory
        self._stop = stop
        self._stop_grace = stop_grace
        self._sending = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def send(self, frame: bytes) -> None:
        """Send a whole frame to the child; raises OSError once it was ended."""
        with self._sending:
            self._child.socket.sendall(frame)

    def _watch(self) -> None:
        began = time.monotonic()
        next_memory = began
        asked_at = 0.0
        while not self._over.wait(POLL):
            now = time.monotonic()
            if now - began > self._seconds:
                return self._end("time")
            if now >= next_memory:
                next_memory = now + MEMORY_EVERY
                self.peak = max(self.peak, used := group_memory(self._child.pid, self._memory))
                if used > self._memory:
                    return self._end("memory")
            wish = self._stop()
            if wish and not asked_at:
                self.reason = wish
                asked_at = now
                self._ask_to_stop()
            if asked_at and now - asked_at > self._stop_grace:
                return self._end(wish or self.reason)
        return None

    def _ask_to_stop(self) -> None:
        # The lock is held by a `send` that the child does not read; then it is killed in time.
        if self._sending.acquire(timeout=0.2):
            try:
                self._child.socket.send(encode({"t": "stop"}), socket.MSG_DONTWAIT)
            except OSError:
                pass
            finally:
                self._sending.release()

    def _end(self, reason: str) -> None:
        self.reason = reason
        self._child.kill()
        with suppress(OSError):
            self._child.socket.shutdown(socket.SHUT_RDWR)


def group_memory(group: int, limit: int) -> int:
    """Resident bytes of a process group. Pages that processes share count once each for every
    process; only when that crude sum is over `limit` the exact, slower one is taken."""
    members = list(_members(group))
    crude = sum(_resident(pid) for pid in members)
    return crude if crude <= limit else sum(_proportional(pid) for pid in members)


def _members(group: int) -> Iterator[int]:
    for name in os.listdir("/proc"):  # noqa: PTH208 - names only, four times a second
        if name.isdecimal():
            try:
                if os.getpgid(int(name)) == group:
                    yield int(name)
            except OSError:
                continue


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, ValueError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return _resident(pid)
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
