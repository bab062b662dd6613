"""Is a source seen? Green, amber or red with one sentence, from its own history alone.

Pure: crawls, canaries and switches in, a `Sight` out. What is expected is learned over 14 days of
the source; nothing is assumed of other sources. A source that sees nothing is never green.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from index.canaries import CanaryView

GREEN, AMBER, RED, OFF = "green", "amber", "red", "off"
HISTORY = timedelta(days=14)
RECENT, RECENT_CRAWLS = timedelta(days=1), 5
BLOCKED = frozenset(
    {"forbidden", "challenge", "captcha", "banned", "login-wall", "login-failed", "session-ended",
     "soft-gone"}
)  # fmt: skip
# A day of few posts is common; these are the chances below which it is remarked, and feared.
UNLIKELY, INCREDIBLE = 1e-3, 1e-6
FEWEST_DAYS = 3
WINDOWS = (1, 3)  # days without, or with too few, new posts
MANY_FAILURES = 3
MUCH_FEWER = 0.2
FEWEST_BEFORE, FEWEST_CRAWLS = 3, 3
LATE, LATE_AT_LEAST = 3.0, 900.0  # intervals, and seconds, without a crawl
OVERDUE = "It is not crawled although it is due: is `vigie watch` running?"


@dataclass(frozen=True, slots=True)
class CrawlSeen:
    """One crawl that ended, as the record has it."""

    started: datetime
    outcome: str
    pages: int
    posts: int
    problems: Sequence[dict[str, Any]] = ()
    sight: dict[str, int] = field(default_factory=dict)

    @property
    def blocked(self) -> int:
        """Pages that were asked for and were no content."""
        return sum(int(one["count"]) for one in self.problems if one.get("kind") in BLOCKED)

    @property
    def worked(self) -> bool:
        """Whether the site was read, to the end or to a bound."""
        return self.outcome in ("finished", "budget")

    def per_page(self, role: str) -> float | None:
        """What a list, or an item, held on average; None when none was read."""
        pages = self.sight.get(f"{role}s", 0)
        return self.sight.get(f"{role}_held", 0) / pages if pages else None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a source now. `every` is its lower bound in seconds, `interval` the
    present one; `due` is empty while it is crawled."""

    every: float
    interval: float
    off: bool
    last_success: datetime | None
    last_error: str
    failures: int
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Sight:
    """`level` and why. `per_day` is what came in the last day, `expected` the day's usual number
    (None while it is learned); shares are of the pages of the last crawls, 0 to 1."""

    level: str
    reason: str
    per_day: int = 0
    expected: float | None = None
    blocked: float = 0.0
    empty: float = 0.0
    kinds: tuple[str, ...] = ()
    canaries: int = 0
    canaries_in_time: float | None = None
    canary_delay_s: float | None = None


def assess(
    now: datetime, state: Situation, crawls: Sequence[CrawlSeen], canaries: Sequence[CanaryView]
) -> Sight:
    """The source's state; `crawls` are those of 14 days, oldest first."""
    recent = [one for one in crawls if now - one.started <= RECENT][-RECENT_CRAWLS:] or list(
        crawls[-1:]
    )
    figures = _figures(now, crawls, recent, canaries)
    if state.off:
        return Sight(OFF, "It is paused or shut off.", **figures)
    found = [
        *_reached(now, state, crawls),
        *_content(recent, figures),
        *_layout(crawls),
        *_quiet(now, crawls),
        *_canaries(now, canaries),
    ]
    for level in (RED, AMBER):
        reasons = [reason for found_level, reason in found if found_level == level]
        if reasons:
            return Sight(level, " ".join(reasons)[:500], **figures)
    return Sight(GREEN, "It is read, and what comes is as usual.", **figures)


def expectation(now: datetime, crawls: Sequence[CrawlSeen]) -> float | None:
    """New posts a day as the source's own history has them, None while it is learned.

    The lower quartile of the days on which it was read: a day that brought a backlog or a burst
    does not raise it, and weekends do not fall far below it. The day of the first crawl brings the
    stock, and today is not over; neither counts.
    """
    days = _by_day(now, crawls)
    if len(days) < FEWEST_DAYS:
        return None
    ordered = sorted(days)
    return float(ordered[(len(ordered) - 1) // 4])


def poisson_at_most(count: int, mean: float) -> float:
    """The chance of at most `count` events where `mean` are expected."""
    return (
        min(
            1.0,
            sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1)),
        )
        if mean > 0
        else 1.0
    )


def _by_day(now: datetime, crawls: Sequence[CrawlSeen]) -> list[int]:
    """New posts of each day (24 h back from the last) on which the source was read."""
    worked = [one for one in crawls if one.worked]
    if not worked:
        return []
    days: dict[int, int] = {}
    first = (now - worked[0].started) // RECENT
    for one in worked:
        ago = (now - one.started) // RECENT
        if 0 < ago < first:
            days[ago] = days.get(ago, 0) + one.posts
    return list(days.values())


