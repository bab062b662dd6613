"""What a post brings besides text: archives, documents and pictures are read too, each in the
limited child, and cost at worst their own post."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.pages import Post
from crawler.reporting import state_of, texts_of
from tests.extraction import samples
from tests.extraction.samples import ROWS, lines

HEALTHY = "un texte sain qui doit toujours être lu, ligne après ligne"


@pytest.fixture
def site(hostile: Any, reply: Any) -> Any:
    """A list of pastes; returns a function that adds one with that body."""
    rows = ["<li><a href='/n/ok1'>note saine</a></li>"]
    hostile.page("/n/ok1", f"<main><pre>{HEALTHY}</pre></main>")

    def add(path: str, body: bytes, kind: str) -> None:
        rows.append(f"<li><a href='{path}'>note ici {len(rows)}</a></li>")
        hostile.answers[path] = reply(body, kind=kind)
        hostile.page("/", f"<main><ul>{''.join(rows)}</ul></main>")

    return add


def crawl(watcher: Any, source: Any, hostile: Any) -> Any:
    found = watcher.crawl(source(hostile.address, engine="generic", render="never"))
    assert found.status == 0
    assert HEALTHY in found.texts
    return found


def test_posted_archives_and_documents_are_read(
    watcher: Any, source: Any, hostile: Any, site: Any
) -> None:
    site("/n/a1", samples.zipped({"liste.csv": lines(";")}), "application/zip")
    site("/n/b2", samples.xlsx(), "application/octet-stream")
    seven = samples.seven_zipped({"liste.csv": b"7z " + lines("|").encode()})
    site("/n/c3", seven, "text/plain")
    found = crawl(watcher, source, hostile)
    layers = {
        name: text for page in found.pages for post in page.posts for name, text in post.layers
    }
    assert layers["zip/1"] == lines(";")
    assert layers["xlsx"] == lines()
    assert layers["7z/1"] == "7z " + lines("|")


def test_what_breaks_a_reader_costs_its_post_only(
    watcher: Any, source: Any, hostile: Any, site: Any
) -> None:
    site("/n/a1", b"%PDF-1.7 nothing of one", "application/pdf")
    site("/n/b2", samples.rar({"a": b"x"}, locked=True), "application/zip")
    found = crawl(watcher, source, hostile)
    notes = [note for page in found.pages for post in page.posts for note in post.notes]
    assert any("PDF is damaged" in note for note in notes)
    assert any("RAR" in note for note in notes)


def test_a_changed_archive_is_another_state() -> None:
    """Nothing of it is text, but a hash of it tells whether it is the same."""
    posts = [
        Post("http://a.example/1", body=samples.zipped({"a": text}), content_type="")
        for text in ("one", "two")
    ]
    states = {state_of(post, texts_of(post)) for post in (*posts, *posts)}
    assert len(states) == 2
    assert ROWS
