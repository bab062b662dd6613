"""Pages in, readings out: one folder a page, written by us with the structure of the software.

`expected.json` holds what must be read from `page.html` as found at `address`; beside a page that
is no HTML stands its `content_type`, and `rendered` beside one that was read through the browser.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.pages import Page, Reading, choose
from crawler.reporting import texts_of
from spiders import SITES

PAGES = Path(__file__).parent / "pages"
FETCHED_AT = datetime(2026, 11, 24, 12, 30, 15, tzinfo=UTC)
FOLDERS = sorted(one.parent for one in PAGES.glob("*/*/address"))


def page_in(folder: Path) -> Page:
    address = (folder / "address").read_text().strip()
    told, rendered = folder / "content_type", (folder / "rendered").exists()
    (file,) = folder.glob("page.*")
    kind = told.read_text().strip() if told.exists() else "text/html; charset=utf-8"
    body = file.read_bytes()
    return Page(address, body, kind, "utf-8", rendered=rendered, fetched_at=FETCHED_AT)


def plain(reading: Reading) -> dict[str, Any]:
    """A reading as JSON, with the texts of its posts and without what is empty."""
    posts = [
        {
            "location": post.location,
            "text": texts_of(post).layers[0].text,
            "thread": post.thread,
            "title": post.title,
            "posted_at": post.posted_at,
            "also": list(post.also),
            "frame_ids": list(post.frame_ids),
        }
        for post in reading.posts
    ]
    links = [
        {
            "address": link.address,
            "location": link.location,
            "told": bool(link.state),
            **{k: v for k, v in (("file", link.file), ("gate", link.gate)) if v},
        }
        for link in reading.links
    ]
    whole = {
        "posts": [{k: v for k, v in post.items() if v} for post in posts],
        "links": links,
        "lists": list(reading.lists),
        "next_page": reading.next_page,
        "last_page": reading.last_page,
        "previous_page": reading.previous_page,
        "instead": reading.instead,
        "wall": reading.wall,
        "is_list": reading.is_list,
        "grows": reading.grows,
        "gates": list(reading.gates),
        "render": reading.render,
    }
    return {key: value for key, value in whole.items() if value}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f"{f.parent.name}-{f.name}")
def test_page(folder: Path) -> None:
    page = page_in(folder)
    site = choose(SITES, page)
    assert site.name == folder.parent.name
    assert plain(site.read(page)) == json.loads((folder / "expected.json").read_text())


@pytest.mark.parametrize(
    ("folder", "dates"),
    [
        ("discourse/latest", ["2026-11-24T08:12:00.000Z", "2026-11-23T08:12:00.000Z"]),
        ("flarum/discussions", ["2026-11-24T08:12:00+00:00", "2026-11-23T08:12:00+00:00"]),
        ("nodebb/recent", ["2026-11-24T08:12:00.000Z", "2026-11-23T08:12:00.000Z"]),
        ("phpbb/forum", ["", ""]),
    ],
)
def test_when_something_happened_last_in_a_thread(folder: str, dates: list[str]) -> None:
    page = page_in(PAGES / folder)
    rows = choose(SITES, page).read(page).links
    assert [row.active_at for row in rows] == dates


def test_a_board_tells_it_with_its_zone_or_not_at_all() -> None:
    page = page_in(PAGES / "phpbb/forum")
    told = page.body.replace(
        b"3 minutes ago", b'<time datetime="2026-11-24T12:27:00+00:00">x</time>'
    )
    assert told != page.body
    changed = replace(page, body=told)
    rows = choose(SITES, changed).read(changed).links
    assert [row.active_at for row in rows] == ["2026-11-24T12:27:00+00:00", ""]
