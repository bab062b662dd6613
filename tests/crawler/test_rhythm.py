"""Intervals follow how often posts come, within bounds, and a budget is spent where they do."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.rhythm import Rhythm

START = datetime(2026, 11, 2, tzinfo=UTC)


def lived(per_hour: dict[int, float], days: int, every: float, seed: int = 3) -> Rhythm:
    """A source with that many posts an hour, looked at in steps of `every`."""
    draw = random.Random(seed)
    rhythm, moment = Rhythm(), START
    while moment < START + timedelta(days=days):
        following = moment + timedelta(seconds=every)
        mean = per_hour.get(moment.hour, 0.0) * every / 3600
        posts = sum(draw.random() < mean / 20 for _ in range(20))
        rhythm = rhythm.after(posts, moment, following, requests=3)
        moment = following
    return rhythm


def test_a_lively_source_is_looked_at_as_often_as_it_may_be() -> None:
    busy = lived(dict.fromkeys(range(24), 60.0), days=1, every=300)
    assert busy.interval(60.0, START, None) == pytest.approx(60.0, rel=0.3)
    quiet = lived({}, days=1, every=300)
    assert quiet.interval(60.0, START, None) == 240.0
    between = lived(dict.fromkeys(range(24), 24.0), days=3, every=300)
    assert 110.0 < between.interval(60.0, START, None) < 200.0


def test_hours_are_told_apart() -> None:
    rhythm = lived({9: 40.0, 10: 40.0}, days=10, every=600)
    morning, night = START.replace(hour=9), START.replace(hour=3)
    assert rhythm.interval(60.0, morning, None) < 120.0
    assert rhythm.interval(60.0, night, None) == 240.0


def test_a_budget_is_spent_where_posts_come() -> None:
    """A day with 90 requests: three quarters of the looks fall into the four hours with posts."""
    rhythm = lived(dict.fromkeys(range(12, 16), 10.0), days=10, every=600)
    moment, left, looks = START, 90, []
    while moment < START + timedelta(days=1) and left >= 3:
        looks.append(moment.hour)
        left -= 3
        moment += timedelta(seconds=rhythm.interval(60.0, moment, left))
    assert len(looks) >= 20
    there = sum(12 <= hour < 16 for hour in looks)
    assert there >= 0.5 * len(looks)
    assert {hour for hour in looks if hour < 12}, "a quiet hour is looked at too"


def test_what_was_long_ago_fades() -> None:
    rhythm = lived(dict.fromkeys(range(24), 30.0), days=3, every=600)
    for day in range(60):
        begin = START + timedelta(days=3 + day)
        rhythm = rhythm.after(0, begin, begin + timedelta(days=1), requests=3)
    assert rhythm.interval(60.0, START, None) == 240.0


@given(
    st.lists(st.tuples(st.integers(0, 500), st.floats(1, 1e6), st.integers(0, 500)), max_size=20),
    st.integers(0, 23),
    st.one_of(st.none(), st.integers(1, 10_000)),
    st.floats(1, 86_400),
)
def test_bounds_hold(
    looks: list[tuple[int, float, int]], hour: int, left: int | None, every: float
) -> None:
    rhythm, moment = Rhythm(), START
    for posts, seconds, requests in looks:
        following = moment + timedelta(seconds=seconds)
        rhythm = rhythm.after(posts, moment, following, requests)
        moment = following
    rhythm = Rhythm.from_json(rhythm.to_json())
    found = rhythm.interval(every, START.replace(hour=hour), left)
    assert every <= found <= max(4 * every, 86_400.0)


def test_what_the_record_keeps_is_checked() -> None:
    assert Rhythm.from_json(None) == Rhythm()
    assert Rhythm.from_json({"posts": [1], "hours": [1], "cost": 1}) == Rhythm()
    assert Rhythm.from_json({"posts": "x" * 24, "hours": [1.0] * 24, "cost": 1}) == Rhythm()
