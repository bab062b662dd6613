"""Hostile children: whatever they do, the crawl ends, and nothing they said is believed unchecked.

Each child is a real process with a socket, in a group of its own, as the fork server starts them.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from crawler import watchdog as watchdog_module
from crawler.judge import Judge
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec
from crawler.supervise import CrawlOutcome, Parts, Supervisor
from index.alerts import AlertStore
from index.engine import open_record
from index.frontier import Frontier
from index.leases import Leases, source_lease
from index.recorder import Recorder
from index.schema import Alert, Capture, Hit, Pending, Seen
from index.vault import Vault
from matching.result import Match, ScanResult, TextLayer, Verdict

PRELUDE = """
import os, socket, struct, sys, time
from matching.frames import encode, receive, send
from crawler.messages import PageReport, PostReport
from datetime import UTC, datetime
sock = socket.socket(fileno=int(sys.argv[1]))
temp = sys.argv[2]
pending = sys.argv[3:]
def page(n, text="ordinary", posts=1, **more):
    made = tuple(PostReport(location=f"http://s/{n}#{p}", layers=(("", text),), title="A title",
                            frame_ids=(str(n),)) for p in range(posts))
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

    def start(self, spec: SourceSpec, pending: Sequence[str], temp: Path) -> FakeChild:
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
    """Finds the record N in a post that says "leaked N"; breaks at "poison"."""

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

    def seal(self, body: bytes, facts: dict[str, object]) -> str:
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


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    engine = open_record(f"sqlite:///{tmp_path}/store/vigie.db")
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
        sister={"paste:80": "pastes", "paste": "pastes", "s": "s"}.get,
        wake=woken.append,
    )
    with RunFolder(tmp_path) as folder:
        supervisor = Supervisor(forks, parts, folder)
        yield Bench(engine, forks, originals, frontier, supervisor, folder, grant.token, woken)
    engine.dispose()


