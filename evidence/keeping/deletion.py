"""Deleting: what a clock or a person says goes, an entry in the log for each, one certificate.

First the record says that a thing is deleted, in one transaction with its entry; then its file
goes. A crash in between leaves a file that the record calls deleted: the next run removes it
before anything else. Nothing on hold is touched. Backups are beyond Vigie's reach, and the
certificate says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update

from capture.originals import WORK
from capture.sealing import NAME
from evidence.errors import EvidenceError
from evidence.keeping import due
from evidence.keeping.certificate import Certificate, certify
from evidence.keeping.holds import held
from evidence.keeping.rules import DAY, Rules
from evidence.store import NAME as PIECE
from index.custody import enter
from index.engine import reading, writing
from index.errors import NotFound
from index.outbox import document_id
from index.schema import Alert, Capture, Case, EvidenceItem, Hit, Outbox

STEP = 200


@dataclass(frozen=True, slots=True)
class Folders:
    """Where originals and pieces lie."""

    originals: Path
    evidence: Path


@dataclass(slots=True)
class Gone:
    """What a run did. `kept_by_hold` are captures that would have gone but for a hold;
    `reindex`: the search index still has what went."""

    originals: int = 0
    pieces: int = 0
    quiet: int = 0
    kept_by_hold: int = 0
    reindex: bool = False
    certificate: Certificate | None = None
    entries: list[int] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Everything that was deleted."""
        return self.originals + self.pieces + self.quiet


@dataclass(frozen=True, slots=True)
class Order:
    """Why and for whom: `rule` is of RULES; `reason` is a person's, "" for a clock."""

    rule: str
    who: str = "vigie"
    reason: str = ""


def run(engine: Engine, folders: Folders, rules: Rules, now: datetime) -> Gone:
    """Delete all that is over by its clock. What is left from a run that was cut goes first."""
    gone = Gone()
    sweep(engine, folders)
    with reading(engine) as connection:
        on_hold = held(connection)
        dismissed = due.dismissed(connection, now - rules.dismissed)
        closed = due.closed(connection, now - rules.closed)
        quiet = due.quiet(connection, _once_a_day(now, rules.quiet))
        kept = due.of_cases(connection, on_hold)
    gone.kept_by_hold = len((set(dismissed) | set(closed)) & kept)
    _originals(engine, folders, [one for one in dismissed if one not in kept],
               Order("dismissed"), now, gone)  # fmt: skip
    free = [one for one in closed if one not in kept]
    _originals(engine, folders, free, Order("closed"), now, gone)
    _pieces(engine, folders, free, Order("closed"), now, gone)
    _quiet(engine, folders, quiet, now, gone)
    return _certified(engine, gone, Order("clocks"), now)


def delete_case(
    engine: Engine, folders: Folders, case: int, who: str, reason: str, now: datetime
) -> Gone:
    """Delete every original, piece and excerpt of a case by a person's decision (a takedown, an
    erasure that was granted). Raises NotFound, or EvidenceError on hold or without a reason."""
    if not reason.strip():
        raise EvidenceError("a deletion needs a reason; it goes into the log")
    with reading(engine) as connection:
        if connection.scalar(select(Case.id).where(Case.id == case)) is None:
            raise NotFound(f"There is no case {case}; `vigie case list` lists them.")
        if case in held(connection):
            raise EvidenceError(
                f"case {case} is on legal hold; `vigie retention holds` says why, and nothing of "
                "it is deleted before it is released"
            )
        captures = sorted(due.of_cases(connection, frozenset({case})))
    sweep(engine, folders)
    gone, order = Gone(), Order("decision", who, reason.strip())
    _originals(engine, folders, captures, order, now, gone)
    _pieces(engine, folders, captures, order, now, gone)
    _excerpts(engine, captures, order, now, gone)
    gone.reindex = True
    return _certified(engine, gone, order, now)


