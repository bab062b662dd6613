"""The tables of the record. SQLite in WAL mode by default, PostgreSQL when several share it.

Nothing here holds a plain value: `location`, `title` and snippets are masked before they come
in (capture.masking), addresses that must be fetched again are sealed under the record key
(index.vault), everything else that was seen is a keyed hash. Times are UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from index.base import FOREVER, Base, UtcTime
from index.evidence_schema import Act, CustodyHead, Dossier, EvidenceItem, Piece, TimeStamp
from index.keeping_schema import BreachClock, CasePair, DeletionCertificate, LegalHold
from index.order_schema import BlockCheck, CourtOrder, OrderParty
from index.request_schema import CaseClaim, Request, RequestAnswer, RequestTarget
from index.sight_schema import Canary, Revisit, SightNotice

__all__ = [
    "Act", "Alert", "AlertAddress", "AlertRecord", "Base", "BlockCheck", "BreachClock", "Canary",
    "Capture", "Case", "CaseClaim", "CasePair", "CourtOrder", "Crawl", "CustodyHead",
    "DeletionCertificate", "Dossier", "EvidenceItem", "Hit", "Job", "Lease", "LegalHold",
    "LoginToken", "OrderParty", "Outbox", "Pending", "Piece", "Request",
    "RequestAnswer", "RequestTarget", "Revisit", "Seen", "Session", "SightNotice", "SourceState",
    "ThreadCount", "ThreadEvidence", "TimeStamp", "User", "UtcTime",
]  # fmt: skip


class SourceState(Base):
    """What is known of a source: switches, due time, lease. Its definition lives in `spec`
    only for sources that were added in the record; those of vigie.toml are read from there."""

    __tablename__ = "source_state"
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    spec: Mapped[dict[str, Any] | None]
    paused: Mapped[bool] = mapped_column(default=False)
    killed: Mapped[bool] = mapped_column(default=False)
    next_due: Mapped[datetime | None]
    interval_s: Mapped[float | None]
    last_started: Mapped[datetime | None]
    last_success: Mapped[datetime | None]
    last_outcome: Mapped[str] = mapped_column(String(20), default="")
    last_error: Mapped[str] = mapped_column(String(500), default="")
    failures: Mapped[int] = mapped_column(default=0)
    rhythm: Mapped[dict[str, Any] | None]
    approved_hosts: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    sight: Mapped[str] = mapped_column(String(10), default="", server_default="")
    sight_reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    sight_since: Mapped[datetime | None]
    pages: Mapped[int] = mapped_column(default=0)
    posts: Mapped[int] = mapped_column(default=0)


class Lease(Base):
    """Who may do a thing now: "scheduler", or "source:<id>". `token` grows with every grant, so
    a holder that slept through its lease is told apart from the present one."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    owner: Mapped[str] = mapped_column(String(100))
    until: Mapped[datetime]
    token: Mapped[int] = mapped_column(default=0)


class Crawl(Base):
    """One run over one source."""

    __tablename__ = "crawl"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(100), index=True)
    token: Mapped[int] = mapped_column(default=0)
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="running")
    pages: Mapped[int] = mapped_column(default=0)
    posts: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(default=0)
    matched: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[Any]] = mapped_column(default=list)
    sight: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    __table_args__ = FOREVER


class RequestCount(Base):
    """How many requests a source sent to a host on a day (UTC, "2026-11-28")."""

    __tablename__ = "request_count"
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    source: Mapped[str] = mapped_column(String(100), primary_key=True)
    host: Mapped[str] = mapped_column(String(300), primary_key=True)
    requests: Mapped[int] = mapped_column(default=0)


class Seen(Base):
    """A location that was read, as keyed hashes of its address and of its state. `last_seen` is
    when it was read last, `state_since` when it was first read in this state."""

    __tablename__ = "seen"
    source: Mapped[str] = mapped_column(String(100), primary_key=True)
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    state_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    state_since: Mapped[datetime | None]


