"""A crawl whose child is a script: a real process with a socket, in a group of its own, as the
fork server starts them. The matcher and the folder of originals are stood in for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from crawler.judge import Judge
from crawler.outcome import CrawlOutcome
from crawler.parts import Parts
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec
from crawler.supervise import Supervisor
from index.canaries import CanaryStore
from index.engine import open_record
from index.frontier import Frontier
from index.leases import Leases, source_lease
from index.recorder import Recorder
from index.revisits import RevisitStore
from index.vault import Vault
from matching.errors import ServiceError
from matching.result import Match, ScanResult, TextLayer, Verdict

PRELUDE = """
import os, socket, struct, sys, time
from matching.frames import encode, receive, send
from crawler.messages import PageReport, PostReport
from datetime import UTC, datetime
sock = socket.socket(fileno=int(sys.argv[1]))
temp = sys.argv[2]
pending = sys.argv[3:]
def page(n, text="ordinary", posts=1, thread="", **more):
    made = tuple(PostReport(location=f"http://s/{n}#{p}", layers=(("", text),), title="A title",
                            thread=thread, frame_ids=(str(n),)) for p in range(posts))
    return PageReport(address=f"http://s/{n}", status=200,
                      fetched_at=datetime.now(UTC).isoformat(), posts=made,
                      seen=((f"http://s/{n}", "1"),), body=text.encode(), **more).to_frame()
def done(outcome="finished"):
    send(sock, {"t": "done", "outcome": outcome, "counts": {}})
"""


@dataclass
class FakeChild:
    """A process started as the fork server would."""

    process: subprocess.Popen[bytes]
    socket: socket.socket

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self, timeout: float) -> int | None:
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None


class FakeForks:
    """Runs `code` in place of a crawl."""

    def __init__(self) -> None:
        self.code = ""
        self.temp = Path()
        self.child: FakeChild | None = None

    def start(
        self,
        spec: SourceSpec,
        pending: Sequence[str],
        temp: Path,
        more: Mapping[str, object] | None = None,
    ) -> FakeChild:
        mine, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    PRELUDE + self.code,
                    str(theirs.fileno()),
                    str(temp),
                    *pending,
                ],
                pass_fds=[theirs.fileno()],
                process_group=0,
                stderr=subprocess.DEVNULL,
            )
        self.temp = temp
        self.child = FakeChild(process, mine)
        return self.child


class FakeMatcher:
    """Finds the record N in a post that says "leaked N"; breaks at "poison", dies at "fatal"."""

    def scan(
        self,
        document: str,
        size: int,
        sha256: str,
        layers: Sequence[TextLayer],
        *,
        all_matches: bool = False,
    ) -> tuple[ScanResult, ...]:
        text = layers[0].text
        if "poison" in text:
            raise ValueError("the text of the poison")
        if "fatal" in text:
            raise ServiceError("The matcher process died twice on the same document.")
        words = text.split()
        rows = [int(word) for word in words[1:]] if words[:1] == ["leaked"] else []
        matches = tuple(Match("leak", row, 60.0, ("nir",), ((0, 6),)) for row in rows)
        verdict = Verdict.FRAGMENT if rows else Verdict.NONE
        return (ScanResult("", size, sha256, verdict, len(rows), 0, len(rows), 1e-9, matches),)


class Originals:
    """Remembers what was sealed and what was thrown away again."""

    def __init__(self) -> None:
        self.sealed: list[bytes] = []
        self.discarded: list[str] = []
        self.full = False

    def seal(self, body: bytes, facts: dict[str, object], more: object = None) -> str:
        if self.full:
            raise OSError(28, "No space left on device")
        self.sealed.append(body)
        return f"original-{len(self.sealed)}.age"

    def discard(self, name: str) -> None:
        self.discarded.append(name)


@dataclass
class Bench:
    """Everything of one test."""

    engine: Engine
    forks: FakeForks
    originals: Originals
    frontier: Frontier
    supervisor: Supervisor
    folder: RunFolder
    token: int
    woken: list[str]

    def crawl(
        self, code: str, *, stop: Callable[[], str] = lambda: "", **changes: object
    ) -> CrawlOutcome:
        self.forks.code = textwrap.dedent(code)
        fields: dict[str, object] = {"crawl_seconds": 30.0, **changes}
        spec = SourceSpec(id="s", start=("http://s/",), **fields)  # type: ignore[arg-type]
        outcome = self.supervisor.crawl(spec, token=self.token, stop=stop)
        child = self.forks.child
        assert child is not None
        assert child.process.poll() is not None, "the child lives on"
        assert list(self.folder.path.iterdir()) == [self.folder.path / "lock"]
        return outcome

    def count(self, table: type) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@contextmanager
def bench_in(place: Path) -> Iterator[Bench]:
    """A bench with an empty record; the source "s" is leased to it."""
    engine = open_record(f"sqlite:///{place}/store/vigie.db")
    grant = Leases(engine, owner="test").acquire(source_lease("s"), 600)
    assert grant is not None
    frontier = Frontier(engine, Vault(bytes(32)))
    recorder, originals, forks = Recorder(engine), Originals(), FakeForks()
    woken: list[str] = []
    parts = Parts(
        judge=Judge(FakeMatcher(), ["leak"], frontier, recorder, originals),
        recorder=recorder,
        frontier=frontier,
        originals=originals,
        revisits=RevisitStore(engine, Vault(bytes(32))),
        canaries=CanaryStore(engine, Vault(bytes(32))),
        sister={"paste:80": "pastes", "paste": "pastes", "s": "s"}.get,
        wake=woken.append,
    )
    with RunFolder(place) as folder:
        supervisor = Supervisor(forks, parts, folder)
        yield Bench(engine, forks, originals, frontier, supervisor, folder, grant.token, woken)
    engine.dispose()
