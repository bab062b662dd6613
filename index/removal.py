"""When the address of an alert answers that nothing is there any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from index.outbox import announce
from index.schema import Alert


def note_gone(session: Session, source: str, location_key: bytes, now: datetime) -> int:
    """Note it once, for every alert of the address; returns how many that is news for. What is
    seen there again takes it back (index.recorder)."""
    alerts = session.scalars(
        select(Alert).where(
            Alert.location_key == location_key, Alert.source == source, Alert.gone_at.is_(None)
        )
    ).all()
    for alert in alerts:
        alert.gone_at = now
        announce(session, alert, now)
    session.flush()
    return len(alerts)
