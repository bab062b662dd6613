"""The state of sight of every source: read from the record, kept in it, told when it turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from index.canaries import CanaryView, canary_view
from index.engine import reading, writing
from index.leases import utc_now
from index.notices import notify_source
from index.schema import Canary, Crawl, SightNotice, SourceState
from index.sight import HISTORY, RED, CrawlSeen, Sight, Situation, assess
from index.sources import ALL

BLIND, SEEN_AGAIN = "blind", "seen"


@dataclass(frozen=True, slots=True)
class Notice:
    """A source turned red ("blind") or came back ("seen")."""

    source: str
    at: datetime
    kind: str
    reason: str


class SightStore:
    """Safe to share between threads."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, source: str, every: float) -> Sight:
        """How the source is seen now; `every` is its lower bound between crawls, in seconds."""
        with reading(self._engine) as connection, Session(connection) as session:
            return _assess(session, source, every, self._clock())

    def review(self, source: str, every: float) -> Notice | None:
        """Keep how the source is seen now; a notice when it turned red or came back."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            row = session.get(SourceState, source, with_for_update=True)
            if row is None:
                return None
            sight = _assess(session, source, every, now)
            _mark_missed(session, source, now)
            before = row.sight
            if sight.level != before:
                row.sight_since = now
            row.sight, row.sight_reason = sight.level, sight.reason
            kind = ""
            if sight.level == RED and before != RED:
                kind = BLIND
            elif before == RED and sight.level != RED:
                kind = SEEN_AGAIN
            if kind:
                session.add(SightNotice(source=source, at=now, kind=kind, reason=sight.reason))
                notify_source(session, source, kind, now)
            session.flush()
            return Notice(source, now, kind, sight.reason) if kind else None

    def canaries(self, source: str) -> list[CanaryView]:
        """A source's canaries, oldest first."""
        with reading(self._engine) as connection, Session(connection) as session:
            return _canaries(session, source)

    def notices(self, source: str = "", limit: int = 100) -> list[Notice]:
        """What was told, newest first."""
        query = select(SightNotice).order_by(SightNotice.id.desc()).limit(limit)
        if source:
            query = query.where(SightNotice.source == source)
        with reading(self._engine) as connection, Session(connection) as session:
            return [
                Notice(row.source, row.at, row.kind, row.reason) for row in session.scalars(query)
            ]


def _assess(session: Session, source: str, every: float, now: datetime) -> Sight:
    row = session.get(SourceState, source)
    switched_off = session.scalar(select(SourceState.killed).where(SourceState.id == ALL))
    state = Situation(
        every=every,
        interval=(row.interval_s if row and row.interval_s else every),
        off=bool(switched_off) or (row is not None and (row.paused or row.killed)),
        last_success=row.last_success if row else None,
        last_error=row.last_error[:200] if row else "",
        failures=row.failures if row else 0,
        due=row.next_due if row else None,
    )
    return assess(now, state, _crawls(session, source, now), _canaries(session, source))


def _crawls(session: Session, source: str, now: datetime) -> Sequence[CrawlSeen]:
    columns = (Crawl.started, Crawl.outcome, Crawl.pages, Crawl.posts, Crawl.problems, Crawl.sight)
    rows = session.execute(
        select(*columns)
        .where(Crawl.source == source, Crawl.started > now - HISTORY)
        .where(Crawl.outcome.not_in(("running", "stopped", "interrupted", "stale")))
        .order_by(Crawl.id)
    )
    return [CrawlSeen(*row) for row in rows]


def _canaries(session: Session, source: str) -> list[CanaryView]:
    rows = session.scalars(select(Canary).where(Canary.source == source).order_by(Canary.id))
    return [canary_view(row) for row in rows]


def _mark_missed(session: Session, source: str, now: datetime) -> None:
    missed = [one.id for one in _canaries(session, source) if one.is_missed(now)]
    if missed:
        session.execute(update(Canary).where(Canary.id.in_(missed)).values(missed_at=now))
