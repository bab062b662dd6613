"""The self-check fails for a fragment that was not found and for an alert nobody planted."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from vigie.demo.journal import Entry
from vigie.demo.report import print_report
from vigie.demo.selfcheck import Report, check
from vigie.demo.watching import AlertFact
from vigie.demo.words import Tongue

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _key(address: str) -> bytes:
    return address.encode()


def _entry(key: str, rows: tuple[int, ...] = (), number: int = 1) -> Entry:
    also = (f"http://forum/comment/{key}/find/",)
    return Entry(number, key, f"kind-{key}", "forum", f"http://forum/topic/{key}/", also, NOW, rows)


def _alert(number: int, address: str) -> AlertFact:
    at = NOW + timedelta(seconds=5)
    rows = frozenset({1})
    return AlertFact(number, _key(address), "http://forum/topic/█/", "forum", "fragment", at, rows)


POSTS = [_entry("a", (1, 2)), _entry("b", (3,)), _entry("c"), _entry("old", (9,), 0)]
FOUND = [_alert(1, "http://forum/topic/a/"), _alert(2, "http://forum/comment/b/find/")]


def test_it_passes_when_all_is_found_by_any_address_and_nothing_else() -> None:
    report = check(POSTS, FOUND, 1, _key)
    assert report.passed
    assert (report.found, len(report.findings), report.posts) == (2, 2, 3)
    assert (report.median_seconds, report.worst_seconds) == (5.0, 5.0)


def test_alerts_of_earlier_rounds_are_no_false_ones() -> None:
    assert check(POSTS, [*FOUND, _alert(3, "http://forum/topic/old/")], 1, _key).passed


@pytest.mark.parametrize(
    ("alerts", "missing", "false"),
    [
        (FOUND[:1], 1, 0),
        ([*FOUND, _alert(3, "http://forum/topic/c/")], 0, 1),
        ([*FOUND, _alert(3, "http://elsewhere/")], 0, 1),
        ([], 2, 0),
    ],
)
def test_it_fails_for_a_missing_or_an_extra_alert(
    alerts: list[AlertFact], missing: int, false: int
) -> None:
    report = check(POSTS, alerts, 1, _key)
    assert not report.passed
    assert len(report.findings) - report.found == missing
    assert len(report.false_alerts) == false


def test_it_fails_when_nothing_was_planted_or_a_source_was_not_read() -> None:
    assert not check([_entry("c")], [], 1, _key).passed
    assert not check(POSTS, FOUND, 1, _key, unread=("board",)).passed
    assert not check(POSTS, FOUND, 1, _key, complete=False).passed


def _printed(report: Report, language: str) -> str:
    out = io.StringIO()
    print_report(Console(file=out, width=100), Tongue(language), report)
    return out.getvalue()


@pytest.mark.parametrize(("language", "missing"), [("en", "NOT FOUND"), ("fr", "NON TROUVÉ")])
def test_the_report_names_what_is_wrong(language: str, missing: str) -> None:
    alerts = [FOUND[0], _alert(7, "http://elsewhere/")]
    words = _printed(check(POSTS, alerts, 1, _key, unread=("board",)), language)
    assert missing in words
    assert "kind-b" in words
    assert " 7 " in words
    assert "board" in words
    assert "1/2" in words
