"""How often a host is asked: robots.txt, Retry-After, budgets, and where it redirects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from crawler.manners import retry_after
from tests.crawler.conftest import Hostile

NOTE = "<main><pre>une note assez longue pour être lue, {}</pre></main>"


@pytest.fixture
def notes(hostile: Any) -> Callable[..., None]:
    """A list of pastes on the server."""

    def make(*paths: str) -> None:
        rows = "".join(f"<li><a href='{p}'>note {i} ici</a></li>" for i, p in enumerate(paths))
        hostile.page("/", f"<main><ul>{rows}</ul></main>")
        for path in paths:
            hostile.page(path, NOTE.format(path))

    return make


@pytest.fixture
def other() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.close()


def timed(server: Any) -> list[float]:
    """When each request came, from now on."""
    times: list[float] = []

    class Asked(list[str]):
        def append(self, path: str) -> None:
            times.append(time.monotonic())
            super().append(path)

    server.asked = Asked()
    return times


def gaps(times: list[float]) -> list[float]:
    return [b - a for a, b in pairwise(times)]


def crawl(watcher: Any, source: Any, hostile: Any, **fields: Any) -> Any:
    fields = {"engine": "generic", "render": "never", "timeout": 5.0, **fields}
    return watcher.crawl(source(hostile.address, **fields))


def test_crawl_delay_is_obeyed_and_told(
    watcher: Any, source: Any, hostile: Any, notes: Any
) -> None:
    notes("/n/a1", "/n/a2")
    hostile.page("/robots.txt", "User-agent: *\nCrawl-delay: 1.5\n", "text/plain")
    times = timed(hostile)
    found = crawl(watcher, source, hostile, concurrency=4)
    assert len(found.posts) == 2
    assert len(times) == 4
    assert min(gaps(times)) > 1.1
    assert found.wait == pytest.approx(1.5)
    times.clear()
    free = {"robots": "override: le juge", "authority": "ordonnance du 3 mars"}
    watcher.known.clear()
    crawl(watcher, source, hostile, **free)
    assert min(gaps(times)) < 1.1


def test_a_redirect_waits_for_its_own_hosts_turn(
    watcher: Any, source: Any, hostile: Any, notes: Any, reply: Any, other: Hostile
) -> None:
    notes(*(f"/n/a{n}" for n in range(4)))
    for n in range(4):
        more = f"Location: {other.address}/r/{n}\r\n"
        hostile.answers[f"/n/a{n}"] = reply(b"", status="302 Found", more=more)
        other.page(f"/r/{n}", NOTE.format(n))
    other.page("/robots.txt", "User-agent: *\nCrawl-delay: 0.5\n", "text/plain")
    times = timed(other)
    place = other.address.removeprefix("http://")
    crawl(watcher, source, hostile, follow_hosts=(place,), concurrency=8)
    assert len(times) == 5
    assert min(gaps(times)) > 0.4


def test_a_long_retry_after_ends_the_asking(
    watcher: Any, source: Any, hostile: Any, notes: Any, reply: Any
) -> None:
    notes(*(f"/n/a{n}" for n in range(6)))
    hostile.answers["/n/a0"] = reply(
        b"slow", status="429 Too Many Requests", more="Retry-After: 900\r\n"
    )
    found = crawl(watcher, source, hostile, concurrency=1)
    assert hostile.asked.count("/n/a0") == 1
    assert 890 < found.wait <= 900
    assert len(hostile.asked) < 6
    assert set(found.kinds) == {"busy"}


def test_too_many_requests_without_a_time_ends_the_asking_too(
    watcher: Any, source: Any, hostile: Any, notes: Any, reply: Any
) -> None:
    notes(*(f"/n/a{n}" for n in range(6)))
    hostile.answers["/n/a0"] = reply(b"slow", status="429 Too Many Requests")
    found = crawl(watcher, source, hostile, concurrency=1)
    assert hostile.asked.count("/n/a0") == 3
    assert found.wait > 200
    assert not [path for path in hostile.asked[hostile.asked.index("/n/a0") :] if "a5" in path]


def test_a_budget_counts_what_is_sent(
    watcher: Any, source: Any, hostile: Any, notes: Any, reply: Any
) -> None:
    notes(*(f"/n/a{n}" for n in range(8)))
    hostile.answers["/n/a0"] = reply(b"", status="302 Found", more="Location: /n/b0\r\n")
    hostile.page("/n/b0", NOTE.format("b0"))
    found = crawl(watcher, source, hostile, max_requests=5)
    assert len(hostile.asked) == 5
    assert found.outcome == "budget"
    assert sum(found.sent.values()) == 5


def test_a_hosts_budget_stops_its_requests_alone(
    watcher: Any, source: Any, hostile: Any, notes: Any, other: Hostile
) -> None:
    notes("/n/a1", "/n/a2")
    links = " ".join(f"{other.address}/d/{n}.txt" for n in range(6))
    hostile.page("/n/a1", NOTE.format(links))
    for n in range(6):
        other.page(f"/d/{n}.txt", "rien", "text/plain")
    place = other.address.removeprefix("http://")
    found = crawl(watcher, source, hostile, follow_hosts=(place,), host_budgets=((place, 3),))
    assert len(other.asked) == 3
    assert "/n/a2" in hostile.asked
    assert found.kinds == ["host-budget"] * 4


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (b"120", 120.0),
        (b" 7 ", 7.0),
        (b"-5", None),
        (b"Wed, 01 Dec 2027 00:01:00 GMT", 60.0),
        (b"Wed, 01 Dec 2027 00:01:00", 60.0),
        (b"Tue, 30 Nov 2027 00:00:00 GMT", 0.0),
        (b"soon", None),
        (b"\xff\xfe", None),
        (b"9" * 30, None),
    ],
)
def test_retry_after(value: bytes | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2027, 12, 1, tzinfo=UTC)) == seconds
