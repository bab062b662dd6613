"""Everything a dossier says, read once from the record in one consistent view. No value in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import Session

from evidence.custody.journal import Head, head
from index.errors import NotFound
from index.schema import Act, Alert, Capture, Case, EvidenceItem, Hit
from index.views import AlertView, alert_view, stamp

CHUNK = 500


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One piece beside a capture."""

    kind: str
    state: str
    at: datetime
    error: str
    file: str
    sha256: str
    media_type: str
    sealed: str = ""


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """One capture with what was recognised in it, and what was gathered beside it."""

    id: int
    source: str
    location: str
    path: tuple[str, ...]
    fetched_at: datetime
    posted_at: datetime | None
    status: int
    content_type: str
    peer: str
    rendered: bool
    bytes: int
    sha256: str
    sealed: str
    connection: Mapping[str, Any]
    commitments: Mapping[str, Any]
    records: int
    chance: float
    fields: tuple[str, ...]
    verdict: str
    leak: str
    snippets: tuple[Mapping[str, Any], ...]
    alert: int
    items: tuple[ItemFacts, ...]
    original_deleted: datetime | None = None

    @property
    def host(self) -> str:
        """Of the address."""
        return (urlsplit(self.location).hostname or "").lower()

    @property
    def held(self) -> bool:
        """Whether its sealed original is there."""
        return bool(self.sealed) and self.original_deleted is None

    def item(self, kind: str) -> ItemFacts | None:
        """The piece of that kind."""
        return next((one for one in self.items if one.kind == kind), None)


@dataclass(frozen=True, slots=True)
class ActFacts:
    """One entry of the log that concerns the case."""

    seq: int
    at: datetime
    who: str
    what: str
    item: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """One case."""

    id: int
    opened: datetime
    status: str
    alerts: tuple[AlertView, ...]
    captures: tuple[CaptureFacts, ...]
    acts: tuple[ActFacts, ...]
    head: Head

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host with a copy, in the order of their first capture."""
        return tuple(dict.fromkeys(one.host for one in self.captures))

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field type that was recognised."""
        return tuple(sorted({name for alert in self.alerts for name in alert.fields}))

    @property
    def records(self) -> int:
        """Of the alert with the most."""
        return max((alert.records for alert in self.alerts), default=0)

    @property
    def items(self) -> frozenset[str]:
        """What entries of the log on this case are about."""
        return frozenset(
            [f"case:{self.id}", *(f"alert:{one.id}" for one in self.alerts),
             *(f"capture:{one.id}" for one in self.captures)]
        )  # fmt: skip


def load(connection: Connection, case_id: int) -> CaseFacts:
    """The case; raises NotFound."""
    with Session(connection) as session:
        case = session.get(Case, case_id)
        if case is None:
            raise NotFound(f"There is no case {case_id}; `vigie case list` lists them.")
        alerts = session.scalars(
            select(Alert).where(Alert.case == case_id).order_by(Alert.id)
        ).all()
        captures = _captures(session, [alert.id for alert in alerts])
        found = CaseFacts(
            id=case.id,
            opened=case.opened,
            status=case.status,
            alerts=tuple(alert_view(alert) for alert in alerts),
            captures=tuple(captures),
            acts=(),
            head=head(connection),
        )
    acts = tuple(_acts(connection, sorted(found.items)))
    return CaseFacts(
        found.id, found.opened, found.status, found.alerts, found.captures, acts, found.head
    )


def _captures(session: Session, alerts: Sequence[int]) -> list[CaptureFacts]:
    rows: list[Row[Hit, Capture]] = []
    for start in range(0, len(alerts), CHUNK):
        rows += session.execute(
            select(Hit, Capture)
            .join(Capture, Hit.capture == Capture.id)
            .where(Hit.alert.in_(alerts[start : start + CHUNK]))
            .order_by(Hit.id)
        ).all()
    items: dict[int, list[ItemFacts]] = {}
    ids = [row[1].id for row in rows]
    for start in range(0, len(ids), CHUNK):
        wanted = EvidenceItem.capture.in_(ids[start : start + CHUNK])
        for item in session.scalars(select(EvidenceItem).where(wanted)):
            items.setdefault(item.capture, []).append(
                ItemFacts(item.kind, item.state, item.at, item.error, item.file, item.sha256,
                          item.media_type, item.sealed)
            )  # fmt: skip
    found: dict[int, CaptureFacts] = {}
    for hit, capture in rows:
        before = found.get(capture.id)
        if before is None or hit.records > before.records:
            found[capture.id] = _capture(hit, capture, tuple(items.get(capture.id, ())))
    return sorted(found.values(), key=lambda one: (one.fetched_at, one.id))


def _capture(hit: Hit, capture: Capture, items: tuple[ItemFacts, ...]) -> CaptureFacts:
    return CaptureFacts(
        id=capture.id, source=capture.source, location=capture.location,
        path=tuple(capture.path), fetched_at=capture.fetched_at, posted_at=capture.posted_at,
        status=capture.status, content_type=capture.content_type, peer=capture.peer,
        rendered=capture.rendered, bytes=capture.bytes, sha256=capture.sha256,
        sealed=capture.sealed, connection=capture.connection, commitments=capture.commitments,
        records=hit.records, chance=hit.chance, verdict=hit.verdict, leak=hit.leak,
        fields=tuple(sorted({name for match in hit.matches for name in match["fields"]})),
        snippets=tuple(hit.snippets), alert=hit.alert or 0, items=items,
        original_deleted=capture.original_deleted,
    )  # fmt: skip


def _acts(connection: Connection, items: Sequence[str]) -> list[ActFacts]:
    found = []
    for start in range(0, len(items), CHUNK):
        rows = connection.execute(
            select(Act.seq, Act.at, Act.who, Act.what, Act.subject, Act.detail)
            .where(Act.subject.in_(items[start : start + CHUNK]))
            .where(Act.erased.is_(None))
        )
        found += [ActFacts(r.seq, r.at, r.who, r.what, r.subject, r.detail) for r in rows]
    return sorted(found, key=lambda act: act.seq)


def moment(at: datetime | None) -> str:
    """As every file of the dossier writes a time: RFC 3339 in UTC, "" for none."""
    return stamp(at) or ""
