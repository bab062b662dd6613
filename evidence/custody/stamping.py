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

from sqlalchemy import Connection, Engine, Row, func, insert, select

from evidence.custody.journal import Head, head, lines
from evidence.errors import NotStamped
from evidence.timestamp.authority import Authority, Stamp, ask_over, imprint
from index.custody import enter
from index.engine import reading, writing
from index.leases import utc_now
from index.schema import Act, TimeStamp

# Entries that stamping itself makes: they alone give no reason to stamp again.
OWN = ("stamp", "scan-log", "checkpoint", "rehash")
HITS = ("capture", "hand-in", "item")  # what is stamped soon
RETRY, LONGEST, MOST_RETRIES = timedelta(minutes=5), timedelta(days=1), 40
MAX_ERROR = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one authority gave: a stamp, or the reason why there is none."""

    authority: str
    stamp: Stamp | None
    error: str = ""
    kind: str = ""


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
        outcomes = self.ask(data, algorithm)
        self.keep(subject, data, outcomes, who=who, algorithm=algorithm)
        return outcomes

    def ask(self, data: bytes, algorithm: str = "sha256") -> list[Outcome]:
        """Every authority over `data`, at once; nothing is kept yet."""
        return self._ask(self._authorities, imprint(data, algorithm), algorithm)

    def _ask(self, whom: Sequence[Authority], digest: bytes, algorithm: str) -> list[Outcome]:
        if not whom:
            return []
        with ThreadPoolExecutor(len(whom)) as pool:
            return list(pool.map(lambda one: _outcome(one, digest, algorithm), whom))

    def keep(
        self, subject: str, data: bytes, outcomes: Sequence[Outcome], *, who: str = "vigie",
        algorithm: str = "sha256",
    ) -> None:  # fmt: skip
        """Keep outcomes under `subject`, each with an entry of the log. One that is no stamp is
        asked for again over this `data`."""
        with writing(self._engine) as connection:
            for outcome in outcomes:
                self._keep(connection, subject, imprint(data, algorithm), algorithm, outcome, who)

    def retry(self, subject: str = "") -> list[Outcome]:
        """Ask again for stamps over dossiers that an authority did not give, each after a time
        that doubles; at once for one `subject`."""
        now, found = self._clock(), []
        for row, failures in self._failed(subject):
            authority = next((one for one in self._authorities if one.name == row.authority), None)
            wait = min(RETRY * 2 ** min(failures - 1, 12), LONGEST)
            if authority is None or (not subject and now < row.asked + wait):
                continue
            found += self._ask([authority], row.imprint, row.algorithm)
            with writing(self._engine) as connection:
                self._keep(connection, row.subject, row.imprint, row.algorithm, found[-1], "vigie")
        return found

    def _failed(self, subject: str) -> list[tuple[Row[Any], int]]:
        """The last request of each dossier and authority that has no stamp, and how many failed."""
        query = select(
            TimeStamp.subject,
            TimeStamp.authority,
            TimeStamp.algorithm,
            TimeStamp.imprint,
            TimeStamp.asked,
            TimeStamp.state,
        ).where(TimeStamp.subject == subject if subject else TimeStamp.subject.like("dossier:%"))
        latest: dict[tuple[str, str], tuple[Row[Any], int]] = {}
        done = set()
        with reading(self._engine) as connection:
            rows: list[Row[Any]] = list(connection.execute(query.order_by(TimeStamp.id)))
            for row in rows:
                key = (row.subject, row.authority)
                if row.state == "stamped":
                    done.add(key)
                latest[key] = row, latest.get(key, (row, 0))[1] + 1
        return [
            (row, failures)
            for key, (row, failures) in latest.items()
            if key not in done and (subject or failures <= MOST_RETRIES)
        ]

    def is_due(self, every: timedelta, hits: timedelta = timedelta(0)) -> bool:
        """Whether something happened since the last good stamp, which is `every` old; after a
        capture or a piece of one, where it is `hits` old (0: no sooner). After a failure, whether
        its retry is due."""
        now = self._clock()
        with reading(self._engine) as connection:
            asked = connection.execute(
                select(TimeStamp.state, TimeStamp.asked, TimeStamp.subject)
                .where(TimeStamp.subject.like("head:%"))
                .order_by(TimeStamp.id.desc())
                .limit(len(self._authorities) or 1)
            ).all()
            if any(row.state != "stamped" for row in asked):
                latest: datetime = max(row.asked for row in asked)
                return latest <= now - RETRY
            since = now - max(row.asked for row in asked) if asked else every
            if since < every and not timedelta(0) < hits <= since:
                return False
            # What was entered while the authorities were asked is not covered by their stamp.
            covered = max((int(row.subject.removeprefix("head:")) for row in asked), default=0)
            news = select(func.count()).where(Act.seq > covered, Act.what.not_in(OWN))
            if since < every:
                news = news.where(Act.what.in_(HITS))
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


def _outcome(authority: Authority, digest: bytes, algorithm: str) -> Outcome:
    try:
        return Outcome(authority.name, ask_over(authority, digest, algorithm))
    except NotStamped as error:
        return Outcome(authority.name, None, str(error)[:MAX_ERROR], error.kind)


def statement_at(connection: Connection, seq: int) -> bytes:
    """What was stamped when `seq` was the head, written down again from the log."""
    link = connection.scalar(select(Act.link).where(Act.seq == seq))
    return Head(head(connection).log, seq, link or b"").statement()
