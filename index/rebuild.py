"""The index made anew from the record, checked against it, and put in the old one's place.

While it runs, hits keep coming and go to the index in use. After the swap, what came or changed
meanwhile is put into the outbox once more (index.catch_up). An interrupted rebuild leaves the index
in use as it was.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, defer

from index.catch_up import REBUILD_LEASE, Mark, catch_up, leave_intent, mark
from index.documents import Digest
from index.engine import reading
from index.errors import IndexUnavailable, RebuildFailed
from index.leases import Keeper, Leases
from index.outbox import alerts_as_documents, hit_as_document, number_of
from index.schema import Alert, Capture, Hit, Outbox
from index.search import Document, Rebuild, Refusal, SearchIndex, Summary
from index.shipper import wait

CHUNK = 1_000
PATIENCE = 8
STOPPED = "The rebuild was stopped; the index in use is as it was."
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild put in place, for each kind of document. `refused` are those the index can
    never take, with the reason; the digests are over all others."""

    alerts: Summary
    hits: Summary
    refused: tuple[Refusal, ...]


def rebuild(
    engine: Engine,
    index: SearchIndex,
    *,
    progress: Progress = lambda _stage, _done, _of: None,
    stop: threading.Event | None = None,
) -> Rebuilt:
    """Make the index anew. `progress` gets "write" or "check", documents done and expected.

    Raises RebuildFailed when it was stopped, another one runs or the new index is not what the
    record says; the index in use then stays. Raises IndexUnavailable too.
    """
    with _only_one(engine):
        since = mark(engine)
        made = index.begin_rebuild()
        try:
            found = _Work(engine, made, progress, stop or threading.Event(), since).fill()
            leave_intent(engine, since)
            made.swap()
        finally:
            made.discard()
        catch_up(engine, since)
        return found


class _Work:
    def __init__(
        self,
        engine: Engine,
        made: Rebuild,
        progress: Progress,
        stop: threading.Event,
        since: Mark,
    ) -> None:
        self._engine = engine
        self._made = made
        self._progress = progress
        self._stop = stop
        # One chunk failed: the others need not be tried again.
        self._end = threading.Event()
        self._done = 0
        self._refused: list[Refusal] = []
        self._last_hit = since.last_hit
        with reading(engine) as connection:
            # Newer ones have rows in the outbox, which are sent after the swap.
            self._last_alert = connection.scalar(select(func.max(Alert.id))) or 0
            counts = [connection.scalar(select(func.count()).select_from(t)) for t in (Alert, Hit)]
        self._expected = sum(count or 0 for count in counts)

    def fill(self) -> Rebuilt:
        """Write everything, read it back, compare."""
        alerts = self._fill(self._alerts())
        hits = self._fill(self._hits())
        self._expected, self._done = alerts.count + hits.count, 0
        for kind, expected in (("alert", alerts), ("hit", hits)):
            found = self._made.summary(kind, self._seen)
            if found != expected:
                raise RebuildFailed(
                    f"The new index holds {found.count} {kind}s with digest {found.digest[:12]}, "
                    f"the record {expected.count} with {expected.digest[:12]}. The index in use "
                    "was left as it is; run `vigie index rebuild` again."
                )
        return Rebuilt(alerts, hits, tuple(self._refused))

    def _fill(self, chunks: Iterator[list[Document]]) -> Summary:
        digest = Digest()
        travelling: deque[tuple[list[Document], Future[list[Refusal]]]] = deque()
        # While some chunks are on their way the next is made.
        with ThreadPoolExecutor(self._made.workers, thread_name_prefix="rebuild") as pool:
            try:
                for chunk in chunks:
                    travelling.append((chunk, pool.submit(self._written, chunk)))
                    if len(travelling) > self._made.workers:
                        self._arrived(digest, *travelling.popleft())
                while travelling:
                    self._arrived(digest, *travelling.popleft())
            except BaseException:
                self._end.set()
                raise
        return Summary(digest.count, digest.value)

    def _arrived(
        self, digest: Digest, chunk: list[Document], answer: Future[list[Refusal]]
    ) -> None:
        refused = {refusal.id: refusal for refusal in answer.result()}
        self._refused += refused.values()
        for document in chunk:
            if document.id not in refused:
                digest.add_text(document.id, document.text)
        self._told("write", len(chunk))

    def _seen(self, number: int) -> None:
        if self._stop.is_set():
            raise RebuildFailed(STOPPED)
        self._told("check", number)

    def _told(self, stage: str, number: int) -> None:
        self._done += number
        self._progress(stage, self._done, max(self._expected, self._done))

    def _written(self, chunk: list[Document]) -> list[Refusal]:
        """The permanent refusals; others are tried again for a while."""
        refused: list[Refusal] = []
        left = chunk
        for attempt in range(1, PATIENCE + 1):
            if self._stop.is_set() or self._end.is_set():
                raise RebuildFailed(STOPPED)
            answers = {refusal.id: refusal for refusal in self._made.write(left)}
            refused += [answer for answer in answers.values() if answer.permanent]
            left = [d for d in left if d.id in answers and not answers[d.id].permanent]
            if not left:
                return refused
            self._stop.wait(min(10.0, wait(attempt)))
        raise IndexUnavailable(
            f"The index refused {len(left)} documents {PATIENCE} times "
            f"({answers[left[0].id].reason}); run `vigie index rebuild` again when it has room."
        )

    def _alerts(self) -> Iterator[list[Document]]:
        last = 0
        while True:
            # A short view for each chunk: one long one would keep SQLite's log growing.
            with reading(self._engine) as connection, Session(connection) as session:
                version = session.scalar(select(func.coalesce(func.max(Outbox.id), 0))) or 0
                query = select(Alert).where(Alert.id > last, Alert.id <= self._last_alert)
                rows = session.scalars(query.order_by(Alert.id).limit(CHUNK)).all()
                versions = {row.id: version for row in rows}
                documents = list(alerts_as_documents(rows, versions))
            if not rows:
                return
            last = max(versions)
            yield documents

    def _hits(self) -> Iterator[list[Document]]:
        last = 0
        while last < self._last_hit:
            with reading(self._engine) as connection, Session(connection) as session:
                query = (
                    select(Hit, Capture)
                    .join(Capture, Hit.capture == Capture.id)
                    # Long, and no document has them.
                    .options(defer(Hit.snippets), defer(Hit.notes), defer(Capture.path))
                    .where(Hit.id > last, Hit.id <= self._last_hit)
                    .order_by(Hit.id)
                    .limit(CHUNK)
                )
                documents = [
                    hit_as_document(hit, capture) for hit, capture in session.execute(query)
                ]
            if not documents:
                return
            last = number_of(documents[-1].id)
            yield documents


@contextmanager
def _only_one(engine: Engine) -> Iterator[None]:
    keeper = Keeper(Leases(engine))
    keeper.start()
    try:
        if keeper.hold(REBUILD_LEASE) is None:
            raise RebuildFailed("Another rebuild of the index is running; wait until it is done.")
        yield
    finally:
        keeper.stop()
