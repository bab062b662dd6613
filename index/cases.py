"""Cases: one repost and its copies. Every alert is in exactly one from its first moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, or_, select
from sqlalchemy.orm import Session

from index.engine import reading
from index.errors import NotFound
from index.schema import Alert, Capture, Case, Hit
from index.views import AlertView, alert_view, stamp


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case in short: its alerts are counted, `records` is the largest of theirs."""

    id: int
    opened: datetime
    closed: datetime | None
    status: str
    alerts: int
    records: int

    def to_json(self) -> dict[str, Any]:
        """For `vigie case list --json`."""
        return {
            "id": self.id,
            "status": self.status,
            "opened": stamp(self.opened),
            "closed": stamp(self.closed),
            "alerts": self.alerts,
            "records": self.records,
        }


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """One case with its alerts, oldest first."""

    case: CaseView
    alerts: tuple[AlertView, ...]


class CaseStore:
    """Queries over cases."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self, *, status: str = "", limit: int = 200, before: int = 0) -> tuple[CaseView, ...]:
        """Cases, newest first; `before` is the last page's last id."""
        query = (
            select(Case, func.count(Alert.id), func.coalesce(func.max(Alert.records), 0))
            .join(Alert, Alert.case == Case.id)
            .group_by(Case.id)
            .order_by(Case.id.desc())
            .limit(limit)
        )
        if status:
            query = query.where(Case.status == status)
        if before:
            query = query.where(Case.id < before)
        with reading(self._engine) as connection, Session(connection) as session:
            return tuple(_view(*row) for row in session.execute(query))

    def get(self, case_id: int) -> CaseDetail:
        """One case and its alerts; raises NotFound."""
        with reading(self._engine) as connection, Session(connection) as session:
            row = session.get(Case, case_id)
            if row is None:
                raise NotFound(f"There is no case {case_id}; `vigie case list` lists them.")
            alerts = session.scalars(
                select(Alert).where(Alert.case == case_id).order_by(Alert.id)
            ).all()
            records = max((alert.records for alert in alerts), default=0)
            return CaseDetail(
                _view(row, len(alerts), records), tuple(alert_view(alert) for alert in alerts)
            )


def joined_or_new(
    session: Session, content_key: bytes, leak: str, records: bytes | None, now: datetime
) -> Case:
    """The oldest open case with the same text or the same record set, or a new one."""
    same_text = (
        select(Hit.alert)
        .join(Capture, Hit.capture == Capture.id)
        .where(Capture.content_key == content_key, Hit.alert.is_not(None))
    )
    same: ColumnElement[bool] = Alert.id.in_(same_text)
    if records is not None:
        same = or_(same, (Alert.leak == leak) & (Alert.records_key == records))
    case = session.scalar(
        select(Case)
        .join(Alert, Alert.case == Case.id)
        .where(Case.status == "open", same)
        .order_by(Case.id)
        .limit(1)
    )
    if case is None:
        case = Case(opened=now, status="open")
        session.add(case)
        session.flush()
    return case


def _view(row: Case, alerts: int, records: int) -> CaseView:
    return CaseView(row.id, row.opened, row.closed, row.status, alerts, records)
