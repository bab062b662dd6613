"""Alerts whose addresses are asked for again, so that it is known when they are gone.

Only open and confirmed alerts: their address is kept sealed under the record key for as long, and
goes with the decision that it is nothing. Alerts older than this table have a masked address only,
which cannot be fetched; neither can one sealed under another record key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.errors import KeyProblem
from index.frontier import unseal_path
from index.leases import check, source_lease, utc_now
from index.schema import Alert, Revisit
from index.upsert import upsert
from index.vault import Vault

WATCHED = ("open", "confirmed")
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# Until an alert is so old, its address is looked at so often.
SCHEDULE = ((DAY, timedelta(minutes=15)), (DAY + WEEK, timedelta(hours=1)))
THEN = DAY


@dataclass(frozen=True, slots=True)
class Due:
    """An address to ask for again. `address` is plain: never log or store it."""

    alert: int
    address: str
    location_key: bytes
    path: tuple[str, ...] = ()


def pause_after(age: timedelta) -> timedelta:
    """How long until an alert of that age is looked at again."""
    return next((pause for until, pause in SCHEDULE if age < until), THEN)


def keep_address(
    session: Session,
    alert: Alert,
    location_key: bytes,
    sealed: bytes,
    sealed_path: bytes | None,
    now: datetime,
) -> None:
    """Let an alert's address be looked at from now on; once known, it stays."""
    row = {
        "alert": alert.id,
        "source": alert.source,
        "location_key": location_key,
        "sealed_address": sealed,
        "sealed_path": sealed_path,
        "due": now + pause_after(timedelta(0)),
        "looks": 0,
        "outcome": "",
    }
    upsert(session, Revisit, [row], keys=("alert",), kept=tuple(row))


class RevisitStore:
    """Which addresses are due. Safe to share between threads."""

    def __init__(
        self, engine: Engine, vault: Vault, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def due(self, source: str, limit: int) -> list[Due]:
        """The addresses of a source that are due, those that wait longest first."""
        query = (
            select(Revisit.alert, Revisit.sealed_address, Revisit.location_key, Revisit.sealed_path)
            .join(Alert, Alert.id == Revisit.alert)
            .where(
                Revisit.source == source,
                Revisit.due <= self._clock(),
                Alert.status.in_(WATCHED),
            )
            .order_by(Revisit.due, Revisit.alert)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        found = []
        for alert, sealed, key, path in rows:
            try:
                address = self._vault.unseal(sealed)
                found.append(Due(alert, address, key, unseal_path(self._vault, path)))
            except KeyProblem:
                continue  # `forget` takes it away with its alert
        return found

    def next_due(self, source: str) -> datetime | None:
        """When the first of a source's addresses is due."""
        query = (
            select(func.min(Revisit.due))
            .join(Alert, Alert.id == Revisit.alert)
            .where(Revisit.source == source, Alert.status.in_(WATCHED))
        )
        with reading(self._engine) as connection:
            found: datetime | None = connection.scalar(query)
            return found

    def looked(
        self, source: str, token: int, handed: Sequence[Due], outcomes: Mapping[bytes, str]
    ) -> None:
        """What came of the addresses that a crawl was handed, by key of location; "" or nothing
        for those it did not reach. Raises StaleLease."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            check(session, source_lease(source), token)
            ids = [one.alert for one in handed]
            rows = session.execute(
                select(Revisit, Alert.first_seen)
                .join(Alert, Alert.id == Revisit.alert)
                .where(Revisit.alert.in_(ids))
            )
            for row, first_seen in rows.all():
                row.outcome = outcomes.get(row.location_key, "")[:40]
                row.due = now + pause_after(now - first_seen)
                if row.outcome:
                    row.looked, row.looks = now, row.looks + 1
            session.flush()


def forget(engine: Engine) -> int:
    """Drop the addresses of alerts that are decided to be nothing; returns how many."""
    decided = select(Alert.id).where(Alert.status.not_in(WATCHED))
    with writing(engine) as connection:
        return int(connection.execute(delete(Revisit).where(Revisit.alert.in_(decided))).rowcount)
