"""When each source is crawled.

APScheduler keeps the time; the record keeps the truth. A look every second compares the due
times in the record with the timers here, so whoever changes the record (a command, the review
application, a link found on another source) changes the schedule, and a restart rebuilds it.
A standby sets no timer before it holds the "scheduler" lease.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as TimerPool
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from crawler.outcome import CrawlOutcome, Progress
from crawler.source import SourceSpec
from crawler.turn import Turns, has_authority
from index.errors import RecordError
from index.leases import SCHEDULER, Held, Keeper, utc_now
from index.sources import JobView, SourceStore, SourceView

LOOK_EVERY = 1.0
CHORES_EVERY, CHORES_AFTER = 3600.0, 5.0
BUSY_ELSEWHERE = timedelta(seconds=5)
MIN_WORKERS, MAX_WORKERS, A_CORE = 2, 24, 6

log = structlog.get_logger("scheduler")


def default_workers() -> int:
    """Crawls at once: six a core, since most of a crawl is waiting for a site and its pace. A crawl
    of a small site costs a tenth of a second of a core (bench/many_sources.py)."""
    return max(MIN_WORKERS, min(MAX_WORKERS, A_CORE * (os.cpu_count() or 1)))


def why_not(
    spec: SourceSpec, state: SourceView | None, now: datetime, *, halted: bool = False
) -> str:
    """Why a source may not be crawled now; "" when it may. `halted`: all sources are shut off."""
    if halted or (state is not None and state.killed):
        return "killed"
    if state is not None and state.paused:
        return "paused"
    return "" if has_authority(spec, now) else "authority ended"


class Scheduler:
    """Starts crawls when they are due, a bounded number at once. One active per record."""

    def __init__(
        self,
        specs: Callable[[], Mapping[str, SourceSpec]],
        turns: Turns,
        sources: SourceStore,
        keeper: Keeper,
        *,
        workers: int = 0,
        clock: Callable[[], datetime] = utc_now,
        report: Callable[[str, CrawlOutcome], None] = lambda _source, _outcome: None,
        progress: Callable[[str, Progress], None] = lambda _source, _progress: None,
        chores: Callable[[], object] = lambda: None,
    ) -> None:
        """`chores` is called every hour by the one that is active: what falls due by age."""
        self._specs = specs
        self._turns = turns
        self._sources = sources
        self._keeper = keeper
        self._clock = clock
        self._report = report
        self._progress = progress
        self._chores = chores
        self._pool = ThreadPoolExecutor(workers or default_workers(), thread_name_prefix="crawl")
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._halted: dict[str, str] = {}
        self._not_before: dict[str, datetime] = {}
        self._stopping = threading.Event()
        self._lead: Held | None = None
        self._looked = False
        self._timers = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": TimerPool(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    @property
    def is_active(self) -> bool:
        """Whether this process holds the lease and starts crawls."""
        return self._lead is not None and not self._lead.lost.is_set()

    @property
    def is_standby(self) -> bool:
        """Whether it has looked, and another process holds the lease."""
        return self._looked and not self.is_active

    def start(self) -> None:
        """Look at once, then every second."""
        self._timers.add_job(
            self._look_safely,
            IntervalTrigger(seconds=LOOK_EVERY, timezone=UTC),
            id="look",
            next_run_time=datetime.now(UTC),
            replace_existing=True,
        )
        self._timers.add_job(
            self._chores_safely,
            IntervalTrigger(seconds=CHORES_EVERY, timezone=UTC),
            id="chores",
            next_run_time=datetime.now(UTC) + timedelta(seconds=CHORES_AFTER),
            replace_existing=True,
        )
        self._timers.start()

    def stop(self, seconds: float = 8.0) -> bool:
        """Start nothing more, ask running crawls to stop, wait; True when all have ended."""
        self._stopping.set()
        if self._timers.running:
            self._timers.shutdown(wait=False)
        self._pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + seconds
        while self.busy() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._lead is not None:
            self._keeper.drop(self._lead)
            self._lead = None
        return not self.busy()

    def busy(self) -> frozenset[str]:
        """The sources that are crawled, or wait for a free worker, now."""
        with self._lock:
            return frozenset(self._busy)

    def look(self) -> None:
        """Compare the record with the timers, once."""
        if self._stopping.is_set() or not self._leads():
            self._clear_timers()
            return
        for job in self._sources.jobs():
            self._do(job)
        specs = self._specs()
        states = self._sources.states()
        unknown = [source for source in specs if source not in states]
        if unknown:
            self._sources.ensure(unknown)
            states = self._sources.states()
        if any(state.next_due is None for state in states.values()):
            self._sources.end_abandoned()
        halted = self._sources.halted()
        for source, spec in specs.items():
            self._set_timer(source, spec, states[source], halted=halted)
        for timer in self._timers.get_jobs():
            if timer.id.startswith("crawl:") and timer.id.removeprefix("crawl:") not in specs:
                timer.remove()

    def _look_safely(self) -> None:
        try:
            self.look()
        except (SQLAlchemyError, RecordError) as error:
            # A record that is busy or away for a moment; the next look is a second away.
            log.warning("look-failed", kind=type(error).__name__)

    def _chores_safely(self) -> None:
        if not self.is_active:
            return
        try:
            self._chores()
        except (SQLAlchemyError, RecordError) as error:
            log.warning("chores-failed", kind=type(error).__name__)

    def _leads(self) -> bool:
        if self._lead is not None and self._lead.lost.is_set():
            log.warning("lease-lost")
            self._keeper.drop(self._lead)
            self._lead = None
        if self._lead is None:
            self._lead = self._keeper.hold(SCHEDULER)
            self._looked = True
            if self._lead is not None:
                log.info("lease-taken", token=self._lead.grant.token)
        return self._lead is not None

    def _set_timer(self, source: str, spec: SourceSpec, state: SourceView, *, halted: bool) -> None:
        name = f"crawl:{source}"
        timer = self._timers.get_job(name)
        obstacle = why_not(spec, state, self._clock(), halted=halted)
        busy = source in self.busy()
        if obstacle in ("killed", "authority ended") and busy:
            self._halted[source] = obstacle
        if obstacle or busy:
            if timer is not None:
                timer.remove()
            return
        due = max(state.next_due or self._clock(), self._not_before.get(source, EPOCH))
        if timer is None or abs((timer.trigger.run_date - due).total_seconds()) > 0.001:
            self._timers.add_job(
                self._begin,
                DateTrigger(due, timezone=UTC),
                args=[source],
                id=name,
                replace_existing=True,
            )

    def _clear_timers(self) -> None:
        for timer in self._timers.get_jobs():
            if timer.id.startswith("crawl:"):
                timer.remove()

    def _begin(self, source: str) -> None:
        """A timer went off: hand the source to a worker, unless one has it."""
        with self._lock:
            if source in self._busy or self._stopping.is_set() or not self.is_active:
                return
            self._busy.add(source)
        self._halted.pop(source, None)
        try:
            turn = self._pool.submit(self._crawl, source)
        except RuntimeError:  # the pool was shut down in this moment
            self._free(source)
        else:
            # Also for a turn that was called off while it waited for a worker.
            turn.add_done_callback(lambda _turn: self._free(source))

    def _crawl(self, source: str) -> None:
        try:
            spec = self._specs().get(source)
            state = self._sources.state(source)
            if spec is None or self._stop_reason(source):
                return
            if why_not(spec, state, self._clock(), halted=self._sources.halted()):
                return
            if state is not None and state.next_due and state.next_due > self._clock():
                # The timer was set from a state that is outdated by now; the record decides.
                return
            outcome = self._turns.take(
                spec,
                stop=lambda: self._stop_reason(source),
                progress=lambda present: self._progress(source, present),
            )
            if outcome is None:
                self._not_before[source] = self._clock() + BUSY_ELSEWHERE
            else:
                self._not_before.pop(source, None)
                self._report(source, outcome)
        except Exception:
            log.exception("turn-broke", source=source)
            self._not_before[source] = self._clock() + BUSY_ELSEWHERE

    def _free(self, source: str) -> None:
        with self._lock:
            self._busy.discard(source)

    def _stop_reason(self, source: str) -> str:
        return "stopping" if self._stopping.is_set() else self._halted.get(source, "")

    def _do(self, job: JobView) -> None:
        """A job that a command or the review application asked for."""
        try:
            if job.kind == "crawl":
                self._sources.wake(job.source, self._clock())
                outcome = "due now"
            elif job.kind in SWITCH:
                self._sources.switch(job.source, job.asked_by, **SWITCH[job.kind])
                outcome = "done"
            else:
                outcome = "no such job"
        except RecordError as error:
            outcome = str(error)
        self._sources.job_done(job.id, outcome)


EPOCH = datetime.fromtimestamp(0, UTC)
SWITCH: dict[str, dict[str, bool]] = {
    "pause": {"paused": True},
    "resume": {"paused": False, "killed": False},
    "kill": {"killed": True},
}
