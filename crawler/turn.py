"""One source's turn: its lease, one crawl, and what the record says of it afterwards.

The scheduler and `vigie crawl` both go through here, so a source is never crawled twice at once
and a crawl always leaves its outcome and the next due time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import structlog

from crawler.accounts import with_one_account
from crawler.budget import within_budget
from crawler.errors import CrawlerError
from crawler.outcome import CrawlOutcome, Progress
from crawler.reach import floor_of
from crawler.rhythm import Rhythm
from crawler.source import SourceSpec
from crawler.supervise import Supervisor
from index.errors import StaleLease
from index.leases import Held, Keeper, source_lease, utc_now
from index.sources import CrawlCounts, SourceStore

PROGRESS_EVERY, LOOK_EVERY = 2.0, 1.0
LONGEST_BACKOFF = 3600.0

log = structlog.get_logger("crawler.turn")


class Turns:
    """Gives sources their turns; safe to share between threads."""

    def __init__(
        self,
        supervisor: Supervisor,
        keeper: Keeper,
        sources: SourceStore,
        *,
        clock: Callable[[], datetime] = utc_now,
        spread: Callable[[], float] = lambda: 0.0,
        soonest: Callable[[str], datetime | None] = lambda _source: None,
        after: Callable[[SourceSpec], None] = lambda _spec: None,
    ) -> None:
        """`spread` gives the jitter, a share of the interval from 0 to 1; `soonest` when something
        of a source is to be looked at again; `after` is told of every crawl that ended."""
        self._supervisor = supervisor
        self._keeper = keeper
        self._sources = sources
        self._clock = clock
        self._spread = spread
        self._soonest = soonest
        self._after = after

    def take(
        self,
        spec: SourceSpec,
        *,
        stop: Callable[[], str] = lambda: "",
        progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> CrawlOutcome | None:
        """Crawl once; None when another process crawls this source now."""
        held = self._keeper.hold(source_lease(spec.id))
        if held is None:
            return None
        try:
            return self._crawl(spec, held, stop, progress)
        except StaleLease:
            return CrawlOutcome("stale", CrawlCounts(), "another process took over this source")
        finally:
            self._keeper.drop(held)

    def _crawl(
        self,
        spec: SourceSpec,
        held: Held,
        stop: Callable[[], str],
        progress: Callable[[Progress], None],
    ) -> CrawlOutcome:
        began = self._clock()
        crawl = self._sources.begin(spec.id, held.grant.token)
        spec = with_one_account(spec, began, crawl)
        if not self._sources.was_read_whole(spec.id):
            spec = replace(spec, floor=floor_of(began, spec.since))
        bounded = within_budget(spec, self._sources.spending, began)
        log.info("crawl-started", source=spec.id, crawl=crawl)
        if bounded is None:
            outcome = CrawlOutcome("budget", CrawlCounts(), "the day's budget is used up")
        else:
            outcome = self._run(bounded, held, crawl, stop, self._teller(crawl, progress))
        if outcome.outcome != "stale":
            rhythm = self._learnt(spec, outcome)
            plan = self._plan(spec, outcome, began, rhythm, spent=bounded is None)
            self._sources.end(
                spec.id,
                held.grant.token,
                crawl,
                outcome.outcome,
                outcome.counts,
                error=outcome.error,
                plan=plan,
                rhythm=rhythm.to_json(),
            )
        self._tell_after(spec)
        counts = outcome.counts
        log.info(
            "crawl-ended",
            source=spec.id,
            crawl=crawl,
            outcome=outcome.outcome,
            pages=counts.pages,
            posts=counts.posts,
            matched=counts.matched,
            problems=list(counts.problems),
            seconds=round((self._clock() - began).total_seconds(), 1),
        )
        return outcome

    def _tell_after(self, spec: SourceSpec) -> None:
        try:
            self._after(spec)
        except Exception:
            # What is told of a crawl must not undo it.
            log.exception("after-crawl-broke", source=spec.id)

    def _run(
        self,
        spec: SourceSpec,
        held: Held,
        crawl: int,
        stop: Callable[[], str],
        progress: Callable[[Progress], None],
    ) -> CrawlOutcome:
        looked = 0.0

        def wish() -> str:
            nonlocal looked
            if held.lost.is_set():
                return "stale"
            if time.monotonic() - looked >= LOOK_EVERY:
                looked = time.monotonic()
                if self._sources.obstacle(spec.id) == "killed":
                    return "killed"
                if not has_authority(spec, self._clock()):
                    return "authority ended"
            return stop()

        try:
            return self._supervisor.crawl(
                spec, token=held.grant.token, crawl=crawl, stop=wish, progress=progress
            )
        except CrawlerError as error:
            return CrawlOutcome("failed", CrawlCounts(), str(error))
        except StaleLease:
            raise
        except Exception as error:
            # Whatever it is, it must not stop the other sources; the log has kind and place.
            log.exception("crawl-broke")
            return CrawlOutcome("failed", CrawlCounts(), f"unforeseen: {type(error).__name__}")

    def _learnt(self, spec: SourceSpec, outcome: CrawlOutcome) -> Rhythm:
        """What this crawl says of the source's rhythm; nothing for one that saw not everything,
        nor for the first, which sees what was posted before."""
        kept, before = self._sources.rhythm(spec.id)
        rhythm = Rhythm.from_json(kept)
        if outcome.outcome != "finished" or before is None:
            return rhythm
        counts = outcome.counts
        return rhythm.after(counts.posts, before, self._clock(), max(1, outcome.requests))

    def _left(self, spec: SourceSpec, now: datetime) -> int | None:
        """The requests that the day's budget leaves; None without a budget."""
        if not spec.daily_budget:
            return None
        return max(0, spec.daily_budget - self._sources.spending.of_source(spec.id, now))

    def _teller(
        self, crawl: int, progress: Callable[[Progress], None]
    ) -> Callable[[Progress], None]:
        written = time.monotonic()

        def tell(present: Progress) -> None:
            nonlocal written
            if time.monotonic() - written >= PROGRESS_EVERY:
                written = time.monotonic()
                self._sources.progress(crawl, present.counts())
            progress(present)

        return tell

    def _plan(
        self,
        spec: SourceSpec,
        outcome: CrawlOutcome,
        began: datetime,
        rhythm: Rhythm,
        *,
        spent: bool,
    ) -> Callable[[int, float | None, datetime | None], tuple[float, datetime]]:
        def plan(
            failures: int, interval: float | None, woken: datetime | None
        ) -> tuple[float, datetime]:
            now = self._clock()
            failures = 0 if outcome.partly else failures
            seconds = (
                back_off(spec.every, failures)
                if failures
                else rhythm.interval(spec.every, now, self._left(spec, now))
            )
            del interval
            if outcome.outcome == "stopped":
                return seconds, now
            if spent:
                return seconds, midnight(now) + timedelta(days=1)
            asked = now + timedelta(seconds=outcome.wait)
            due = now + timedelta(seconds=seconds * (1.0 + 0.1 * self._spread()))
            again = self._soonest(spec.id) if not failures else None
            if again is not None:
                # A quiet source is asked less often, but not while alerts of it are watched.
                due = min(due, max(again, now + timedelta(seconds=spec.every)))
            if woken is not None and not failures:
                # Asked for while it ran: soon again, but at no source's cost.
                soonest = began + timedelta(seconds=min(spec.every, 5.0))
                due = min(due, max(woken, soonest, now))
            return seconds, max(due, asked)

        return plan


def back_off(every: float, failures: int) -> float:
    """Seconds to the next crawl after so many failures in a row: doubled with each, up to an
    hour."""
    return min(max(every, LONGEST_BACKOFF), max(every, 1.0) * 2.0 ** min(failures, 16))


def has_authority(spec: SourceSpec, now: datetime) -> bool:
    """Whether the source may still be crawled. The day ends in UTC or where this machine is,
    whichever is first: an hour too little is better than one too many."""
    if not spec.authority_until:
        return True
    today = max(now.astimezone(UTC).date(), now.astimezone().date())
    return today <= date.fromisoformat(spec.authority_until)


def midnight(now: datetime) -> datetime:
    """The beginning of the day in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
