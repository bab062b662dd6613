"""The supervisor's side of a crawl, reduced to a memory: what was reported and what is known."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crawler.forkserver import ForkServer
from crawler.messages import PageReport, PostReport
from crawler.source import SourceSpec
from matching import frames
from tests.crawler.fake_crawl import Bench, bench_in

HEALTHY = "un texte sain qui doit toujours être lu, ligne après ligne"


@dataclass
class Crawl:
    """What one crawl said."""

    pages: list[PageReport] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    parts: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    wait: float = 0.0
    validators: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    outcome: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    status: int | None = None
    peak: int = 0  # bytes of memory the child had at most

    @property
    def posts(self) -> list[PostReport]:
        """All posts, in order."""
        return [post for page in self.pages for post in page.posts]

    @property
    def texts(self) -> str:
        """All texts of all posts."""
        return "\n".join(text for post in self.posts for _, text in post.layers)

    @property
    def kinds(self) -> list[str]:
        """The kinds of all problems."""
        return [problem["kind"] for problem in self.problems]


class Watcher:
    """Crawls and remembers what was seen, as the record does."""

    def __init__(self, forks: ForkServer, folder: Path) -> None:
        self.forks = forks
        self.folder = folder
        self.known: dict[str, str] = {}
        self.all_old = False
        self.validators: list[dict[str, Any]] = []
        self.is_repost: Callable[[str], bool] = lambda _text: False
        self._crawls = 0

    def crawl(
        self,
        spec: SourceSpec,
        pending: Sequence[str] = (),
        *,
        on_page: Callable[[Any], None] | None = None,
        timeout: float = 30.0,
        paths: dict[str, list[str]] | None = None,
    ) -> Crawl:
        """One crawl to its end."""
        self._crawls += 1
        temp = self.folder / f"crawl-{self._crawls}"
        temp.mkdir()
        found = Crawl()
        more = {"paths": paths or {}, "validators": self.validators}
        with self.forks.start(spec, pending, temp, more) as child:
            alarm = threading.Timer(timeout, child.kill)
            alarm.start()
            try:
                while self._take(child, found, on_page):
                    pass
            except (frames.FrameError, OSError):
                pass
            found.status = child.wait(10)
            alarm.cancel()
        return found

    def _take(self, child: Any, found: Crawl, on_page: Callable[[Any], None] | None) -> bool:
        header, body = frames.receive(child.socket)
        kind = header["t"]
        told = _status(child.pid).partition("VmHWM:")[2].split()
        found.peak = max(found.peak, int(told[0]) * 1024 if told else 0)
        if kind == "ask":
            states = [self._state(*key) for key in header["keys"]]
            if header["links"]:
                states = ["old" if s == "same" and self.all_old else s for s in states]
            frames.send(child.socket, {"t": "known", "id": header["id"], "states": states})
        elif kind == "page":
            page = PageReport.from_frame(header, body)
            found.pages.append(page)
            self.known.update(page.seen)
            if on_page is not None:
                on_page(child)
        elif kind == "link":
            found.links.append(header["address"])
        elif kind == "left":
            found.left[header["address"]] = header["reason"]
        elif kind == "part":
            found.parts += 1
            enough = self.is_repost("\n".join(text for _, text in header["layers"]))
            frames.send(child.socket, {"t": "enough", "id": header["id"], "enough": enough})
        elif kind == "problem":
            found.problems.append(header)
        elif kind == "lists":
            found.validators = header["pages"]
        elif kind == "sent":
            found.sent.update(header["hosts"])
        else:
            found.wait = header["wait"]
            found.outcome, found.counts = header["outcome"], header["counts"]
        return bool(kind != "done")

    def _state(self, location: str, state: str) -> str:
        if location not in self.known:
            return "new"
        return "same" if self.known[location] == state else "changed"


def _status(pid: int) -> str:
    """What the kernel says of a process; "" when it has ended, with frames of it still to read."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/status").read_text()
    return ""


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """One fork server for the run."""
    with ForkServer() as server:
        yield server


@pytest.fixture
def watcher(forks: ForkServer, tmp_path: Path) -> Watcher:
    """A watcher that knows nothing yet."""
    return Watcher(forks, tmp_path)


@pytest.fixture
def source(request: pytest.FixtureRequest) -> Callable[..., SourceSpec]:
    """A source on loopback with no delay and a session of its own; fields as named."""

    def make(start: str, **fields: Any) -> SourceSpec:
        values: dict[str, Any] = {
            "id": request.node.name, "start": (start,), "delay": 0.0, "concurrency": 4,
            "timeout": 5.0, "crawl_seconds": 60.0, "allow_addresses": ("127.0.0.0/8",),
        }  # fmt: skip
        return SourceSpec(**{**values, **fields})

    return make


class Hostile:
    """A server on loopback that answers as told, byte for byte, and counts what it was asked.

    `answers` maps a path (with query) to bytes, or to a function that writes to the socket.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.answers: dict[str, bytes | Callable[[socket.socket], None]] = {}
        self.fallback: Callable[[str], bytes] | None = None
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        self._listener = socket.create_server((host, 0))
        self._listener.settimeout(0.2)
        self._open = True
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The root address, without a closing slash."""
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}"

    def close(self) -> None:
        """Stop listening."""
        if not self._open:
            return
        self._open = False
        self._thread.join()
        self._listener.close()

    def page(self, path: str, body: str, kind: str = "text/html; charset=utf-8") -> None:
        """A plain page."""
        self.answers[path] = answer(body.encode(), kind)

    def _accept(self) -> None:
        while self._open:
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                part = sock.recv(65536)
                if not part:
                    return
                head += part
            path = head.split(b" ", 2)[1].decode()
            self.asked.append(path)
            self.heads.append(head)
            found = self.answers.get(path)
            if found is None and self.fallback is not None and path != "/robots.txt":
                found = self.fallback(path)
            if found is None:
                found = answer(b"no", "text/plain", "404 Not Found")
            if isinstance(found, bytes):
                sock.sendall(found)
            else:
                found(sock)


def answer(body: bytes, kind: str = "text/html", status: str = "200 OK", more: str = "") -> bytes:
    """One whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{more}Connection: close\r\n\r\n".encode() + body


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    """A hostile server."""
    server = Hostile()
    yield server
    server.close()


@pytest.fixture
def reply() -> Callable[..., bytes]:
    """Builds answers."""
    return answer


@pytest.fixture
def canary() -> Iterator[tuple[str, list[bytes]]]:
    """A second listener on loopback that nothing may reach."""
    hits: list[bytes] = []
    listener = socket.create_server(("127.0.0.2", 0))
    listener.settimeout(0.1)
    alive = True

    def accept() -> None:
        while alive:
            try:
                sock, _ = listener.accept()
            except TimeoutError:
                continue
            with sock:
                hits.append(sock.recv(4096))

    thread = threading.Thread(target=accept)
    thread.start()
    yield f"127.0.0.2:{listener.getsockname()[1]}", hits
    alive = False
    thread.join()
    listener.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A record, a supervisor, and children that are scripts."""
    with bench_in(tmp_path) as made:
        yield made


@pytest.fixture
def listing(hostile: Any) -> Any:
    """A list of pastes with a healthy one; returns a function that lists one more path."""

    def add(*paths: str) -> None:
        rows = "".join(f"<li><a href='{p}'>note {i} ici</a></li>" for i, p in enumerate(paths))
        hostile.page("/", f"<main><ul><li><a href='/n/ok1'>note saine</a></li>{rows}</ul></main>")
        hostile.page("/n/ok1", f"<main><pre>{HEALTHY}</pre></main>")

    return add
