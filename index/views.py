"""What leaves the record: frozen values, detached from the database, and their JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from index.schema import Alert, Capture, Hit
from matching.decide import ALERT, REVIEW

# Bits from which a record is worth a person's look, and from which it raises an alert.
THRESHOLDS = (REVIEW, ALERT)


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with `Z`, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert. `location`, `also` and `title` are masked; `found_after_s` is the time from
    post to alert in seconds, where the post's time is known; `gone_at` since when the address
    answers that nothing is there, None while it is up or nobody has looked."""

    id: int
    case: int
    leak: str
    source: str
    location: str
    also: tuple[str, ...]
    title: str
    verdict: str
    records: int
    bits: float
    fields: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    posted_at: datetime | None
    found_after_s: float | None
    gone_at: datetime | None
    status: str
    reason: str
    decided_by: str
    decided_at: datetime | None
    version: int

    def to_json(self) -> dict[str, Any]:
        """The contract's object of `vigie alerts --json`."""
        after = self.found_after_s
        return {
            "id": self.id,
            "case": self.case,
            "leak": self.leak,
            "source": self.source,
            "location": self.location,
            "also": list(self.also),
            "verdict": self.verdict,
            "records": self.records,
            "fields": list(self.fields),
            "first_seen": stamp(self.first_seen),
            "last_seen": stamp(self.last_seen),
            "found_after_s": None if after is None else round(after, 3),
            "gone_at": stamp(self.gone_at),
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class CaptureView:
    """One document as fetched at one time."""

    id: int
    location: str
    title: str
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


@dataclass(frozen=True, slots=True)
class HitView:
    """What one scan recognised in one capture. `matches` hold rows, bits, fields and spans;
    `snippets` are capture.masking's: {"layer": …, "segments": [[text, field or ""], …]}."""

    id: int
    leak: str
    verdict: str
    records: int
    review_records: int
    candidates: int
    chance: float
    matches: tuple[dict[str, Any], ...]
    snippets: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    created: datetime
    capture: CaptureView


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """One alert, its hits newest first, and the other alerts of its case."""

    alert: AlertView
    hits: tuple[HitView, ...]
    siblings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Some alerts; `next` is the cursor of the page behind them, "" at the end."""

    alerts: tuple[AlertView, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class QueuedHit:
    """A hit of the quieter queue, and the source it came from."""

    source: str
    hit: HitView


def alert_view(row: Alert) -> AlertView:
    """The view of a loaded row."""
    return AlertView(
        id=row.id,
        case=row.case,
        leak=row.leak,
        source=row.source,
        location=row.location,
        also=tuple(row.also),
        title=row.title,
        verdict=row.verdict,
        records=row.records,
        bits=row.bits,
        fields=tuple(row.fields),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        posted_at=row.posted_at,
        found_after_s=row.found_after_s,
        gone_at=row.gone_at,
        status=row.status,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        version=row.version,
    )


def hit_view(hit: Hit, capture: Capture) -> HitView:
    """The view of a hit and its capture."""
    return HitView(
        id=hit.id,
        leak=hit.leak,
        verdict=hit.verdict,
        records=hit.records,
        review_records=hit.review_records,
        candidates=hit.candidates,
        chance=hit.chance,
        matches=tuple(hit.matches),
        snippets=tuple(hit.snippets),
        notes=tuple(hit.notes),
        created=hit.created,
        capture=CaptureView(
            id=capture.id,
            location=capture.location,
            title=capture.title,
            path=tuple(capture.path),
            fetched_at=capture.fetched_at,
            posted_at=capture.posted_at,
            status=capture.status,
            content_type=capture.content_type,
            peer=capture.peer,
            rendered=capture.rendered,
            bytes=capture.bytes,
            sha256=capture.sha256,
            sealed=capture.sealed,
        ),
    )
