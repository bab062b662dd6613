"""Closing a case: its retention clock begins. And opening it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, func, select, update

from evidence.errors import EvidenceError
from index.custody import enter
from index.engine import writing
from index.errors import Conflict, NotFound
from index.schema import Alert, Case


def close(engine: Engine, case: int, who: str, reason: str, now: datetime) -> None:
    """Close a case whose alerts are all decided. Raises NotFound, Conflict, EvidenceError."""
    _change(engine, case, "open", "closed", who, reason, now)


def reopen(engine: Engine, case: int, who: str, reason: str, now: datetime) -> None:
    """Open a closed case again; its clock ends. Raises NotFound, Conflict, EvidenceError."""
    _change(engine, case, "closed", "open", who, reason, now)


def _change(
    engine: Engine, case: int, before: str, after: str, who: str, reason: str, now: datetime
) -> None:
    if not reason.strip():
        raise EvidenceError("say why; it goes into the log")
    with writing(engine) as connection:
        status = connection.scalar(select(Case.status).where(Case.id == case).with_for_update())
        if status is None:
            raise NotFound(f"There is no case {case}; `vigie case list` lists them.")
        if status != before:
            raise Conflict(f"case {case} is {status} already")
        undecided = connection.scalar(
            select(func.count())
            .select_from(Alert)
            .where(Alert.case == case, Alert.status == "open")
        )
        if after == "closed" and undecided:
            raise Conflict(f"case {case} has {undecided} open alerts; decide them first")
        ended = now if after == "closed" else None
        connection.execute(update(Case).where(Case.id == case).values(status=after, closed=ended))
        enter(
            connection, at=now, who=who, what="close" if ended else "reopen-case",
            item=f"case:{case}", reason=reason,
        )  # fmt: skip