def _figures(
    now: datetime,
    crawls: Sequence[CrawlSeen],
    recent: Sequence[CrawlSeen],
    canaries: Sequence[CanaryView],
) -> dict[str, Any]:
    pages = sum(one.pages for one in recent)
    blocked = sum(one.blocked for one in recent)
    empty = sum(
        sum(one.sight.get(f"{role}s_empty", 0) for role in ("list", "item")) for one in recent
    )
    judged = [one for one in canaries if one.found_at or one.was_late(now)]
    delays = [one.delay_s for one in canaries if one.delay_s is not None]
    kinds = {str(p["kind"]) for one in recent for p in one.problems if p.get("kind") in BLOCKED}
    return {
        "per_day": sum(one.posts for one in crawls if now - one.started <= RECENT),
        "expected": expectation(now, crawls),
        "blocked": blocked / (pages + blocked) if pages + blocked else 0.0,
        "empty": empty / pages if pages else 0.0,
        "kinds": tuple(sorted(kinds)),
        "canaries": len(canaries),
        "canaries_in_time": (
            sum(not one.was_late(now) for one in judged) / len(judged) if judged else None
        ),
        "canary_delay_s": median(delays) if delays else None,
    }


def is_overdue(now: datetime, due: datetime | None, interval: float) -> bool:
    """Whether nobody crawls what should have been crawled at `due`. Who shows what was kept of a
    source asks this as well: a watch that ended keeps nothing any more."""
    return due is not None and (now - due).total_seconds() > _allowed(interval)


def _allowed(interval: float) -> float:
    return max(LATE * interval, LATE_AT_LEAST)


def _reached(now: datetime, state: Situation, crawls: Sequence[CrawlSeen]) -> list[tuple[str, str]]:
    why = f" ({state.last_error})" if state.last_error else ""
    interval = max(state.interval, state.every)
    if not crawls and state.last_success is None:
        return [(AMBER, "It has not been crawled yet.")]
    if is_overdue(now, state.due, interval):
        return [(RED, OVERDUE)]
    if state.last_success is None:
        return [(RED, f"It has never been read{why}.")]
    if state.failures >= MANY_FAILURES or (
        state.failures
        and (now - state.last_success).total_seconds() > max(_allowed(interval), 3600.0)
    ):
        since = state.last_success.strftime("%Y-%m-%d %H:%M UTC")
        return [(RED, f"It has not been read since {since}{why}.")]
    return [(AMBER, f"The last crawl failed{why}.")] if state.failures else []


def _content(recent: Sequence[CrawlSeen], figures: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    share, kinds = figures["blocked"], ", ".join(figures["kinds"])
    if share >= 0.5:
        found.append((RED, f"{share:.0%} of its last pages were no content: {kinds}."))
    elif share >= 0.1:
        found.append((AMBER, f"{share:.0%} of its last pages were no content: {kinds}."))
    last = next((one for one in reversed(recent) if one.worked), None)
    if last is not None and not last.posts and _saw_nothing(last):
        found.append((RED, "Its pages are fetched, and neither post nor list is read on them."))
    elif figures["empty"] >= 0.5:
        found.append((AMBER, f"{figures['empty']:.0%} of its last pages held nothing."))
    return found


def _saw_nothing(crawl: CrawlSeen) -> bool:
    held = crawl.sight.get("list_held", 0) + crawl.sight.get("item_held", 0)
    told = any(one.get("kind") == "nothing-seen" for one in crawl.problems)
    return told and not held and not crawl.sight.get("unchanged", 0)


def _layout(crawls: Sequence[CrawlSeen]) -> list[tuple[str, str]]:
    """An engine that used to read much on lists, or posts on items, and reads little now."""
    found = []
    for role, what in (("list", "lists"), ("item", "posts")):
        read = [
            (one, share)
            for one in crawls
            if one.worked and (share := one.per_page(role)) is not None
        ]
        if len(read) <= FEWEST_CRAWLS:
            continue
        usual = median(share for _, share in read[:-1])
        (last, now_held), (_, held_before) = read[-1], read[-2]
        if role == "item" and last.sight.get("items", 0) < FEWEST_BEFORE and now_held == 0:
            continue  # a few items without a post are a few removed posts
        if usual < (FEWEST_BEFORE if role == "list" else 0.5):
            continue
        told = f"Its {what} are read no more: {now_held:.1f} a page where {usual:.1f} were usual"
        if now_held == 0:
            found.append((RED, f'{told}. Its layout has changed; try engine = "auto".'))
        elif now_held <= MUCH_FEWER * usual:
            level = RED if held_before <= MUCH_FEWER * usual else AMBER
            found.append((level, f"{told}. Its layout may have changed."))
    return found


def _quiet(now: datetime, crawls: Sequence[CrawlSeen]) -> list[tuple[str, str]]:
    rate = expectation(now, crawls)
    if not rate:
        return []
    worst = (1.0, 0, 0)
    for days in WINDOWS:
        since = now - timedelta(days=days)
        if not crawls or crawls[0].started > since:
            continue
        count = sum(one.posts for one in crawls if one.started > since)
        worst = min(worst, (poisson_at_most(count, rate * days), days, count))
    chance, days, count = worst
    if chance >= UNLIKELY:
        return []
    hours = f"{24 * days} h"
    if count == 0 and chance < INCREDIBLE:
        return [(RED, f"No new post for {hours}, where about {rate * days:.0f} were usual.")]
    return [(AMBER, f"{count} new posts in {hours}, where about {rate * days:.0f} were usual.")]


def _canaries(now: datetime, canaries: Sequence[CanaryView]) -> list[tuple[str, str]]:
    missed = [one for one in canaries if one.is_missed(now)]
    if not missed:
        return []
    named = ", ".join(str(one.id) for one in missed[:5])
    return [(RED, f"Canary {named} was not found in time: posts are missed.")]
