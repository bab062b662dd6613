"""Alerts as analysts and commands see them: lists, one alert whole, and decisions.

Reading never blocks the recorder. A decision is guarded by the version that was looked at, and
leaves an Act and an outbox row in its own transaction.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select
from sqlalchemy.orm import Session

from index.custody import enter
from index.engine import reading, writing
from index.errors import Conflict, NotFound, ReasonMissing, WrongChoice
from index.outbox import announce
from index.promotion import promote
from index.schema import Alert, Capture, Hit
from index.views import AlertDetail, AlertPage, AlertView, QueuedHit, alert_view, hit_view

STATUSES = ("open", "confirmed", "dismissed")
SORTS: dict[str, Any] = {
    "first_seen": Alert.first_seen,
    "last_seen": Alert.last_seen,
    "records": Alert.records,
    "bits": Alert.bits,
    "id": Alert.id,
}
MAX_PAGE = 500
MAX_REASON = 1000
DETAIL_HITS = 200


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; an empty field means any. `ids` narrows to what a search found."""

    status: str = ""
    leak: str = ""
    source: str = ""
    verdict: str = ""
    case: int = 0
    field: str = ""
    ids: Sequence[int] | None = None


class AlertStore:
    """Queries and decisions over alerts. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(
        self,
        wanted: AlertFilter | None = None,
        *,
        sort: str = "first_seen",
        descending: bool = True,
        limit: int = 50,
        after: str = "",
    ) -> AlertPage:
        """One page of alerts. `after` is the previous page's `next`; raises WrongChoice.

        Keyset paging: rows that come in between neither repeat nor hide others.
        """
        column = SORTS.get(sort)
        if column is None:
            raise WrongChoice(f"Alerts cannot be sorted by that; use one of {', '.join(SORTS)}.")
        limit = max(1, min(limit, MAX_PAGE))
        query = select(Alert).where(*conditions(wanted or AlertFilter()))
        if after:
            query = query.where(_beyond(column, sort, after, descending=descending))
        order = (column.desc(), Alert.id.desc()) if descending else (column, Alert.id)
        with reading(self._engine) as connection, Session(connection) as session:
            rows = session.scalars(query.order_by(*order).limit(limit + 1)).all()
            views = tuple(alert_view(row) for row in rows[:limit])
        more = _cursor(sort, views[-1]) if len(rows) > limit else ""
        return AlertPage(views, more)

    def counts(self, wanted: AlertFilter | None = None) -> dict[str, int]:
        """How many alerts have each status, every status named."""
        query = (
            select(Alert.status, func.count())
            .where(*conditions(wanted or AlertFilter()))
            .group_by(Alert.status)
        )
        with reading(self._engine) as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return {status: found.get(status, 0) for status in STATUSES}

    def choices(self) -> dict[str, tuple[str, ...]]:
        """The leaks and sources that have alerts, for filters."""
        with reading(self._engine) as connection:
            return {
                "leak": tuple(sorted(connection.scalars(select(Alert.leak).distinct()))),
                "source": tuple(sorted(connection.scalars(select(Alert.source).distinct()))),
            }

    def get(self, alert_id: int) -> AlertDetail:
        """One alert with its hits (newest first, at most 200) and captures; raises NotFound."""
        with reading(self._engine) as connection, Session(connection) as session:
            row = _alert(session, alert_id)
            hits = session.execute(
                select(Hit, Capture)
                .join(Capture, Hit.capture == Capture.id)
                .where(Hit.alert == alert_id)
                .order_by(Hit.id.desc())
                .limit(DETAIL_HITS)
            ).all()
            return AlertDetail(
                alert=alert_view(row),
                hits=tuple(hit_view(hit, capture) for hit, capture in hits),
                siblings=tuple(
                    session.scalars(
                        select(Alert.id)
                        .where(Alert.case == row.case, Alert.id != row.id)
                        .order_by(Alert.id)
                        .limit(MAX_PAGE)
                    )
                ),
            )

    def paths(self, alert_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """By alert, the masked pages that led to its location when it was last captured."""
        found: dict[int, tuple[str, ...]] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(alert_ids), MAX_PAGE):
                query = (
                    select(Hit.alert, Capture.path)
                    .join(Capture, Hit.capture == Capture.id)
                    .where(Hit.alert.in_(alert_ids[start : start + MAX_PAGE]))
                    .order_by(Hit.id)
                )
                found |= {alert: tuple(path) for alert, path in connection.execute(query)}
        return found

    def strongest(self, alert_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """By alert, the strongest match of its hits as the record keeps it (see index.why); an
        alert whose document was only known by its hash has none."""
        found: dict[int, dict[str, Any]] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(alert_ids), MAX_PAGE):
                # A hit's matches stand strongest first, so no other is read.
                query = select(Hit.alert, Hit.matches[0]).where(
                    Hit.alert.in_(alert_ids[start : start + MAX_PAGE])
                )
                for alert, match in connection.execute(query):
                    if match and (alert not in found or match["bits"] > found[alert]["bits"]):
                        found[alert] = match
        return found

    def queue(self, *, limit: int = 50, before: int = 0) -> tuple[QueuedHit, ...]:
        """The quieter queue: hits without an alert, newest first; `before` is a hit's id."""
        query = (
            select(Hit, Capture)
            .join(Capture, Hit.capture == Capture.id)
            .where(Hit.alert.is_(None))
            .order_by(Hit.id.desc())
            .limit(max(1, min(limit, MAX_PAGE)))
        )
        if before:
            query = query.where(Hit.id < before)
        with reading(self._engine) as connection, Session(connection) as session:
            return tuple(
                QueuedHit(source=capture.source, hit=hit_view(hit, capture))
                for hit, capture in session.execute(query)
            )

    def promote(self, hit_id: int, reason: str, who: str) -> AlertView:
        """Make an alert of a hit of the quieter queue (index.promotion)."""
        return promote(self._engine, hit_id, reason, who, datetime.now(UTC))

    def decide(self, alert_id: int, status: str, reason: str, who: str, version: int) -> AlertView:
        """Confirm, dismiss or open an alert again, if it is still at `version`.

        Confirming and dismissing need a reason. Raises NotFound, Conflict, ReasonMissing,
        WrongChoice; nothing is changed then.
        """
        if status not in STATUSES:
            raise WrongChoice(f"An alert is {', '.join(STATUSES)}, nothing else.")
        reason = reason.strip()
        if status != "open" and not reason:
            raise ReasonMissing(f"Say why this alert is {status}; a decision needs a reason.")
        if len(reason) > MAX_REASON:
            raise WrongChoice(f"The reason is longer than {MAX_REASON} characters; shorten it.")
        now = datetime.now(UTC)
        with writing(self._engine) as connection, Session(connection) as session:
            row = _alert(session, alert_id, lock=True)
            if row.version != version:
                raise Conflict(
                    f"Alert {alert_id} was changed in the meantime (by "
                    f"{row.decided_by or 'a new capture'}); read it again, then decide."
                )
            detail = {"from": row.status, "to": status, "version": version + 1}
            row.status, row.reason = status, reason
            row.decided_by, row.decided_at = who, now
            row.version = version + 1
            enter(
                session.connection(), at=now, who=who, what="decide", item=f"alert:{alert_id}",
                detail=detail, reason=reason,
            )  # fmt: skip
            announce(session, row, now)
            session.flush()
            return alert_view(row)


