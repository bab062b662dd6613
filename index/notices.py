"""What is announced to people: a lane of the outbox, written in the transaction of the fact.

An announcement holds numbers and names of ours (alert, case, leak, source, verdict), never an
address or a value. Several go into one message, which is fixed before it is sent first: a message
that may have left is sent again under the same id, so whoever receives it knows it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, delete, func, or_, select
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.leases import utc_now
from index.schema import Alert, Outbox
from index.views import stamp

CHANNEL = "notify"
MOST_AT_ONCE = 50
FIRST_WAIT, LONGEST_WAIT = 5.0, 900.0
# A week of attempts, a quarter of an hour apart in the end.
GIVEN_UP_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Batch:
    """One message: its id, what it tells (oldest first) and the keys of the addresses that have
    it already."""

    id: str
    told: tuple[dict[str, Any], ...]
    handed: frozenset[str]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NoticeStatus:
    """How many announcements wait, since when, how many were given up, and the last reason."""

    waiting: int
    oldest: datetime | None
    given_up: int
    last_error: str


def notify_alert(session: Session, alert: Alert, now: datetime, *, again: bool = False) -> None:
    """Announce a new alert, or one that was decided on and is open again."""
    told = {
        "kind": "alert-again" if again else "alert",
        "at": stamp(now),
        "alert": alert.id,
        "case": alert.case,
        "leak": alert.leak,
        "source": alert.source,
        "verdict": alert.verdict,
        "records": alert.records,
    }
    _add(session, f"notice-alert-{alert.id}-{alert.version}", told, now)


def notify_source(session: Session, source: str, kind: str, now: datetime) -> None:
    """Announce that a source is not seen any more ("blind"), or is seen again ("seen")."""
    told = {"kind": f"source-{kind}", "at": stamp(now), "source": source}
    _add(session, f"notice-source-{uuid.uuid4().hex}", told, now)


def _add(session: Session, document_id: str, told: dict[str, Any], now: datetime) -> None:
    session.add(Outbox(channel=CHANNEL, document_id=document_id, body={"told": told}, created=now))


class NoticeStore:
    """The lane as who sends sees it. One sender at a time (a lease)."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock

    def next(self) -> Batch | None:
        """The message that is due: one that was begun, otherwise a new one of all that waits."""
        due = or_(Outbox.due.is_(None), Outbox.due <= self._clock())
        with writing(self._engine) as connection, Session(connection) as session:
            rows = session.scalars(
                select(Outbox).where(*_waiting(), due).order_by(Outbox.id).limit(20 * MOST_AT_ONCE)
            ).all()
            begun = next((row.body["batch"] for row in rows if "batch" in row.body), "")
            if begun:
                rows = [row for row in rows if row.body.get("batch") == begun]
            else:
                rows = rows[:MOST_AT_ONCE]
                begun = str(uuid.uuid4())
                for row in rows:
                    row.body = {**row.body, "batch": begun, "handed": []}
            session.flush()
            if not rows:
                return None
            return Batch(
                begun,
                tuple(row.body["told"] for row in rows),
                frozenset(rows[0].body["handed"]),
                tuple(row.id for row in rows),
            )

    def handed(self, batch: Batch, key: str) -> None:
        """An address took the message."""
        with writing(self._engine) as connection, Session(connection) as session:
            for row in session.scalars(select(Outbox).where(Outbox.id.in_(batch.rows))):
                row.body = {**row.body, "handed": [*row.body["handed"], key]}
            session.flush()

    def delivered(self, batch: Batch) -> None:
        """Every address has it."""
        self._set(batch, delivered=self._clock(), last_error="")

    def failed(self, batch: Batch, reason: str) -> None:
        """An address did not take it: later again, and after a week no more."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            for row in session.scalars(select(Outbox).where(Outbox.id.in_(batch.rows))):
                row.attempts += 1
                row.last_error = reason[:500]
                seconds = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(row.attempts - 1, 16))
                row.due = now + timedelta(seconds=seconds)
                row.put_aside = now if now - row.created > GIVEN_UP_AFTER else None
            session.flush()

    def drop(self) -> int:
        """Forget what waits, where nobody is to be told; how many that were."""
        with writing(self._engine) as connection:
            return connection.execute(delete(Outbox).where(*_waiting())).rowcount

    def status(self) -> NoticeStatus:
        """For people."""
        aside = Outbox.channel == CHANNEL, Outbox.put_aside.is_not(None)
        with reading(self._engine) as connection:
            waiting, oldest = connection.execute(
                select(func.count(), func.min(Outbox.created)).where(*_waiting())
            ).one()
            given_up = connection.scalar(select(func.count()).select_from(Outbox).where(*aside))
            error = connection.scalar(
                select(Outbox.last_error)
                .where(Outbox.channel == CHANNEL, Outbox.last_error != "")
                .order_by(Outbox.id.desc())
                .limit(1)
            )
        return NoticeStatus(waiting, oldest, given_up or 0, error or "")

    def _set(self, batch: Batch, **values: Any) -> None:
        with writing(self._engine) as connection, Session(connection) as session:
            for row in session.scalars(select(Outbox).where(Outbox.id.in_(batch.rows))):
                for name, value in values.items():
                    setattr(row, name, value)
            session.flush()


def _waiting() -> tuple[ColumnElement[bool], ...]:
    return Outbox.channel == CHANNEL, Outbox.delivered.is_(None), Outbox.put_aside.is_(None)
