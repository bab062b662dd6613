"""The record's own log, checked: chain, head, outside checkpoints, stamps, scan log."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from evidence.custody.journal import lines
from evidence.custody.stamping import statement_at
from evidence.errors import EvidenceError, NotStamped
from evidence.timestamp.authority import Authority, imprint
from evidence.timestamp.check import check
from evidence.verify.verifier_inside import Failed, check_journal
from index.engine import reading
from index.schema import Act, TimeStamp


@dataclass(slots=True)
class LogReport:
    """What was checked. `failed` names items; `not_proven` is what no check here shows."""

    entries: int = 0
    stamps: int = 0
    stamped_upto: int = 0
    failed: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "entries": self.entries,
            "stamps": self.stamps,
            "stamped_upto": self.stamped_upto,
            "failed": self.failed,
            "not_proven": self.not_proven,
        }


def verify_log(
    engine: Engine,
    authorities: Sequence[Authority],
    *,
    checkpoints: Sequence[dict[str, Any]] = (),
    scan_log: Path | None = None,
    now: datetime | None = None,
) -> LogReport:
    """Check everything; what fails is in the report, nothing raises."""
    report = LogReport()
    with reading(engine) as connection:
        try:
            told, _ = check_journal(lines(connection), checkpoints)
            report.entries = told["last"]
        except Failed as failure:
            report.failed.append(str(failure))
        except (EvidenceError, ValueError, KeyError, TypeError) as error:
            report.failed.append(f"custody log: {error}")
        _stamps(connection, {one.name: one for one in authorities}, report, now)
        if scan_log is not None:
            _scan_log(connection, scan_log, report)
    if not checkpoints:
        report.not_proven.append(
            "that the log was not written anew since the last stamp: give a checkpoint that an "
            "outside party holds"
        )
    return report


def _stamps(
    connection: Connection, authorities: dict[str, Authority], report: LogReport,
    now: datetime | None,
) -> None:  # fmt: skip
    query = select(TimeStamp.__table__).where(
        TimeStamp.subject.like("head:%"), TimeStamp.state == "stamped"
    )
    for row in connection.execute(query.order_by(TimeStamp.id)):
        item = f"time stamp {row.id} ({row.authority}, entry {row.subject.removeprefix('head:')})"
        authority = authorities.get(row.authority)
        if authority is None:
            report.not_proven.append(f"{item}: its authority is not in the configuration any more")
            continue
        seq = int(row.subject.removeprefix("head:"))
        try:
            digest = imprint(statement_at(connection, seq), row.algorithm)
            if digest != row.imprint:
                report.failed.append(f"{item}: is not over the log as it stands")
                continue
            check(
                row.reply, digest, nonce=None, roots=authority.roots,
                intermediates=authority.intermediates, name=row.authority, at=row.stamped_at,
            )  # fmt: skip
        except (NotStamped, EvidenceError) as error:
            report.failed.append(f"{item}: {error}")
            continue
        report.stamps += 1
        report.stamped_upto = max(report.stamped_upto, seq)
        if now is not None and row.good_until < now:
            report.not_proven.append(f"{item}: its certificate has ended; a later stamp covers it")
    if not report.stamps:
        report.not_proven.append("any time of the log: it is not time-stamped")


def _scan_log(connection: Connection, path: Path, report: LogReport) -> None:
    """The file still begins with what each entry said of it."""
    entries = connection.execute(
        select(Act.seq, Act.detail).where(Act.what == "scan-log").order_by(Act.seq)
    ).all()
    data = path.read_bytes() if path.is_file() else b""
    for entry in entries[-1:]:
        size = int(entry.detail["bytes"])
        right = entry.detail["sha256"]
        if len(data) < size or hashlib.sha256(data[:size]).hexdigest() != right:
            report.failed.append(f"{path.name}: is not what custody entry {entry.seq} says")
