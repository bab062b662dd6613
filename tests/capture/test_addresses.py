"""Addresses keep the site's frame and lose what posters put there."""

from __future__ import annotations

import random
import re
import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.addresses import ROUTES, is_identifier, mask_address


@pytest.mark.parametrize(
    ("address", "ids", "shown"),
    [
        ("http://127.0.0.1:8000/ABCD", ["ABCD"], "http://127.0.0.1:8000/ABCD"),
        ("https://b.example/aB3xQ9zK", ["aB3xQ9zK"], "https://b.example/aB3xQ9zK"),
        ("https://f.example/topic/12/", ["12"], "https://f.example/topic/12/"),
        ("https://f.example/comment/77/find/", ["77"], "https://f.example/comment/77/find/"),
        ("https://f.example/topic/12?page=3#c77", ["12", "77"],
         "https://f.example/topic/12?page=3#c77"),
        ("https://f.example/showthread.php?t=44", ["3", "44"],
         "https://f.example/showthread.php?t=44"),
        ("HTTPS://F.Example/Topic/12", ["12"], "https://f.example/•••/12"),
        ("https://f.example/topic/12/jeanne-martineau/", ["12"], "https://f.example/topic/12/•••/"),
        ("https://f.example/topic/12-jeanne_martineau.html", ["12"],
         "https://f.example/topic/12-•••.html"),
        ("https://f.example/topic/12/", [], "https://f.example/topic/•••/"),
        ("https://f.example/u/martineau/0639981234", ["martineau", "0639981234"],
         "https://f.example/u/•••/•••"),
        ("https://u:p@f.example/", [], "https://•••@f.example/"),
        ("https://f.example/?q=Jeanne+Martineau&page=2", [], "https://f.example/?q=•••&page=2"),
        ("https://f.example/?martineau=1&tel", [], "https://f.example/?•••=•••&•••"),
        ("https://f.example/#Martineau", [], "https://f.example/#•••"),
        ("https://f.example/%4Dartineau/a%20b", ["%4Dartineau"], "https://f.example/•••/•••"),
        ("file:///home/martineau/feed.txt", [], "file:///•••/•••/feed.txt"),
        ("javascript:alert(1)", [], "•••"),
        ("data:text/html,Martineau", [], "•••"),
        ("Martineau", [], "•••"),
        ("http://[::1", [], "•••"),
        ("http://[2600::1]:8080/t/5", ["5"], "http://[2600::1]:8080/t/5"),
    ],
)  # fmt: skip
def test_the_frame_stays_and_the_rest_does_not(address: str, ids: list[str], shown: str) -> None:
    assert mask_address(address, ids) == shown


def test_the_crawler_s_word_alone_keeps_nothing_readable() -> None:
    claims = [
        "MARTINEAU", "Martineau", "martineau", "jeanne-martineau", "JeanneMartineau",
        "durand", "jeanne_martineau85", "MART1NEAU", "m4rtineau", "Petit", "dupont",
        "DUPONT", "moreau2", "0639981234", "639981234", "2850344109123", "19850314",
        "14031985", "06-39-98-12-34", "14-03-1985", "x0639981234", "j.martineau", "a@b",
        "", "é", "a" * 65, "12 rue",
    ]  # fmt: skip
    for claim in claims:
        assert not is_identifier(claim), claim
        if claim and "/" not in claim:
            shown = mask_address(f"https://f.example/{claim}", [claim])
            assert claim not in shown.removeprefix("https://f.example/")


@pytest.mark.parametrize(
    "token",
    ["1", "12", "1234567", "12345678", "44000", "AE", "ABCD", "QWMTZ", "GZ3Q", "aB3xQ9zK",
     "x7Kq2", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "d41d8cd98f00b204e9800998ecf8427e"],
)  # fmt: skip
def test_identifiers_as_sites_make_them_stay(token: str) -> None:
    assert is_identifier(token)


@pytest.mark.parametrize(
    ("alphabet", "length", "lost"),
    [
        (string.ascii_uppercase + "234567", 2, 0.0),  # pinnwand, few pastes
        (string.ascii_uppercase + "234567", 4, 0.0),
        (string.ascii_uppercase + "234567", 5, 0.0),
        (
            "".join(sorted({*string.ascii_letters, *string.digits} - set("1lI0O8B5S"))),
            8,
            0.01,
        ),  # bepasty
        (string.ascii_letters + string.digits, 8, 0.01),  # pastebin and many more
        ("0123456789abcdef", 16, 0.005),
        ("0123456789abcdef", 32, 0.0005),
    ],
)
def test_random_identifiers_are_hardly_ever_taken_for_words(
    alphabet: str, length: int, lost: float
) -> None:
    rng = random.Random(11)
    tokens = ["".join(rng.choices(alphabet, k=length)) for _ in range(4000)]
    assert sum(not is_identifier(token) for token in tokens) <= lost * len(tokens)


def test_no_more_than_a_few_identifiers_are_believed() -> None:
    ids = [str(number) for number in range(100, 200)]
    shown = mask_address("https://f.example/" + "/".join(ids), ids)
    assert len(re.findall(r"[0-9]{3}", urlsplit(shown).path)) <= 6


@given(st.text(max_size=80), st.lists(st.text(max_size=12), max_size=3))
def test_nothing_unknown_stays_in_any_address(rest: str, ids: list[str]) -> None:
    shown = mask_address("https://host.example/" + rest, ids)
    tail = shown.removeprefix("https://host.example")
    for word in re.findall(r"[^\W_]+", tail):
        whole = {
            part for known in ids if is_identifier(known) for part in re.findall(r"[^\W_]+", known)
        }
        glued = {f"{mark}{known}" for known in ids for mark in ("p", "c", "post", "msg")}
        assert word in ROUTES | whole | glued or re.fullmatch(r"[0-9]{1,4}", word)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_mask(text: str) -> None:
    assert mask_address(text, []) == "•••" or "://" in mask_address(text, [])
    assert len(mask_address("https://a.example/" + "t/" * 9000, [])) <= 1000
