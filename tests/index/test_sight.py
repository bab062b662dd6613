"""A source that sees nothing is never green; one that is merely quiet is not red."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from index.canaries import CanaryStore, CanaryView
from index.engine import open_record
from index.errors import WrongChoice
from index.leases import Leases, source_lease
from index.sight import (
    CrawlSeen,
    Sight,
    Situation,
    assess,
    expectation,
    poisson_at_most,
)
from index.sight_store import SightStore
from index.sources import CrawlCounts, SourceStore
from index.vault import Vault

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def crawl(hours: float, posts: int = 0, outcome: str = "finished", **more: Any) -> CrawlSeen:
    sight = {"lists": 2, "list_held": 40, "items": posts, "item_held": posts}
    return CrawlSeen(NOW - hours * HOUR, outcome, 2 + posts, posts, **{"sight": sight, **more})


def history(days: int = 12, a_day: int = 24, until: float = 1.0) -> list[CrawlSeen]:
    """A crawl an hour, oldest first, the first with a stock of 500."""
    hours = [h for h in range(days * 24, 0, -1) if h >= until]
    return [crawl(h, 500 if i == 0 else a_day // 24) for i, h in enumerate(hours)]


def state(**fields: Any) -> Situation:
    usual = Situation(
        60, 60, off=False, last_success=NOW - HOUR, last_error="", failures=0, due=NOW
    )
    return Situation(**{name: fields.get(name, getattr(usual, name)) for name in usual.__slots__})


def level(crawls: list[CrawlSeen], canaries: list[CanaryView] | None = None, **now: Any) -> Sight:
    return assess(NOW, state(**now), crawls, canaries or [])


def test_a_source_as_usual_is_green() -> None:
    found = level(history())
    assert (found.level, found.expected, found.per_day) == ("green", 24.0, 24)


def test_the_chance_of_few_events() -> None:
    assert poisson_at_most(0, 5.0) == pytest.approx(0.006738, rel=1e-3)
    assert poisson_at_most(2, 5.0) == pytest.approx(0.124652, rel=1e-3)
    assert poisson_at_most(3, 0.0) == 1.0


def test_the_expectation_is_neither_the_stock_nor_a_burst() -> None:
    crawls = history(8, 24)
    burst = [*crawls[:30], crawl(100.5, 4000), *crawls[30:]]
    assert expectation(NOW, sorted(burst, key=lambda one: one.started)) == 24.0
    assert expectation(NOW, history(3)) is None


def test_silence_is_feared_only_where_it_is_incredible() -> None:
    silent = [crawl(h, 0) for h in range(24, 0, -1)]
    busy = level([*history(12, 24, until=25), *silent])
    assert busy.level == "red"
    assert "24 h" in busy.reason
    few = [one for one in history(12, 0) if one.posts == 0]
    seldom = (
        [crawl(12 * 24, 500)] + [crawl(24 * d - 5, 1) for d in range(11, 1, -1)] + silent
    )  # one a day, and none today
    assert level(few).level == "green"
    assert level(seldom).level == "green"
    rather = [crawl(12 * 24, 500)] + [crawl(24 * d - 5, 8) for d in range(11, 1, -1)] + silent
    assert level(rather).level == "amber"


@pytest.mark.parametrize("kind", ["forbidden", "captcha", "challenge", "banned", "login-wall"])
def test_pages_that_are_no_content_turn_it_red(kind: str) -> None:
    problems = ({"kind": kind, "count": 3},)
    blocked = [crawl(h / 10, 0, problems=problems, sight={}) for h in range(5, 0, -1)]
    found = level([*history(), *blocked])
    assert found.level == "red"
    assert kind in found.reason
    assert found.blocked == pytest.approx(0.6)


def test_few_such_pages_are_amber() -> None:
    some = [crawl(0.1, 7, problems=({"kind": "forbidden", "count": 5},))]
    assert level([*history(until=2), *[crawl(h / 9, 1) for h in range(5, 1, -1)], *some]).level == (
        "amber"
    )


def test_a_layout_that_is_read_no_more_turns_it_red() -> None:
    nothing = crawl(0.5, 0, sight={"lists": 2, "list_held": 0, "lists_empty": 2})
    found = level([*history(), nothing])
    assert found.level == "red"
    assert "layout" in found.reason
    fewer = crawl(0.5, 0, sight={"lists": 2, "list_held": 6})
    assert level([*history(), fewer]).level == "amber"
    assert level([*history(), fewer, fewer]).level == "red"
    items = crawl(0.5, 0, sight={"lists": 2, "list_held": 40, "items": 4, "item_held": 0})
    assert "posts are read no more" in level([*history(), items]).reason


def test_pages_without_anything_turn_it_red_at_the_first_crawl() -> None:
    nothing = crawl(0.5, 0, problems=({"kind": "nothing-seen", "count": 1},), sight={"items": 1})
    assert level([nothing]).level == "red"


def test_a_list_that_did_not_change_is_no_silence() -> None:
    same = crawl(0.5, 0, sight={"unchanged": 2})
    assert level([*history(), same]).level == "green"


def test_failures_and_a_crawl_that_is_overdue() -> None:
    assert level(history(), failures=1, last_error="timeout (1)").level == "amber"
    assert level(history(), failures=3).level == "red"
    assert level([], last_success=None).level == "amber"
    assert level([crawl(1, outcome="failed")], last_success=None, failures=1).level == "red"
    late = level(history(), due=NOW - HOUR)
    assert (late.level, "vigie watch" in late.reason) == ("red", True)
    assert level(history(), due=NOW - HOUR, off=True).level == "off"


def test_a_missed_canary_turns_it_red() -> None:
    def canary(**fields: Any) -> CanaryView:
        usual: dict[str, Any] = {
            "id": 7, "kind": "text", "marker_key": b"", "added": NOW - HOUR, "added_by": "me",
            "limit_s": 600.0, "found_at": None, "last_seen": None, "missed_at": None,
        }  # fmt: skip
        return CanaryView(**{**usual, **fields})

    soon = canary(added=NOW - timedelta(seconds=10))
    found = canary(found_at=NOW - HOUR + timedelta(seconds=30))
    late = canary(found_at=NOW - timedelta(seconds=30))
    lost = canary(kind="address", found_at=NOW - HOUR, last_seen=NOW - timedelta(minutes=20))
    assert level(history(), [canary()]).level == "red"
    assert level(history(), [soon]).canaries_in_time is None
    told = level(history(), [soon, found, late])
    assert (told.level, told.canaries_in_time) == ("green", 0.5)
    assert "Canary 7" in level(history(), [found, lost]).reason


def test_the_record_keeps_it_and_tells_when_it_turns(tmp_path: Path) -> None:
    engine = open_record(f"sqlite:///{tmp_path}/vigie.db")
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    sources, store = SourceStore(engine, clock=clock), SightStore(engine, clock=clock)
    canaries = CanaryStore(engine, Vault(bytes(32)), clock=clock)
    sources.ensure(["s"])
    grant = Leases(engine, owner="t", clock=clock).acquire(source_lease("s"), 10**6)
    assert grant is not None

    def run(outcome: str, **counts: Any) -> Any:
        crawl_id = sources.begin("s", grant.token)
        sources.end("s", grant.token, crawl_id, outcome, CrawlCounts(**counts), error="",
                    plan=lambda *_: (60.0, now[0] + timedelta(seconds=60)))  # fmt: skip
        return store.review("s", 60.0)

    assert run("finished", pages=3, posts=2, sight={"lists": 1, "list_held": 2}) is None
    assert sources.states()["s"].sight == "green"
    number = canaries.add("s", "text", "kestrel-7h2m9q4x", 300.0, "me")
    now[0] += timedelta(seconds=400)
    blind = run("finished", pages=3, sight={"lists": 1, "list_held": 2})
    assert (blind.kind, sources.states()["s"].sight) == ("blind", "red")
    assert str(number) in blind.reason
    assert run("finished", pages=3) is None, "told once"
    canaries.found("s", grant.token, [number])
    seen = run("finished", pages=3, sight={"lists": 1, "list_held": 2})
    assert (seen.kind, sources.states()["s"].sight) == ("seen", "green")
    assert [one.kind for one in store.notices("s")] == ["seen", "blind"]
    assert store.of("s", 60.0).canaries_in_time == 0.0
    assert canaries.of("s")[0].delay_s == pytest.approx(400)
    assert b"kestrel-7h2m9q4x" not in (tmp_path / "vigie.db").read_bytes()
    with pytest.raises(WrongChoice):
        canaries.add("s", "text", "short", 300.0, "me")
    engine.dispose()
