"""Crawl children: started in milliseconds, confined, and gone with all they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import ForkServerError
from crawler.forkserver import ForkServer
from matching import frames

SLOW = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n<main>"


@pytest.fixture
def hanging(hostile: Any, source: Any) -> Any:
    """A source whose site never finishes its first page."""

    def hang(sock: Any) -> None:
        sock.sendall(SLOW)
        time.sleep(20)

    hostile.answers["/"] = hang
    return source(hostile.address, engine="generic", render="never", timeout=30.0)


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def gone(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def test_the_server_has_no_thread_no_reactor_and_no_secret_in_its_environment(
    monkeypatch: pytest.MonkeyPatch, forks: ForkServer
) -> None:
    monkeypatch.setenv("VIGIE_SECRET__PASSWORD", "hush")
    with ForkServer() as fresh:
        time.sleep(2.5)
        status = Path(f"/proc/{fresh.pid}/status").read_text()
        environment = Path(f"/proc/{fresh.pid}/environ").read_bytes()
        pid = fresh.pid
    assert "Threads:\t1\n" in status
    assert b"hush" not in environment
    assert gone(pid)
    code = "import crawler.forking, sys; sys.exit('twisted.internet.reactor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_kill_ends_the_child_and_reports_the_signal(
    forks: ForkServer, hanging: Any, tmp_path: Path
) -> None:
    with forks.start(hanging, [], tmp_path) as child:
        assert child.wait(0.5) is None
        assert alive(child.pid)
        child.kill()
        assert child.wait(5) == -signal.SIGKILL
        assert gone(child.pid)
        child.kill()  # no effect


def test_the_child_is_confined(forks: ForkServer, hanging: Any, tmp_path: Path) -> None:
    with forks.start(hanging, [], tmp_path) as child:
        time.sleep(0.5)
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        rows = {line[:25].strip(): line[25:].split()[0] for line in limits.splitlines()[1:]}
        assert rows["Max address space"] == str(hanging.memory)
        assert rows["Max core file size"] == "0"
        assert rows["Max cpu time"] == str(int(hanging.crawl_seconds) + 30)
        assert os.getsid(child.pid) == child.pid
        assert Path(f"/proc/{child.pid}/cwd").resolve() == tmp_path.resolve()
        targets = {str(one.readlink()) for one in Path(f"/proc/{child.pid}/fd").iterdir()}
        # Three standard ones, the frames, the session memory, the loop's own, the site.
        assert sum("memfd:vigie-session" in target for target in targets) == 1
        assert not any("seqpacket" in target.lower() for target in targets)
        assert len(targets) < 14


def test_a_dead_server_ends_its_children_and_is_started_again(
    hostile: Any, hanging: Any, tmp_path: Path, source: Any
) -> None:
    with ForkServer() as forks:
        first = forks.start(hanging, [], tmp_path)
        server = forks.pid
        os.kill(server, signal.SIGKILL)
        assert first.wait(5) is not None
        assert gone(first.pid)
        first.close()
        hostile.page("/", "<main><article class=post>un texte qui suffit ici</article></main>")
        with forks.start(source(hostile.address), [], tmp_path) as second:
            assert forks.pid != server
            assert second.pid


def test_children_end_with_the_client(hanging: Any, tmp_path: Path) -> None:
    forks = ForkServer()
    child = forks.start(hanging, [], tmp_path)
    server, pid = forks.pid, child.pid
    forks.close()
    assert gone(server)
    assert gone(pid)
    assert child.wait(5) is not None
    child.close()


def test_many_at_once_from_several_threads(
    forks: ForkServer, hostile: Any, source: Any, tmp_path: Path
) -> None:
    hostile.page("/", "<main><article class=post>un texte assez long pour être lu</article></main>")
    spec = source(hostile.address, engine="generic", render="never", robots="override: test")
    statuses: list[int | None] = []

    def one(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        with forks.start(spec, [], folder) as child:
            while True:
                header, _ = frames.receive(child.socket)
                if header["t"] == "ask":
                    states = ["new"] * len(header["keys"])
                    frames.send(child.socket, {"t": "known", "id": header["id"], "states": states})
                if header["t"] == "done":
                    break
            statuses.append(child.wait(10))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 8


def test_a_start_takes_milliseconds(forks: ForkServer, hanging: Any, tmp_path: Path) -> None:
    took = []
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        started = time.perf_counter()
        with forks.start(hanging, [], folder):
            took.append(time.perf_counter() - started)
    assert min(took) < 0.25


def test_a_folder_that_is_not_there_ends_the_child_not_the_server(
    forks: ForkServer, hanging: Any, tmp_path: Path
) -> None:
    try:
        with forks.start(hanging, [], tmp_path / "absent") as child:
            assert child.wait(5) == 1
    except ForkServerError:
        pass
    with forks.start(hanging, [], tmp_path) as child:
        assert child.pid


def test_a_session_stays_in_memory_between_crawls(
    watcher: Any, hostile: Any, source: Any, reply: Any
) -> None:
    page = b"<main><article class=post>un texte assez long pour un article</article></main>"
    hostile.answers["/"] = reply(page, more="Set-Cookie: seance=secret-de-session; Path=/\r\n")
    asked: list[bytes] = []

    def listen(sock: Any) -> None:
        sock.sendall(reply(page))

    spec = source(hostile.address, engine="generic", render="never")
    watcher.crawl(spec)
    hostile.heads.clear()
    hostile.answers["/"] = listen
    watcher.crawl(spec)
    asked = [head for head in hostile.heads if head.startswith(b"GET / ")]
    assert b"seance=secret-de-session" in asked[0]
    on_disk = b"".join(p.read_bytes() for p in watcher.folder.rglob("*") if p.is_file())
    assert b"secret-de-session" not in on_disk
    other = watcher.crawl(source(hostile.address, id="other", engine="generic", render="never"))
    assert other.outcome == "finished"
    assert b"seance" not in hostile.heads[-1]
