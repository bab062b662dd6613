"""The supervisor's side of a crawl, reduced to a memory: what was reported and what is known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crawler.forkserver import ForkServer
from crawler.messages import PageReport, PostReport
from crawler.source import SourceSpec
from matching import frames


@dataclass
class Crawl:
    """What one crawl said."""

    pages: list[PageReport] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    outcome: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    status: int | None = None

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
        self._crawls = 0

    def crawl(
        self,
        spec: SourceSpec,
        pending: Sequence[str] = (),
        *,
        on_page: Callable[[Any], None] | None = None,
        timeout: float = 30.0,
    ) -> Crawl:
        """One crawl to its end."""
        self._crawls += 1
        temp = self.folder / f"crawl-{self._crawls}"
        temp.mkdir()
        found = Crawl()
        with self.forks.start(spec, pending, temp) as child:
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
        if kind == "ask":
            states = [self._state(*key) for key in header["keys"]]
            frames.send(child.socket, {"t": "known", "id": header["id"], "states": states})
        elif kind == "page":
            page = PageReport.from_frame(header, body)
            found.pages.append(page)
            self.known.update(page.seen)
            if on_page is not None:
                on_page(child)
        elif kind == "link":
            found.links.append(header["address"])
        elif kind == "problem":
            found.problems.append(header)
        else:
            found.outcome, found.counts = header["outcome"], header["counts"]
        return bool(kind != "done")

    def _state(self, location: str, state: str) -> str:
        if location not in self.known:
            return "new"
        return "same" if self.known[location] == state else "changed"


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
def source() -> Callable[..., SourceSpec]:
    """A source on loopback with no delay; fields as named."""

    def make(start: str, **fields: Any) -> SourceSpec:
        values: dict[str, Any] = {
            "id": "test", "start": (start,), "delay": 0.0, "concurrency": 4, "timeout": 5.0,
            "crawl_seconds": 60.0, "allow_addresses": ("127.0.0.0/8",),
        }  # fmt: skip
        return SourceSpec(**{**values, **fields})

    return make