def _alert(session: Session, alert_id: int, *, lock: bool = False) -> Alert:
    row = session.get(Alert, alert_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"There is no alert {alert_id}; `vigie alerts` lists them.")
    return row


def conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions over Alert; raises WrongChoice."""
    if wanted.status and wanted.status not in STATUSES:
        raise WrongChoice(f"An alert's status is one of {', '.join(STATUSES)}.")
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (Alert.status, wanted.status),
        (Alert.leak, wanted.leak),
        (Alert.source, wanted.source),
        (Alert.verdict, wanted.verdict),
    ):
        if value:
            found.append(column == value)
    if wanted.case:
        found.append(Alert.case == wanted.case)
    if wanted.field:
        # `fields` is a short JSON list of field types, whose names hold no quote.
        name = wanted.field.replace('"', "")
        found.append(func.instr(_as_text(Alert.fields), f'"{name}"') > 0)
    if wanted.ids is not None:
        found.append(Alert.id.in_(wanted.ids))
    return found


def _as_text(column: Any) -> ColumnElement[str]:
    from sqlalchemy import Text, cast

    return cast(column, Text)


def _cursor(sort: str, view: AlertView) -> str:
    value = getattr(view, sort)
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([sort, plain, view.id]).encode()).decode()


def _beyond(column: Any, sort: str, after: str, *, descending: bool) -> ColumnElement[bool]:
    try:
        cursor_sort, value, last_id = json.loads(base64.urlsafe_b64decode(after))
        value = datetime.fromisoformat(value) if sort.endswith("_seen") else float(value)
        last_id = int(last_id)
    except (ValueError, TypeError):
        cursor_sort = ""
    if cursor_sort != sort:
        raise WrongChoice("That page of alerts does not exist; start from the first.")
    if descending:
        return or_(column < value, and_(column == value, Alert.id < last_id))
    return or_(column > value, and_(column == value, Alert.id > last_id))
