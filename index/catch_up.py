"""After a rebuild's swap: what came while the new index was filled is put into the outbox again.

It may have gone into the old index only. An intent is left before the swap, so that a rebuild that
dies right behind it is finished by whoever ships next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, or_, select, update
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.leases import Leases, utc_now
from index.outbox import CHANNELS, HITS, SEARCH, announce, announce_hit, number_of
from index.schema import Alert, Capture, Hit, Outbox

REBUILD_LEASE = "index-rebuild"
INTENT = "rebuild"
# Where several write at once (PostgreSQL), a lower id may become visible after a higher one.
MARGIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the record was when a rebuild began."""

    began: datetime
    last_hit: int
    last_row: int


def mark(engine: Engine) -> Mark:
    """How far the record is now."""
    with reading(engine) as connection:
        last_hit = connection.scalar(select(func.max(Hit.id))) or 0
        last_row = connection.scalar(select(func.max(Outbox.id))) or 0
    return Mark(utc_now(), last_hit, last_row)


def leave_intent(engine: Engine, found: Mark) -> None:
    """To be called before the swap."""
    body = {
        "began": found.began.isoformat(), "last_hit": found.last_hit, "last_row": found.last_row,
    }  # fmt: skip
    with writing(engine) as connection, Session(connection) as session:
        session.add(Outbox(channel=INTENT, document_id=INTENT, body=body, created=found.began))
        session.flush()


def finish_interrupted(engine: Engine) -> bool:
    """Catch up for rebuilds that died between swap and end; whether there was one."""
    if Leases(engine).held(REBUILD_LEASE):
        return False
    with reading(engine) as connection:
        bodies = connection.scalars(select(Outbox.body).where(Outbox.channel == INTENT)).all()
    for body in bodies:
        began = datetime.fromisoformat(body["began"])
        catch_up(engine, Mark(began, int(body["last_hit"]), int(body["last_row"])))
    return bool(bodies)


def catch_up(engine: Engine, since: Mark) -> None:
    """One transaction. What waits or was put aside gets another chance too. Harmless when it is
    done twice."""
    now = utc_now()
    out_of_order = engine.dialect.name != "sqlite"
    with writing(engine) as connection, Session(connection) as session:
        late_hits = [Hit.id > since.last_hit]
        late_rows = [Outbox.id > since.last_row]
        if out_of_order:
            late_hits.append(Hit.created > since.began - MARGIN)
            late_rows.append(Outbox.created > since.began - MARGIN)
        waiting = set(session.scalars(select(Outbox.document_id).where(Outbox.channel == HITS)))
        late = select(Hit, Capture).join(Capture, Hit.capture == Capture.id).where(or_(*late_hits))
        for hit, capture in session.execute(late):
            if f"hit-{hit.id}" not in waiting:
                announce_hit(session, hit, capture, now)
        changed = select(Outbox.document_id).where(Outbox.channel == SEARCH, or_(*late_rows))
        for number in sorted({number_of(name) for name in session.scalars(changed.distinct())}):
            alert = session.get(Alert, number)
            if alert is not None:
                announce(session, alert, now)
        undelivered = Outbox.channel.in_(CHANNELS), Outbox.delivered.is_(None)
        # What was refused is made again from the record, as the new index got it.
        for which, values in (
            ((*undelivered, Outbox.put_aside.is_not(None)), {"body": {}}),
            (undelivered, {"put_aside": None, "due": None, "attempts": 0}),
        ):
            session.execute(
                update(Outbox)
                .where(*which)
                .values(values)
                .execution_options(synchronize_session=False)
            )
        session.execute(delete(Outbox).where(Outbox.channel == INTENT))
        session.flush()
