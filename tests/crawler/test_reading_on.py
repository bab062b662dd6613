"""What a crawl reads instead of, beside and behind the pages it was led to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.crawler.test_hostile_server import crawl


def test_a_raw_view_is_read_in_place_of_its_page(
    watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any
) -> None:
    lines = "".join(f"<li>{word} et quelques mots de code</li>" for word in ("un", "deux"))
    listing("/n/bad1", "/n/bad2", "/n/bad3")
    for name in ("bad1", "bad2", "bad3"):
        hostile.page(
            f"/n/{name}",
            f"<h1>Ma note</h1><a href='/raw/{name}'>raw</a><main><ol>{lines}</ol></main>",
        )
    hostile.answers["/raw/bad1"] = reply(b"le texte brut\n  exact", "text/plain")
    hostile.answers["/raw/bad2"] = reply(b"", status="403 Forbidden")
    hostile.page("/raw/bad3", "<ul><li><a href='/'>Accueil</a></li></ul>")
    found = crawl(watcher, source, hostile)
    texts = {post.location.rsplit("/", 1)[-1]: post.layers[0][1] for post in found.posts}
    assert texts["bad1"] == "Ma note\nle texte brut\n  exact"
    assert "deux et quelques mots de code" in texts["bad2"]
    assert "deux et quelques mots de code" in texts["bad3"]
    assert found.kinds == ["forbidden"]
    assert not crawl(watcher, source, hostile).posts


def test_feeds_and_pending_addresses(
    watcher: Any, source: Any, hostile: Any, tmp_path: Path
) -> None:
    hostile.page("/", "<main><article class=post>une page d'accueil sans liste</article></main>")
    for number in range(3):
        hostile.page(
            f"/n/{number}", f"<main><pre>note numéro {number} en toutes lettres</pre></main>"
        )
    feed = tmp_path / "feed.txt"
    feed.write_text(f"# mine\n{hostile.address}/n/0\nnot an address\nhttp://127.0.0.1:9/KEY\n\n")
    hostile.page("/feed", f"{hostile.address}/n/1\n", "text/plain")
    fields = {
        "feeds": (feed.as_uri(), f"{hostile.address}/feed", "file:///nowhere"),
        "sister_hosts": ("127.0.0.1:9",),
        "engine": "auto",
        "render": "never",
    }
    found = watcher.crawl(source(hostile.address, **fields), [f"{hostile.address}/n/2"])
    for number in range(3):
        assert f"note numéro {number} en toutes lettres" in found.texts
    assert found.links == ["http://127.0.0.1:9/KEY"]
    assert found.kinds == ["feed-unreadable"]


def test_a_thread_that_grew_is_read_from_its_end(watcher: Any, source: Any, hostile: Any) -> None:
    """Spirit's structure, 5 pages: a reply on the last costs two requests beside the list."""

    def topic(number: int, posts: range) -> str:
        shown = "".join(
            f"<div class='js-comment' data-pk='{n}' data-number='{n}'>"
            f"<div class=comment__text>message {n}</div></div>"
            for n in posts
        )
        pages = "".join(
            f"<li class=paginator__button><a href='?page={n}'>{n}</a></li>" for n in range(1, 6)
        )
        return f"<h1 class=headline>T</h1><div class=comments_list>{shown}</div><ul>{pages}</ul>"

    def listed(count: int) -> str:
        return (
            "<div class=layout__topics__topic><a class=topic__link href='/topic/1/t/'>T</a>"
            f"<div class=topic__comments>{count}</div><div class=topic__category></div></div>"
        )

    for number in range(1, 6):
        path = "/topic/1/t/" + (f"?page={number}" if number > 1 else "")
        hostile.page(path, topic(number, range(number * 10 - 9, number * 10 + 1)))
    hostile.page("/", listed(50))
    first = watcher.crawl(source(hostile.address, engine="spirit"))
    assert len(first.posts) == 50
    hostile.page("/", listed(51))
    hostile.page("/topic/1/t/?page=5", topic(5, range(41, 52)))
    hostile.asked.clear()
    second = watcher.crawl(source(hostile.address, engine="spirit"))
    assert [post.layers[0][1] for post in second.posts] == ["message 51"]
    assert [path for path in hostile.asked if "topic" in path] == [
        "/topic/1/t/", "/topic/1/t/?page=5",
    ]  # fmt: skip
