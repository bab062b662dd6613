"""What is known of a source's pages, and which addresses wait to be fetched.

A page that was read is a pair of keyed hashes; an address is kept in full only while it waits,
sealed under the record key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Engine, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.errors import KeyProblem
from index.leases import check, source_lease, utc_now
from index.schema import Pending, Seen
from index.upsert import upsert
from index.vault import Vault

LOCATION, STATE, CONTENT, PATH = "location", "state", "content", "path"
NO_WRITTEN: Mapping[str, str] = MappingProxyType({})
NO_PATHS: Mapping[str, Sequence[str]] = MappingProxyType({})
CHUNK = 500
SHORTEST_WAIT, LONGEST_WAIT = timedelta(days=1), timedelta(days=30)
LOOKED_FOR_EDITS = timedelta(days=180)
MAX_ATTEMPTS = 5
MAX_PENDING = 100_000


# Built once: a question is asked for every page.
_STATES = select(Seen.location_key, Seen.state_key, Seen.last_seen, Seen.state_since).where(
    Seen.source == bindparam("of"), Seen.location_key.in_(bindparam("keys", expanding=True))
)


@dataclass(frozen=True, slots=True)
class PendingAddress:
    """An address that waits. `address` is plain: never log or store it. `whole`: a thread that
    is wanted with every post, read before or not. `path`: the pages that led to the link."""

    id: int
    address: str
    location_key: bytes = b""
    whole: bool = False
    path: tuple[str, ...] = ()


class Frontier:
    """Seen pages and pending addresses of every source. Safe to share between threads."""

    def __init__(
        self, engine: Engine, vault: Vault, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def location_key(self, address: str) -> bytes:
        """The keyed hash of a canonical address, the same for every source."""
        return self._vault.fingerprint(address, LOCATION)

    def content_key(self, text: str) -> bytes:
        """The keyed hash of a post's text."""
        return self._vault.fingerprint(text, CONTENT)

    def keys(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        """(location, state) pairs as the keyed hashes that `seen` holds."""
        return [
            (self.location_key(location), self._vault.fingerprint(state, STATE))
            for location, state in pairs
        ]

    def seal_path(self, path: Sequence[str]) -> bytes | None:
        """The pages that led to an address as pending ones have them."""
        return seal_path(self._vault, path)

    def seal(self, address: str) -> bytes:
        """An address as pending ones are kept."""
        return self._vault.seal(address)

    def known(
        self,
        source: str,
        pairs: Sequence[tuple[str, str]],
        *,
        whole: frozenset[bytes] = frozenset(),
        within: str = "",
        again: int = 0,
    ) -> list[str]:
        """For each (location, state): "new", "changed", "same", or for at most `again` of them
        "old": unchanged as far as it is known, and so long ago that it is read again.

        `whole` are the keys of threads of which everything counts as new: they themselves, and
        what stands `within` one of them.
        """
        if within and whole and self.location_key(within) in whole:
            return ["new"] * len(pairs)
        keys = self.keys(pairs)
        states: dict[bytes, bytes] = {}
        due: set[bytes] = set()
        now = self._clock()
        with reading(self._engine) as connection:
            for start in range(0, len(keys), CHUNK):
                wanted = [location for location, _ in keys[start : start + CHUNK]]
                rows = connection.execute(_STATES, {"of": source, "keys": wanted})
                for location, state, last_seen, since in rows:
                    states[location] = state
                    if len(due) < again and is_due_again(last_seen, since or last_seen, now):
                        due.add(location)
        return [
            "new"
            if location not in states or location in whole
            else "changed"
            if states[location] != state
            else "old"
            if location in due
            else "same"
            for location, state in keys
        ]

    def looked(self, source: str, location_key: bytes) -> None:
        """A location was asked for again and is gone: no need to ask soon."""
        with writing(self._engine) as connection:
            connection.execute(
                update(Seen)
                .where(Seen.source == source, Seen.location_key == location_key)
                .values(last_seen=self._clock())
            )

    def add_pending(
        self,
        source: str,
        addresses: Sequence[str],
        paths: Mapping[str, Sequence[str]] = NO_PATHS,
        written: Mapping[str, str] = NO_WRITTEN,
    ) -> int:
        """Let addresses wait for `source`, unless it has read them or they wait already.

        `paths` tells the pages that led to an address, `written` how it was written where that is
        more than its canonical form (a fragment that holds a key). Returns how many were added. A
        source with 100,000 waiting addresses takes no more.
        """
        now = self._clock()
        keyed = {self.location_key(address): address for address in addresses}
        if not keyed:
            return 0
        added = 0
        with writing(self._engine) as connection, Session(connection) as session:
            waiting = session.scalar(
                select(func.count()).select_from(Pending).where(Pending.source == source)
            )
            room = MAX_PENDING - (waiting or 0)
            for key, address in keyed.items():
                if added >= room or _is_there(session, source, key):
                    continue
                row = {
                    "source": source,
                    "location_key": key,
                    "sealed_address": self._vault.seal(written.get(address, address)),
                    "added": now,
                    "attempts": 0,
                    "whole": False,
                    "sealed_path": seal_path(self._vault, paths.get(address, ())),
                }
                upsert(session, Pending, [row], keys=("source", "location_key"), kept=tuple(row))
                added += 1
        return added

    def pending(self, source: str, limit: int = 1000) -> list[PendingAddress]:
        """The addresses that waited longest; those of another record key are dropped."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(
                    Pending.id,
                    Pending.sealed_address,
                    Pending.location_key,
                    Pending.whole,
                    Pending.sealed_path,
                )
                .where(Pending.source == source)
                .order_by(Pending.attempts, Pending.id)
                .limit(limit)
            ).all()
        found, lost = [], []
        for row_id, sealed, key, whole, sealed_path in rows:
            try:
                path = unseal_path(self._vault, sealed_path)
                found.append(PendingAddress(row_id, self._vault.unseal(sealed), key, whole, path))
            except KeyProblem:
                lost.append(row_id)
        if lost:
            with writing(self._engine) as connection:
                connection.execute(delete(Pending).where(Pending.id.in_(lost)))
        return found

    def tried(self, source: str, token: int, handed: Sequence[PendingAddress]) -> int:
        """After a finished crawl: what it was handed and did not read has one attempt less.

        Returns how many were given up, after five attempts; raises StaleLease.
        """
        ids = [item.id for item in handed]
        with writing(self._engine) as connection, Session(connection) as session:
            check(session, source_lease(source), token)
            for start in range(0, len(ids), CHUNK):
                session.execute(
                    update(Pending)
                    .where(Pending.id.in_(ids[start : start + CHUNK]))
                    .values(attempts=Pending.attempts + 1)
                    .execution_options(synchronize_session=False)
                )
            gone = session.execute(
                delete(Pending)
                .where(Pending.source == source, Pending.attempts >= MAX_ATTEMPTS)
                .returning(Pending.id)
            ).all()
        return len(gone)


def is_due_again(last_read: datetime, since: datetime, now: datetime) -> bool:
    """Whether a thread or paste that looks unchanged since `since` is to be read for edits: after
    a day, then in steps that double, up to thirty days; no more after half a year."""
    wait = min(max(last_read - since, SHORTEST_WAIT), LONGEST_WAIT)
    return now - last_read >= wait and now - since < LOOKED_FOR_EDITS


def seal_path(vault: Vault, path: Sequence[str]) -> bytes | None:
    """The pages that led to an address, sealed; None when there are none."""
    return vault.seal(json.dumps(list(path)), PATH) if path else None


def unseal_path(vault: Vault, sealed: bytes | None) -> tuple[str, ...]:
    """The inverse of `seal_path`; raises KeyProblem."""
    return tuple(json.loads(vault.unseal(sealed, PATH))) if sealed else ()


def _is_there(session: Session, source: str, key: bytes) -> bool:
    for table in (Seen, Pending):
        query = select(table.source).where(table.source == source, table.location_key == key)
        if session.execute(query.limit(1)).first() is not None:
            return True
    return False
