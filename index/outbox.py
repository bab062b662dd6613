"""The outbox: what is to be delivered, written in the transaction of the fact it tells of.

A row is a document of the search index (or, later, a notification): `document_id` is the same
for the same thing, and the row's own id is the document's version, so a receiver that keeps the
highest version is right whatever the order and however often rows arrive.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from index.schema import Alert, Outbox
from index.views import stamp

SEARCH = "search"


def announce(session: Session, alert: Alert, now: datetime) -> None:
    """Put the alert's present state into the outbox."""
    session.add(
        Outbox(
            channel=SEARCH,
            document_id=document_id(alert.id),
            body=alert_document(alert),
            created=now,
        )
    )


def document_id(alert_id: int) -> str:
    """The index's id of an alert."""
    return f"alert-{alert_id}"


def alert_document(alert: Alert) -> dict[str, Any]:
    """What the index holds of an alert: nothing that is not masked."""
    return {
        "kind": "alert",
        "alert": alert.id,
        "case": alert.case,
        "leak": alert.leak,
        "source": alert.source,
        "location": alert.location,
        "also": list(alert.also),
        "title": alert.title,
        "verdict": alert.verdict,
        "records": alert.records,
        "bits": round(alert.bits, 1),
        "fields": list(alert.fields),
        "first_seen": stamp(alert.first_seen),
        "last_seen": stamp(alert.last_seen),
        "status": alert.status,
        "version": alert.version,
    }
