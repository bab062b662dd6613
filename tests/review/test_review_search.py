"""The list's search: what it finds, what it says, and what it never tells."""

from __future__ import annotations

import httpx
import pytest

from index.alerts import AlertStore
from index.errors import IndexUnavailable
from tests.review.conftest import Served
from tests.review.test_review_pages import ids


def test_there_is_no_way_to_ask_for_a_person(served: Served) -> None:
    """Search sees places and masked titles: a snippet, a row, a value, a reason finds nothing."""
    with served.user() as user:
        for query in ("467935", "Martine", "nir", "encore", "essai", "médecin", '"•••"'):
            answer = user.get("/alerts", params={"status": "all", "q": query})
            assert ids(answer.text) == [], query
    assert isinstance(answer, httpx.Response)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("records:many", "attend un nombre"),
        ("first_seen:soon", "attend une date"),
        ("( " * 12 + "x", "parenthèses"),
        ("a " * 40, "trop de mots"),
        ("%", "ni mot"),
    ],
)
def test_a_search_that_cannot_be_understood_says_why_and_lists_nothing(
    served: Served, query: str, said: str
) -> None:
    with served.user() as user:
        answer = user.get("/alerts", params={"status": "all", "q": query})
    assert answer.status_code == 200
    assert said in answer.text
    assert ids(answer.text) == []


def test_without_the_search_index_the_list_still_works(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_more: object) -> None:
        raise IndexUnavailable("not there")

    monkeypatch.setattr(served.search, "search", away)
    with served.user() as user:
        answer = user.get("/alerts?status=all&q=board")
        assert answer.status_code == 200
        assert "index de recherche" in answer.text
        assert ids(answer.text) == []
        assert len(ids(user.get("/alerts?status=all").text)) == 36


def test_a_search_that_finds_too_many_says_so(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.find.find_alerts.__defaults__", (5,))
    with served.user(language="en") as user:
        html = user.get("/alerts?status=all&q=example").text
    assert ids(html) == [36, 35, 34, 33, 32]
    assert "More alerts fit" in html


def test_a_decision_is_right_in_a_search_before_the_index_knows_it(served: Served) -> None:
    with served.user() as user:
        AlertStore(served.engine).decide(36, "dismissed", "ours", "jeanne", 1)
        assert 36 not in ids(user.get("/alerts?q=example").text)
        assert 36 in ids(user.get("/alerts?status=dismissed&q=example").text)
