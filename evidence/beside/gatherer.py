"""Gathers what is still missing beside captures that alerted; a capture never waits for it.

What is missing is found in the record, so a crash loses nothing: a piece that was not written
down is gathered again. A failure is kept as one and tried again, five times in all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from evidence.beside.piece import (
    NotConfigured,
    NotHad,
    NotNeeded,
    NotPossible,
    Piece,
    Proposed,
    Target,
)
from evidence.store import Store
from index.custody import enter
from index.engine import reading, writing
from index.errors import NotFound
from index.leases import utc_now
from index.schema import Capture, EvidenceItem, Hit

ATTEMPTS = 5
# The last attempt comes a day later: a day's budget, or an outage, is over by then.
WAIT = (timedelta(0), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1),
        timedelta(days=1))  # fmt: skip
AT_ONCE = 20
WORKERS = 8
MAX_ERROR = 500

log = structlog.get_logger("evidence.beside")

Gather = Callable[[Target], Piece]


@dataclass(frozen=True, slots=True)
class Proxied:
    """Of which sources pages come through a proxy or with an account."""

    proxied: Callable[[str], bool] = lambda _source: False
    account: Callable[[str], bool] = lambda _source: False


class Gatherer:
    """Runs the pieces of `kinds` for captures in the record. One at a time in a process."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        kinds: Mapping[str, Gather],
        sources: Proxied,
        *,
        together: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`together`: kinds that are made by the gatherer of another one."""
        self._engine = engine
        self._store = store
        self._kinds = dict(kinds)
        self._sources = sources
        self._clock = clock
        self._together = dict(together or {})
        self._over = False

    def stop(self) -> None:
        """Write nothing more down; what is missing is gathered at the next start."""
        self._over = True

    def run(self, limit: int = AT_ONCE) -> int:
        """Gather for up to `limit` captures; how many pieces were written down."""
        written = 0
        missing = [(target, kind) for target, kinds in self._missing(limit) for kind in kinds]
        # A slow piece of one capture, as its picture, keeps no other one waiting.
        with ThreadPoolExecutor(WORKERS) as pool:
            asked = {pool.submit(self._gather, *one): one for one in missing}
            for answer in as_completed(asked):
                if self._over:
                    continue
                target, kind = asked[answer]
                state, piece, error = answer.result()
                self._keep(target.capture, kind, state, piece, error)
                for other in self._together.get(kind, ()):
                    also = piece.beside[other] if piece else None
                    self._keep(target.capture, other, state, also, error)
                written += 1 + len(self._together.get(kind, ()))
        return written

    def _missing(self, limit: int) -> list[tuple[Target, list[str]]]:
        now = self._clock()
        with reading(self._engine) as connection, Session(connection) as session:
            alerting = select(Hit.capture).where(Hit.alert.is_not(None))
            done = (
                select(EvidenceItem.capture)
                .where((EvidenceItem.state != "failed") | (EvidenceItem.attempts >= ATTEMPTS))
                .where(EvidenceItem.kind.in_(self._kinds))
                .group_by(EvidenceItem.capture)
                .having(func.count() == len(self._kinds))
            )
            captures = session.scalars(
                select(Capture)
                .where(Capture.id.in_(alerting), Capture.id.not_in(done))
                .order_by(Capture.id.desc())
                .limit(limit * 5)
            ).all()
            found = []
            for capture in captures:
                items = session.scalars(
                    select(EvidenceItem).where(EvidenceItem.capture == capture.id)
                )
                wanted = self._wanted({item.kind: item for item in items}, now)
                if wanted:
                    found.append((self._target(capture), wanted))
            return found[:limit]

    def _wanted(self, items: Mapping[str, EvidenceItem], now: datetime) -> list[str]:
        wanted = []
        for kind in self._kinds:
            item = items.get(kind)
            if item is None:
                wanted.append(kind)
            elif item.state == "failed" and item.attempts < ATTEMPTS:
                wait = WAIT[min(item.attempts, len(WAIT) - 1)]
                if item.at + wait <= now:
                    wanted.append(kind)
        return wanted

    def _target(self, capture: Capture) -> Target:
        parts = urlsplit(capture.location)
        told = capture.connection
        return Target(
            capture=capture.id,
            host=(parts.hostname or "").lower(),
            port=int(told.get("port") or parts.port or (443 if parts.scheme == "https" else 80)),
            tls=parts.scheme == "https",
            peer=capture.peer,
            proxied=self._sources.proxied(capture.source),
            account=self._sources.account(capture.source),
            rendered=capture.rendered,
            fetched_at=capture.fetched_at,
            location=capture.location,
            source=capture.source,
        )

    def _gather(self, target: Target, kind: str) -> tuple[str, Piece | None, str]:
        if self._over:
            return "failed", None, "the watch was stopped"
        try:
            return "made", self._kinds[kind](target), ""
        except NotPossible as reason:
            return "not-possible", None, str(reason)
        except NotNeeded as reason:
            return "not-needed", None, str(reason)
        except Proposed as what:
            return "proposed", None, str(what)
        except NotConfigured as error:
            return "failed for good", None, str(error)
        except NotHad as error:
            return "failed", None, str(error)
        except Exception as error:
            # One piece must not cost the others; its text may hold what an outside party sent.
            log.exception("piece-broke", kind=kind)
            return "failed", None, f"unforeseen: {type(error).__name__}"

    def target(self, capture: int) -> tuple[Target, str]:
        """One capture and its SHA-256; raises NotFound."""
        with reading(self._engine) as connection, Session(connection) as session:
            row = session.get(Capture, capture)
            if row is None:
                raise NotFound(f"There is no capture {capture}; a dossier's captures/ names them.")
            return self._target(row), row.sha256

    def decided(self, capture: int, kind: str, piece: Piece, who: str, reason: str) -> None:
        """Keep a piece that a person decided on, in that person's name."""
        self._keep(capture, kind, "made", piece, "", who, reason)

    def _keep(
        self, capture: int, kind: str, state: str, piece: Piece | None, error: str,
        who: str = "vigie", reason: str = "",
    ) -> None:  # fmt: skip
        body = piece.body if piece else b""
        file = self._store.put(body) if piece else ""
        now = self._clock()
        with writing(self._engine) as connection, Session(connection) as session:
            item = session.scalar(
                select(EvidenceItem).where(
                    EvidenceItem.capture == capture, EvidenceItem.kind == kind
                )
            )
            if item is None:
                item = EvidenceItem(capture=capture, kind=kind, attempts=0, at=now, state=state)
                session.add(item)
            # Nobody to ask is a failure that no further attempt mends.
            item.attempts = ATTEMPTS if state == "failed for good" else item.attempts + 1
            item.at, item.state, item.error = now, state.split()[0], error[:MAX_ERROR]
            item.media_type = piece.media_type if piece else ""
            item.bytes, item.file = len(body), file
            item.sha256 = file.rpartition("/")[2]
            item.sealed = piece.sealed if piece else ""
            session.flush()
            enter(
                connection, at=now, who=who, what="item", item=f"capture:{capture}", reason=reason,
                detail={"kind": kind, "state": state, "sha256": item.sha256, "error": item.error,
                        **({"sealed": item.sealed} if item.sealed else {})},
            )  # fmt: skip
