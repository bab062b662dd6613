"""kill -9 at random points, then one crawl to its end: what is recorded is what the site has, and
nothing is there twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from index.engine import open_record
from index.frontier import Frontier
from index.schema import Alert, AlertRecord, Capture, Hit, Outbox, Seen
from index.vault import Vault
from tests.crawler.conftest import Hostile, answer

LISTS, PER_LIST, PAGES, PER_PAGE = 3, 5, 2, 4


class Board(Hostile):
    """Three list pages of threads with two pages each; every post says "leaked N"."""

    def __init__(self) -> None:
        super().__init__()
        self.fallback = self._page

    def posts(self) -> dict[str, int]:
        """Every post's location, and its number."""
        return {
            f"{self.address}/comment/{n}/find/": n
            for n in range(LISTS * PER_LIST * PAGES * PER_PAGE)
        }

    def _page(self, path: str) -> bytes:
        time.sleep(0.005)
        base, _, query = path.partition("?page=")
        page = int(query or 1)
        if base == "/":
            return _html(self._list(page) + _pager(LISTS))
        thread = int(base.split("/")[2])
        return _html(self._topic(thread, page) + _pager(PAGES))

    def _list(self, page: int) -> str:
        first = (page - 1) * PER_LIST
        return "".join(
            f"<div class=layout__topics__topic><a class=topic__link href='/topic/{n}/t/'>T</a>"
            f"<div class=topic__comments>{PAGES * PER_PAGE}</div><div class=topic__category></div>"
            "</div>"
            for n in range(first, first + PER_LIST)
        )

    def _topic(self, thread: int, page: int) -> str:
        first = (thread * PAGES + page - 1) * PER_PAGE
        shown = "".join(
            f"<div class='js-comment' data-pk='{n}' data-number='{n}'>"
            f"<div class=comment__text>leaked {n}</div></div>"
            for n in range(first, first + PER_PAGE)
        )
        return f"<h1 class=headline></h1><div class=comments_list>{shown}</div>"


def _pager(pages: int) -> str:
    return "<ul>" + "".join(
        f"<li class=paginator__button><a href='?page={n}'>{n}</a></li>" for n in range(1, pages + 1)
    ) + "</ul>"  # fmt: skip


def _html(body: str) -> bytes:
    return answer(body.encode(), "text/html; charset=utf-8")


@pytest.fixture
def board() -> Iterator[Board]:
    server = Board()
    yield server
    server.close()


def start(record: Path, board: Board) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.crawler.killed", str(record), board.address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0)


def kill(process: subprocess.Popen[str], after: float) -> None:
    """Kill the one process, `after` seconds after it began to crawl; the rest must go by itself."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    family = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    family += psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    # A fork server that was still importing sees the end behind that: seconds, or more on a busy
    # machine. One that ended is a zombie where the first process does not collect it.
    deadline = time.monotonic() + 120
    while any(map(lives, family)):
        assert time.monotonic() < deadline, "what the killed process started lives on"
        time.sleep(0.05)


def lives(process: psutil.Process) -> bool:
    """Whether the process runs."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def check(record: Path, board: Board) -> None:
    """Every post once: seen, captured, hit, alerted and told."""
    engine = open_record(f"sqlite:///{record}")
    numbers = set(board.posts().values())
    frontier = Frontier(engine, Vault(bytes(32)))
    with Session(engine) as session:
        seen = set(session.scalars(select(Seen.location_key)))
        rows = Counter(session.scalars(select(AlertRecord.row)))
        alerts = session.scalars(select(Alert.id)).all()
        captures = session.scalars(select(Capture.id)).all()
        hits = Counter(session.scalars(select(Hit.alert)))
        told = set(session.scalars(select(Outbox.document_id)))
    engine.dispose()
    assert rows == Counter(numbers)
    assert len(alerts) == len(captures) == len(numbers)
    assert hits == Counter(alerts)
    assert len([one for one in told if one.startswith("alert")]) == len(numbers)
    assert {frontier.location_key(location) for location in board.posts()} <= seen


def campaign(record: Path, board: Board, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(kills):
        kill(start(record, board), draw.uniform(0.02, 1.2))
    last = start(record, board)
    out, _ = last.communicate(timeout=120)
    assert out.endswith("\nfinished\n")
    check(record, board)


def test_kills_lose_nothing_and_double_nothing(board: Board, tmp_path: Path) -> None:
    campaign(tmp_path / "store" / "vigie.db", board, 4, seed=7)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_kills(board: Board, tmp_path: Path, seed: int) -> None:
    campaign(tmp_path / "store" / "vigie.db", board, 10, seed=seed)