def test_a_whole_crawl(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        send(sock, {"t": "ask", "id": 7, "keys": [["http://s/1", "1"], ["http://s/2", "1"]]})
        answer, _ = receive(sock)
        assert answer == {"t": "known", "id": 7, "states": ["new", "new"]}, answer
        open(os.path.join(temp, "profile"), "w").write("left behind")
        send(sock, *page(1))
        send(sock, *page(2, "leaked 4711 4712"))
        done()
        """
    )
    assert (outcome.outcome, outcome.error, outcome.new_alerts) == ("finished", "", 1)
    assert (outcome.counts.pages, outcome.counts.posts, outcome.counts.matched) == (2, 2, 1)
    assert [bench.count(table) for table in (Seen, Capture, Hit, Alert)] == [2, 1, 1, 1]
    detail = AlertStore(bench.engine).get(1)
    assert detail.alert.records == 2
    assert detail.hits[0].capture.sealed == "original-1.age"
    assert bench.originals.sealed == [b"leaked 4711 4712"]
    assert "leaked" not in str(detail)
    assert bench.frontier.known("s", [("http://s/2", "1"), ("http://s/2", "2")]) == [
        "same",
        "changed",
    ]


def test_an_unchanged_refetch_seals_nothing(bench: Bench) -> None:
    code = 'send(sock, *page(2, "leaked 4711")); done()'
    bench.crawl(code)
    outcome = bench.crawl(code)
    assert outcome.new_alerts == 0
    assert len(bench.originals.sealed) == 1
    assert bench.count(Capture) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("lies about the header's length", "sock.sendall(struct.pack('>IQ', 2**32 - 1, 0))"),
        ("lies about the body's length", "sock.sendall(struct.pack('>IQ', 2, 2**60) + b'{}')"),
        ("dies in the middle of a frame", "sock.sendall(encode(*page(2))[:-3])"),
        ("sends no JSON", "sock.sendall(struct.pack('>IQ', 5, 0) + b'{\\xff}]]')"),
        ("sends a list", "sock.sendall(struct.pack('>IQ', 2, 0) + b'[]')"),
        ("sends deep JSON", "sock.sendall(struct.pack('>IQ', 400000, 0) + b'[' * 400000)"),
        ("sends an unknown kind", 'send(sock, {"t": "sql"})'),
        ("sends no kind", "send(sock, {})"),
        ("sends a page without posts", 'send(sock, {"t": "page", "status": 200})'),
        ("sends numbers for texts", 'send(sock, {"t": "page", "posts": [{"location": 1}]})'),
        ("asks for nonsense", 'send(sock, {"t": "ask", "id": 1, "keys": [[1, 2]]})'),
        ("asks without a number", 'send(sock, {"t": "ask", "keys": []})'),
        ("sends a huge address", 'send(sock, {"t": "link", "address": "x" * 10000})'),
        ("dies", "os.kill(os.getpid(), 11)"),
        ("ends without a word", ""),
        ("floods pages", "while True: send(sock, *page(3))"),
    ],
)
def test_a_hostile_child_fails_and_what_was_recorded_stays(
    bench: Bench, name: str, code: str
) -> None:
    outcome = bench.crawl(f'send(sock, *page(1, "leaked 1"))\n{code}\n', max_pages=5)
    assert outcome.outcome == "failed", name
    assert outcome.error
    assert outcome.counts.pages >= 1
    assert bench.count(Alert) == 1
    assert bench.count(Seen) >= 1


def test_a_hanging_child_is_killed_with_its_group(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("crawler.supervise.GRACE", 0.0)
    note = tmp_path / "grandchild"
    began = time.monotonic()
    outcome = bench.crawl(
        f"""
        send(sock, *page(1))
        pid = os.fork()
        if not pid:
            open({str(note)!r}, "w").write(str(os.getpid()))
        time.sleep(600)
        """,
        crawl_seconds=2.0,
    )
    assert outcome.outcome == "failed"
    assert "time limit" in outcome.error
    assert time.monotonic() - began < 6
    _gone(int(note.read_text()))


def test_one_that_leaves_its_group_with_the_socket_holds_nothing_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("crawler.supervise.GRACE", 0.0)
    note = tmp_path / "escaped"
    began = time.monotonic()
    outcome = bench.crawl(
        f"""
        if not os.fork():
            os.setsid()
            open({str(note)!r}, "w").write(str(os.getpid()))
            time.sleep(20)
            os._exit(0)
        time.sleep(600)
        """,
        crawl_seconds=1.5,
    )
    assert outcome.outcome == "failed"
    assert time.monotonic() - began < 6
    os.kill(int(note.read_text()), signal.SIGKILL)


def test_too_much_memory_ends_it(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        held = []
        for _ in range(400):
            held.append(bytearray(os.urandom(1 << 20)))
            time.sleep(0.01)
        time.sleep(60)
        """,
        memory=150 << 20,
    )
    assert outcome.outcome == "failed"
    assert "150 MB" in outcome.error


def test_a_child_that_does_not_read_its_answers_holds_nothing_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.supervise.GRACE", 0.0)
    outcome = bench.crawl(
        """
        keys = [[f"http://s/{n}", "1"] for n in range(5000)]
        while True:
            send(sock, {"t": "ask", "id": 1, "keys": keys})
        """,
        crawl_seconds=3.0,
    )
    assert outcome.outcome == "failed"
    assert "time limit" in outcome.error


def test_asked_to_stop_it_stops_by_itself(bench: Bench) -> None:
    began = time.monotonic()
    outcome = bench.crawl(
        """
        send(sock, *page(1))
        frame, _ = receive(sock)
        assert frame == {"t": "stop"}
        send(sock, *page(2))
        done("stopped")
        """,
        stop=lambda: "stopping" if time.monotonic() - began > 1.5 else "",
    )
    assert outcome.outcome == "stopped"
    assert outcome.error == ""


def test_asked_to_stop_and_deaf_it_is_killed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    outcome = bench.crawl(
        "send(sock, *page(1)); time.sleep(600)",
        stop=lambda: "stopping" if time.monotonic() - began > 1.5 else "",
    )
    assert outcome.outcome == "stopped"
    assert outcome.counts.pages == 1
    assert time.monotonic() - began < 1.5 + watchdog_module.STOP_GRACE + 1.5


