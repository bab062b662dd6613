"""A person makes an alert of a hit that was too quiet for one.

Nothing is added to what was kept: address, hash, counts and masked excerpts, no body. From then
on it is kept and gathered beside as any alert's capture is (the clock of quiet hits has no say).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from index import cases
from index.custody import enter
from index.engine import writing
from index.errors import NotFound, ReasonMissing
from index.outbox import announce
from index.recorder import CLOCK_SKEW, records_key
from index.schema import Alert, AlertAddress, AlertRecord, Capture, Hit
from index.upsert import upsert
from index.views import AlertView, alert_view


def promote(engine: Engine, hit_id: int, reason: str, who: str, now: datetime) -> AlertView:
    """The alert, new or the one of the same place. Raises NotFound, also for a hit that has an
    alert, and ReasonMissing."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing("Say why this hit is worth an alert; it goes into the log.")
    with writing(engine) as connection, Session(connection) as session:
        hit = session.get(Hit, hit_id, with_for_update=True)
        if hit is None or hit.alert is not None:
            raise NotFound(f"There is no hit {hit_id} in the quieter queue.")
        capture = session.get_one(Capture, hit.capture)
        alert = session.scalar(
            select(Alert)
            .join(AlertAddress, AlertAddress.alert == Alert.id)
            .where(AlertAddress.leak == hit.leak)
            .where(AlertAddress.location_key == capture.location_key)
        )
        if alert is None:
            alert = _new(session, hit, capture, now)
        hit.alert = alert.id
        enter(
            session.connection(), at=now, who=who, what="promote", item=f"alert:{alert.id}",
            detail={"hit": hit.id, "verdict": hit.verdict}, reason=reason,
        )  # fmt: skip
        announce(session, alert, now)
        session.flush()
        return alert_view(alert)


def _new(session: Session, hit: Hit, capture: Capture, now: datetime) -> Alert:
    rows = {match["row"]: match["bits"] for match in hit.matches[: hit.records]}
    key, posted = records_key(rows), capture.posted_at
    told = posted is not None and posted <= now + CLOCK_SKEW
    alert = Alert(
        case=cases.joined_or_new(session, capture.content_key, hit.leak, key, now).id,
        leak=hit.leak,
        source=capture.source,
        location=capture.location,
        location_key=capture.location_key,
        also=[],
        title=capture.title,
        verdict=hit.verdict,
        records=hit.records,
        records_key=key,
        bits=max((match["bits"] for match in hit.matches), default=0.0),
        fields=sorted({name for match in hit.matches for name in match["fields"]}),
        first_seen=hit.created,
        last_seen=hit.created,
        posted_at=posted,
        found_after_s=max(0.0, (now - posted).total_seconds()) if told and posted else None,
        status="open",
        reason="",
        decided_by="",
        version=1,
    )
    session.add(alert)
    session.flush()
    session.add_all(AlertRecord(alert=alert.id, row=row, bits=bits) for row, bits in rows.items())
    place = {"leak": hit.leak, "location_key": capture.location_key, "alert": alert.id}
    upsert(session, AlertAddress, [place], keys=("leak", "location_key"), kept=("alert",))
    return alert
