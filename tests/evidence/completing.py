"""Whether all that belongs to a capture is there, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from index.engine import reading
from index.schema import Act, Alert, Capture, EvidenceItem, Hit, TimeStamp

KINDS = ("dns", "rdap", "clocks", "chain", "environment", "page", "dom", "visit", "direct")


@dataclass(frozen=True)
class Complete:
    """`states` of what was gathered beside it; seconds from the capture's own entry to the last
    piece and to the first stamp, by every authority, of a head that covers all of it."""

    states: dict[str, str]
    last_piece_s: float
    stamped_s: float


def complete(engine: Engine, capture: int, authorities: int) -> Complete | None:
    """None while something is to come."""
    with reading(engine) as connection:
        items = connection.execute(
            select(EvidenceItem.kind, EvidenceItem.state, EvidenceItem.at).where(
                EvidenceItem.capture == capture
            )
        ).all()
        if {row.kind for row in items} < set(KINDS):
            return None
        entries = connection.execute(
            select(func.min(Act.at), func.max(Act.seq)).where(
                Act.subject == f"capture:{capture}", Act.what.in_(("capture", "item"))
            )
        ).one()
        began = connection.scalar(
            select(Alert.first_seen)
            .join(Hit, Hit.alert == Alert.id)
            .join(Capture, Capture.id == Hit.capture)
            .where(Capture.id == capture)
        )
        stamps = connection.execute(
            select(TimeStamp.subject, TimeStamp.authority, TimeStamp.asked)
            .where(TimeStamp.subject.like("head:%"), TimeStamp.state == "stamped")
            .order_by(TimeStamp.id)
        ).all()
    if began is None:
        return None
    covering: dict[str, datetime] = {}
    for row in stamps:
        if int(row.subject.removeprefix("head:")) >= entries[1]:
            covering.setdefault(row.authority, row.asked)
    if len(covering) < authorities:
        return None
    return Complete(
        states={row.kind: row.state for row in items},
        last_piece_s=(max(row.at for row in items) - began).total_seconds(),
        stamped_s=(max(covering.values()) - began).total_seconds(),
    )
