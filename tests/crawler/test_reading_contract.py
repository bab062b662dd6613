"""What a reading can say beside posts and links: files, gates, and pages only scripts fill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crawler.pages import Link, Page, Reading, Site
from crawler.visits import Visit, Walk, reading_of

PAGES = Path(__file__).parents[1] / "spiders" / "pages"
SHELL = (PAGES / "privatebin" / "shell" / "page.html").read_text(encoding="utf-8")
OLDER = (PAGES / "privatebin" / "older" / "page.html").read_text(encoding="utf-8")
FRONT = (PAGES / "privatebin" / "front" / "page.html").read_text(encoding="utf-8")
OPENS = """<script>document.querySelector("#prettymessage").classList.remove("hidden");
document.querySelector("#prettyprint").textContent = "la clé est " + location.hash + "\\nfin";
</script></body>"""


def test_an_attachment_is_a_post_of_its_own_and_read_once(
    hostile: Any, watcher: Any, source: Any
) -> None:
    topic = (PAGES / "phpbb" / "topic" / "page.html").read_text(encoding="utf-8")
    hostile.page("/viewtopic.php?t=4", topic)
    hostile.page("/download/file.php?id=3&sid=aa", "<p>nom;prénom</p>\nun;deux")
    spec = source(f"{hostile.address}/viewtopic.php?t=4", engine="phpbb")
    first = watcher.crawl(spec)
    found = {post.location: post for post in first.posts}
    file = found[f"{hostile.address}/download/file.php?id=3"]
    assert "un;deux" in file.layers[0][1]
    assert (file.thread, file.title) == (f"{hostile.address}/viewtopic.php?t=4", "Un fil")
    watcher.crawl(spec)
    assert sum("file.php" in path for path in hostile.asked) == 1
    assert not any("posting" in path or "report" in path for path in hostile.asked)


def test_a_paste_that_burns_is_reported_and_not_opened(
    hostile: Any, watcher: Any, source: Any
) -> None:
    hostile.page("/", FRONT)
    hostile.page("/?c0ffee0123456789", SHELL)
    spec = source(f"{hostile.address}/", engine="auto")
    found = watcher.crawl(spec, [f"{hostile.address}/?c0ffee0123456789#-AbCdEf"])
    assert found.kinds == ["gated-burn"]
    assert found.problems[0]["address"] == f"{hostile.address}/?c0ffee0123456789"
    assert not any("c0ffee" in path for path in hostile.asked)


def test_a_server_whose_links_do_not_tell_of_burning_is_not_asked_for_a_paste(
    hostile: Any, watcher: Any, source: Any
) -> None:
    hostile.page("/", FRONT)
    hostile.page("/?c0ffee0123456789", OLDER)
    spec = source(f"{hostile.address}/", engine="auto", render="auto")
    found = watcher.crawl(spec, [f"{hostile.address}/?c0ffee0123456789#AbCdEf"])
    assert found.kinds == ["gated-burn"]
    assert hostile.asked.count("/?c0ffee0123456789") == 1  # the shell, and no browser after it


@pytest.mark.browser
def test_a_key_in_the_fragment_reaches_the_browser_and_nothing_else(
    hostile: Any, watcher: Any, source: Any
) -> None:
    hostile.page("/", FRONT)
    hostile.page("/?c0ffee0123456789", SHELL.replace("</body>", OPENS))
    spec = source(f"{hostile.address}/", engine="auto")
    found = watcher.crawl(spec, [f"{hostile.address}/?c0ffee0123456789#AbCdEf"])
    assert [post.layers[0][1] for post in found.posts] == ["la clé est #AbCdEf\nfin"]
    assert [post.location for post in found.posts] == [f"{hostile.address}/?c0ffee0123456789"]
    assert not any("AbCdEf" in page.address + "".join(page.path) for page in found.pages)
    assert not any(b"AbCdEf" in head for head in hostile.heads)


class Brittle(Site):
    """A spider with a fault."""

    name = "brittle"

    def read(self, page: Page) -> Reading:
        raise IndexError(page.address)


def test_a_spider_that_fails_costs_its_page_only() -> None:
    page = Page("http://a.example/", b"<p>")
    assert reading_of(Brittle(), page, Visit("item", Walk())) is None
    link = Link("http://a.example/f", "http://a.example/f", file=True)
    reading = reading_of(Brittle(), page, Visit("item", Walk(link)))
    assert reading is not None
    assert reading.posts[0].body == b"<p>"


def test_a_page_no_spider_can_read_is_a_problem(hostile: Any, watcher: Any, source: Any) -> None:
    # Deep enough for the JSON reader to give up, not for the page to be skipped in silence.
    hostile.answers["/latest.json"] = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
        + b"[" * 100_000
    )
    found = watcher.crawl(source(f"{hostile.address}/latest.json", engine="discourse"))
    assert found.kinds == ["nothing-seen"]