class PageValidator(Base):
    """What a site told of a page that is looked at at every crawl, sealed with its address and
    the ways that led on from it."""

    __tablename__ = "page_validator"
    source: Mapped[str] = mapped_column(String(100), primary_key=True)
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    sealed: Mapped[bytes]
    at: Mapped[datetime]


class Pending(Base):
    """An address still to be fetched for a source, sealed under the record key. `whole`: a thread
    that is wanted with all its posts, whatever of it was read before. `sealed_path`: the pages
    that led to an address which a post pointed to, as JSON, sealed too."""

    __tablename__ = "pending"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(100))
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    sealed_address: Mapped[bytes]
    added: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    whole: Mapped[bool] = mapped_column(default=False, server_default=false())
    sealed_path: Mapped[bytes | None]
    __table_args__ = (UniqueConstraint("source", "location_key"),)


class UnfollowedLink(Base):
    """A link in a post that was not followed, and why. `shown` is its masked address, `path` the
    masked pages that led to it; the address itself is sealed, for when its host is approved."""

    __tablename__ = "unfollowed_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(100))
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    host: Mapped[str] = mapped_column(String(300), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    shown: Mapped[str] = mapped_column(String(2000))
    path: Mapped[list[Any]] = mapped_column(default=list)
    sealed_address: Mapped[bytes]
    sealed_path: Mapped[bytes]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    __table_args__ = (UniqueConstraint("source", "location_key"),)


class ThreadEvidence(Base):
    """What one post of a thread says of one row without being an alert: too little alone, dropped
    after 30 days. Keys are the vault's; no text, no value, no address."""

    __tablename__ = "thread_evidence"
    leak: Mapped[str] = mapped_column(String(200), primary_key=True)
    thread_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    post_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    bits: Mapped[float]
    at: Mapped[datetime] = mapped_column(index=True)


class ThreadCount(Base):
    """How many posts of a thread were read in the last 30 days: what a sum over them has to pay."""

    __tablename__ = "thread_count"
    thread_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    posts: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(index=True)


class Capture(Base):
    """One document as fetched at one time, kept because it matched. `sha256` is of the bytes as
    fetched; `content_key` is the keyed hash of the post's text, which is the same for copies on
    pages that look different. `original_deleted`: since when the sealed file is gone."""

    __tablename__ = "capture"
    id: Mapped[int] = mapped_column(primary_key=True)
    crawl: Mapped[int | None] = mapped_column(ForeignKey("crawl.id"))
    source: Mapped[str] = mapped_column(String(100), index=True)
    location: Mapped[str] = mapped_column(String(2000))
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    thread_key: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    content_key: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    title: Mapped[str] = mapped_column(String(500), default="")
    path: Mapped[list[Any]] = mapped_column(default=list)
    fetched_at: Mapped[datetime]
    posted_at: Mapped[datetime | None]
    status: Mapped[int]
    content_type: Mapped[str] = mapped_column(String(200), default="")
    charset: Mapped[str] = mapped_column(String(64), default="")
    peer: Mapped[str] = mapped_column(String(200), default="")
    via: Mapped[str] = mapped_column(String(20), default="", server_default="")
    rendered: Mapped[bool] = mapped_column(default=False)
    bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    sealed: Mapped[str] = mapped_column(String(300), default="")
    original_deleted: Mapped[datetime | None]
    connection: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    commitments: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    __table_args__ = (Index("ix_capture_place_time", "location_key", "fetched_at"), FOREVER)


class Hit(Base):
    """The records of one leak recognised in one capture. `matches` are matching's, without
    values; `snippets` are masked."""

    __tablename__ = "hit"
    id: Mapped[int] = mapped_column(primary_key=True)
    capture: Mapped[int] = mapped_column(ForeignKey("capture.id"))
    alert: Mapped[int | None] = mapped_column(ForeignKey("alert.id"), index=True)
    leak: Mapped[str] = mapped_column(String(200))
    verdict: Mapped[str] = mapped_column(String(20))
    records: Mapped[int]
    review_records: Mapped[int]
    candidates: Mapped[int]
    chance: Mapped[float]
    matches: Mapped[list[Any]] = mapped_column(default=list)
    snippets: Mapped[list[Any]] = mapped_column(default=list)
    notes: Mapped[list[Any]] = mapped_column(default=list)
    created: Mapped[datetime]
    __table_args__ = (UniqueConstraint("capture", "leak"), FOREVER)


class Case(Base):
    """What is handled together: one repost and its copies. Every alert is in exactly one."""

    __tablename__ = "case_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    opened: Mapped[datetime]
    closed: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20), default="open")
    __table_args__ = FOREVER


