"""Leases: who may do a thing now. Every grant has a higher token than the one before.

A lease that is not renewed in time may be taken over. A holder that slept through its lease
(a paused process, a suspended machine) still believes in it; so what it writes is fenced:
`check` compares the token in the very transaction that writes.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
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
        self.owner = owner or f"{_here()}:{os.getpid()}:{secrets.token_hex(4)}"

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
                elif is_held(row, self.owner, now):
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
        with reading(self._engine) as connection, Session(connection) as session:
            row = session.get(Lease, name)
            return row is not None and is_held(row, "", now)


def is_held(row: Lease, owner: str, now: datetime) -> bool:
    """Whether another than `owner` holds the lease now."""
    if row.owner == owner or not now < row.until <= now + LONGEST:
        return False
    return not _is_dead(row.owner)


def _here() -> str:
    """This machine since its start, and the processes that see each other's ids on it."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - no path but a name
    mixed = f"{socket.gethostname()} {boot} {space}"
    return hashlib.blake2b(mixed.encode(), digest_size=8).hexdigest()


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process of this very machine that is gone. Then nobody needs to
    wait for its lease to end: a start after a crash goes on at once."""
    place, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    return place == _here() and pid.isdecimal() and not Path(f"/proc/{pid}").exists()


def check(session: Session, name: str, token: int) -> Lease:
    """The lease's row, locked to the end of the transaction; raises StaleLease."""
    row = session.get(Lease, name, with_for_update=True, populate_existing=True)
    if row is None or row.token != token:
        raise StaleLease(name)
    return row


def confirm(connection: Connection, name: str, token: int) -> None:
    """As `check`, for a transaction that changes nothing of the lease: it comes with every page."""
    if connection.execute(_TOKEN, {"of": name}).scalar() != token:
        raise StaleLease(name)


_TOKEN = select(Lease.token).where(Lease.name == bindparam("of")).with_for_update()


class Held:
    """A lease that a Keeper renews. `lost` is set once it is another's, or may be."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.lost = threading.Event()
        self.renewed = time.monotonic()


class Keeper:
    """Renews the leases of this process in a thread, well before they end.

    A lease that could not be renewed for its whole time counts as lost, whatever the reason.
    """

    def __init__(self, leases: Leases, *, seconds: float = 30.0) -> None:
        self._leases = leases
        self._seconds = seconds
        self._held: set[Held] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to renew."""
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give every lease back."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(5.0)
        for held in list(self._held):
            self.drop(held)

    def hold(self, name: str) -> Held | None:
        """The lease, kept until `drop`; None while another holds it."""
        grant = self._leases.acquire(name, self._seconds)
        if grant is None:
            return None
        held = Held(grant)
        with self._lock:
            self._held.add(held)
        return held

    def drop(self, held: Held) -> None:
        """Stop renewing and give the lease back. A record that cannot be written now is no
        hindrance: the lease then ends by itself."""
        with self._lock:
            self._held.discard(held)
        with suppress(SQLAlchemyError):
            self._leases.release(held.grant)

    def renew_all(self) -> None:
        """One round of renewals."""
        with self._lock:
            present = [held for held in self._held if not held.lost.is_set()]
        for held in present:
            began = time.monotonic()
            try:
                self._leases.renew(held.grant, self._seconds)
                held.renewed = began
            except StaleLease:
                held.lost.set()
            except SQLAlchemyError:
                if began - held.renewed > self._seconds:
                    held.lost.set()

    def _run(self) -> None:
        while not self._over.wait(self._seconds / 4):
            self.renew_all()
