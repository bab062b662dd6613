"""Canaries: harmless marked posts that must be found, as a proof that a source is seen.

The marker is a word of the post's text or the post's address; its keyed hash is all that is kept.
A word is found once, when its post is read. An address is found anew at every crawl that meets it
in a list, so it proves as long as the post stays listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from index.custody import enter
from index.engine import reading, writing
from index.errors import NotFound, WrongChoice
from index.leases import check, source_lease, utc_now
from index.schema import Canary
from index.vault import Vault

TEXT, ADDRESS = "text", "address"
WORD = re.compile(r"[A-Za-z0-9_-]{12,64}")
FROM_FILE = "vigie.toml"


@dataclass(frozen=True, slots=True)
class CanaryView:
    """One canary. Times in seconds are from `added`; `marker_key` is no secret and no marker."""

    id: int
    kind: str
    marker_key: bytes
    added: datetime
    added_by: str
    limit_s: float
    found_at: datetime | None
    last_seen: datetime | None
    missed_at: datetime | None

    @property
    def delay_s(self) -> float | None:
        """How long finding it took first; None while it is not found."""
        return (self.found_at - self.added).total_seconds() if self.found_at else None

    def is_missed(self, now: datetime) -> bool:
        """Whether it should have been seen by now."""
        if self.kind == TEXT and self.found_at is not None:
            return False
        return (now - (self.last_seen or self.added)).total_seconds() > self.limit_s

    def was_late(self, now: datetime) -> bool:
        """Whether it took longer than it may, or was lost from sight since."""
        late = self.delay_s is not None and self.delay_s > self.limit_s
        return late or self.missed_at is not None or self.is_missed(now)


class CanaryStore:
    """Reads and changes canaries. Safe to share between threads."""

    def __init__(
        self, engine: Engine, vault: Vault, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def key(self, marker: str) -> bytes:
        """The keyed hash of a marker: a word as it stands, or a canonical address."""
        return self._vault.fingerprint(marker, "canary")

    def of(self, source: str) -> list[CanaryView]:
        """A source's canaries, oldest first."""
        query = select(Canary).where(Canary.source == source).order_by(Canary.id)
        with reading(self._engine) as connection, Session(connection) as session:
            return [canary_view(row) for row in session.scalars(query)]

    def add(self, source: str, kind: str, marker: str, limit_s: float, who: str) -> int:
        """Look for a marker from now on; returns its id. Raises WrongChoice for a word that no
        text could be told by, or a marker that is looked for already."""
        if kind == TEXT and not WORD.fullmatch(marker):
            raise WrongChoice(
                "A canary's word has 12 to 64 letters, digits, - or _ and stands in no other post; "
                "`vigie source canary add SOURCE` makes one."
            )
        now, key = self._clock(), self.key(marker)
        with writing(self._engine) as connection, Session(connection) as session:
            there = select(Canary.id).where(Canary.source == source, Canary.marker_key == key)
            if session.scalar(there) is not None:
                raise WrongChoice(f"This canary of {source} is looked for already.")
            row = Canary(
                source=source, kind=kind, marker_key=key, added=now, added_by=who[:100],
                limit_s=limit_s,
            )  # fmt: skip
            session.add(row)
            session.flush()
            item, detail = f"source:{source}"[:100], {"canary": row.id, "kind": kind}
            enter(session.connection(), at=now, who=who, what="canary-add", item=item,
                  detail=detail)  # fmt: skip
            return row.id

    def remove(self, source: str, canary: int, who: str) -> None:
        """Look for it no more; raises NotFound."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            row = session.get(Canary, canary)
            if row is None or row.source != source:
                raise NotFound(f"{source} has no canary {canary}; `vigie source show {source}`.")
            session.delete(row)
            session.flush()
            item, detail = f"source:{source}"[:100], {"canary": canary}
            enter(session.connection(), at=now, who=who, what="canary-remove", item=item,
                  detail=detail)  # fmt: skip

    def settle(self, source: str, markers: Sequence[tuple[str, str]], limit_s: float) -> None:
        """The canaries that the configuration names, (kind, marker): new ones are added, those it
        names no more are dropped."""
        wanted = {self.key(marker): (kind, marker) for kind, marker in markers}
        here = {one.marker_key: one for one in self.of(source)}
        for key, (kind, marker) in wanted.items():
            if key not in here:
                self.add(source, kind, marker, limit_s, FROM_FILE)
        gone = [
            one.id for key, one in here.items() if one.added_by == FROM_FILE and key not in wanted
        ]
        if gone:
            with writing(self._engine) as connection:
                connection.execute(delete(Canary).where(Canary.id.in_(gone)))

    def found(self, source: str, token: int, ids: Sequence[int]) -> None:
        """These were seen now; raises StaleLease."""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            check(session, source_lease(source), token)
            for row in session.scalars(select(Canary).where(Canary.id.in_(ids))):
                row.found_at, row.last_seen = row.found_at or now, now
            session.flush()


def canary_view(row: Canary) -> CanaryView:
    """A row as a view."""
    return CanaryView(
        id=row.id, kind=row.kind, marker_key=row.marker_key, added=row.added,
        added_by=row.added_by, limit_s=row.limit_s, found_at=row.found_at,
        last_seen=row.last_seen, missed_at=row.missed_at,
    )  # fmt: skip