def sweep(engine: Engine, folders: Folders) -> int:
    """Remove files that the record calls deleted; how many there were."""
    with reading(engine) as connection:
        sealed = _unused(connection, connection.scalars(
            select(Capture.sealed).where(Capture.original_deleted.is_not(None)).distinct()
        ))  # fmt: skip
        files = connection.scalars(
            select(EvidenceItem.file).where(EvidenceItem.state == "deleted").distinct()
        )
        pieces = [one for one in files if one and not _piece_used(connection, one)]
    return sum(_unlink_original(folders, one) for one in sealed) + sum(
        _unlink_piece(folders, one) for one in pieces
    )


# One kind each


def _originals(
    engine: Engine, folders: Folders, captures: Sequence[int], order: Order, now: datetime,
    gone: Gone,
) -> None:  # fmt: skip
    for step in _steps(captures):
        with writing(engine) as connection:
            rows = connection.execute(
                select(Capture.id, Capture.sealed)
                .where(Capture.id.in_(step), Capture.sealed != "")
                .where(Capture.original_deleted.is_(None))
                .order_by(Capture.id)
            ).all()
            connection.execute(
                update(Capture)
                .where(Capture.id.in_([row.id for row in rows]))
                .values(original_deleted=now)
            )
            for row in rows:
                # The sealed file's digest: that of a short page could be found by trying.
                sealed_sha256 = row.sealed.rpartition("/")[2].removesuffix(".age")
                detail = {"what": "original", "file": row.sealed, "sha256": sealed_sha256}
                gone.entries.append(_log(connection, row.id, detail, order, now))
            files = _unused(connection, {row.sealed for row in rows})
            beside = _originals_beside(connection, folders, step, order, now)
        # A page with several posts has one file: it goes with the last of them.
        for name in files:
            _unlink_original(folders, name)
        gone.originals += len(rows) + len(beside)
        gone.entries += beside


def _originals_beside(
    connection: Connection, folders: Folders, captures: Sequence[int], order: Order, now: datetime
) -> list[int]:
    """The sealed picture and page of captures; each has a file of its own, which goes before the
    transaction ends: one that is cut here is done over by the next run."""
    rows = connection.execute(
        select(EvidenceItem.id, EvidenceItem.capture, EvidenceItem.kind, EvidenceItem.sealed)
        .where(EvidenceItem.capture.in_(captures), EvidenceItem.sealed != "")
        .order_by(EvidenceItem.id)
    ).all()
    found = []
    for row in rows:
        digest = row.sealed.rpartition("/")[2].removesuffix(".age")
        detail = {"what": f"{row.kind}-original", "file": row.sealed, "sha256": digest}
        found.append(_log(connection, row.capture, detail, order, now))
        connection.execute(update(EvidenceItem).where(EvidenceItem.id == row.id).values(sealed=""))
        _unlink_original(folders, row.sealed)
    return found


def _pieces(
    engine: Engine, folders: Folders, captures: Sequence[int], order: Order, now: datetime,
    gone: Gone,
) -> None:  # fmt: skip
    for step in _steps(captures):
        with writing(engine) as connection:
            rows = connection.execute(
                select(EvidenceItem.id, EvidenceItem.capture, EvidenceItem.kind, EvidenceItem.file,
                       EvidenceItem.sha256)
                .where(EvidenceItem.capture.in_(step), EvidenceItem.state == "made")
                .order_by(EvidenceItem.id)
            ).all()  # fmt: skip
            why = f"deleted on {now:%Y-%m-%d}, rule: {order.rule}"
            connection.execute(
                update(EvidenceItem)
                .where(EvidenceItem.id.in_([row.id for row in rows]))
                .values(state="deleted", error=why)
            )
            for row in rows:
                detail = {"what": row.kind, "file": row.file, "sha256": row.sha256}
                gone.entries.append(_log(connection, row.capture, detail, order, now))
            files = {row.file for row in rows if not _piece_used(connection, row.file)}
        for name in files:
            _unlink_piece(folders, name)
        gone.pieces += len(rows)


