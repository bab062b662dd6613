"""The fork server's loop (`python -m crawler.forkserver`)."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

# Imported here once, so that each child starts with them.
import scrapy.core.downloader.handlers.http11
import scrapy.core.engine
import scrapy.extensions.throttle
import scrapy.pipelines  # noqa: F401
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

import crawler.child
import crawler.limits
from crawler.borders import Borders
from crawler.settings import components, crawl_settings
from crawler.source import SourceSpec

PACKET = 64 * 1024
FIRST_FREE = 3


def preload() -> None:
    """Import what a crawl uses, so that it need not: Scrapy loads every class that its settings
    name, also those that are switched off, and that takes longer than a small crawl."""
    spec = SourceSpec("preload", ("http://127.0.0.1/",))
    for name in set(components(Settings(crawl_settings(spec, Borders(spec))))):
        with contextlib.suppress(ImportError, AttributeError, NameError, ValueError):
            load_object(name)
    importlib.import_module(crawler.child.SPIDERS)
    if "twisted.internet.reactor" in sys.modules:
        raise RuntimeError("a reactor must not be shared by crawls")


def serve(control: socket.socket) -> NoReturn:
    """Fork on request, reap, report; end when the client does."""
    crawler.limits.prctl(crawler.limits.PR_SET_CHILD_SUBREAPER, 1)
    waker, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    preload()
    gc.collect()
    gc.freeze()
    server = _Server(control)
    waiting: list[Any] = [control, waker]
    while True:
        readable, _, _ = select.select(waiting, [], [])
        if waker in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(waker, 4096)
            server.reap()
        if control in readable and not server.handle():
            break
    server.end()
    sys.exit(0)


class _Server:
    """Children by pid."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, int] = {}

    def handle(self) -> bool:
        """One request; False when the client is gone."""
        raw, descriptors, _, _ = socket.recv_fds(self._control, PACKET, 4)
        if not raw:
            return False
        request = json.loads(raw)
        if request["op"] == "kill":
            self._kill(request["id"])
        else:
            self._fork(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_child(server, request, descriptors)
        self._children[pid] = request["id"]
        self._tell({"t": "started", "id": request["id"], "pid": pid})

    def _kill(self, number: int) -> None:
        for pid, owner in self._children.items():
            if owner == number:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Report every child that ended and end what it left behind."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            number = self._children.pop(pid, None)
            if number is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
                code = os.waitstatus_to_exitcode(status)
                self._tell({"t": "exited", "id": number, "status": code})
        self._end_orphans()

    def _end_orphans(self) -> None:
        """A browser leads a group of its own and outlives its crawl's; as a subreaper this
        process inherits it, and what it inherits is nobody's."""
        for pid in _children_of(os.getpid()):
            if pid not in self._children:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill and reap everything."""
        for pid in list(self._children):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self._children.clear()
        while _children_of(os.getpid()):
            self._end_orphans()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)

    def _tell(self, report: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._control.send(json.dumps(report).encode())


def _children_of(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(one) for one in listed.split()]


def _be_child(server: int, request: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """In the child: a session, limits, folder and descriptors of its own, then the crawl."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        crawler.limits.confine(int(request["memory"]), float(request["seconds"]))
        if os.getppid() != server:
            # It died before this child was bound to it.
            os._exit(status)
        sock, memory = _keep_only(descriptors)
        temp = str(request["temp"])
        os.chdir(temp)
        os.environ.update(HOME=temp, TMPDIR=temp, TMP=temp, TEMP=temp)
        status = crawler.child.run(sock, memory)
    except BaseException as error:
        # The class alone: a message could hold an address or a page's text.
        sys.stderr.write(f"crawl child: {type(error).__name__}\n")
    finally:
        sys.stderr.flush()
        os._exit(status)


def _keep_only(descriptors: list[int]) -> tuple[socket.socket, int]:
    """Close every descriptor but the standard ones and those two, moved to 3 and 4."""
    high = [os.dup2(one, 200 + index) for index, one in enumerate(descriptors)]
    os.closerange(FIRST_FREE, 200)
    for index, one in enumerate(high):
        os.dup2(one, FIRST_FREE + index, inheritable=False)
    os.closerange(FIRST_FREE + len(high), 65_536)
    return socket.socket(fileno=FIRST_FREE), FIRST_FREE + 1
