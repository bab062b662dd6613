"""When the address of an alert answers that nothing is there any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from index.outbox import announce
from index.schema import Alert, Capture, Hit


def note_gone(session: Session, source: str, location_key: bytes, now: datetime) -> int:
    """Note it once, for every alert of the address and, where it is a thread's, of its posts;
    returns how many that is news for. What is seen there again takes it back (index.recorder)."""
    within = (
        select(Hit.alert)
        .join(Capture, Hit.capture == Capture.id)
        .where(Capture.thread_key == location_key, Hit.alert.is_not(None))
    )
    alerts = session.scalars(
        select(Alert).where(
            or_(Alert.location_key == location_key, Alert.id.in_(within)),
            Alert.source == source,
            Alert.gone_at.is_(None),
        )
    ).all()
    for alert in alerts:
        alert.gone_at = now
        announce(session, alert, now)
    session.flush()
    return len(alerts)
