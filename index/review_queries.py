"""What the review application reads beside alerts: neighbours, the quieter queue, who did what.

No query here takes a person's value; searching goes through the search index (index.find).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, func, or_, select
from sqlalchemy.orm import Session

from index.alerts import SORTS, AlertFilter, conditions
from index.engine import reading
from index.errors import NotFound
from index.schema import Act, Alert, Capture, Crawl, Hit
from index.views import QueuedHit, hit_view

HISTORY = 200
QUIET_VERDICTS = ("same-people", "review", "mention")


@dataclass(frozen=True, slots=True)
class ActView:
    """One line of an alert's history."""

    at: datetime
    who: str
    what: str
    detail: dict[str, Any]
    reason: str = ""


class ReviewQueries:
    """Read-only queries; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def neighbours(self, alert_id: int, wanted: AlertFilter) -> tuple[int, int]:
        """Ids of the alerts before (newer) and after (older) this one in the list's own order
        of first seen; 0 where there is none."""
        filters = conditions(wanted)
        column = SORTS["first_seen"]
        with reading(self._engine) as connection:
            here = connection.scalar(select(Alert.first_seen).where(Alert.id == alert_id))
            if here is None:
                return 0, 0
            newer = connection.scalar(
                select(Alert.id)
                .where(or_(column > here, and_(column == here, Alert.id > alert_id)), *filters)
                .order_by(column, Alert.id)
                .limit(1)
            )
            older = connection.scalar(
                select(Alert.id)
                .where(or_(column < here, and_(column == here, Alert.id < alert_id)), *filters)
                .order_by(column.desc(), Alert.id.desc())
                .limit(1)
            )
        return newer or 0, older or 0

    def history(self, subject: str) -> tuple[ActView, ...]:
        """Who decided and who looked, newest first."""
        query = (
            select(Act.at, Act.who, Act.what, Act.detail, Act.reason)
            .where(Act.subject == subject)
            .order_by(Act.id.desc())
            .limit(HISTORY)
        )
        with reading(self._engine) as connection:
            return tuple(
                ActView(row.at, row.who, row.what, row.detail, row.reason)
                for row in connection.execute(query)
            )

    def queue(
        self, verdict: str = "", source: str = "", before: int = 0, limit: int = 50
    ) -> tuple[QueuedHit, ...]:
        """The quieter queue, newest first: hits that raised no alert."""
        query = select(Hit, Capture).join(Capture, Hit.capture == Capture.id)
        query = query.where(Hit.alert.is_(None))
        if verdict:
            query = query.where(Hit.verdict == verdict)
        if source:
            query = query.where(Capture.source == source)
        if before:
            query = query.where(Hit.id < before)
        with reading(self._engine) as connection, Session(connection) as session:
            found = session.execute(query.order_by(Hit.id.desc()).limit(limit))
            return tuple(
                QueuedHit(source=capture.source, hit=hit_view(hit, capture))
                for hit, capture in found
            )

    def queue_counts(self) -> dict[str, int]:
        """How many hits of the quieter queue have each verdict."""
        query = select(Hit.verdict, func.count()).where(Hit.alert.is_(None)).group_by(Hit.verdict)
        with reading(self._engine) as connection:
            return dict(connection.execute(query).all())

    def queued(self, hit_id: int) -> QueuedHit:
        """One hit of the quieter queue; raises NotFound."""
        query = (
            select(Hit, Capture)
            .join(Capture, Hit.capture == Capture.id)
            .where(Hit.id == hit_id, Hit.alert.is_(None))
        )
        with reading(self._engine) as connection, Session(connection) as session:
            found = session.execute(query).one_or_none()
            if found is None:
                raise NotFound(f"There is no hit {hit_id} in the quieter queue.")
            hit, capture = found
            return QueuedHit(source=capture.source, hit=hit_view(hit, capture))

    def alerts_by_source(self) -> dict[str, int]:
        """How many alerts each source has raised."""
        query = select(Alert.source, func.count()).group_by(Alert.source)
        with reading(self._engine) as connection:
            return dict(connection.execute(query).all())

    def crawling(self) -> frozenset[str]:
        """The sources that are being crawled now."""
        query = select(Crawl.source).where(Crawl.ended.is_(None))
        with reading(self._engine) as connection:
            return frozenset(connection.scalars(query))
