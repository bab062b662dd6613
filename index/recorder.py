"""The recorder: everything one page gave, in one transaction.

`seen`, capture, hits, alert, case and outbox stand or fall together, so a crash at any moment
can only make a page be fetched again; unique keys then keep it from being recorded twice. Every
transaction is fenced by the lease of the crawl it belongs to.
What comes in here is masked already (capture.masking); nothing here masks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from index import cases, threads
from index.captures import add_capture
from index.custody import enter
from index.engine import reading, writing
from index.facts import Fence, Finding, KeptPost, PageFacts, Recorded
from index.leases import check, confirm, source_lease, utc_now
from index.notices import notify_alert
from index.outbox import announce, announce_hit
from index.removal import note_gone
from index.revisits import keep_address
from index.schema import Alert, AlertAddress, AlertRecord, Capture, Hit, Pending, Seen
from index.threads import ThreadPost
from index.upsert import upsert
from index.views import alert_view
from matching.result import Match, ScanResult, Verdict, is_sample

__all__ = ["Fence", "Finding", "KeptPost", "PageFacts", "Recorded", "Recorder", "records_key"]

STRENGTH = {verdict: rank for rank, verdict in enumerate(reversed(Verdict))}
KEPT_MATCHES = 1000
CHUNK = 500
SEEN_LENGTH = 200
CLOCK_SKEW = timedelta(minutes=2)


@dataclass(slots=True)
class _Changes:
    new: list[Alert] = field(default_factory=list)
    grown: list[Alert] = field(default_factory=list)
    captured: list[bool] = field(default_factory=list)


class Recorder:
    """Writes pages. Safe to share between threads; one transaction a call."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock

    def is_known(self, post: KeptPost) -> bool:
        """Whether recording `post` would add nothing: a capture of its place says the same."""
        with reading(self._engine) as connection, Session(connection) as session:
            return _same_capture(session, post)

    def record_page(
        self,
        fence: Fence,
        page: PageFacts,
        seen: Sequence[tuple[bytes, bytes]] = (),
        posts: Sequence[KeptPost] = (),
        *,
        thread_posts: Sequence[ThreadPost] = (),
        settled: bytes = b"",
    ) -> Recorded:
        """One transaction; raises StaleLease, and nothing of the page is then written.

        `seen` holds (location key, state key) pairs. They leave the list of pending addresses.
        `thread_posts` is what posts of threads say below the thresholds; `settled` the key of a
        thread that was wanted whole and is told here.
        """
        now = self._clock()
        changes = _Changes()
        with writing(self._engine) as connection, Session(connection) as session:
            confirm(connection, source_lease(fence.source), fence.token)
            _mark_seen(session, fence.source, seen, now)
            for post in posts:
                clean = replace(
                    post,
                    location=_storable(post.location, 2000),
                    title=_storable(post.title, 500),
                    path=tuple(_storable(step, 2000) for step in post.path),
                    also=tuple(_storable(other, 2000) for other in post.also),
                )
                _record_post(session, fence, page, clean, now, changes)
            session.flush()
            ordered = threads.add_posts(session, fence.source, thread_posts, now)
            if settled:
                threads.settle(session, fence.source, settled, now)
            return Recorded(
                new=tuple(alert_view(row) for row in changes.new),
                grown=tuple(alert_view(row) for row in changes.grown),
                captured=tuple(changes.captured),
                ordered=ordered,
            )

    def record_gone(self, fence: Fence, location_key: bytes) -> int:
        """An address answers 404 or 410: how many alerts that is news for. Raises StaleLease."""
        with writing(self._engine) as connection, Session(connection) as session:
            check(session, source_lease(fence.source), fence.token)
            return note_gone(session, fence.source, location_key, self._clock())


# Built once: this is done for every page, and building a statement costs more than running it.
_KNOWN = select(Seen.location_key, Seen.state_key, Seen.state_since).where(
    Seen.source == bindparam("of"), Seen.location_key.in_(bindparam("keys", expanding=True))
)
_WAITED = delete(Pending).where(
    Pending.source == bindparam("of"),
    Pending.location_key.in_(bindparam("keys", expanding=True)),
    # A thread that is wanted whole waits until it was judged as one.
    Pending.whole.is_(False),
)


def _mark_seen(
    session: Session, source: str, seen: Sequence[tuple[bytes, bytes]], now: datetime
) -> None:
    if not seen:
        return
    connection = session.connection()
    states = dict(seen)
    since: dict[bytes, datetime] = {}
    keys = list(states)
    for start in range(0, len(keys), CHUNK):
        part = {"of": source, "keys": keys[start : start + CHUNK]}
        found = connection.execute(_KNOWN, part).all()
        since |= {key: began for key, state, began in found if began and states[key] == state}
    rows = [
        {
            "source": source,
            "location_key": location,
            "state_key": state,
            "first_seen": now,
            "last_seen": now,
            "state_since": since.get(location, now),
        }
        for location, state in states.items()
    ]
    upsert(session, Seen, rows, keys=("source", "location_key"), kept=("first_seen",))
    for start in range(0, len(seen), CHUNK):
        gone = [location for location, _ in seen[start : start + CHUNK]]
        connection.execute(_WAITED, {"of": source, "keys": gone})


def _record_post(
    session: Session,
    fence: Fence,
    page: PageFacts,
    post: KeptPost,
    now: datetime,
    changes: _Changes,
) -> None:
    if _same_capture(session, post):
        _still_there(session, post, now)
        changes.captured.append(False)
        return
    capture = add_capture(session, fence, page, post, now)
    for finding in post.findings:
        alert = None
        if finding.result.verdict.raises_alert:
            alert = _raise_alert(session, fence, post, finding, now, changes)
        hit = _hit(finding, capture.id, alert, now)
        session.add(hit)
        session.flush()
        announce_hit(session, hit, capture, now)
    session.flush()
    changes.captured.append(True)


def _same_capture(session: Session, post: KeptPost) -> bool:
    """A capture of the location has the same text, and the last of those the same findings.

    Any capture, not only the last: a post that is edited to and fro between two texts is captured
    twice and not at every turn.
    """
    same = session.scalar(
        select(Capture.id)
        .where(
            Capture.location_key.in_((post.location_key, *post.also_keys)),
            Capture.content_key == post.content_key,
            # What is shown directly and what is shown through a proxy are two views.
            Capture.via == post.via,
        )
        .order_by(Capture.id.desc())
        .limit(1)
    )
    if same is None:
        return False
    hits = session.scalars(select(Hit).where(Hit.capture == same))
    before = {(hit.leak, hit.verdict, hit.records) for hit in hits}
    return before == {
        (finding.leak, str(finding.result.verdict), finding.result.records)
        for finding in post.findings
    }


def _still_there(session: Session, post: KeptPost, now: datetime) -> None:
    keys = (post.location_key, *post.also_keys)
    seen = select(AlertAddress.alert).where(AlertAddress.location_key.in_(keys))
    for alert in session.scalars(select(Alert).where(Alert.id.in_(seen), Alert.last_seen < now)):
        alert.last_seen, alert.gone_at = now, None
        announce(session, alert, now)


def _raise_alert(
    session: Session,
    fence: Fence,
    post: KeptPost,
    finding: Finding,
    now: datetime,
    changes: _Changes,
) -> Alert:
    alert = _alert_at(session, finding.leak, (post.location_key, *post.also_keys))
    if alert is None:
        alert = _new_alert(session, fence, post, finding, now)
        notify_alert(session, alert, now)
        changes.new.append(alert)
    elif _grow(session, alert, post, finding, now):
        changes.grown.append(alert)
    _know_addresses(session, alert, post)
    if post.again is not None:
        sealed = post.again
        keep_address(
            session, alert, sealed.location_key, sealed.sealed_address, sealed.sealed_path, now
        )
    announce(session, alert, now)
    return alert


def _alert_at(session: Session, leak: str, keys: Sequence[bytes]) -> Alert | None:
    return session.scalar(
        select(Alert)
        .join(AlertAddress, AlertAddress.alert == Alert.id)
        .where(AlertAddress.leak == leak, AlertAddress.location_key.in_(keys))
        .order_by(Alert.id)
        .limit(1)
    )


def _new_alert(
    session: Session, fence: Fence, post: KeptPost, finding: Finding, now: datetime
) -> Alert:
    rows = alert_rows(finding.result)
    key = records_key(rows)
    case = cases.joined_or_new(session, post.content_key, finding.leak, key, now)
    alert = Alert(
        case=case.id,
        leak=finding.leak,
        source=fence.source,
        location=post.location,
        location_key=post.location_key,
        also=list(post.also),
        title=post.title,
        verdict=str(finding.result.verdict),
        records=max(finding.result.records, len(rows)),
        records_key=key,
        bits=max((match.bits for match in finding.result.matches), default=0.0),
        fields=_fields(finding.result.matches),
        first_seen=now,
        last_seen=now,
        posted_at=post.posted_at,
        found_after_s=_found_after(post.posted_at, now),
        status="open",
        reason="",
        decided_by="",
        version=1,
    )
    session.add(alert)
    session.flush()
    _add_rows(session, alert.id, rows)
    return alert


