"""A round is posted once and whole, whenever the run that posts it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vigie.demo.clients import BepastyClient, ForumClient, JsBoardClient, PinnwandClient, Posted
from vigie.demo.clients.http import hidden_field
from vigie.demo.errands import LATE, LONG, Clients, Errand, Errands
from vigie.demo.errors import PosterError
from vigie.demo.journal import Entry, Journal
from vigie.demo.poster import Pace, Poster
from vigie.demo.posts import Channel, PlannedPost
from vigie.demo.sites import BepastySite, ForumSite, JsBoardSite, PinnwandSite

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], Journal]]:
    """Opens the journal as a new run does, the earlier one closed."""
    opened: list[Journal] = []

    def reopen() -> Journal:
        for journal in opened:
            journal.close()
        opened.append(Journal(tmp_path / "journal.jsonl"))
        return opened[-1]

    yield reopen
    for journal in opened:
        journal.close()


def _entry(key: str = "a", rows: tuple[int, ...] = ()) -> Entry:
    return Entry(1, key, "talk", "board", "http://127.0.0.1/p/1", ("http://x/",), NOW, rows, True)


def test_a_journal_says_the_same_after_a_restart(reopen: Callable[[], Journal]) -> None:
    journal = reopen()
    journal.intent(1, "a")
    journal.stands(_entry(rows=(4, 7)))
    journal.intent(1, "b")
    again = reopen()
    assert again.entries() == (_entry(rows=(4, 7)),)
    assert again.was_begun(1, "b")
    assert not again.was_begun(1, "a")
    assert again.is_known(Posted("http://elsewhere/", ("http://127.0.0.1/p/1",)))


def test_a_line_cut_by_a_kill_is_forgotten(reopen: Callable[[], Journal], tmp_path: Path) -> None:
    journal = reopen()
    journal.intent(1, "a")
    journal.stands(_entry())
    journal.close()
    file = tmp_path / "journal.jsonl"
    file.write_text(file.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    again = reopen()
    assert again.entries() == ()
    assert again.was_begun(1, "a")
    again.stands(_entry())
    assert reopen().entries() == (_entry(),)


@pytest.fixture
def clients(
    forum: ForumSite, pinnwand: PinnwandSite, bepasty: BepastySite, jsboard: JsBoardSite
) -> Iterator[Clients]:
    from vigie.demo.sites.forum import AUTHORS, OBSERVER

    passwords = {name: forum.password(name) for name in (*AUTHORS, OBSERVER)}
    found = Clients(
        ForumClient(forum.address, passwords),
        PinnwandClient(pinnwand.address),
        BepastyClient(bepasty.address),
        JsBoardClient(jsboard.address),
    )
    yield found
    found.close()


def _planned(key: str, channel: Channel, rows: tuple[int, ...] = ()) -> PlannedPost:
    name = f"{key}.txt" if channel is Channel.BEPASTY else ""
    return PlannedPost(key, key, channel, f"Titre {key}", f"Corps {key}", name, planted_rows=rows)


def _finish(poster: Poster, seconds: float = 60) -> None:
    poster.start()
    deadline = time.monotonic() + seconds
    while not poster.done and time.monotonic() < deadline:
        poster.check()
        time.sleep(0.05)
    poster.stop()
    assert poster.done


@pytest.mark.sites
def test_each_channel_leads_where_its_reader_finds_it(
    clients: Clients, reopen: Callable[[], Journal], tmp_path: Path
) -> None:
    plan = [_planned(f"k-{channel}", channel, (1,)) for channel in Channel]
    journal = reopen()
    asked: list[tuple[str, datetime]] = []

    def crawled(source: str, moment: datetime) -> bool:
        asked.append((source, moment))
        return len(asked) > 2

    lanes = Errands(clients, journal, 1).lanes(plan)
    feed = tmp_path / "feed.txt"
    _finish(Poster(1, lanes, journal, feed, crawled, Pace(0, 0)))
    where = {entry.key: entry for entry in journal.entries()}

    assert "page=3" in where["k-forum-page3"].address
    assert "/topic/private/" in where["k-forum-private"].address
    assert where["k-forum-topic"].also[0].endswith("/find/")
    assert feed.read_text() == where["k-pinnwand-feed"].address + "\n"
    paste = where["k-pinnwand-linked-from-forum-paste"]
    link = where["k-pinnwand-linked-from-forum"]
    assert paste.rows == (1,)
    assert not link.rows
    assert paste.address in clients.forum._session("lison").get(link.address).text
    late, thread = where["k-forum-late-reply"], where[LATE]
    assert asked[0] == ("forum", thread.at)
    assert late.at > thread.at
    assert where[LONG].round == 1


@pytest.mark.sites
def test_a_post_that_got_through_before_a_kill_is_not_made_again(
    clients: Clients, reopen: Callable[[], Journal], tmp_path: Path
) -> None:
    plan = [
        _planned("twice-topic", Channel.FORUM_TOPIC),
        _planned("twice-private", Channel.FORUM_PRIVATE),
        _planned("twice-reply", Channel.FORUM_REPLY),
        _planned("twice-paste", Channel.BEPASTY),
        _planned("twice-board", Channel.JSBOARD),
    ]
    journal = reopen()
    made = {}
    for lane in Errands(clients, journal, 1).lanes(plan).values():
        for errand in lane:
            journal.intent(1, errand.key)
            made[errand.key] = errand.post()
            if not errand.key.startswith("twice"):
                journal.stands(_at(errand, made[errand.key]))
    again = reopen()
    lanes = Errands(clients, again, 1).lanes(plan)
    _finish(Poster(1, lanes, again, tmp_path / "feed.txt", lambda *_: True, Pace(0, 0)))
    for post in plan:
        entry = again.entry(1, post.key)
        assert entry is not None
        assert {entry.address, *entry.also} & {made[post.key].address, *made[post.key].also}


def _at(errand: Errand, posted: Posted) -> Entry:
    return Entry(1, errand.key, errand.kind, errand.site, posted.address, posted.also, NOW)


KILLED = """
import sys
from pathlib import Path
from vigie.demo.clients import JsBoardClient
from vigie.demo.errands import Errand
from vigie.demo.journal import Journal
from vigie.demo.poster import Pace, Poster

