"""Referrer-Policy and Set-Cookie of a hostile site are inert (hostile input 20)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from crawler.session import SessionCookies
from tests.crawler.conftest import Hostile

NOTE = "<main><pre>une note assez longue pour être lue, {}</pre></main>"
POLICIES = (
    "unsafe-url", "no-referrer-when-downgrade", "pathlib.Path.cwd", "builtins.exec",
    "scrapy.spidermiddlewares.referer.UnsafeUrlPolicy", "x" * 5_000,
)  # fmt: skip


@pytest.fixture
def other() -> Iterator[Hostile]:
    """Another site, whose files links may be followed to."""
    server = Hostile("127.0.0.2")
    server.page("/d/base.csv", "une ligne;et une autre\n", "text/plain")
    yield server
    server.close()


def crawl(watcher: Any, source: Any, hostile: Any, other: Hostile) -> Any:
    place = other.address.removeprefix("http://")
    found = watcher.crawl(
        source(hostile.address, engine="generic", render="never", follow_hosts=(place,))
    )
    assert found.outcome == "finished"
    assert not found.problems
    assert "une note assez longue" in found.texts
    assert "/d/base.csv" in other.asked
    return found


def site(hostile: Any, other: Hostile, reply: Any, more: str) -> None:
    listed = b"<main><ul><li><a href='/n/a1'>une note ici</a></li></ul></main>"
    hostile.answers["/"] = reply(listed, more=more)
    note = NOTE.format(f"{other.address}/d/base.csv").encode()
    hostile.answers["/n/a1"] = reply(note, "text/html; charset=utf-8", more=more)


@pytest.mark.parametrize("policy", POLICIES)
def test_no_policy_makes_us_tell_where_we_come_from(
    policy: str, watcher: Any, source: Any, hostile: Any, other: Hostile, reply: Any
) -> None:
    site(hostile, other, reply, f"Referrer-Policy: {policy}\r\n")
    crawl(watcher, source, hostile, other)
    heads = b"\r\n".join([*hostile.heads, *other.heads]).lower()
    assert b"\r\nreferer:" not in heads


@pytest.mark.parametrize(
    "cookie",
    [
        "seance=vole; Domain=127.0.0.2",
        "seance=vole; Domain=.0.0.2",
        "seance=vole; Domain=",
        "seance=vole; Path=/; SameSite=None",
        "seance=" + "v" * 60_000,
        "seance=vole\x0bHost: evil",
    ],
)
def test_a_cookie_goes_to_no_other_site(
    cookie: str, watcher: Any, source: Any, hostile: Any, other: Hostile, reply: Any
) -> None:
    site(hostile, other, reply, f"Set-Cookie: {cookie}\r\nSet-Cookie: other=1; Max-Age=99\r\n")
    found = watcher.crawl(
        source(hostile.address, engine="generic", render="never",
               follow_hosts=(other.address.removeprefix("http://"),))
    )  # fmt: skip
    assert found.outcome in ("finished", "failed")
    assert found.status == 0
    assert all(b"seance" not in head.lower() and b"cookie" not in head.lower()
               for head in other.heads)  # fmt: skip


@pytest.mark.parametrize("domain", ["co.uk", ".co.uk", "uk", "github.io"])
def test_a_cookie_for_a_public_suffix_is_refused(domain: str) -> None:
    """And the list of suffixes is the packaged one: nothing is fetched for it."""
    name = domain.strip(".")
    cookies = SessionCookies()
    asked = Request(f"http://a.{name}/")
    told = Response(asked.url, headers={"Set-Cookie": f"seance=vole; Domain={domain}"})
    cookies.process_request(asked)
    cookies.process_response(asked, told)
    neighbour = Request(f"http://b.{name}/")
    cookies.process_request(neighbour)
    assert b"Cookie" not in neighbour.headers
    assert not [kept for kept in cookies.keep() if kept["domain"].strip(".") == name]