def _grow(session: Session, alert: Alert, post: KeptPost, finding: Finding, now: datetime) -> bool:
    """Add what a new capture of the location shows; True when there are new records."""
    result = finding.result
    rows = alert_rows(result)
    before = set(session.scalars(select(AlertRecord.row).where(AlertRecord.alert == alert.id)))
    fresh = {row: bits for row, bits in rows.items() if row not in before}
    _add_rows(session, alert.id, fresh)
    records = max(alert.records, result.records, len(before) + len(fresh))
    has_more = bool(fresh) or records > alert.records
    alert.last_seen, alert.gone_at = now, None
    alert.also = list(dict.fromkeys([*alert.also, *post.also]))[:50]
    alert.bits = max([alert.bits, *(match.bits for match in result.matches)])
    alert.fields = sorted({*alert.fields, *_fields(result.matches)})
    alert.records = records
    if STRENGTH[result.verdict] > STRENGTH[Verdict(alert.verdict)]:
        alert.verdict = str(result.verdict)
    if not has_more:
        return False
    alert.records_key = records_key(before | set(fresh))
    if result.is_sample and _was_sampled(session, alert):
        return False  # another draw from the same copy names other rows; none of them is news
    alert.version += 1
    if alert.status != "open":
        # The last decision's reason stays readable; the act says what it was.
        detail = {"from": alert.status, "to": "open", "version": alert.version}
        enter(
            session.connection(), at=now, who="vigie", what="reopen", item=f"alert:{alert.id}",
            detail=detail,
        )  # fmt: skip
        alert.status = "open"
        notify_alert(session, alert, now, again=True)
    return True


def _know_addresses(session: Session, alert: Alert, post: KeptPost) -> None:
    rows = [
        {"leak": alert.leak, "location_key": key, "alert": alert.id}
        for key in dict.fromkeys((post.location_key, *post.also_keys))
    ]
    upsert(session, AlertAddress, rows, keys=("leak", "location_key"), kept=("alert",))


def _hit(finding: Finding, capture: int, alert: Alert | None, now: datetime) -> Hit:
    found = finding.result.to_json()
    return Hit(
        capture=capture,
        alert=alert.id if alert else None,
        leak=finding.leak,
        verdict=found["verdict"],
        records=finding.result.records,
        review_records=finding.result.review_records,
        candidates=finding.result.candidates,
        chance=finding.result.chance,
        matches=_with_seen(found["matches"][:KEPT_MATCHES], finding.seen),
        snippets=list(finding.snippets),
        notes=[_storable(note, 500) for note in finding.result.notes],
        created=now,
    )


def _with_seen(
    matches: list[dict[str, Any]], seen: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """The matches, the first of them with what was seen of each field, masked."""
    told = [[_storable(each, SEEN_LENGTH) for each in fields] for fields in seen[: len(matches)]]
    for match, fields in zip(matches, told, strict=False):
        match["seen"] = fields
    return matches


def _was_sampled(session: Session, alert: Alert) -> bool:
    """Whether the last that was seen at this location was a sample too."""
    last = select(Hit.notes).where(Hit.alert == alert.id).order_by(Hit.id.desc()).limit(1)
    return is_sample(session.scalar(last) or ())


def alert_rows(result: ScanResult) -> dict[int, float]:
    """The rows at alert strength and their bits. `matches` holds the strongest first, and those
    between the thresholds behind them; a long list may be cut, and then `records` is more."""
    return {match.row: match.bits for match in result.matches[: result.records]}


def records_key(rows: Iterable[int]) -> bytes | None:
    """A hash of a set of row numbers; None for none, since no records are not a record set."""
    ordered = sorted(rows)
    if not ordered:
        return None
    return hashlib.blake2b(",".join(map(str, ordered)).encode(), digest_size=16).digest()


def _add_rows(session: Session, alert: int, rows: dict[int, float]) -> None:
    if rows:
        session.execute(
            insert(AlertRecord),
            [{"alert": alert, "row": row, "bits": bits} for row, bits in rows.items()],
        )


def _fields(matches: Sequence[Match]) -> list[str]:
    return sorted({name for match in matches for name in match.fields})


def _found_after(posted_at: datetime | None, now: datetime) -> float | None:
    """Seconds from post to alert; None where the post's time is unknown or in the future."""
    if posted_at is None or posted_at > now + CLOCK_SKEW:
        return None
    return max(0.0, (now - posted_at).total_seconds())


def _storable(text: str, bound: int) -> str:
    """`text` as every database takes it: no lone surrogate, no NUL, not too long."""
    return text[:bound].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
