"""The log as `journal.jsonl`: whole chain, and of entries that are not to be shown only digests.

First line: format, log id, the first number and the link before it. Then a line an entry. Last
line: the end, so that a file that was cut between two lines does not pass for a whole one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from evidence.errors import EvidenceError
from index import chain
from index.schema import Act, CustodyHead

STEP = 2_000


@dataclass(frozen=True, slots=True)
class Head:
    """The last number and link of a log."""

    log: str
    seq: int
    link: bytes

    def statement(self) -> bytes:
        """What is time-stamped: canonical JSON that anyone can write down again."""
        return chain.canonical(
            {
                "algorithm": chain.ALGORITHM,
                "format": "vigie-head-1",
                "link": self.link.hex(),
                "log": self.log,
                "seq": self.seq,
            }
        )


def head(connection: Connection) -> Head:
    """The log's head as it stands."""
    row = connection.execute(select(CustodyHead.log, CustodyHead.seq, CustodyHead.link)).one()
    return Head(row.log, row.seq, row.link)


def nothing_hidden(_entry: Row[Any]) -> str:
    """Show every entry with its reason: for the log's own verification."""
    return "whole"


def lines(
    connection: Connection,
    *,
    first: int = 1,
    show: Callable[[Row[Any]], str] = nothing_hidden,
    upto: Head | None = None,
) -> Iterator[str]:
    """The journal from entry `first` to `upto` (the head), a line at a time, without newlines.

    `show` says of an entry "whole", "entry" (without the reason) or "digest". The caller holds
    one consistent view. Raises EvidenceError when an entry is missing.
    """
    end = upto or head(connection)
    yield _json(
        {
            "algorithm": chain.ALGORITHM,
            "before": _before(connection, end, first).hex(),
            "first": first,
            "format": chain.FORMAT,
            "log": end.log,
        }
    )
    expected = first
    while expected <= end.seq:
        rows = connection.execute(
            select(Act.__table__)
            .where(Act.seq >= expected, Act.seq < expected + STEP, Act.seq <= end.seq)
            .order_by(Act.seq)
        ).all()
        for row in rows:
            if row.seq != expected:
                raise EvidenceError(f"custody entry {expected} is missing from the record")
            yield _json(_entry(row, show(row)))
            expected += 1
        if not rows:
            raise EvidenceError(f"custody entry {expected} is missing from the record")
    yield _json({"end": end.seq, "link": end.link.hex()})


def _before(connection: Connection, end: Head, first: int) -> bytes:
    if first == 1:
        return chain.genesis(end.log)
    found = connection.scalar(select(Act.link).where(Act.seq == first - 1))
    if found is None:
        raise EvidenceError(f"custody entry {first - 1} is missing from the record")
    return found


def _entry(row: Row[Any], shown: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "seq": row.seq, "digest": row.digest.hex(), "link": row.link.hex()
    }  # fmt: skip
    if shown == "digest" or row.erased is not None:
        return told
    told["salt"] = row.salt.hex()
    told["content"] = chain.content(
        seq=row.seq, at=row.at, who=row.who, what=row.what, item=row.subject, detail=row.detail,
        reason_sha256=chain.reason_digest(row.reason, row.reason_salt),
    )  # fmt: skip
    if shown == "whole" and row.reason:
        told["reason"], told["reason_salt"] = row.reason, row.reason_salt.hex()
    return told


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
