"""Posting through forms and interfaces, and reading back what stands there."""

from __future__ import annotations

import html
from collections.abc import Iterator
from urllib.parse import urldefrag

import httpx
import pytest

from vigie.demo.clients import BepastyClient, ForumClient, JsBoardClient, PinnwandClient
from vigie.demo.clients.http import Session
from vigie.demo.errors import PosterError
from vigie.demo.sites import BepastySite, ForumSite, JsBoardSite, PinnwandSite

pytestmark = pytest.mark.sites
TEXT = 'Dérouillé;Zoé;1985-04-12\nl\'éclair <b>&amp; "le reste"'


@pytest.fixture
def board(forum: ForumSite) -> Iterator[ForumClient]:
    names = ("mistral", "lison", "observer")
    client = ForumClient(forum.address, {name: forum.password(name) for name in names})
    yield client
    client.close()


def _read(address: str) -> str:
    answer = httpx.get(address, follow_redirects=True, trust_env=False)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_pinnwand_keeps_the_text(pinnwand: PinnwandSite) -> None:
    with PinnwandClient(pinnwand.address) as client:
        posted = client.paste(TEXT)
    assert _read(posted.address + "/raw") == html.unescape(TEXT)


def test_bepasty_keeps_text_and_bytes_and_lists_them(bepasty: BepastySite) -> None:
    with BepastyClient(bepasty.address) as client:
        posted = client.paste("liste.txt", TEXT)
        packed = client.upload("a.gz", b"\x1f\x8b\x00", content_type="application/gzip")
        assert client.find("liste.txt") == posted
        assert client.find("never.txt") is None
        assert _read(posted.address + "/+inline") == html.unescape(TEXT)
        assert client.get(packed.address + "/+download").content == b"\x1f\x8b\x00"


def test_the_board_takes_a_form_and_finds_it_again(jsboard: JsBoardSite) -> None:
    with JsBoardClient(jsboard.address) as client:
        posted = client.publish("ada", "Un titre", TEXT)
        assert client.find("ada", "Un titre") == posted
        assert client.find("ada", "Un autre") is None
        with pytest.raises(PosterError, match="403"):
            client.post("/new", expect=(303,), data={"token": "stale", "body": "x"})


def test_a_long_thread_has_its_post_on_page_three(board: ForumClient) -> None:
    topic = board.topic("mistral", "Entraide", "Long fil", "ouverture")
    for number in range(39):
        board.reply("lison", topic.address, f"réponse numéro {number}")
    last = board.reply("mistral", topic.address, "la dernière ligne à trouver")
    assert "page=3" in last.address
    assert last.also[0].endswith("/find/")
    assert "la dernière ligne" in _read(urldefrag(last.address).url)
    assert board.find_reply("lison", topic.address, "la dernière ligne à trouver") == last
    assert board.find_reply("lison", topic.address, "jamais écrit ici") is None
    assert board.find_topic("lison", "Long fil") is not None
    assert board.find_topic("lison", "Jamais ouvert") is None


def test_a_private_topic_needs_the_invited_account(board: ForumClient, forum: ForumSite) -> None:
    posted = board.private_topic("mistral", "observer", "Entre nous", "un secret bien gardé")
    with Session(forum.address) as guest:
        assert "un secret bien gardé" not in guest.get(posted.address).text
    found = board.find_topic("observer", "Entre nous", private=True)
    assert found is not None
    assert found.address == posted.address


def test_a_silent_site_is_one_sentence() -> None:
    with (
        PinnwandClient("http://127.0.0.1:9") as client,
        pytest.raises(PosterError, match="does not answer"),
    ):
        client.paste("x")
