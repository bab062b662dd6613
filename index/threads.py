"""Evidence of threads: what their posts say of rows without being alerts, for 30 days.

(leak, keyed thread, row, keyed post, field, bits) is all that is kept. When what the posts say
together of a row reaches the alert threshold, the thread is ordered to be fetched whole; the
rule for the sum is `matching.spread`'s, which knows neither text nor key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, or_, select, update
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.leases import utc_now
from index.schema import AlertRecord, Capture, Hit, Pending, ThreadCount, ThreadEvidence
from index.upsert import upsert
from matching import spread
from matching.decide import ALERT

KEPT_FOR = timedelta(days=30)
MOST_EVIDENCE = 20_000  # entries a thread may have; beyond that it is a list of names
SUSPECTS = 200


@dataclass(frozen=True, slots=True)
class RowTrace:
    """What a post says of one row: (field type, bits) pairs, each field once."""

    leak: str
    row: int
    fields: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ThreadPost:
    """One post of a thread, and what it says of rows. Keys are the vault's, 16 bytes each;
    `sealed_thread` is the thread's address, sealed, in case it has to be fetched whole."""

    thread_key: bytes
    post_key: bytes
    sealed_thread: bytes
    traces: tuple[RowTrace, ...] = ()


class ThreadStore:
    """Reads and prunes. Safe to share between threads; one transaction a call."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock

    def suspects(self, thread_key: bytes, leaks: Sequence[str]) -> list[list[int]]:
        """The rows that a thread points to, the strongest first, a leak after the other."""
        bits = func.sum(ThreadEvidence.bits)
        query = (
            select(ThreadEvidence.leak, ThreadEvidence.row)
            .where(
                ThreadEvidence.thread_key == thread_key,
                ThreadEvidence.at > self._clock() - KEPT_FOR,
            )
            .group_by(ThreadEvidence.leak, ThreadEvidence.row)
            .order_by(bits.desc(), ThreadEvidence.row)
            .limit(SUSPECTS * max(1, len(leaks)))
        )
        found: dict[str, list[int]] = defaultdict(list)
        with reading(self._engine) as connection:
            for leak, row in connection.execute(query):
                found[leak].append(row)
        return [found[leak][:SUSPECTS] for leak in leaks]

    def prune(self) -> int:
        """Drop what is 30 days old; returns how many entries went."""
        before = self._clock() - KEPT_FOR
        with writing(self._engine) as connection:
            gone = connection.execute(delete(ThreadEvidence).where(ThreadEvidence.at <= before))
            connection.execute(delete(ThreadCount).where(ThreadCount.at <= before))
        return int(gone.rowcount)


def add_posts(session: Session, source: str, posts: Sequence[ThreadPost], now: datetime) -> int:
    """Keep what posts say, and order the threads that say enough together.

    Returns how many orders are new. Part of the transaction that records the page.
    """
    touched: dict[bytes, set[tuple[str, int]]] = defaultdict(set)
    sealed: dict[bytes, bytes] = {}
    for post in posts:
        sealed[post.thread_key] = post.sealed_thread
        _count(session, post.thread_key, now)
        if _room(session, post.thread_key):
            _keep(session, post, now)
            touched[post.thread_key] |= {(trace.leak, trace.row) for trace in post.traces}
    ordered = 0
    for thread_key, rows in touched.items():
        if _crossing(session, thread_key, rows, now):
            ordered += _order(session, source, thread_key, sealed[thread_key], now)
    return ordered


def settle(session: Session, source: str, thread_key: bytes, now: datetime) -> None:
    """A thread was fetched whole and judged: its order is done, and so is the evidence of the
    rows that led to it, lest the next post order it again."""
    session.execute(
        delete(Pending).where(Pending.source == source, Pending.location_key == thread_key)
    )
    query = select(ThreadEvidence.leak, ThreadEvidence.row).where(
        ThreadEvidence.thread_key == thread_key
    )
    rows = {(leak, row) for leak, row in session.execute(query.distinct())}
    for leak, row in _crossing(session, thread_key, rows, now, also_alerted=True):
        session.execute(
            delete(ThreadEvidence).where(
                ThreadEvidence.thread_key == thread_key,
                ThreadEvidence.leak == leak,
                ThreadEvidence.row == row,
            )
        )


def _count(session: Session, thread_key: bytes, now: datetime) -> None:
    row = {"thread_key": thread_key, "posts": 0, "at": now}
    upsert(session, ThreadCount, [row], keys=("thread_key",), kept=("posts",))
    session.execute(
        update(ThreadCount)
        .where(ThreadCount.thread_key == thread_key)
        .values(posts=ThreadCount.posts + 1)
        .execution_options(synchronize_session=False)
    )


def _room(session: Session, thread_key: bytes) -> bool:
    query = select(func.count()).select_from(ThreadEvidence)
    held = session.scalar(query.where(ThreadEvidence.thread_key == thread_key))
    return (held or 0) < MOST_EVIDENCE


def _keep(session: Session, post: ThreadPost, now: datetime) -> None:
    # A post that was edited says what it says now.
    session.execute(
        delete(ThreadEvidence).where(
            ThreadEvidence.thread_key == post.thread_key, ThreadEvidence.post_key == post.post_key
        )
    )
    rows = [
        {
            "leak": trace.leak, "thread_key": post.thread_key, "row": trace.row,
            "post_key": post.post_key, "field": field[:40], "bits": bits, "at": now,
        }
        for trace in post.traces
        for field, bits in trace.fields
    ]  # fmt: skip
    if rows:
        keys = ("leak", "thread_key", "row", "post_key", "field")
        upsert(session, ThreadEvidence, rows, keys=keys)


def _crossing(
    session: Session,
    thread_key: bytes,
    rows: Iterable[tuple[str, int]],
    now: datetime,
    *,
    also_alerted: bool = False,
) -> list[tuple[str, int]]:
    """The rows of which the thread's posts together say enough, and no alert says so yet."""
    query = select(ThreadCount.posts).where(ThreadCount.thread_key == thread_key)
    posts = session.scalar(query) or 1
    by_leak: dict[str, list[int]] = defaultdict(list)
    for leak, row in rows:
        by_leak[leak].append(row)
    found = []
    for leak, wanted in by_leak.items():
        known = set() if also_alerted else _alerted(session, leak, thread_key)
        for row, said in _evidence(session, leak, thread_key, wanted, now).items():
            sum_ = spread.together(said, posts)
            if row not in known and sum_.bits >= ALERT and len(sum_.posts) > 1:
                found.append((leak, row))
    return found


