"""Links in posts that were not followed: listed with the reason until a person decides.

An address that no leak matched is kept sealed; what is shown of it is masked by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from index.custody import enter
from index.engine import reading, writing
from index.errors import KeyProblem, NotFound
from index.frontier import LOCATION, Frontier, seal_path, unseal_path
from index.leases import utc_now
from index.schema import SourceState, UnfollowedLink
from index.upsert import upsert
from index.vault import Vault
from index.views import stamp

KEPT_FOR = timedelta(days=90)
MAX_LINKS = 20_000  # of one source; of more, those seen longest ago make room


@dataclass(frozen=True, slots=True)
class LeftLink:
    """A link as it is handed in. `address` and `plain_path` are plain: they are sealed here;
    `shown` and `path` are masked."""

    address: str
    host: str
    reason: str
    shown: str
    path: tuple[str, ...]
    plain_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link that was not followed; all text is masked."""

    id: int
    source: str
    host: str
    reason: str
    shown: str
    path: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime

    def to_json(self) -> dict[str, Any]:
        """For `vigie source links --json`."""
        return {
            "id": self.id,
            "source": self.source,
            "host": self.host,
            "reason": self.reason,
            "link": self.shown,
            "path": list(self.path),
            "first_seen": stamp(self.first_seen),
            "last_seen": stamp(self.last_seen),
        }


class LinkStore:
    """Lists links that were not followed, and takes up those of a host that is approved."""

    def __init__(
        self, engine: Engine, vault: Vault, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def leave(self, source: str, links: Sequence[LeftLink]) -> None:
        """List links that were not followed; one that is met again is the same row."""
        now = self._clock()
        rows = {}
        for link in links:
            key = self._vault.fingerprint(link.address, LOCATION)
            rows[key] = {
                "source": source,
                "location_key": key,
                "host": link.host[:300],
                "reason": link.reason[:40],
                "shown": link.shown[:2000],
                "path": [step[:2000] for step in link.path],
                "sealed_address": self._vault.seal(link.address),
                "sealed_path": seal_path(self._vault, link.plain_path or ("",)),
                "first_seen": now,
                "last_seen": now,
            }
        if not rows:
            return
        with writing(self._engine) as connection, Session(connection) as session:
            upsert(
                session, UnfollowedLink, list(rows.values()),
                keys=("source", "location_key"), kept=("first_seen",),
            )  # fmt: skip
            _make_room(session, source)

    def links(self, source: str = "", host: str = "", limit: int = 10_000) -> list[LinkView]:
        """Those that were not followed, the newest first."""
        query = select(UnfollowedLink).order_by(UnfollowedLink.last_seen.desc()).limit(limit)
        if source:
            query = query.where(UnfollowedLink.source == source)
        if host:
            query = query.where(UnfollowedLink.host == host)
        with reading(self._engine) as connection, Session(connection) as session:
            return [_view(row) for row in session.scalars(query)]

    def approve(
        self, source: str, host: str, who: str, ground: str, frontier: Frontier, *, whole: bool
    ) -> int:
        """Let the posts' links to `host` ("host:port") be followed from now on.

        Those listed wait for the next crawl; returns how many. `whole`: its files are wanted to
        their end even when a repost is certain before. Raises NotFound.
        """
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            row = session.get(SourceState, source, with_for_update=True)
            if row is None:
                raise NotFound(f"There is no source {source}; `vigie source list` lists them.")
            entry = {
                "host": host, "whole": whole, "who": who, "ground": ground, "at": stamp(now),
            }  # fmt: skip
            others = [other for other in row.approved_hosts if other.get("host") != host]
            row.approved_hosts = [*others, entry]
            enter(
                session.connection(), at=now, who=who, what="source-follow",
                item=f"source:{source}"[:100],
                detail={"host": host, "whole": whole}, reason=ground[:500],
            )  # fmt: skip
            session.flush()
        return self._take_up(source, host, frontier)

    def _take_up(self, source: str, host: str, frontier: Frontier) -> int:
        found: dict[str, tuple[str, ...]] = {}
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(UnfollowedLink.sealed_address, UnfollowedLink.sealed_path).where(
                    UnfollowedLink.source == source,
                    UnfollowedLink.host == host,
                    UnfollowedLink.reason == "unknown-host",
                )
            ).all()
        for sealed, sealed_path in rows:
            try:
                found[self._vault.unseal(sealed)] = unseal_path(self._vault, sealed_path)
            except KeyProblem:
                continue
        added = frontier.add_pending(source, list(found), found)
        # Removed only when they wait for certain: a kill between the two fetches nothing twice.
        with writing(self._engine) as connection:
            connection.execute(
                delete(UnfollowedLink).where(
                    UnfollowedLink.source == source,
                    UnfollowedLink.host == host,
                    UnfollowedLink.reason == "unknown-host",
                )
            )
        return added


def prune(engine: Engine, now: datetime) -> int:
    """Forget links that were not seen again for 90 days; returns how many."""
    with writing(engine) as connection:
        gone = connection.execute(
            delete(UnfollowedLink).where(UnfollowedLink.last_seen < now - KEPT_FOR)
        )
        return int(gone.rowcount)


def _make_room(session: Session, source: str) -> None:
    query = select(func.count()).select_from(UnfollowedLink)
    over = (session.scalar(query.where(UnfollowedLink.source == source)) or 0) - MAX_LINKS
    if over > 0:
        oldest = (
            select(UnfollowedLink.id)
            .where(UnfollowedLink.source == source)
            .order_by(UnfollowedLink.last_seen)
            .limit(over)
        )
        session.execute(
            delete(UnfollowedLink)
            .where(UnfollowedLink.id.in_(oldest))
            .execution_options(synchronize_session=False)
        )


def _view(row: UnfollowedLink) -> LinkView:
    return LinkView(
        id=row.id,
        source=row.source,
        host=row.host,
        reason=row.reason,
        shown=row.shown,
        path=tuple(row.path),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )
