"""The shipper: takes what the outbox holds to the search index, at least once.

Two lanes, each in a thread of its own: hits, of which several batches travel side by side, and
alerts, whose states go one batch after the other. A document that fails is tried again later and
later, alone; one that can never be taken is put aside with its reason; an index that cannot be
reached makes everything wait. The record never waits for the index. Several shippers may run:
what two of them deliver is one document.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Text,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from index.catch_up import REBUILD_LEASE, finish_interrupted
from index.engine import reading, writing
from index.errors import IndexUnavailable
from index.leases import Leases, utc_now
from index.outbox import CHANNELS, HITS, SEARCH, render
from index.schema import Outbox
from index.search import Document, Refusal, SearchIndex

POLL = 0.5
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
# An index that is away is asked again soon: it holds nothing back but a connection.
LONGEST_OUTAGE_WAIT = 30.0
MAX_ATTEMPTS = 20
KEEP_DELIVERED = timedelta(hours=1)
# Rows beyond this many give up their bodies while the index is away; they are made again from the
# record. So a waiting hit costs some 100 bytes, however long the outage.
MAX_WAITING_BODIES = 100_000
EMPTY = "{}"
# Batches on their way or about to be, for each that is sent at once: while the disk settles some,
# the index gets the next.
AHEAD = 4

log = structlog.get_logger("index.shipper")


class Row(NamedTuple):
    """One row of the outbox."""

    id: int
    document_id: str
    text: str
    attempts: int


@dataclass(frozen=True, slots=True)
class _Sent:
    rows: Sequence[Row]
    refused: dict[str, Refusal]


class Lane:
    """One channel's way to the index."""

    def __init__(
        self,
        engine: Engine,
        index: SearchIndex,
        channel: str,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine = engine
        self._index = index
        self.channel = channel
        self._clock = clock
        # Of an alert two states must not travel at once; hits have one.
        self._workers = index.workers if channel == HITS else 1
        # So many batches are read ahead of the last one settled.
        self._ahead = AHEAD * self._workers

    def step(self) -> int:
        """One batch; how many rows it had. Raises IndexUnavailable."""
        rows = self._read(0)
        if rows:
            self._settle([self._send(rows)])
        return len(rows)

    def drain(self, is_over: Callable[[], bool] = lambda: False) -> int:
        """Everything that is due, several batches on their way at once; how many rows there
        were. Raises IndexUnavailable; what was delivered before is settled."""
        shipped, last = 0, 0
        travelling: deque[Future[_Sent]] = deque()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="shipper") as pool:
            try:
                while not is_over():
                    rows = self._read(last)
                    if rows:
                        last = rows[-1].id
                        travelling.append(pool.submit(self._send, rows))
                    if not travelling:
                        break
                    if not rows or len(travelling) > self._ahead:
                        shipped += self._settle_arrived(travelling)
            finally:
                sent = [future for future in travelling if not future.cancel()]
                wait_for_all(sent)
                # Without this, what arrived would be sent again.
                arrived = [future.result() for future in sent if future.exception() is None]
                self._settle(arrived)
                shipped += sum(len(batch.rows) for batch in arrived)
        return shipped

    def _settle_arrived(self, travelling: deque[Future[_Sent]]) -> int:
        """Wait for the oldest batch and settle it with those behind it that are done too: where
        the disk is slow, one commit serves several batches. How many rows there were."""
        arrived = [travelling[0].result()]
        travelling.popleft()
        while travelling and travelling[0].done() and travelling[0].exception() is None:
            arrived.append(travelling.popleft().result())
        self._settle(arrived)
        return sum(len(sent.rows) for sent in arrived)

    def trim(self) -> None:
        """Bound what waits: superseded states go, and far rows give up their bodies."""
        with writing(self._engine) as connection:
            if self.channel == SEARCH:
                newest = (
                    select(func.max(Outbox.id))
                    .where(*_waiting(SEARCH))
                    .group_by(Outbox.document_id)
                )
                connection.execute(
                    delete(Outbox).where(*_waiting(SEARCH), Outbox.id.not_in(newest))
                )
            border = connection.scalar(
                select(Outbox.id)
                .where(*_waiting(self.channel))
                .order_by(Outbox.id)
                .offset(MAX_WAITING_BODIES)
                .limit(1)
            )
            if border is not None:
                connection.execute(
                    update(Outbox)
                    .where(*_waiting(self.channel), Outbox.id >= border)
                    .where(func.length(cast(Outbox.body, Text)) > len(EMPTY))
                    .values(body={})
                )

    def note_outage(self, reason: str) -> None:
        """Keep the reason with the oldest row that waits, for `vigie index status`."""
        with writing(self._engine) as connection:
            oldest = select(func.min(Outbox.id)).where(*_waiting(self.channel)).scalar_subquery()
            connection.execute(
                update(Outbox).where(Outbox.id == oldest).values(last_error=reason[:500])
            )

    def waiting(self) -> int:
        """How many rows wait."""
        with reading(self._engine) as connection:
            query = select(func.count()).select_from(Outbox).where(*_waiting(self.channel))
            return connection.scalar(query) or 0

    def _read(self, after: int) -> list[Row]:
        with reading(self._engine) as connection:
            # As text: nothing here looks into a body, and parsing costs more than sending.
            found = connection.execute(
                select(Outbox.id, Outbox.document_id, cast(Outbox.body, Text), Outbox.attempts)
                .where(
                    *_waiting(self.channel),
                    Outbox.id > after,
                    or_(Outbox.due.is_(None), Outbox.due <= self._clock()),
                )
                .order_by(Outbox.id)
                .limit(self._index.batch)
            )
            return [Row(*row) for row in found]

    def _send(self, rows: Sequence[Row]) -> _Sent:
        # Of several states of one document only the newest is sent; the older rows are settled
        # with it, since the index would drop them anyway.
        newest = {row.document_id: row for row in rows}
        whole = [
            Document(row.document_id, row.id, row.text)
            for row in newest.values()
            if row.text != EMPTY
        ]
        bare = [(row.document_id, row.id) for row in newest.values() if row.text == EMPTY]
        if bare:
            with reading(self._engine) as connection, Session(connection) as session:
                whole += render(session, bare)
        refusals = self._index.write(whole) if whole else ()
        return _Sent(rows, {refusal.id: refusal for refusal in refusals})

    def _settle(self, arrived: Sequence[_Sent]) -> None:
        if not arrived:
            return
        now = self._clock()
        with writing(self._engine) as connection:
            for sent in arrived:
                self._settle_one(connection, sent, now)
        for sent in arrived:
            for refusal in sent.refused.values():
                log.warning("document-refused", permanent=refusal.permanent, busy=refusal.busy)

    def _settle_one(self, connection: Connection, sent: _Sent, now: datetime) -> None:
        settled = [row.id for row in sent.rows if row.document_id not in sent.refused]
        if settled and self.channel == HITS:
            # A hit is in the record for good; its row has nothing more to tell.
            connection.execute(delete(Outbox).where(Outbox.id.in_(settled)))
        elif settled:
            connection.execute(update(Outbox).where(Outbox.id.in_(settled)).values(delivered=now))
        for row in sent.rows:
            refusal = sent.refused.get(row.document_id)
            if refusal is None:
                continue
            attempts = row.attempts + (not refusal.busy)
            given_up = refusal.permanent or attempts >= MAX_ATTEMPTS
            connection.execute(
                update(Outbox)
                .where(Outbox.id == row.id)
                .values(
                    attempts=attempts,
                    last_error=refusal.reason[:500],
                    put_aside=now if given_up else None,
                    due=now + timedelta(seconds=wait(max(1, attempts))),
                )
            )