def _evidence(
    session: Session, leak: str, thread_key: bytes, rows: Sequence[int], now: datetime
) -> dict[int, list[dict[str, float]]]:
    """By row, what each post says: bits by field type."""
    found: dict[int, dict[bytes, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for start in range(0, len(rows), 500):
        query = select(
            ThreadEvidence.row, ThreadEvidence.post_key, ThreadEvidence.field, ThreadEvidence.bits
        ).where(
            ThreadEvidence.leak == leak,
            ThreadEvidence.thread_key == thread_key,
            ThreadEvidence.row.in_(rows[start : start + 500]),
            ThreadEvidence.at > now - KEPT_FOR,
        )
        for row, post_key, field, bits in session.execute(query):
            found[row][post_key][field] = bits
    return {row: list(posts.values()) for row, posts in found.items()}


def _alerted(session: Session, leak: str, thread_key: bytes) -> set[int]:
    """The rows that an alert on the thread, or on one of its posts, holds already."""
    alerts = (
        select(Hit.alert)
        .join(Capture, Hit.capture == Capture.id)
        .where(
            Hit.leak == leak,
            Hit.alert.is_not(None),
            or_(Capture.thread_key == thread_key, Capture.location_key == thread_key),
        )
    )
    return set(session.scalars(select(AlertRecord.row).where(AlertRecord.alert.in_(alerts))))


def _order(
    session: Session, source: str, thread_key: bytes, sealed_thread: bytes, now: datetime
) -> int:
    waiting = session.scalar(
        select(Pending.id).where(
            Pending.source == source, Pending.location_key == thread_key, Pending.whole.is_(True)
        )
    )
    if waiting is not None:
        return 0
    row = {
        "source": source, "location_key": thread_key, "sealed_address": sealed_thread,
        "added": now, "attempts": 0, "whole": True,
    }  # fmt: skip
    upsert(session, Pending, [row], keys=("source", "location_key"), kept=("added",))
    return 1