folder, address = Path(sys.argv[1]), sys.argv[2]
board = JsBoardClient(address)
def errand(n):
    return Errand(f"k{n}", "talk", "board", post=lambda: board.publish("a", f"kill {n}", "x"),
                  find=lambda: board.find("a", f"kill {n}"))
poster = Poster(1, {"board": [errand(n) for n in range(60)]}, Journal(folder / "journal.jsonl"),
                folder / "feed.txt", lambda *_: True, Pace(0, 0))
poster.start()
while not poster.done:
    poster.check()
"""


@pytest.mark.sites
def test_killed_again_and_again_it_posts_all_and_nothing_twice(tmp_path: Path) -> None:
    with JsBoardSite(tmp_path / "site") as site:
        command = [sys.executable, "-c", KILLED, str(tmp_path), site.address]
        file = tmp_path / "journal.jsonl"
        for goal in (10, 25, 40):
            run = subprocess.Popen(command)
            while not file.exists() or file.read_text().count('"posted"') < goal:
                time.sleep(0.005)
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
        assert subprocess.run(command, check=False).returncode == 0
        with JsBoardClient(site.address) as board:
            token = hidden_field(board.get("/new").text, "token")[::-1]
            titles: Counter[str] = Counter()
            for page in (1, 2, 3, 4):
                found = board.get("/x", params={"page": page}, headers={"X-Board": token}).json()
                titles.update(post["title"] for post in found["posts"])
    assert titles == Counter({f"kill {number}": 1 for number in range(60)})


def test_a_site_that_stays_silent_ends_the_lane_in_a_sentence(
    reopen: Callable[[], Journal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigie.demo.poster.PAUSE", 0.01)

    def fail() -> Posted:
        raise PosterError("The board does not answer.")

    lane = [Errand("a", "talk", "board", post=fail, find=lambda: None)]
    poster = Poster(1, {"board": lane}, reopen(), tmp_path / "f", lambda *_: True, Pace(0, 0))
    poster.start()
    time.sleep(0.5)
    with pytest.raises(PosterError, match="does not answer"):
        poster.check()
    assert not poster.done