def test_a_stale_crawl_writes_nothing_more(bench: Bench) -> None:
    taken = Leases(bench.engine, owner="test").acquire(source_lease("s"), 60)
    assert taken is not None
    outcome = bench.crawl('send(sock, *page(1, "leaked 1")); time.sleep(600)')
    assert outcome.outcome == "stale"
    assert [bench.count(table) for table in (Seen, Capture, Alert)] == [0, 0, 0]
    assert bench.originals.discarded == ["original-1.age"]


def test_a_post_that_cannot_be_judged_comes_again(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        send(sock, *page(1, "poison"))
        send(sock, *page(2, "leaked 1"))
        done()
        """
    )
    assert outcome.outcome == "finished"
    assert outcome.counts.problems == ({"kind": "judge", "count": 1},)
    assert "poison" not in outcome.error
    assert bench.count(Alert) == 1
    asked = [("http://s/1", "1"), ("http://s/2", "1")]
    assert bench.frontier.known("s", asked) == ["new", "same"]


def test_a_full_disk_for_originals_loses_no_match(bench: Bench) -> None:
    bench.originals.full = True
    code = 'send(sock, *page(2, "leaked 1")); done()'
    outcome = bench.crawl(code)
    assert outcome.counts.problems == ({"kind": "seal", "count": 1},)
    assert bench.frontier.known("s", [("http://s/2", "1")]) == ["new"]
    bench.originals.full = False
    assert bench.crawl(code).new_alerts == 1


def test_links_wait_for_the_source_that_reads_them(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        for address in ("http://paste/AB12", "http://paste/AB12", "http://elsewhere/x",
                        "http://s/own", "file:///etc/passwd"):
            send(sock, {"t": "link", "address": address, "found_at": "http://s/1"})
        send(sock, *page(1))
        done()
        """
    )
    assert outcome.outcome == "finished"
    assert [item.address for item in bench.frontier.pending("pastes")] == ["http://paste/AB12"]
    assert bench.count(Pending) == 1
    assert bench.woken == ["pastes"]
    assert outcome.counts.problems == ({"kind": "link-dropped", "count": 3},)


def test_links_are_safe_before_their_page_is_marked_as_read(bench: Bench) -> None:
    bench.crawl(
        """
        send(sock, {"t": "link", "address": "http://paste/1", "found_at": "http://s/1"})
        send(sock, *page(1))
        os.kill(os.getpid(), 9)
        """
    )
    assert bench.frontier.known("s", [("http://s/1", "1")]) == ["same"]
    assert len(bench.frontier.pending("pastes")) == 1


def test_pending_addresses_are_handed_over_and_settled(bench: Bench) -> None:
    bench.frontier.add_pending("s", ["http://s/1", "http://s/2"])
    outcome = bench.crawl(
        """
        assert pending == ["http://s/1", "http://s/2"], pending
        send(sock, *page(1))
        done()
        """
    )
    assert outcome.outcome == "finished"
    assert [item.address for item in bench.frontier.pending("s")] == ["http://s/2"]
    with Session(bench.engine) as session:
        assert session.scalars(select(Pending.attempts)).all() == [1]


def test_problems_are_kinds_without_words(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        for kind in ("server-error", "server-error", "Jean Dupont", "x" * 90, "0639981234"):
            send(sock, {"t": "problem", "kind": kind, "address": "http://s/jean-dupont",
                        "what": "Jean Dupont 0639981234"})
        for n in range(300):
            send(sock, {"t": "problem", "kind": "kind" + chr(97 + n % 26) + "a" * (n // 26)})
        done()
        """
    )
    listed = {item["kind"]: item["count"] for item in outcome.counts.problems}
    assert listed["server-error"] == 2
    assert listed["other"] == 3
    assert len(listed) <= 41
    assert "upont" not in str(outcome)


def test_facts_from_the_child_carry_no_words(bench: Bench) -> None:
    bench.crawl(
        """
        send(sock, *page(2, "leaked 1", content_type="Jean Dupont; text/html",
                         charset="Jean-Dupont", peer="Jean Dupont", path=("http://s/Dupont",)))
        done()
        """
    )
    capture = AlertStore(bench.engine).get(1).hits[0].capture
    assert (capture.content_type, capture.peer) == ("", "")
    assert "upont" not in str(capture)


def _gone(pid: int) -> None:
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail(f"process {pid} lives on")
