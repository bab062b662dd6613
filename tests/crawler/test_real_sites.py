"""Crawls of real software on loopback, from an empty memory to an unchanged site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.source import Account
from vigie.demo.clients.forum import ForumClient
from vigie.demo.clients.jsboard import JsBoardClient
from vigie.demo.clients.pastes import BepastyClient, PinnwandClient
from vigie.demo.sites.forum import AUTHORS, OBSERVER

pytestmark = pytest.mark.sites


def test_pinnwand_pending_paste_is_read_once(pinnwand: Any, watcher: Any, source: Any) -> None:
    text = "ligne une\n  ligne <deux> & trois\n\tquatre"
    with PinnwandClient(pinnwand.address) as client:
        paste = client.paste(text).address
    spec = source(pinnwand.address, engine="pinnwand")
    first = watcher.crawl(spec, [paste])
    assert first.outcome == "finished", first.problems
    assert [post.location for post in first.posts] == [paste]
    assert first.posts[0].layers[0] == ("", text)
    assert first.posts[0].frame_ids[0] == paste.rsplit("/", 1)[-1]
    assert first.pages[-1].peer.startswith("127.0.0.1:")
    second = watcher.crawl(spec, [paste])
    assert not second.posts
    assert second.counts["requests"] == 1


def test_bepasty_list_is_read_and_nothing_is_deleted(
    bepasty: Any, watcher: Any, source: Any
) -> None:
    with BepastyClient(bepasty.address) as client:
        texts = [f"premier contenu {n}\nsuite é{n}" for n in range(3)]
        for number, text in enumerate(texts):
            client.paste(f"note{number}.txt", text)
    spec = source(bepasty.address, engine="auto")
    first = watcher.crawl(spec)
    assert first.outcome == "finished", first.problems
    for text in texts:
        assert text in first.texts
    second = watcher.crawl(spec)
    assert not second.posts
    assert second.counts["requests"] == 2  # the start page and the list


def test_forum_threads_pages_private_topics_and_replies(
    forum: Any, watcher: Any, source: Any
) -> None:
    passwords = {name: forum.password(name) for name in (*AUTHORS, OBSERVER)}
    client = ForumClient(forum.address, passwords)
    author = AUTHORS[0]
    topic = client.topic(author, "Entraide", "Une question ouverte", "premier message")
    for number in range(45):
        client.reply(AUTHORS[1], topic.address, f"réponse numéro {number} du fil")
    client.private_topic(author, OBSERVER, "Entre nous", "contenu très privé")
    spec = source(
        forum.address,
        engine="auto",
        accounts=(Account(OBSERVER, passwords[OBSERVER]),),
        sister_hosts=("127.0.0.1:9",),
    )
    first = watcher.crawl(spec)
    assert first.outcome == "finished", first.problems
    assert not first.problems
    assert "premier message" in first.texts
    assert "contenu très privé" in first.texts
    for number in range(45):
        assert f"réponse numéro {number} du fil" in first.texts
    assert len({post.location for post in first.posts}) == len(first.posts)
    now = datetime.now(UTC)
    for post in first.posts:
        assert now - timedelta(minutes=5) < datetime.fromisoformat(post.posted_at) <= now
    unchanged = watcher.crawl(spec)
    assert not unchanged.posts
    assert unchanged.counts["requests"] <= 3
    client.reply(AUTHORS[2], topic.address, "ajout tardif http://127.0.0.1:9/ABCD et la suite")
    third = watcher.crawl(spec)
    assert [post.layers[0][1] for post in third.posts] == [
        "ajout tardif http://127.0.0.1:9/ABCD et la suite"
    ]
    assert third.links == ["http://127.0.0.1:9/ABCD"]
    client.close()


@pytest.mark.browser
def test_board_that_needs_javascript(jsboard: Any, watcher: Any, source: Any) -> None:
    with JsBoardClient(jsboard.address) as client:
        texts = [f"message {n} du panneau\ndeuxième ligne {n}" for n in range(25)]
        for number, text in enumerate(texts):
            client.publish("lison", f"sujet {number}", text)
    spec = source(jsboard.address, engine="auto")
    first = watcher.crawl(spec)
    assert first.outcome == "finished", first.problems
    assert first.kinds == []
    for text in texts:
        assert text in first.texts
    assert all(page.rendered for page in first.pages)
    second = watcher.crawl(spec)
    assert not second.posts
    with JsBoardClient(jsboard.address) as client:
        client.publish("lison", "un de plus", "le dernier message arrivé")
    third = watcher.crawl(spec)
    assert [post.location for post in third.posts] == [f"{jsboard.address}/p/26"]
