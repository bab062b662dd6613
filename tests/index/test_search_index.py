"""One suite for every search index: the same set in the same order, whatever stands behind."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import query as language
from index import words
from index.documents import FACETS, SORTS, facet_values
from index.embedded import EmbeddedIndex
from index.errors import WrongChoice, WrongQuery
from index.search import Document, SearchIndex
from tests.index.conftest import Searched
from tests.index.search_documents import BEGAN, alert, hit, many

NUMBER = 150


@pytest.fixture(scope="module")
def filled(searched: Searched) -> SearchIndex:
    """An index with many alerts, in a shuffled order of writing, and a few hits."""
    any_index = searched.index
    documents = many(NUMBER)
    random.Random(3).shuffle(documents)
    assert not any_index.write(documents)
    assert not any_index.write([hit(n) for n in range(1, 8)])
    any_index.refresh()
    searched.once_filled()
    return any_index


def expected(
    text: str,
    sort: str = "first_seen",
    *,
    descending: bool = True,
    documents: list[Document] | None = None,
) -> list[str]:
    """What a query finds, worked out over plain dicts: what both indexes are held to."""
    if documents is None:
        return list(_expected_of_many(text, sort, descending=descending))
    node = language.parse(text)
    found = [d for d in documents if fits(node, d.body["vigie"])]
    key: Callable[[Document], Any] = lambda d: (d.body["vigie"][sort], d.body["vigie"]["number"])  # noqa: E731
    return [d.id for d in sorted(found, key=key, reverse=descending)]


@cache
def _expected_of_many(text: str, sort: str, *, descending: bool) -> list[str]:
    """Of the documents of `filled`: each index that is held to it asks the same."""
    return expected(text, sort, descending=descending, documents=many(NUMBER))


def fits(node: language.Node, own: dict[str, Any]) -> bool:
    """Whether a document fits a tree."""
    match node:
        case language.Words():
            texts = [own["title"], own["location"], *own["also"], own["source"], own["leak"]]
            return any_phrase(node, [words.split(text) for text in texts])
        case language.Value(field="id"):
            return words.fold(own["id"]) == node.value
        case language.Value():
            return (node.field, node.value) in {
                (name, words.fold(value)) for name, value in facet_values(own)
            }
        case language.Range():
            value = own.get(node.field)
            if isinstance(value, str):
                value = round(datetime.fromisoformat(value).timestamp() * 1000)
            return value is not None and within(node, value)
        case language.Not():
            return not fits(node.part, own)
        case language.All():
            return all(fits(part, own) for part in node.parts)
        case language.Any():
            return any(fits(part, own) for part in node.parts)


def any_phrase(node: language.Words, texts: list[list[str]]) -> bool:
    if node.prefix:
        every = {word for text in texts for word in text}
        starts = any(word.startswith(node.words[-1]) for word in every)
        return starts and set(node.words[:-1]) <= every
    size = len(node.words)
    return any(
        tuple(text[at : at + size]) == node.words for text in texts for at in range(len(text))
    )


def within(node: language.Range, value: float) -> bool:
    low = node.low is None or (value > node.low if node.low_open else value >= node.low)
    return low and (
        node.high is None or (value < node.high if node.high_open else value <= node.high)
    )


QUERIES = [
    "", "base", "MEDECINS", "médec*", '"base medecins"', "oeuvre", "strasse", "ete", "naive",
    "status:open", "status:OPEN source:forum-x", 'leak:"labo ete"', "fields:nir -fields:phone",
    "records:3", "records:>=3", "records:2..4 bits:>50", "bits:40..45", "case:7", "alert:12",
    "first_seen:2026-07-02", "first_seen:>=2026-07-04", "last_seen:<2026-07-12", "first_seen:2026",
    "gone:2026", "-gone:2026-07", "gone_after:<1300000", "found_after:<300",
    "-found_after:<300", "posted:2026-07-01", "-posted:2026",
    "host:a.example", "a.example", "https://a.example/t/17", "c example", '"c example"', "raw*",
    "base OR clients", "(base OR clients) status:confirmed", "-(base OR clients) source:board",
    "id:alert-9", "id:alert-9 OR alert:8", "nothing", "-nothing", "t/1*", '"2026 base"',
    "verdict:repost status:open field:email records:>1",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_the_set_and_its_order(filled: SearchIndex, query: str) -> None:
    page = filled.search(query, limit=1000)
    assert [found.id for found in page.hits] == expected(query)
    assert not page.next
    assert filled.count(query) == len(page.hits)


def test_the_queries_above_tell_something() -> None:
    sizes = [len(expected(query)) for query in QUERIES]
    assert sum(0 < size < NUMBER for size in sizes) > 35


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_page_by_page(filled: SearchIndex, sort: str, descending: bool) -> None:
    found: list[str] = []
    after = ""
    for _ in range(100):
        page = filled.search("status:open", sort=sort, descending=descending, limit=7, after=after)
        found += [one.id for one in page.hits]
        after = page.next
        if not after:
            break
    assert found == expected("status:open", sort, descending=descending)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(QUERIES), min_size=1, max_size=3), st.sampled_from(["", "-", "OR"]))
def test_queries_put_together(filled: SearchIndex, parts: list[str], word: str) -> None:
    text = f" {word if word == 'OR' else ''} ".join(
        f"{word if word == '-' else ''}({part})" for part in parts
    )
    assert [found.id for found in filled.search(text, limit=1000).hits] == expected(text)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(alphabet=st.sampled_from('ab*"():-<>=.é̀œ{}[]^~\\/?+!&| ORNT\0\n'), max_size=30))
def test_no_text_is_an_operator_of_the_engine(filled: SearchIndex, text: str) -> None:
    try:
        assert [found.id for found in filled.search(text, limit=1000).hits] == expected(text)
    except WrongQuery:
        with pytest.raises(WrongQuery):
            language.parse(text)


def test_a_deep_list_stays_as_it_was(fresh_index: SearchIndex) -> None:
    documents = many(1200)
    fresh_index.write(documents)
    fresh_index.refresh()
    listed = fresh_index.scan("source:paste OR source:board", sort="records", descending=True)
    first = next(listed)
    fresh_index.write([alert(1201, source="paste", records=3)])
    fresh_index.refresh()
    rest = [found.id for found in listed]
    wanted = expected("source:paste OR source:board", "records", documents=documents)
    assert [first.id, *rest] == wanted
    assert fresh_index.count("source:paste OR source:board") == len(wanted) + 1


def test_hits_and_alerts_are_lists_of_their_own(filled: SearchIndex) -> None:
    page = filled.search("", kind="hit", sort="number", descending=False, limit=1000)
    assert [found.id for found in page.hits] == [f"hit-{n}" for n in range(1, 8)]
    assert page.hits[2].body == hit(3).body
    assert page.hits[2].number == 3
    assert filled.ids("hit") == {f"hit-{n}" for n in range(1, 8)}


@pytest.mark.parametrize("query", ["", "status:open", "base -source:board"])
def test_facets(filled: SearchIndex, query: str) -> None:
    wanted: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    ids = set(expected(query))
    for document in many(NUMBER):
        if document.id in ids:
            for name, value in facet_values(document.body["vigie"]):
                wanted[name][value] = wanted[name].get(value, 0) + 1
    found = filled.facets(query, FACETS)
    for name in FACETS:
        pairs = [(bucket.value, bucket.count) for bucket in found[name]]
        assert pairs == sorted(wanted[name].items(), key=lambda item: (-item[1], item[0]))


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_counts_over_time(filled: SearchIndex, interval: str) -> None:
    wanted: dict[datetime, int] = {}
    ids = set(expected("source:paste"))
    for document in many(NUMBER):
        if document.id in ids:
            at = begins(datetime.fromisoformat(document.body["vigie"]["last_seen"]), interval)
            wanted[at] = wanted.get(at, 0) + 1
    found = filled.histogram("source:paste", field="last_seen", interval=interval)
    assert [(span.begins, span.count) for span in found] == sorted(wanted.items())


def begins(moment: datetime, interval: str) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match interval:
        case "hour":
            return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
    return day


def test_what_does_not_exist_is_named(filled: SearchIndex) -> None:
    with pytest.raises(WrongChoice, match="first_seen"):
        filled.search("", sort="title")
    with pytest.raises(WrongChoice, match="leak"):
        filled.facets("", ["title"])
    with pytest.raises(WrongChoice, match="hour"):
        filled.histogram("", interval="year")
    with pytest.raises(WrongChoice, match="posted"):
        filled.histogram("", field="records")
    for cursor in ("x", "W10=", filled.search("", sort="bits", limit=1).next):
        with pytest.raises(WrongChoice, match="first"):
            filled.search("", sort="records", after=cursor)


def test_an_alert_changes_and_only_forward(fresh_index: SearchIndex) -> None:
    fresh_index.write([alert(1, 5, status="confirmed", title="après"), alert(2, 6)])
    fresh_index.write([alert(1, 3, status="open", title="avant"), alert(2, 9, status="dismissed")])
    fresh_index.refresh()
    status = {found.id: found.body["vigie"]["status"] for found in fresh_index.search("").hits}
    assert status == {"alert-1": "confirmed", "alert-2": "dismissed"}
    # Nothing of an older state is found any more, in words or in fields.
    assert fresh_index.count("avant") == 0
    assert fresh_index.count("apres") == 1
    assert fresh_index.count("status:open") == 0
    buckets = fresh_index.facets("", ["status"])["status"]
    assert [(bucket.value, bucket.count) for bucket in buckets] == [
        ("confirmed", 1), ("dismissed", 1),
    ]  # fmt: skip


def test_a_hit_is_taken_once(fresh_index: SearchIndex) -> None:
    for _ in range(3):
        assert not fresh_index.write([hit(n) for n in range(1, 30)])
    fresh_index.refresh()
    assert fresh_index.count("", kind="hit") == 29


def test_health(fresh_index: SearchIndex) -> None:
    assert fresh_index.health().state in ("green", "yellow")


def test_documents_are_of_the_layout_the_suite_expects() -> None:
    body = alert(3, title="Été", posted_at=BEGAN).body
    assert body["ecs"]["version"].startswith("8.")
    assert body["event"]["kind"] == "alert"
    assert body["@timestamp"] == "2026-07-01T11:00:00.000Z"
    assert body["url"]["domain"] == "paste.example"
    assert body["vigie"]["words"].split(" ¦ ")[0] == "ete"


def test_an_embedded_index_of_an_older_layout_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with closing(EmbeddedIndex(path)) as index:
        index.write([alert(1)])
    with closing(sqlite3.connect(tmp_path / "index-1.db")) as older:
        older.execute("ALTER TABLE document DROP COLUMN gone")
        older.execute("ALTER TABLE document DROP COLUMN gone_after")
        older.execute("PRAGMA user_version=2")
    with closing(EmbeddedIndex(path)) as index, closing(EmbeddedIndex(path)) as other:
        index.write([alert(2, gone_at=BEGAN + timedelta(days=3))])
        assert [found.id for found in other.search("gone:2026").hits] == ["alert-2"]
        assert index.count("") == 2
