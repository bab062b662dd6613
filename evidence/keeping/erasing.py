"""Erasing the words of one entry of the custody log: who, what it says, the reason.

For a person's name in a reason, or an erasure that was granted (article 17 GDPR). Number, digest
and link stay, so the chain holds and whoever holds a copy of the entry can still prove it; the
salts go too, since with them what was erased could be found by trying.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from evidence.errors import EvidenceError
from evidence.keeping.due import of_cases
from evidence.keeping.holds import held
from index.custody import enter
from index.engine import writing
from index.errors import NotFound
from index.schema import Act, Alert

# What checks of the log itself stand on, and what says that something was deleted.
NEEDED = ("stamp", "scan-log", "rehash", "checkpoint", "delete", "deletion-certificate", "erase")


def erase(engine: Engine, seq: int, who: str, reason: str, now: datetime) -> int:
    """Erase entry `seq`; the number of the entry that says so. Raises NotFound, or EvidenceError
    without a reason, on legal hold, and for an entry that the log needs."""
    if not reason.strip():
        raise EvidenceError("an erasure needs a reason; it goes into the log")
    with writing(engine) as connection:
        row = connection.execute(
            select(Act.what, Act.subject, Act.reason, Act.erased).where(Act.seq == seq)
        ).one_or_none()
        if row is None:
            raise NotFound(f"There is no entry {seq}; `vigie custody export` writes all of them.")
        if row.erased is not None:
            raise EvidenceError(f"entry {seq} was erased already")
        if row.what in NEEDED:
            raise EvidenceError(
                f"entry {seq} ({row.what}) names nobody's data and checks of the log need it"
            )
        if _on_hold(connection, row.subject):
            raise EvidenceError(
                f"entry {seq} is of a case on legal hold; `vigie retention holds` says why"
            )
        connection.execute(
            update(Act)
            .where(Act.seq == seq)
            .values(who="", detail={}, reason="", salt=b"", reason_salt=b"", erased=now)
        )
        kind, _, number = row.subject.partition(":")
        if row.what == "decide" and kind == "alert" and row.reason:
            # The last decision's reason also stands on the alert.
            connection.execute(
                update(Alert)
                .where(Alert.id == int(number), Alert.reason == row.reason)
                .values(reason="")
            )
        return enter(
            connection, at=now, who=who, what="erase", item=f"entry:{seq}", reason=reason.strip()
        )


def _on_hold(connection: Connection, subject: str) -> bool:
    cases = held(connection)
    kind, _, number = subject.partition(":")
    if not cases or not number.isdigit():
        return False
    if kind == "case":
        return int(number) in cases
    if kind == "alert":
        return connection.scalar(select(Alert.case).where(Alert.id == int(number))) in cases
    return kind == "capture" and int(number) in of_cases(connection, cases)
