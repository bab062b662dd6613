"""What the record knows of sources: switches, due times, crawls, and jobs asked for.

The due time in the record is the one truth of the schedule: schedulers, commands and the review
application all change it here and nowhere else. It is empty while a crawl runs; a source without
a due time and without a running crawl was left by a process that died, and is due at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from index.custody import enter
from index.engine import reading, writing
from index.errors import Conflict, NotFound
from index.leases import check, is_held, source_lease, utc_now
from index.schema import Crawl, Job, Lease, SourceState
from index.spending import Spending
from index.upsert import upsert

# plan(failures in a row, last interval in seconds, woken) gives the next interval and due time;
# `woken` is set when someone asked for a crawl while this one ran.
Plan = Callable[[int, float | None, datetime | None], tuple[float, datetime]]


# The row whose kill switch is everybody's; no source can have this id.
ALL = "*"


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source as the record knows it. `spec` is set for sources added in the record."""

    id: str
    spec: dict[str, Any] | None
    paused: bool
    killed: bool
    next_due: datetime | None
    interval_s: float | None
    last_started: datetime | None
    last_success: datetime | None
    last_outcome: str
    last_error: str
    failures: int
    pages: int
    posts: int
    approved_hosts: tuple[dict[str, Any], ...] = ()
    sight: str = ""
    sight_reason: str = ""
    sight_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CrawlCounts:
    """What one crawl did. `problems` holds {"kind": …, "count": …}, no content; `sight` how many
    lists and items were read, held something or were empty, and how many were unchanged."""

    pages: int = 0
    posts: int = 0
    bytes: int = 0
    matched: int = 0
    problems: tuple[dict[str, Any], ...] = ()
    sight: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobView:
    """Work that was asked for."""

    id: int
    kind: str
    source: str
    asked_by: str


TOGETHER, APART = 10, timedelta(seconds=0.4)


