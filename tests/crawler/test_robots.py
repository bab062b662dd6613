"""A robots.txt that cannot be had forbids everything (RFC 9309 section 2.3.1.4); one that is not
there forbids nothing (2.3.1.3); a copy of the last day serves where there is no other (2.4)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from crawler.robots import LONGEST_KEPT, KeptRobots

NOTE = "<main><pre>une note assez longue pour être lue en entier</pre></main>"
NO = "User-agent: *\nDisallow: /\n"


@pytest.fixture
def site(hostile: Any) -> Any:
    hostile.page("/", "<main><ul><li><a href='/n/a1'>une note ici</a></li></ul></main>")
    hostile.page("/n/a1", NOTE)
    return hostile


def crawl(watcher: Any, source: Any, site: Any, **fields: Any) -> Any:
    return watcher.crawl(source(site.address, engine="generic", render="never", **fields))


def broken(sock: Any) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nUser-agent: *\n")


def silent(_sock: Any) -> None:
    time.sleep(1.5)


@pytest.mark.parametrize(
    "fault", ["500 Oops", "503 Busy", broken, silent], ids=["500", "503", "broken", "silent"]
)
def test_one_that_fails_forbids_everything(
    fault: Any, watcher: Any, source: Any, site: Any, reply: Any
) -> None:
    told = reply(b"oops", status=fault) if isinstance(fault, str) else fault
    site.answers["/robots.txt"] = told
    found = crawl(watcher, source, site, timeout=0.4)
    assert set(site.asked) == {"/robots.txt"}
    assert found.outcome == "failed"
    assert found.kinds == ["robots-unreachable"]
    allowed = crawl(watcher, source, site, robots="override: le juge", authority="ordonnance")
    assert allowed.posts


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone", "401 No"])
def test_one_that_is_not_there_forbids_nothing(
    status: str, watcher: Any, source: Any, site: Any, reply: Any
) -> None:
    site.answers["/robots.txt"] = reply(NO.encode(), "text/plain", status)
    found = crawl(watcher, source, site)
    assert found.posts
    assert not found.problems


def test_a_redirect_that_is_not_followed_is_no_failure(
    watcher: Any, source: Any, site: Any, reply: Any
) -> None:
    more = "Location: http://elsewhere.example/\r\n"
    site.answers["/robots.txt"] = reply(b"", status="302 Found", more=more)
    assert crawl(watcher, source, site).posts


class Known(KeptRobots):
    """Its memory alone."""

    def __init__(self) -> None:
        self._texts, self._older = {}, {}


def test_a_copy_lasts_an_hour_and_serves_for_a_day() -> None:
    now, robots = time.time(), Known()
    robots.take_up({
        "fresh": [now - 60, NO], "old": [now - 7_200, NO],
        "too old": [now - LONGEST_KEPT - 60, NO], "tomorrow": [now + 7_200, NO],
    })  # fmt: skip
    assert (list(robots._texts), list(robots._older)) == (["fresh"], ["old"])
    assert set(robots.keep()) == {"fresh", "old"}


def test_a_copy_serves_where_the_site_fails(
    watcher: Any, source: Any, site: Any, reply: Any
) -> None:
    """Kept by the first crawl in the source's memory; the second is told that it is old."""
    from crawler import session

    site.page("/robots.txt", "User-agent: *\nDisallow: /n/\n", "text/plain")
    assert crawl(watcher, source, site).kinds == ["robots"]
    site.answers["/robots.txt"] = reply(b"oops", status="500 Oops")
    memory = list(watcher.forks._sessions.values())[-1]
    kept = session.read_memory(memory)
    aged = {host: [at - 7_200, text] for host, (at, text) in kept.robots.items()}
    session.write_memory(memory, session.Session(kept.cookies, aged))
    site.asked.clear()
    found = crawl(watcher, source, site, concurrency=4)
    assert found.kinds == ["robots"]
    assert "/" in site.asked
    assert "/n/a1" not in site.asked
