"""What is over: queries of captures and hits by clock. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from index.schema import Alert, Capture, Case, EvidenceItem, Hit


def dismissed(connection: Connection, before: datetime) -> list[int]:
    """Captures with an original, every alert of which was dismissed before then."""
    captures = _with_original(connection)
    needed = set(
        connection.scalars(
            select(Hit.capture)
            .outerjoin(Alert, Alert.id == Hit.alert)
            .where(
                Hit.alert.is_not(None),
                (Alert.status != "dismissed") | (Alert.decided_at > before),
            )
        )
    )
    alerting = set(connection.scalars(select(Hit.capture).where(Hit.alert.is_not(None))))
    return sorted((captures & alerting) - needed)


def closed(connection: Connection, before: datetime) -> list[int]:
    """Captures of cases that were closed before then, with an original or a piece."""
    ended = select(Case.id).where(Case.status == "closed", Case.closed < before)
    mine = set(
        connection.scalars(
            select(Hit.capture).join(Alert, Alert.id == Hit.alert).where(Alert.case.in_(ended))
        )
    )
    others = set(
        connection.scalars(
            select(Hit.capture).join(Alert, Alert.id == Hit.alert).where(Alert.case.not_in(ended))
        )
    )
    pieces = set(
        connection.scalars(select(EvidenceItem.capture).where(EvidenceItem.state == "made"))
    )
    return sorted((mine - others) & (_with_original(connection) | pieces))


def quiet(connection: Connection, before: datetime) -> list[int]:
    """Hits that raised no alert and were not promoted to one since."""
    query = select(Hit.id).where(Hit.alert.is_(None), Hit.created < before).order_by(Hit.id)
    return list(connection.scalars(query))


def of_cases(connection: Connection, cases: Collection[int]) -> set[int]:
    """Every capture of these cases."""
    query = select(Hit.capture).join(Alert, Alert.id == Hit.alert).where(Alert.case.in_(cases))
    return set(connection.scalars(query))


def _with_original(connection: Connection) -> set[int]:
    own = select(Capture.id).where(Capture.sealed != "", Capture.original_deleted.is_(None))
    beside = select(EvidenceItem.capture).where(EvidenceItem.sealed != "")
    return set(connection.scalars(own.union(beside)))
