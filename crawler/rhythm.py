"""How often a source gets new posts, hour by hour of the day, and when to look again.

Posts of an hour are taken for a Poisson process whose rate changes slowly: counts and the time
they were counted over both fade with a half-life of two weeks, and an hour of which little is
known leans on the day's mean (a Gamma prior worth two hours), so that a source which stays quiet
is looked at less and less often. Pure; times are UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

HOURS = 24
HALF_LIFE = timedelta(days=14)
PRIOR_HOURS = 2.0
# Without a budget a quiet source is looked at this much less often than a lively one.
QUIETEST = 4.0
COST_MEMORY = 0.2
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`posts` and `hours` by hour of the day; `cost` is the requests of one crawl, 0 unknown."""

    posts: tuple[float, ...] = (0.0,) * HOURS
    hours: tuple[float, ...] = (0.0,) * HOURS
    cost: float = 0.0

    @classmethod
    def from_json(cls, kept: dict[str, Any] | None) -> Rhythm:
        """What the record keeps; none for anything of another shape."""
        try:
            posts = tuple(float(one) for one in (kept or {})["posts"])
            hours = tuple(float(one) for one in (kept or {})["hours"])
            cost = float((kept or {})["cost"])
        except (KeyError, TypeError, ValueError):
            return cls()
        sound = len(posts) == len(hours) == HOURS and min(*posts, *hours, cost) >= 0.0
        return cls(posts, hours, cost) if sound else cls()

    def to_json(self) -> dict[str, Any]:
        """For the record."""
        return {
            "posts": [round(one, 3) for one in self.posts],
            "hours": [round(one, 4) for one in self.hours],
            "cost": round(self.cost, 2),
        }

    def after(self, posts: int, since: datetime, now: datetime, requests: int) -> Rhythm:
        """With `posts` that came between two looks, spread over the hours between them."""
        length = max(1.0, (now - since).total_seconds())
        fade = 0.5 ** (length / HALF_LIFE.total_seconds())
        counted, watched = [one * fade for one in self.posts], [one * fade for one in self.hours]
        for hour, seconds in _hours_between(since, now):
            counted[hour] += posts * seconds / length
            watched[hour] += seconds / HOUR
        cost = requests if not self.cost else self.cost + COST_MEMORY * (requests - self.cost)
        return Rhythm(tuple(counted), tuple(watched), max(1.0, cost))

    def rates(self, every: float) -> list[float]:
        """Posts an hour, by hour of the day; of a source nothing is known of, one in `every`."""
        mean = (sum(self.posts) + 1.0) / (sum(self.hours) + every / HOUR)
        return [
            (posts + PRIOR_HOURS * mean) / (hours + PRIOR_HOURS)
            for posts, hours in zip(self.posts, self.hours, strict=True)
        ]

    def interval(self, every: float, now: datetime, left: int | None) -> float:
        """Seconds to the next look: about as long as a post takes to come, from `every` to four
        times that; with `left` requests for the rest of the day, as many looks as they pay for,
        spread over the hours as the posts are."""
        rates = self.rates(every)
        here = rates[now.hour]
        if left is None or not self.cost:
            return min(max(HOUR / here, every), every * QUIETEST)
        rest = _rest_of_day(now)
        looks = left / self.cost
        expected = sum(rates[hour] * share for hour, share in rest)
        # Looks an hour now, in proportion to what is expected now. Never none: a rate that was
        # estimated too low is only ever found out by looking.
        pace = max(looks * here / expected, looks / HOURS / 4.0, 1.0 / HOURS)
        return max(every, HOUR / pace)


def _hours_between(since: datetime, now: datetime) -> list[tuple[int, float]]:
    """The hours of the day from `since` to `now`, with the seconds of each; a week at most."""
    found: list[tuple[int, float]] = []
    moment = max(since, now - timedelta(days=7))
    while moment < now:
        following = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        end = min(following, now)
        found.append((moment.hour, (end - moment).total_seconds()))
        moment = end
    return found


def _rest_of_day(now: datetime) -> Sequence[tuple[int, float]]:
    """The hours left today, with the share of each."""
    first = 1.0 - (now.minute * 60 + now.second) / HOUR
    return [(now.hour, first), *((hour, 1.0) for hour in range(now.hour + 1, HOURS))]
