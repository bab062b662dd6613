"""The outbox: what is to be delivered, written in the transaction of the fact it tells of.

A row is a document of the search index. `document_id` is the same for the same thing; of an
alert's states the row's own id is the version, so an index that keeps the highest version is
right whatever the order and however often rows arrive. A hit never changes and has one row.
An empty body means: take it from the record when it is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from index.documents import alert_document, canonical, hit_document
from index.schema import Alert, Capture, Hit, Outbox
from index.search import Document

SEARCH = "search"  # alerts, in their present state
HITS = "hits"
CHANNELS = {HITS: "hit", SEARCH: "alert"}


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


def announce_hit(session: Session, hit: Hit, capture: Capture, now: datetime) -> None:
    """Put a new hit into the outbox."""
    session.add(
        Outbox(
            channel=HITS,
            document_id=document_id(hit.id, "hit"),
            body=hit_document(hit, capture),
            created=now,
        )
    )


def document_id(number: int, kind: str = "alert") -> str:
    """The index's id of an alert or a hit."""
    return f"{kind}-{number}"


def number_of(document: str) -> int:
    """The alert's or hit's number of an id."""
    return int(document.rpartition("-")[2])


def render(session: Session, wanted: Sequence[tuple[str, int]]) -> Iterator[Document]:
    """Documents of one kind as the record has them now, by (id, version); what the record does
    not have any more is left out."""
    if not wanted:
        return
    versions = {number_of(name): version for name, version in wanted}
    if wanted[0][0].startswith("hit-"):
        query = select(Hit, Capture).join(Capture, Hit.capture == Capture.id)
        for hit, capture in session.execute(query.where(Hit.id.in_(versions))):
            yield hit_as_document(hit, capture)
        return
    yield from alerts_as_documents(
        session.scalars(select(Alert).where(Alert.id.in_(versions))), versions
    )


def hit_as_document(hit: Hit, capture: Capture) -> Document:
    """A hit ready to be written; hits have one version."""
    return Document(document_id(hit.id, "hit"), 1, canonical(hit_document(hit, capture)))


def alerts_as_documents(alerts: Iterable[Alert], versions: dict[int, int]) -> Iterator[Document]:
    """Alerts ready to be written."""
    for alert in alerts:
        yield Document(document_id(alert.id), versions[alert.id], canonical(alert_document(alert)))
