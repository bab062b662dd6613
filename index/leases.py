"""Leases: who may do a thing now. Every grant has a higher token than the one before.

A lease that is not renewed in time may be taken over. A holder that slept through its lease
(a paused process, a suspended machine) still believes in it; so what it writes is fenced:
`check` compares the token in the very transaction that writes.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.errors import StaleLease
from index.schema import Lease

SCHEDULER = "scheduler"
# A lease that ends later than this from now was written under another clock.
LONGEST = timedelta(hours=1)


def utc_now() -> datetime:
    """The clock of the record."""
    return datetime.now(UTC)


def source_lease(source: str) -> str:
    """The name of a source's lease."""
    return f"source:{source}"


@dataclass(frozen=True, slots=True)
class Grant:
    """A lease as it was granted."""

    name: str
    owner: str
    token: int


class Leases:
    """Grants in the name of one owner, by default this process. Safe between threads."""

    def __init__(
        self, engine: Engine, owner: str = "", *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._clock = clock
        self.owner = owner or f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"

    def acquire(self, name: str, seconds: float) -> Grant | None:
        """The lease for `seconds`, or None while another holds it. Asking for one's own lease
        again gives a new token: two users of one owner fence each other too."""
        now = self._clock()
        until = now + timedelta(seconds=seconds)
        try:
            with writing(self._engine) as connection, Session(connection) as session:
                row = session.get(Lease, name, with_for_update=True)
                if row is None:
                    row = Lease(name=name, owner=self.owner, until=until, token=1)
                    session.add(row)
                elif row.owner != self.owner and now < row.until <= now + LONGEST:
                    return None
                else:
                    row.owner, row.until, row.token = self.owner, until, row.token + 1
                session.flush()
                return Grant(name, self.owner, row.token)
        except IntegrityError:
            return None  # another process made the row first; the lease is its own

    def renew(self, grant: Grant, seconds: float) -> None:
        """Keep the lease for `seconds` more; raises StaleLease when it was given away."""
        with writing(self._engine) as connection, Session(connection) as session:
            row = check(session, grant.name, grant.token)
            row.until = self._clock() + timedelta(seconds=seconds)
            session.flush()

    def release(self, grant: Grant) -> None:
        """Give the lease back; nothing happens when it is another's by now."""
        with writing(self._engine) as connection, Session(connection) as session:
            row = session.get(Lease, grant.name, with_for_update=True)
            if row is not None and row.token == grant.token:
                row.until = self._clock()
                session.flush()

    def held(self, name: str) -> bool:
        """Whether anyone holds the lease now."""
        now = self._clock()
        with reading(self._engine) as connection:
            until = connection.scalar(select(Lease.until).where(Lease.name == name))
        return until is not None and now < until <= now + LONGEST


def check(session: Session, name: str, token: int) -> Lease:
    """The lease's row, locked to the end of the transaction; raises StaleLease."""
    row = session.get(Lease, name, with_for_update=True, populate_existing=True)
    if row is None or row.token != token:
        raise StaleLease(name)
    return row
