"""Crawls of real software on loopback, from an empty memory to an unchanged site."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

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


def dpaste_post(address: str, text: str, **fields: str) -> str:
    """A paste by dpaste's own API; its address."""
    data = urlencode({"content": text, "format": "json", **fields}).encode()
    with urlopen(f"{address}/api/", data, timeout=10) as answer:
        return f"{address}/{json.load(answer)['url'].rstrip('/').rsplit('/', 1)[-1]}"


def test_dpaste_pending_pastes_are_read_once_by_any_of_their_views(
    dpaste: Any, watcher: Any, source: Any
) -> None:
    texts = [f"ligne {n}\n  deux <x> & trois\n\tquatre é{n}" for n in range(4)]
    pastes = [dpaste_post(dpaste.address, text) for text in texts]
    pastes.append(dpaste_post(dpaste.address, "def f():\n    return 1\n", lexer="python"))
    given = [pastes[0], f"{pastes[1]}/raw", f"{pastes[2]}/slim", f"{pastes[3]}/", pastes[4]]
    spec = source(dpaste.address, engine="auto")
    first = watcher.crawl(spec, given)
    assert first.outcome == "finished", first.problems
    found = {post.location for post in first.posts}
    assert found == set(pastes), (given, first.kinds)
    assert {post.layers[0][1] for post in first.posts} >= set(texts)
    assert "def f():\n    return 1" in first.texts
    second = watcher.crawl(spec, pastes)
    assert not second.posts
    assert second.counts["requests"] == 1


def test_a_one_time_paste_of_dpaste_is_opened_once(dpaste: Any, watcher: Any, source: Any) -> None:
    paste = dpaste_post(dpaste.address, "une fois seulement", expires="onetime")
    found = watcher.crawl(source(dpaste.address, engine="dpaste"), [paste, f"{paste}/raw"])
    assert found.texts == "une fois seulement"
    assert found.counts["requests"] == 2  # the start page, and one view of the two it has


@pytest.mark.parametrize("engine", ["generic"])
def test_paste_sites_by_structure_alone(
    pinnwand: Any, bepasty: Any, dpaste: Any, watcher: Any, source: Any, engine: str
) -> None:
    texts = [f"structure {n}\nligne deux é{n}\nligne trois" for n in range(6)]
    with PinnwandClient(pinnwand.address) as client:
        fed = [client.paste(text).address for text in texts]
    found = watcher.crawl(source(pinnwand.address, engine=engine), fed)
    assert all(text in found.texts for text in texts), found.problems
    fed = [dpaste_post(dpaste.address, text) for text in texts]
    found = watcher.crawl(source(dpaste.address, engine=engine), fed)
    assert all(text in found.texts for text in texts), found.problems
    with BepastyClient(bepasty.address) as other:
        for number, text in enumerate(texts):
            other.paste(f"structure{number}.txt", text)
    found = watcher.crawl(source(bepasty.address, engine=engine))
    assert all(text in found.texts for text in texts), found.problems


def test_a_forum_by_structure_alone(forum: Any, watcher: Any, source: Any) -> None:
    passwords = {name: forum.password(name) for name in (*AUTHORS, OBSERVER)}
    client = ForumClient(forum.address, passwords)
    topic = client.topic(AUTHORS[0], "Entraide", "Un fil sans araignée", "ouverture du fil vu")
    for number in range(25):
        client.reply(AUTHORS[1], topic.address, f"réponse par structure numéro {number:02d} du fil")
    client.close()
    spec = source(forum.address, engine="generic", render="never")
    found = watcher.crawl(spec, timeout=60.0)
    assert found.outcome == "finished", found.problems
    planted = ["ouverture du fil vu"] + [
        f"réponse par structure numéro {number:02d} du fil" for number in range(25)
    ]
    assert [text for text in planted if text not in found.texts] == []
