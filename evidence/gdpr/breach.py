"""Article 33 GDPR: a clock that only a person starts, from when the controller became aware.

72 hours run for a controller (33(1)); a notification may come in phases (33(4)). A repost of a
leak that was notified already normally starts no new clock: an additional report is proposed. A
processor tells its controller without undue delay (33(2)); no hours are counted for it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.orm import Session

from evidence.errors import EvidenceError
from index.custody import enter
from index.engine import reading, writing
from index.errors import NotFound
from index.schema import Alert, BreachClock, Case
from index.views import stamp

HOURS = timedelta(hours=72)
KINDS = ("breach", "additional", "controller")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a case: a kind, and what the leak was notified as, "" if it was not."""

    kind: str
    notified_as: str = ""


@dataclass(frozen=True, slots=True)
class BreachView:
    """One clock as of a moment."""

    row: BreachClock
    now: datetime

    @property
    def due(self) -> datetime | None:
        """When the 72 hours are over; None where none run."""
        return self.row.aware + HOURS if self.row.kind == "breach" else None

    @property
    def state(self) -> str:
        """ "running", "late", "reported" or "reported-late"."""
        if self.row.reported is not None:
            late = self.due is not None and self.row.reported > self.due
            return "reported-late" if late else "reported"
        return "late" if self.due is not None and self.now > self.due else "running"

    @property
    def left(self) -> timedelta | None:
        """How long is left, at least nothing; None where no hours are counted."""
        if self.due is None or self.row.reported is not None:
            return None
        return max(timedelta(), self.due - self.now)

    def to_json(self) -> dict[str, Any]:
        """For `vigie gdpr breach list --json`."""
        row = self.row
        return {
            "clock": row.id, "case": row.case, "kind": row.kind, "aware": stamp(row.aware),
            "due": stamp(self.due), "state": self.state, "started": stamp(row.started),
            "started_by": row.started_by, "notified_as": row.notified_as,
            "reported": stamp(row.reported), "reported_by": row.reported_by,
            "reference": row.reference, "late_because": row.late_because,
        }  # fmt: skip


def propose(engine: Engine, case: int, role: str) -> Proposal:
    """What fits this case; nothing is started. `role`: "controller" or "processor"."""
    if role == "processor":
        return Proposal("controller")
    with reading(engine) as connection:
        before = _notified(connection, case)
    return Proposal("additional", before) if before else Proposal("breach")


def start(
    engine: Engine, case: int, kind: str, aware: datetime, who: str, reason: str, now: datetime,
    *, notified_as: str = "",
) -> int:  # fmt: skip
    """Start a clock by a person's decision; its number. Raises NotFound, EvidenceError."""
    if kind not in KINDS:
        raise EvidenceError(f"a clock is {', '.join(KINDS)}, nothing else")
    if not reason.strip():
        raise EvidenceError("say on what the awareness rests; it goes into the log")
    if aware > now:
        raise EvidenceError("nobody became aware in the future")
    if kind == "additional" and not notified_as.strip():
        raise EvidenceError("an additional report names what the leak was notified as")
    with writing(engine) as connection:
        if connection.scalar(select(Case.id).where(Case.id == case)) is None:
            raise NotFound(f"There is no case {case}; `vigie case list` lists them.")
        running = connection.scalar(
            select(BreachClock.id).where(
                BreachClock.case == case, BreachClock.reported.is_(None), BreachClock.kind == kind
            )
        )
        if running is not None:
            raise EvidenceError(f"clock {running} of this case runs already")
        row = connection.execute(
            insert(BreachClock).values(
                case=case, kind=kind, aware=aware, started=now, started_by=who,
                reason=reason.strip(), notified_as=notified_as.strip()[:100], reported_by="",
                reference="", late_because="",
            )
        )  # fmt: skip
        number = int(row.inserted_primary_key[0])  # type: ignore[index]
        detail = {"clock": number, "kind": kind, "aware": stamp(aware) or "",
                  "notified_as": notified_as.strip()[:100]}  # fmt: skip
        enter(connection, at=now, who=who, what="breach-clock", item=f"case:{case}",
              detail=detail, reason=reason)  # fmt: skip
    return number


def report(
    engine: Engine, number: int, at: datetime, reference: str, who: str, now: datetime,
    *, late_because: str = "",
) -> BreachView:  # fmt: skip
    """Note that it was reported (to the CNIL; to the controller). After the 72 hours the reasons
    for the delay go with it (33(1)). Raises NotFound, EvidenceError."""
    view = get(engine, number, now)
    if view.row.reported is not None:
        raise EvidenceError(f"clock {number} was reported on {stamp(view.row.reported)} already")
    if at > now or at < view.row.aware:
        raise EvidenceError("it was reported after the awareness and not in the future")
    if not reference.strip():
        raise EvidenceError("name the reference that the report was given, or to whom it went")
    if view.due is not None and at > view.due and not late_because.strip():
        raise EvidenceError(
            "the 72 hours were over: article 33(1) wants the reasons for the delay (--late-because)"
        )
    with writing(engine) as connection:
        connection.execute(
            update(BreachClock)
            .where(BreachClock.id == number, BreachClock.reported.is_(None))
            .values(reported=at, reported_by=who, reference=reference.strip()[:200],
                    late_because=late_because.strip())
        )  # fmt: skip
        detail = {"clock": number, "reported": stamp(at) or "",
                  "reference": reference.strip()[:200],
                  "late": bool(view.due is not None and at > view.due)}  # fmt: skip
        enter(connection, at=now, who=who, what="breach-reported", item=f"case:{view.row.case}",
              detail=detail, reason=late_because)  # fmt: skip
    return get(engine, number, now)


def get(engine: Engine, number: int, now: datetime) -> BreachView:
    """One clock; raises NotFound."""
    found = [one for one in clocks(engine, now) if one.row.id == number]
    if not found:
        raise NotFound(f"There is no clock {number}; `vigie gdpr breach list` lists them.")
    return found[0]


def clocks(engine: Engine, now: datetime, case: int = 0) -> list[BreachView]:
    """Every clock, or a case's, oldest first."""
    query = select(BreachClock).order_by(BreachClock.id)
    if case:
        query = query.where(BreachClock.case == case)
    with reading(engine) as connection, Session(connection) as session:
        rows = session.scalars(query).all()
        session.expunge_all()
    return [BreachView(row, now) for row in rows]


def _notified(connection: Connection, case: int) -> str:
    """What a leak of this case was notified as in any case, "" if never."""
    leaks = select(Alert.leak).where(Alert.case == case)
    cases = select(Alert.case).where(Alert.leak.in_(leaks))
    found = connection.scalar(
        select(BreachClock.reference)
        .where(BreachClock.case.in_(cases), BreachClock.reported.is_not(None))
        .where(BreachClock.kind == "breach")
        .order_by(BreachClock.reported)
        .limit(1)
    )
    return found or ""
