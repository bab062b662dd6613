"""Hostile children: whatever they do, the crawl ends, and nothing they say is taken on trust."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from crawler import watchdog as watchdog_module
from index.alerts import AlertStore
from index.schema import Alert, Seen
from tests.crawler.fake_crawl import Bench


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