class Shipper:
    """Delivers the outbox's search documents to one index. `tell` gets a sentence when the index
    goes away and when it is back; `pause` waits so many seconds, otherwise until `stop`."""

    def __init__(
        self,
        engine: Engine,
        index: SearchIndex,
        *,
        clock: Callable[[], datetime] = utc_now,
        pause: Callable[[float], object] | None = None,
        tell: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._tell = tell
        self._stop = threading.Event()
        self._pause = pause or self._stop.wait
        self._threads: list[threading.Thread] = []
        self._lanes = [Lane(engine, index, channel, clock) for channel in CHANNELS]
        self._away = threading.Event()

    def start(self) -> None:
        """Deliver in threads until `stop`."""
        self._threads = [
            threading.Thread(
                target=self._run, args=(lane,), name=f"shipper-{lane.channel}", daemon=True
            )
            for lane in self._lanes
        ]
        finish_interrupted(self._engine)
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """Deliver what is there, for `seconds` at most; the rest waits in the outbox."""
        self._stop.set()
        share = seconds / max(1, len(self._threads))
        for thread in self._threads:
            thread.join(share)

    def ship_once(self) -> int:
        """One batch a lane; returns how many rows were looked at. Raises IndexUnavailable."""
        return sum([lane.step() for lane in self._lanes])

    def waiting(self) -> int:
        """How many rows wait."""
        return sum(lane.waiting() for lane in self._lanes)

    def forget_delivered(self) -> None:
        """Drop rows that were delivered a while ago. A rebuild still needs them: it looks there
        for what changed meanwhile."""
        if Leases(self._engine).held(REBUILD_LEASE):
            return
        with writing(self._engine) as connection:
            connection.execute(
                delete(Outbox).where(Outbox.delivered < self._clock() - KEEP_DELIVERED)
            )

    def _run(self, lane: Lane) -> None:
        failures, swept = 0, self._clock()
        while True:
            stopping = self._stop.is_set()
            shipped = 0
            try:
                shipped = lane.step() if stopping else lane.drain(self._stop.is_set)
                failures = self._is_back(failures)
                if self._clock() - swept > KEEP_DELIVERED / 4:
                    finish_interrupted(self._engine)
                    self.forget_delivered()
                    swept = self._clock()
            except (IndexUnavailable, SQLAlchemyError) as error:
                failures += 1
                self._is_away(lane, error, failures)
            if stopping and not shipped:
                return
            if not shipped:
                self._pause(min(LONGEST_OUTAGE_WAIT, wait(failures)) if failures else POLL)

    def _is_back(self, failures: int) -> int:
        if failures and self._away.is_set():
            self._away.clear()
            self._tell("The search index is back; what waited is delivered.")
        return 0

    def _is_away(self, lane: Lane, error: Exception, failures: int) -> None:
        # Ours is a sentence without content; a database's own may show a statement.
        reason = str(error) if isinstance(error, IndexUnavailable) else type(error).__name__
        log.warning("index-unavailable", kind=type(error).__name__, failures=failures)
        try:
            lane.note_outage(reason)
            if failures % 10 == 1:
                lane.trim()
            waiting = lane.waiting()
        except SQLAlchemyError:
            return
        if not self._away.is_set():
            self._away.set()
            self._tell(f"{waiting} documents wait for the search index: {reason}")


def wait(attempts: int) -> float:
    """Seconds to the next attempt: doubled each time, bounded, with jitter."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 16)) * random.uniform(0.8, 1.2)  # noqa: S311


def _waiting(channel: str) -> tuple[ColumnElement[bool], ...]:
    return Outbox.channel == channel, Outbox.delivered.is_(None), Outbox.put_aside.is_(None)
