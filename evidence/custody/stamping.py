"""The log's head, time-stamped by every authority; what could not be had is asked for again.

Each outcome is a row with the raw reply and an entry of the log itself, so a later stamp of the
head covers every earlier stamp: that is what renews them (RFC 4998's idea, without its encoding).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from evidence.custody.journal import Head, head, lines
from evidence.errors import NotStamped
from evidence.timestamp.authority import Authority, Stamp, ask, imprint
from index.custody import enter
from index.engine import reading, writing
from index.leases import utc_now
from index.schema import Act, TimeStamp

# Entries that stamping itself makes: they alone give no reason to stamp again.
OWN = ("stamp", "scan-log", "checkpoint", "rehash")
RETRY = timedelta(minutes=5)
MAX_ERROR = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one authority gave: a stamp, or the reason why there is none."""

    authority: str
    stamp: Stamp | None
    error: str = ""


class Stamper:
    """Stamps heads and other statements. Safe to share between threads."""

    def __init__(
        self,
        engine: Engine,
        authorities: Sequence[Authority],
        *,
        scan_log: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._engine = engine
        self._authorities = tuple(authorities)
        self._scan_log = scan_log
        self._clock = clock

    def stamp_head(self, who: str = "vigie", algorithm: str = "sha256") -> list[Outcome]:
        """Every authority over the head as it stands now, at once; one outcome each."""
        self._enter_scan_log()
        with reading(self._engine) as connection:
            now = head(connection)
        return self.stamp(f"head:{now.seq}", now.statement(), who=who, algorithm=algorithm)

    def stamp(
        self, subject: str, data: bytes, *, who: str = "vigie", algorithm: str = "sha256"
    ) -> list[Outcome]:
        """Every authority over `data`; each outcome is kept under `subject` and logged."""
        if not self._authorities:
            return []
        with ThreadPoolExecutor(len(self._authorities)) as pool:
            outcomes = list(pool.map(lambda one: _outcome(one, data, algorithm), self._authorities))
        with writing(self._engine) as connection:
            for outcome in outcomes:
                self._keep(connection, subject, imprint(data, algorithm), algorithm, outcome, who)
        return outcomes

    def is_due(self, every: timedelta) -> bool:
        """Whether something happened since the last good stamp, which is `every` old; after a
        failure, whether its retry is due."""
        now = self._clock()
        with reading(self._engine) as connection:
            asked = connection.execute(
                select(TimeStamp.state, TimeStamp.asked)
                .where(TimeStamp.subject.like("head:%"))
                .order_by(TimeStamp.id.desc())
                .limit(len(self._authorities) or 1)
            ).all()
            if any(row.state != "stamped" for row in asked):
                latest: datetime = max(row.asked for row in asked)
                return latest <= now - RETRY
            if asked and max(row.asked for row in asked) > now - every:
                return False
            last = connection.scalar(select(func.max(Act.seq)).where(Act.what == "stamp")) or 0
            news = select(func.count()).where(Act.seq > last, Act.what.not_in(OWN))
            return bool(self._authorities) and bool(connection.scalar(news))

    def renew(self, before: timedelta, *, algorithm: str = "sha256") -> list[Outcome]:
        """Stamp the head again if no stamp lasts beyond `before`, or none is under `algorithm`;
        [] where that is not needed. A new algorithm first hashes everything there is anew."""
        now = self._clock()
        with reading(self._engine) as connection:
            good = connection.execute(
                select(TimeStamp.good_until, TimeStamp.algorithm).where(
                    TimeStamp.subject.like("head:%"), TimeStamp.state == "stamped"
                )
            ).all()
        lasting = [row for row in good if row.good_until > now + before]
        if any(row.algorithm == algorithm for row in lasting) or not good:
            return []
        if all(row.algorithm != algorithm for row in good):
            self._rehash(algorithm)
        return self.stamp_head(algorithm=algorithm)

    def _rehash(self, algorithm: str) -> None:
        """Enter the digest of the whole journal and of every raw reply under a new algorithm."""
        imprint(b"", algorithm)
        journal, replies = hashlib.new(algorithm), hashlib.new(algorithm)
        with writing(self._engine) as connection:
            upto = head(connection)
            for line in lines(connection, show=lambda _entry: "digest", upto=upto):
                journal.update(line.encode() + b"\n")
            for reply in connection.scalars(
                select(TimeStamp.reply).where(TimeStamp.state == "stamped").order_by(TimeStamp.id)
            ):
                replies.update(len(reply).to_bytes(8, "big") + reply)
            enter(
                connection, at=self._clock(), who="vigie", what="rehash",
                detail={
                    "algorithm": algorithm, "upto": upto.seq, "journal": journal.hexdigest(),
                    "replies": replies.hexdigest(),
                },
            )  # fmt: skip

    def _keep(
        self, connection: Connection, subject: str, digest: bytes, algorithm: str,
        outcome: Outcome, who: str,
    ) -> None:  # fmt: skip
        stamp, now = outcome.stamp, self._clock()
        connection.execute(
            insert(TimeStamp).values(
                subject=subject, authority=outcome.authority, algorithm=algorithm, imprint=digest,
                asked=now, state="stamped" if stamp else "failed", error=outcome.error,
                request=stamp.request if stamp else b"", reply=stamp.reply if stamp else b"",
                stamped_at=stamp.at if stamp else None,
                good_until=stamp.good_until if stamp else None,
            )
        )  # fmt: skip
        detail: dict[str, Any] = {
            "authority": outcome.authority,
            "state": "stamped" if stamp else "not time-stamped",
            "imprint": digest.hex(),
            "algorithm": algorithm,
            "reply_sha256": stamp.reply_sha256 if stamp else "",
        }
        enter(connection, at=now, who=who, what="stamp", item=subject, detail=detail)

    def _enter_scan_log(self) -> None:
        """The scan log's length and digest, so that the head covers its lines so far."""
        if self._scan_log is None or not self._scan_log.is_file():
            return
        data = self._scan_log.read_bytes()
        detail = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        with writing(self._engine) as connection:
            last = connection.scalar(
                select(Act.detail).where(Act.what == "scan-log").order_by(Act.seq.desc()).limit(1)
            )
            if last != detail:
                enter(connection, at=self._clock(), who="vigie", what="scan-log", detail=detail)


def _outcome(authority: Authority, data: bytes, algorithm: str) -> Outcome:
    try:
        return Outcome(authority.name, ask(authority, data, algorithm))
    except NotStamped as error:
        return Outcome(authority.name, None, str(error)[:MAX_ERROR])


def statement_at(connection: Connection, seq: int) -> bytes:
    """What was stamped when `seq` was the head, written down again from the log."""
    link = connection.scalar(select(Act.link).where(Act.seq == seq))
    return Head(head(connection).log, seq, link or b"").statement()