class Alert(Base):
    """What an analyst decides on: one location of a repost. `records_key` is a hash of the row
    numbers, so that alerts on the same records find each other. `gone_at`: since when its address
    answers that nothing is there."""

    __tablename__ = "alert"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    leak: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(100), index=True)
    location: Mapped[str] = mapped_column(String(2000))
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    also: Mapped[list[Any]] = mapped_column(default=list)
    title: Mapped[str] = mapped_column(String(500), default="")
    verdict: Mapped[str] = mapped_column(String(20))
    records: Mapped[int]
    records_key: Mapped[bytes | None] = mapped_column(LargeBinary(16), index=True)
    bits: Mapped[float]
    fields: Mapped[list[Any]] = mapped_column(default=list)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    posted_at: Mapped[datetime | None]
    found_after_s: Mapped[float | None]
    status: Mapped[str] = mapped_column(String(20), default="open", index=True)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    decided_by: Mapped[str] = mapped_column(String(100), default="")
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("leak", "location_key"), FOREVER)


class AlertAddress(Base):
    """Every address of an alert's location as a keyed hash: the same post is one alert, by
    whichever of its addresses and through whichever source it is met again."""

    __tablename__ = "alert_address"
    leak: Mapped[str] = mapped_column(String(200), primary_key=True)
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    alert: Mapped[int] = mapped_column(ForeignKey("alert.id"), index=True)


class AlertRecord(Base):
    """Which rows of the leak an alert holds: a row number, never a value."""

    __tablename__ = "alert_record"
    alert: Mapped[int] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    bits: Mapped[float]


class Outbox(Base):
    """What is still to be delivered, written with the facts it tells of. `document_id` is
    deterministic and `id` its version, so delivering twice, or late, changes nothing. `due` is
    set by a delivery that failed; `put_aside` by one that can never succeed."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))
    document_id: Mapped[str] = mapped_column(String(100))
    body: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    due: Mapped[datetime | None]
    delivered: Mapped[datetime | None]
    put_aside: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    __table_args__ = (Index("ix_outbox_due", "channel", "delivered", "id"), FOREVER)


class Job(Base):
    """Work that the review application asks of the scheduler: check, crawl, pause, unmask."""

    __tablename__ = "job"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(100), default="")
    asked_by: Mapped[str] = mapped_column(String(100))
    asked: Mapped[datetime]
    done: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(500), default="")


class User(Base):
    """A person who may sign in. `password` is an argon2 hash."""

    __tablename__ = "user_account"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    password: Mapped[str] = mapped_column(String(300))
    role: Mapped[str] = mapped_column(String(20), default="analyst")
    language: Mapped[str] = mapped_column(String(5), default="")
    disabled: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]


class Session(Base):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name"))
    created: Mapped[datetime]
    last_used: Mapped[datetime]
    expires: Mapped[datetime]


class LoginToken(Base):
    """A one-time log-in link, as a hash; used once, for minutes."""

    __tablename__ = "login_token"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name"))
    expires: Mapped[datetime]
    used: Mapped[datetime | None]
