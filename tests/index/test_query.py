"""The query language: what is an operator, what is words, what is refused; and how words fold."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import words
from index.errors import WrongQuery
from index.query import MAX_TERMS, All, Any, Not, Range, Value, Words, parse


def test_words_fields_and_phrases() -> None:
    assert parse("Base MÉDECINS") == All((Words(("base",)), Words(("medecins",))))
    assert parse('"liste de clients"') == Words(("liste", "de", "clients"))
    assert parse("médec*") == Words(("medec",), prefix=True)
    assert parse("status:OPEN") == Value("status", "open")
    assert parse('leak:"Labo Été"') == Value("leak", "labo ete")
    assert parse("fields:nir") == parse("field:nir") == Value("field", "nir")
    assert parse("") == All(())


def test_what_is_no_field_is_words() -> None:
    assert parse("https://forum.example/t/12") == Words(("https", "forum", "example", "t", "12"))
    assert parse("title:x") == Words(("title", "x"))


def test_operators_in_capitals_only() -> None:
    a, b, c = Words(("a",)), Words(("b",)), Words(("c",))
    assert parse("a OR b c") == Any((a, All((b, c))))
    assert parse("(a OR b) c") == All((Any((a, b)), c))
    assert parse("a -b NOT c") == All((a, Not(b), Not(c)))
    assert parse("NOT NOT a") == a
    assert parse("a AND b") == All((a, b))
    assert parse("a or b") == All((a, Words(("or",)), b))
    assert parse("a-b") == Words(("a", "b"))
    assert parse("-(a OR b)") == Not(Any((a, b)))


@pytest.mark.parametrize("query", ["(a", "a)", "((a", "a))", ")a(", "(a) OR", "OR a", "a NOT", "-"])
def test_brackets_and_operators_left_over_are_mended(query: str) -> None:
    assert parse(query) in (Words(("a",)), All(()))


def test_ranges_of_numbers() -> None:
    assert parse("records:5") == Range("records", 5, 5)
    assert parse("records:>5") == Range("records", low=5, low_open=True)
    assert parse("records:>=5") == Range("records", low=5)
    assert parse("bits:<5.5") == Range("bits", high=5.5, high_open=True)
    assert parse("bits:<=5") == Range("bits", high=5)
    assert parse("case:5..9") == Range("case", 5, 9)
    assert parse("records:5..") == Range("records", low=5)
    assert parse("records:..5") == Range("records", high=5)
    assert parse("alert:#12") == Range("alert", 12, 12)


def test_a_day_is_from_its_first_to_the_next_days_first_millisecond() -> None:
    day = 86_400_000
    first = 20635 * day  # 2026-07-01
    assert parse("first_seen:2026-07-01") == Range("first_seen", first, first + day, high_open=True)
    assert parse("first_seen:2026-07") == Range("first_seen", first, first + 31 * day,
                                                high_open=True)  # fmt: skip
    assert parse("first_seen:>2026-07-01") == Range("first_seen", low=first + day)
    assert parse("first_seen:<2026-07-01") == Range("first_seen", high=first, high_open=True)
    assert parse("first_seen:<=2026-07-01") == Range("first_seen", high=first + day, high_open=True)
    assert parse("first_seen:2026-07-01..2026-07-02") == Range(
        "first_seen", first, first + 2 * day, high_open=True
    )
    noon = first + day // 2
    assert parse("posted:>=2026-07-01T14:00+02:00") == Range("posted", low=noon)
    assert parse("posted:2026-07-01T12:00") == Range("posted", noon, noon)


@pytest.mark.parametrize(
    "query",
    [
        "records:many", "records:>=", "records:1e5", "bits:nan", "case:5..x",
        "first_seen:yesterday", "first_seen:2026-13", "first_seen:2026-02-30",
        "first_seen:2026-07-01T99", "first_seen:9999", "records:٣",
    ],
)  # fmt: skip
def test_numbers_and_dates_that_are_none_are_named(query: str) -> None:
    with pytest.raises(WrongQuery, match=f"^{query.partition(':')[0]}: needs a"):
        parse(query)


def test_a_query_is_bounded() -> None:
    with pytest.raises(WrongQuery, match="longer"):
        parse("a" * 2001)
    with pytest.raises(WrongQuery, match="terms"):
        parse("a " * (MAX_TERMS + 1))
    with pytest.raises(WrongQuery, match="brackets"):
        parse("(" * 30 + "a")


@given(st.text(max_size=200))
def test_any_text_is_a_query_or_refused_in_words(text: str) -> None:
    try:
        parse(text)
    except WrongQuery as error:
        assert str(error)  # noqa: PT017


def test_folding_and_splitting() -> None:
    assert words.split("L'Œuvre d’été, STRAẞE no_1") == [
        "l", "oeuvre", "d", "ete", "strasse", "no", "1",
    ]  # fmt: skip
    assert words.split("İstanbul ﬁn ①②") == ["istanbul", "fin", "12"]
    assert words.split("x" * 130) == ["x" * 64, "x" * 64, "xx"]
    assert words.split("•••") == []


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing_and_forms_do_not_matter(text: str) -> None:
    once = words.fold(text)
    assert words.fold(once) == once
    assert words.split(unicodedata.normalize("NFD", text)) == words.split(
        unicodedata.normalize("NFC", text)
    )
    assert not set(" ".join(words.split(text))) & set(string.punctuation)