def _quiet(
    engine: Engine, folders: Folders, hits: Sequence[int], now: datetime, gone: Gone
) -> None:
    """Hits that raised no alert go with their captures, excerpts and places in the outbox; the
    search index loses them at its next rebuild."""
    for step in _steps(hits):
        with writing(engine) as connection:
            captures = list(connection.scalars(select(Hit.capture).where(Hit.id.in_(step))))
            names = [document_id(hit, "hit") for hit in step]
            connection.execute(delete(Outbox).where(Outbox.document_id.in_(names)))
            connection.execute(delete(Hit).where(Hit.id.in_(step)))
            used = set(connection.scalars(select(Hit.capture).where(Hit.capture.in_(captures))))
            free = sorted(set(captures) - used)
            items = EvidenceItem.capture.in_(free)
            files = set(connection.scalars(select(EvidenceItem.file).where(items)))
            sealed = set(connection.scalars(select(Capture.sealed).where(Capture.id.in_(free))))
            beside = set(connection.scalars(select(EvidenceItem.sealed).where(items)))
            connection.execute(delete(EvidenceItem).where(items))
            connection.execute(delete(Capture).where(Capture.id.in_(free)))
            for capture in free:
                detail = {"what": "quiet"}
                gone.entries.append(_log(connection, capture, detail, Order("quiet"), now))
            sealed = set(_unused(connection, sealed)) | beside
            files = {one for one in files if one and not _piece_used(connection, one)}
        for name in sealed:
            _unlink_original(folders, name)
        for name in files:
            _unlink_piece(folders, name)
        gone.quiet += len(free)
        gone.reindex = True


def _excerpts(
    engine: Engine, captures: Sequence[int], order: Order, now: datetime, gone: Gone
) -> None:
    """Masked excerpts, titles and reasons of decisions: also these were about somebody."""
    for step in _steps(captures):
        with writing(engine) as connection:
            hits = Hit.capture.in_(step)
            connection.execute(update(Hit).where(hits).values(snippets=[], notes=[]))
            connection.execute(update(Capture).where(Capture.id.in_(step)).values(title="•••"))
            alerts = connection.scalars(select(Hit.alert).where(hits, Hit.alert.is_not(None)))
            connection.execute(update(Alert).where(Alert.id.in_(set(alerts))).values(title="•••"))
            for capture in step:
                detail = {"what": "excerpts"}
                gone.entries.append(_log(connection, capture, detail, order, now))


# Inside


def _once_a_day(now: datetime, quiet: timedelta) -> datetime:
    """The moment before which quiet hits are over: never later than their time, and the same all
    day, since the search index is made anew after each such deletion."""
    if quiet < 2 * DAY:
        return now - quiet
    return (now - quiet + DAY).replace(hour=0, minute=0, second=0, microsecond=0)


def _certified(engine: Engine, gone: Gone, order: Order, now: datetime) -> Gone:
    if gone.entries:
        gone.certificate = certify(engine, gone.entries, order.who, now)
    return gone


def _log(
    connection: Connection, capture: int, detail: dict[str, Any], order: Order, now: datetime
) -> int:
    return enter(
        connection, at=now, who=order.who, what="delete", item=f"capture:{capture}",
        detail={**detail, "rule": order.rule}, reason=order.reason,
    )  # fmt: skip


def _unused(connection: Connection, names: Iterable[str]) -> list[str]:
    """Of these sealed files those that no capture needs any more."""
    found = []
    for name in names:
        needed = connection.scalar(
            select(func.count())
            .select_from(Capture)
            .where(Capture.sealed == name, Capture.original_deleted.is_(None))
        )
        if name and not needed:
            found.append(name)
    return found


def _piece_used(connection: Connection, name: str) -> bool:
    query = select(func.count()).select_from(EvidenceItem)
    return bool(
        connection.scalar(query.where(EvidenceItem.file == name, EvidenceItem.state == "made"))
    )


def _unlink_original(folders: Folders, name: str) -> int:
    if not NAME.fullmatch(name):
        return 0
    (folders.originals / WORK / name).unlink(missing_ok=True)
    return _unlink(folders.originals / name)


def _unlink_piece(folders: Folders, name: str) -> int:
    return _unlink(folders.evidence / name) if PIECE.fullmatch(name) else 0


def _unlink(path: Path) -> int:
    there = path.exists()
    path.unlink(missing_ok=True)
    return int(there)


def _steps(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[at : at + STEP] for at in range(0, len(numbers), STEP))
