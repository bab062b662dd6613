"""Legal hold: while one stands, nothing of its case is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.orm import Session

from evidence.errors import EvidenceError
from index.custody import enter
from index.engine import reading, writing
from index.errors import NotFound
from index.schema import Case, LegalHold


def place(engine: Engine, case: int, reason: str, who: str, now: datetime) -> int:
    """Put a case on hold; its number. Raises NotFound, or EvidenceError without a reason."""
    if not reason.strip():
        raise EvidenceError("a legal hold needs a reason: which proceeding, who asked for it")
    with writing(engine) as connection:
        if connection.scalar(select(Case.id).where(Case.id == case)) is None:
            raise NotFound(f"There is no case {case}; `vigie case list` lists them.")
        row = connection.execute(
            insert(LegalHold).values(
                case=case, reason=reason.strip(), placed=now, placed_by=who, released_by=""
            )
        )
        number = int(row.inserted_primary_key[0])  # type: ignore[index]
        enter(
            connection, at=now, who=who, what="hold", item=f"case:{case}",
            detail={"hold": number}, reason=reason,
        )  # fmt: skip
    return number


def release(engine: Engine, number: int, reason: str, who: str, now: datetime) -> None:
    """End a hold; raises NotFound, or EvidenceError for one that has ended or without a reason."""
    if not reason.strip():
        raise EvidenceError("say why the hold ends; its deletions cannot be taken back")
    with writing(engine) as connection:
        case = connection.scalar(select(LegalHold.case).where(LegalHold.id == number))
        if case is None:
            raise NotFound(f"There is no hold {number}; `vigie retention holds` lists them.")
        changed = connection.execute(
            update(LegalHold)
            .where(LegalHold.id == number, LegalHold.released.is_(None))
            .values(released=now, released_by=who)
        )
        if changed.rowcount != 1:
            raise EvidenceError(f"hold {number} was released already")
        enter(
            connection, at=now, who=who, what="hold-released", item=f"case:{case}",
            detail={"hold": number}, reason=reason,
        )  # fmt: skip


def list_all(engine: Engine, case: int = 0) -> Sequence[LegalHold]:
    """Every hold, or a case's, oldest first."""
    query = select(LegalHold).order_by(LegalHold.id)
    if case:
        query = query.where(LegalHold.case == case)
    with reading(engine) as connection, Session(connection) as session:
        found = session.scalars(query).all()
        session.expunge_all()
        return found


def held(connection: Connection) -> frozenset[int]:
    """The cases on which a hold stands now."""
    return frozenset(connection.scalars(select(LegalHold.case).where(LegalHold.released.is_(None))))
