"""The shipper: takes what the outbox holds to the search index, at least once, in order of writing.

It runs in a thread of its own. A document that fails is tried again later and later, alone; one
that can never be taken is put aside with its reason; an index that cannot be reached makes
everything wait. The record never waits for the index.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine, delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.errors import IndexUnavailable
from index.leases import utc_now
from index.outbox import SEARCH, alert_document, document_id
from index.schema import Alert, Outbox
from index.search import Document, Refusal, SearchIndex

BATCH = 200
POLL = 0.5
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
MAX_ATTEMPTS = 20
KEEP_DELIVERED = timedelta(days=1)

log = structlog.get_logger("index.shipper")


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How far the index is behind the record. `missing` and `extra` count documents."""

    index: str
    reachable: bool
    documents: int
    alerts: int
    missing: int
    extra: int
    waiting: int
    put_aside: int
    oldest_waiting: datetime | None


class Shipper:
    """Delivers the outbox's search documents to one index."""

    def __init__(
        self, engine: Engine, index: SearchIndex, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._index = index
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Deliver in a thread until `stop`."""
        self._thread = threading.Thread(target=self._run, name="shipper", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """Deliver what is there, for `seconds` at most; the rest waits in the outbox."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def ship_once(self) -> int:
        """One batch; returns how many rows were settled. Raises IndexUnavailable."""
        now = self._clock()
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(Outbox.id, Outbox.document_id, Outbox.body, Outbox.attempts)
                .where(
                    Outbox.channel == SEARCH,
                    Outbox.delivered.is_(None),
                    Outbox.put_aside.is_(None),
                    or_(Outbox.due.is_(None), Outbox.due <= now),
                )
                .order_by(Outbox.id)
                .limit(BATCH)
            ).all()
        if not rows:
            return 0
        # Of several states of one document only the newest is sent; the older rows are settled
        # with it, since the index would drop them anyway.
        newest = {row.document_id: Document(row.document_id, row.id, row.body) for row in rows}
        refused = {item.id: item for item in self._index.write(list(newest.values()))}
        settled = [row.id for row in rows if row.document_id not in refused]
        failed = [
            (row.id, row.attempts + 1, refused[row.document_id])
            for row in rows
            if row.document_id in refused
        ]
        self._settle(settled, failed)
        return len(rows)

    def forget_delivered(self) -> None:
        """Drop rows that were delivered over a day ago."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(Outbox).where(Outbox.delivered < self._clock() - KEEP_DELIVERED)
            )

    def _settle(self, settled: Sequence[int], failed: Sequence[tuple[int, int, Refusal]]) -> None:
        now = self._clock()
        with writing(self._engine) as connection:
            if settled:
                connection.execute(
                    update(Outbox).where(Outbox.id.in_(settled)).values(delivered=now)
                )
            for row_id, attempts, refusal in failed:
                given_up = refusal.permanent or attempts >= MAX_ATTEMPTS
                connection.execute(
                    update(Outbox)
                    .where(Outbox.id == row_id)
                    .values(
                        attempts=attempts,
                        last_error=refusal.reason[:500],
                        put_aside=now if given_up else None,
                        due=now + timedelta(seconds=wait(attempts)),
                    )
                )
                log.warning("document-refused", attempts=attempts, put_aside=given_up)

    def _run(self) -> None:
        failures = 0
        swept = self._clock()
        while True:
            stopping = self._stop.is_set()
            try:
                shipped = self.ship_once()
                failures = 0
                if self._clock() - swept > timedelta(hours=1):
                    self.forget_delivered()
                    swept = self._clock()
            except (IndexUnavailable, SQLAlchemyError) as error:
                failures += 1
                shipped = 0
                log.warning("index-unavailable", kind=type(error).__name__, failures=failures)
            if stopping and not shipped:
                return
            if not shipped:
                self._stop.wait(wait(failures) if failures else POLL)


def wait(attempts: int) -> float:
    """Seconds to the next attempt: doubled each time, bounded, with jitter."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 16)) * random.uniform(0.8, 1.2)  # noqa: S311


def rebuild(engine: Engine, index: SearchIndex) -> int:
    """Make the index anew from the record; returns the number of documents.

    What was delivered while it ran may have gone into the old index: it is delivered again.
    """
    with reading(engine) as connection, Session(connection) as session:
        version = session.scalar(select(func.coalesce(func.max(Outbox.id), 0))) or 0

        def documents() -> Iterator[Document]:
            for alert in session.scalars(
                select(Alert).order_by(Alert.id).execution_options(yield_per=500)
            ):
                yield Document(document_id(alert.id), version, alert_document(alert))

        count = index.replace_all(documents())
    with writing(engine) as connection:
        # What was put aside or waits is in the new index already, if it is of this snapshot.
        connection.execute(
            update(Outbox)
            .where(Outbox.channel == SEARCH, Outbox.id <= version, Outbox.delivered.is_(None))
            .values(delivered=utc_now(), put_aside=None)
        )
        connection.execute(
            update(Outbox)
            .where(Outbox.channel == SEARCH, Outbox.id > version, Outbox.delivered.is_not(None))
            .values(delivered=None)
        )
    return count


def status(engine: Engine, index: SearchIndex) -> IndexStatus:
    """Compare the index with the record, id by id."""
    with reading(engine) as connection:
        alerts = {document_id(row) for row in connection.scalars(select(Alert.id))}
        waiting, oldest = connection.execute(
            select(func.count(), func.min(Outbox.created)).where(
                Outbox.channel == SEARCH, Outbox.delivered.is_(None), Outbox.put_aside.is_(None)
            )
        ).one()
        aside = connection.scalar(
            select(func.count()).select_from(Outbox).where(Outbox.put_aside.is_not(None))
        )
    try:
        found = index.ids()
        reachable = True
    except IndexUnavailable:
        found, reachable = set(), False
    return IndexStatus(
        index=index.name,
        reachable=reachable,
        documents=len(found),
        alerts=len(alerts),
        missing=len(alerts - found),
        extra=len(found - alerts),
        waiting=waiting,
        put_aside=aside or 0,
        oldest_waiting=oldest,
    )