class SourceStore:
    """Reads and changes the state of sources. Safe to share between threads."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock
        self.spending = Spending(engine)

    def ensure(self, ids: Sequence[str]) -> None:
        """Make a row for every source that has none. The first ten are due at once, further ones
        one after the other: hundreds that begin together would be late together ever after."""
        if not ids:
            return
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            rows = [
                _fresh(source, now + max(0, place + 1 - TOGETHER) * APART)
                for place, source in enumerate(dict.fromkeys(ids))
            ]
            upsert(session, SourceState, rows, keys=("id",), kept=tuple(rows[0]))

    def states(self) -> dict[str, SourceView]:
        """Every source the record knows, by id."""
        with reading(self._engine) as connection, Session(connection) as session:
            query = select(SourceState).where(SourceState.id != ALL)
            rows = session.scalars(query.order_by(SourceState.id))
            return {row.id: _view(row) for row in rows}

    def state(self, source: str) -> SourceView | None:
        """One source; None when the record does not know it."""
        with reading(self._engine) as connection, Session(connection) as session:
            row = session.get(SourceState, source)
            return None if row is None else _view(row)

    def add(self, source: str, spec: dict[str, Any], who: str) -> None:
        """Keep a new source's definition; raises Conflict when there is one of that id."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            row = session.get(SourceState, source)
            if row is not None and row.spec is not None:
                raise Conflict(f"There is a source {source} already; choose another id.")
            if row is None:
                row = SourceState(**_fresh(source, now))
                session.add(row)
            row.spec, row.next_due = spec, now
            session.flush()
            told = {"authority": str(spec.get("authority", ""))[:300]}
            item = f"source:{source}"[:100]
            enter(session.connection(), at=now, who=who, what="source-add", item=item, detail=told)

    def switch(
        self, source: str, who: str, *, paused: bool | None = None, killed: bool | None = None
    ) -> None:
        """Pause, resume or kill; a source that runs again is due at once. Raises NotFound."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            row = session.get(SourceState, source, with_for_update=True)
            if row is None:
                raise NotFound(f"There is no source {source}; `vigie source list` lists them.")
            detail = {}
            if paused is not None and paused != row.paused:
                row.paused = detail["paused"] = paused
            if killed is not None and killed != row.killed:
                row.killed = detail["killed"] = killed
            if not row.paused and not row.killed and detail:
                row.next_due, row.failures = now, 0
            item = f"source:{source}"[:100]
            enter(
                session.connection(), at=now, who=who, what="source-switch", item=item,
                detail=detail,
            )  # fmt: skip
            session.flush()

    def halt(self, who: str, *, on: bool) -> None:
        """Shut off every source, also those that will be added, or let them be crawled again;
        each source's own switches stay as they are."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            row = session.get(SourceState, ALL, with_for_update=True)
            if row is None:
                row = SourceState(**_fresh(ALL, now))
                session.add(row)
            row.killed = on
            what = "kill-all" if on else "resume-all"
            enter(session.connection(), at=now, who=who, what=what, item="source:*")
            session.flush()

    def halted(self) -> bool:
        """Whether every source is shut off."""
        query = select(SourceState.killed).where(SourceState.id == ALL)
        with reading(self._engine) as connection:
            return bool(connection.scalar(query))

    def obstacle(self, source: str) -> str:
        """Which switch keeps a source from being crawled: "killed", "paused" or ""."""
        query = select(SourceState.id, SourceState.killed, SourceState.paused).where(
            SourceState.id.in_((source, ALL))
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        if any(killed for _, killed, _ in rows):
            return "killed"
        return "paused" if any(paused for _, _, paused in rows) else ""

    def wake(self, source: str, at: datetime) -> None:
        """Make a source due at `at`, unless it is due sooner."""
        with writing(self._engine) as connection:
            connection.execute(
                update(SourceState)
                .where(SourceState.id == source)
                .where((SourceState.next_due.is_(None)) | (SourceState.next_due > at))
                .values(next_due=at)
            )

    def begin(self, source: str, token: int) -> int:
        """Note the start of a crawl; returns its id. Raises StaleLease."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            check(session, source_lease(source), token)
            _end_abandoned(session, source, now)
            crawl = Crawl(source=source, token=token, started=now, outcome="running", problems=[])
            session.add(crawl)
            upsert(
                session,
                SourceState,
                [_fresh(source, now)],
                keys=("id",),
                kept=tuple(_fresh("", now)),
            )
            session.execute(
                update(SourceState)
                .where(SourceState.id == source)
                .values(last_started=now, next_due=None)
            )
            session.flush()
            return crawl.id

    def progress(self, crawl: int, counts: CrawlCounts) -> None:
        """Note how far a running crawl is, for those who watch."""
        with writing(self._engine) as connection:
            connection.execute(
                update(Crawl)
                .where(Crawl.id == crawl, Crawl.outcome == "running")
                .values(pages=counts.pages, posts=counts.posts, bytes=counts.bytes)
            )

    def rhythm(self, source: str) -> tuple[dict[str, Any] | None, datetime | None]:
        """What is known of a source's posting, and when it was crawled last and well."""
        query = select(SourceState.rhythm, SourceState.last_success).where(SourceState.id == source)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return (row[0], row[1]) if row is not None else (None, None)

    def was_read_whole(self, source: str) -> bool:
        """Whether a crawl came to its end before. One that a budget cut off did not, but where the
        record holds none of either any more the source was read long ago."""
        ended = select(Crawl.outcome).where(Crawl.source == source)
        ended = ended.where(Crawl.outcome.in_(("finished", "budget"))).distinct()
        success = select(SourceState.last_success).where(SourceState.id == source)
        with reading(self._engine) as connection:
            outcomes = set(connection.scalars(ended))
            before = connection.scalar(success) is not None
        return "finished" in outcomes or (before and not outcomes)

    def end(
        self,
        source: str,
        token: int,
        crawl: int,
        outcome: str,
        counts: CrawlCounts,
        *,
        error: str,
        plan: Plan,
        rhythm: dict[str, Any] | None = None,
    ) -> None:
        """Note a crawl's end and when the source is due again, and what was learnt of its rhythm
        (crawler.rhythm; None: nothing); raises StaleLease."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            check(session, source_lease(source), token)
            row = session.get(SourceState, source, with_for_update=True, populate_existing=True)
            run = session.get(Crawl, crawl)
            if row is None or run is None:
                raise NotFound(f"The crawl of {source} is no longer in the record.")
            run.ended, run.outcome = now, outcome
            run.pages, run.posts, run.bytes = counts.pages, counts.posts, counts.bytes
            run.matched, run.problems = counts.matched, list(counts.problems)
            run.sight = dict(counts.sight)
            row.last_outcome, row.last_error = outcome, error[:500]
            row.pages += counts.pages
            row.posts += counts.posts
            if outcome in ("finished", "budget"):
                row.last_success, row.failures = now, 0
            elif outcome != "stopped":
                row.failures += 1
            row.rhythm = rhythm if rhythm is not None else row.rhythm
            row.interval_s, row.next_due = plan(row.failures, row.interval_s, row.next_due)
            session.flush()

    def end_abandoned(self) -> int:
        """Mark crawls whose process died as interrupted; returns how many there were."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            sources = session.scalars(
                select(Crawl.source).where(Crawl.outcome == "running").distinct()
            ).all()
            ended = 0
            for source in sources:
                lease = session.get(Lease, source_lease(source), with_for_update=True)
                if lease is None or not is_held(lease, "", now):
                    ended += _end_abandoned(session, source, now)
            session.flush()
            return ended

    def ask(self, kind: str, source: str, who: str) -> int:
        """Ask the scheduler for a job: "crawl", "pause", "resume" or "kill"."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            job = Job(kind=kind, source=source, asked_by=who, asked=now, outcome="")
            session.add(job)
            session.flush()
            return job.id

    def jobs(self, limit: int = 100) -> list[JobView]:
        """Jobs that are not done, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(Job.id, Job.kind, Job.source, Job.asked_by)
                .where(Job.done.is_(None))
                .order_by(Job.id)
                .limit(limit)
            )
            return [JobView(*row) for row in rows]

    def job_done(self, job: int, outcome: str) -> None:
        """Note what became of a job."""
        with writing(self._engine) as connection:
            connection.execute(
                update(Job).where(Job.id == job).values(done=self._clock(), outcome=outcome[:500])
            )

    def forget_old(self, before: datetime) -> int:
        """Drop jobs done and crawls ended before `before`, but no crawl that a capture hangs on;
        returns how many crawls went."""
        from index.schema import Capture

        with writing(self._engine) as connection:
            connection.execute(delete(Job).where(Job.done < before))
            gone = connection.execute(
                delete(Crawl).where(
                    Crawl.ended < before,
                    Crawl.id.not_in(select(Capture.crawl).where(Capture.crawl.is_not(None))),
                )
            )
            return int(gone.rowcount)


def _fresh(source: str, now: datetime) -> dict[str, Any]:
    return {
        "id": source,
        "paused": False,
        "killed": False,
        "next_due": now,
        "last_outcome": "",
        "last_error": "",
        "failures": 0,
        "pages": 0,
        "posts": 0,
    }


def _end_abandoned(session: Session, source: str, now: datetime) -> int:
    rows = session.scalars(
        select(Crawl).where(Crawl.source == source, Crawl.outcome == "running")
    ).all()
    for row in rows:
        row.outcome, row.ended = "interrupted", now
    session.flush()
    return len(rows)


def _view(row: SourceState) -> SourceView:
    return SourceView(
        id=row.id,
        spec=row.spec,
        paused=row.paused,
        killed=row.killed,
        next_due=row.next_due,
        interval_s=row.interval_s,
        last_started=row.last_started,
        last_success=row.last_success,
        last_outcome=row.last_outcome,
        last_error=row.last_error,
        failures=row.failures,
        pages=row.pages,
        posts=row.posts,
        approved_hosts=tuple(row.approved_hosts),
        sight=row.sight,
        sight_reason=row.sight_reason,
        sight_since=row.sight_since,
    )
