"""Cases that look like copies of each other: proposed with their grounds, joined by a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from evidence.cases.removal import host_of
from evidence.errors import EvidenceError
from index.custody import enter
from index.engine import reading, writing
from index.errors import Conflict, NotFound
from index.outbox import announce
from index.schema import (
    Alert,
    AlertRecord,
    BreachClock,
    Capture,
    Case,
    CaseClaim,
    CasePair,
    CourtOrder,
    Hit,
    LegalHold,
    Request,
)
from index.upsert import upsert

# Of the smaller set, so much stands in the other as well; and never fewer records than two: one
# person of a leak may stand in two lists that have nothing to do with each other.
CONTAINED, COMMON = 0.5, 2
GROUNDS = ("file", "records", "certificate", "address")


@dataclass(frozen=True, slots=True)
class Copy:
    """Another open case that may be the same repost. `grounds`, the strongest first: "file" (same
    bytes), "records" (`common` rows), "certificate" or "address" (of another host)."""

    case: int
    grounds: tuple[str, ...]
    common: int
    share: float

    def to_json(self) -> dict[str, Any]:
        """For `vigie case copies --json`."""
        return {"case": self.case, "grounds": list(self.grounds), "common": self.common,
                "share": round(self.share, 3)}  # fmt: skip


def proposals(engine: Engine, case: int) -> tuple[Copy, ...]:
    """What looks like this case and was not decided on; the strongest ground first."""
    with reading(engine) as connection:
        _exists(connection, case)
        grounds: dict[int, dict[str, float]] = {}
        common = dict(_overlaps(connection, case))
        for other in common:
            grounds.setdefault(other, {})["records"] = common[other][1]
        for ground, others in (
            ("file", _same(connection, case, Capture.sha256)),
            ("certificate", _same_server(connection, case, "certificate")),
            ("address", _same_server(connection, case, "address")),
        ):
            for other in others:
                grounds.setdefault(other, {})[ground] = 1.0
        decided = _decided(connection, case)
        open_ = set(connection.scalars(select(Case.id).where(Case.status == "open")))
    found = [
        Copy(other, tuple(one for one in GROUNDS if one in why), *common.get(other, (0, 0.0)))
        for other, why in grounds.items()
        if other in open_ and other not in decided
    ]
    return tuple(sorted(found, key=lambda one: (GROUNDS.index(one.grounds[0]), one.case)))


def join(engine: Engine, first: int, second: int, who: str, reason: str, now: datetime) -> int:
    """Join two open cases by a person's decision; the lower number stays and is returned. What
    hangs on the other (alerts, requests, orders, holds, clocks) comes along; it is closed."""
    stays, goes = _pair(first, second)
    grounds = _grounds(engine, stays, goes)
    if not reason.strip():
        raise EvidenceError("say why these are one; it goes into the log")
    with writing(engine) as connection, Session(connection) as session:
        for number in (stays, goes):
            _exists(connection, number)
            if session.get(Case, number, with_for_update=True).status != "open":  # type: ignore[union-attr]
                raise Conflict(f"case {number} is closed; open it again before it is joined")
        alerts = session.scalars(select(Alert).where(Alert.case == goes)).all()
        for alert in alerts:
            alert.case = stays
            announce(session, alert, now)
        session.flush()
        for table in (Request, CourtOrder, LegalHold, BreachClock):
            session.execute(update(table).where(table.case == goes).values(case=stays))
        claims = session.get(CaseClaim, stays) is not None
        if claims:
            session.execute(delete(CaseClaim).where(CaseClaim.case == goes))
        else:
            session.execute(update(CaseClaim).where(CaseClaim.case == goes).values(case=stays))
        session.execute(update(Case).where(Case.id == goes).values(status="closed", closed=now))
        _note(session, stays, goes, "joined", grounds, who, now)
        for item, other in ((stays, goes), (goes, stays)):
            enter(
                connection, at=now, who=who, what="join", item=f"case:{item}",
                detail={"with": other, "stays": stays, "alerts": [one.id for one in alerts],
                        "grounds": list(grounds)},
                reason=reason,
            )  # fmt: skip
    return stays


def keep_apart(
    engine: Engine, first: int, second: int, who: str, reason: str, now: datetime
) -> None:
    """Note that two cases are not one; they are not proposed again."""
    stays, goes = _pair(first, second)
    grounds = _grounds(engine, stays, goes)
    if not reason.strip():
        raise EvidenceError("say why these are two; it goes into the log")
    with writing(engine) as connection, Session(connection) as session:
        _note(session, stays, goes, "apart", grounds, who, now)
        for item, other in ((stays, goes), (goes, stays)):
            enter(
                connection, at=now, who=who, what="keep-apart", item=f"case:{item}",
                detail={"with": other, "grounds": list(grounds)}, reason=reason,
            )  # fmt: skip


# Inside


def _pair(first: int, second: int) -> tuple[int, int]:
    if first == second:
        raise EvidenceError("a case is not joined with itself")
    return min(first, second), max(first, second)


def _grounds(engine: Engine, stays: int, goes: int) -> tuple[str, ...]:
    with reading(engine) as connection:
        for number in (stays, goes):
            _exists(connection, number)
    return next((one.grounds for one in proposals(engine, stays) if one.case == goes), ())


def _note(
    session: Session, first: int, second: int, decision: str, grounds: tuple[str, ...], who: str,
    now: datetime,
) -> None:  # fmt: skip
    row = {"first": first, "second": second, "decision": decision, "grounds": list(grounds),
           "at": now, "who": who}  # fmt: skip
    upsert(session, CasePair, [row], keys=["first", "second"])


def _exists(connection: Connection, case: int) -> None:
    if connection.scalar(select(Case.id).where(Case.id == case)) is None:
        raise NotFound(f"There is no case {case}; `vigie case list` lists them.")


def _decided(connection: Connection, case: int) -> set[int]:
    rows = connection.execute(
        select(CasePair.first, CasePair.second)
        .where(CasePair.decision == "apart")
        .where((CasePair.first == case) | (CasePair.second == case))
    )
    return {row.second if row.first == case else row.first for row in rows}


def _overlaps(connection: Connection, case: int) -> Iterator[tuple[int, tuple[int, float]]]:
    """Other cases with common rows of the same leak: how many, and as a share of the smaller."""
    mine, theirs = aliased(AlertRecord), aliased(AlertRecord)
    here, there = aliased(Alert), aliased(Alert)
    rows = connection.execute(
        select(there.case, func.count(func.distinct(theirs.row)))
        .select_from(mine)
        .join(here, here.id == mine.alert)
        .join(theirs, theirs.row == mine.row)
        .join(there, (there.id == theirs.alert) & (there.leak == here.leak))
        .where(here.case == case, there.case != case)
        .where(here.status != "dismissed", there.status != "dismissed")
        .group_by(there.case)
    )
    size = _records(connection, case)
    for other, common in rows:
        share = common / max(1, min(size, _records(connection, other)))
        if common >= COMMON and share >= CONTAINED:
            yield int(other), (int(common), float(share))


def _records(connection: Connection, case: int) -> int:
    query = (
        select(func.count(func.distinct(AlertRecord.row)))
        .join(Alert, Alert.id == AlertRecord.alert)
        .where(Alert.case == case, Alert.status != "dismissed")
    )
    return int(connection.scalar(query) or 0)


def _captures(case: int) -> Any:
    return (
        select(Capture.id)
        .join(Hit, Hit.capture == Capture.id)
        .join(Alert, Alert.id == Hit.alert)
        .where(Alert.case == case)
    )


def _same(connection: Connection, case: int, column: Any) -> set[int]:
    """Other cases with a capture of the same bytes."""
    values = select(column).where(Capture.id.in_(_captures(case)))
    rows = connection.scalars(
        select(Alert.case)
        .join(Hit, Hit.alert == Alert.id)
        .join(Capture, Capture.id == Hit.capture)
        .where(column.in_(values), Alert.case != case)
        .distinct()
    )
    return set(rows)


def _same_server(connection: Connection, case: int, what: str) -> set[int]:
    """Other cases on another host with the same address or certificate: on the same host both are
    the site's, and say nothing."""
    certificate: Any = Capture.connection["certificate"]["sha256"].as_string()
    mark = Capture.peer if what == "address" else certificate
    query = (
        select(Alert.case, Capture.location, mark.label("mark"))
        .join(Hit, Hit.alert == Alert.id)
        .join(Capture, Capture.id == Hit.capture)
        .where(Alert.status != "dismissed")
        .distinct()
    )
    mine: dict[str, set[str]] = {}
    for row in connection.execute(query.where(Alert.case == case)):
        if row.mark:
            mine.setdefault(row.mark, set()).add(host_of(row.location))
    others = connection.execute(query.where(Alert.case != case, mark.in_(sorted(mine))))
    return {row.case for row in others if host_of(row.location) not in mine[row.mark]}
