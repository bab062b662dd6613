"""How far the search index is behind the record, and what it could not take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from index.engine import reading
from index.errors import IndexUnavailable
from index.outbox import CHANNELS, document_id
from index.schema import Alert, Hit, Outbox
from index.search import Health, SearchIndex

SHOWN = 20


@dataclass(frozen=True, slots=True)
class PutAside:
    """A document the index can never take as it is."""

    document_id: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index beside the record. `missing` and `extra` count documents of either kind;
    `waiting` rows of the outbox, the oldest of them since `oldest_waiting`. `last_error` is of
    the index as a whole; `health.state` is "unreachable" when it does not answer."""

    index: str
    health: Health
    documents: int
    alerts: int
    hits: int
    missing: int
    extra: int
    waiting: int
    put_aside: int
    oldest_waiting: datetime | None
    last_error: str
    aside: tuple[PutAside, ...]

    @property
    def reachable(self) -> bool:
        """Whether the index answered."""
        return self.health.state != "unreachable"


def status(engine: Engine, index: SearchIndex) -> IndexStatus:
    """Compare the index with the record, id by id."""
    with reading(engine) as connection:
        wanted = {
            "alert": {document_id(row) for row in connection.scalars(select(Alert.id))},
            "hit": {document_id(row, "hit") for row in connection.scalars(select(Hit.id))},
        }
        waits = (
            Outbox.channel.in_(CHANNELS), Outbox.delivered.is_(None), Outbox.put_aside.is_(None),
        )  # fmt: skip
        waiting, oldest = connection.execute(
            select(func.count(), func.min(Outbox.created)).where(*waits)
        ).one()
        error = connection.scalar(
            select(Outbox.last_error)
            .where(*waits, Outbox.last_error != "")
            .order_by(Outbox.id)
            .limit(1)
        )
        is_aside = Outbox.channel.in_(CHANNELS), Outbox.put_aside.is_not(None)
        count = connection.scalar(select(func.count()).select_from(Outbox).where(*is_aside))
        aside = connection.execute(
            select(Outbox.document_id, Outbox.last_error, Outbox.put_aside)
            .where(*is_aside)
            .order_by(Outbox.id)
            .limit(SHOWN)
        ).all()
    try:
        health = index.health()
        index.refresh()
        found = {kind: index.ids(kind) for kind in wanted}
    except IndexUnavailable as unavailable:
        health, error = Health("unreachable", str(unavailable)), str(unavailable)
        found = {kind: set() for kind in wanted}
    return IndexStatus(
        index=index.name,
        health=health,
        documents=sum(map(len, found.values())),
        alerts=len(wanted["alert"]),
        hits=len(wanted["hit"]),
        missing=sum(len(wanted[kind] - found[kind]) for kind in wanted),
        extra=sum(len(found[kind] - wanted[kind]) for kind in wanted),
        waiting=waiting,
        put_aside=count or 0,
        oldest_waiting=oldest,
        last_error=error or "",
        aside=tuple(PutAside(name, reason, at) for name, reason, at in aside if at),
    )
