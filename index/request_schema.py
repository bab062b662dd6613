"""The tables of requests: what a case claims, who was asked, what came back. docs/adr/0016.

No victim's value stands in any of them: texts are made from masked facts, and an answer's body,
which may quote anything, lies sealed or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from index.base import FOREVER, Base


class CaseClaim(Base):
    """Who claims in a case, and on what: typed by a person, shown as missing while empty.
    `without_notice`: why asking first would be useless or too slow."""

    __tablename__ = "case_claim"
    case: Mapped[int] = mapped_column(
        ForeignKey("case_file.id"), primary_key=True, autoincrement=False
    )
    claimant: Mapped[str] = mapped_column(String(300), default="")
    standing: Mapped[str] = mapped_column(Text, default="")
    harm: Mapped[str] = mapped_column(Text, default="")
    mandate: Mapped[str] = mapped_column(Text, default="")
    without_notice: Mapped[str] = mapped_column(Text, default="")
    changed: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(100))


class Request(Base):
    """One notice, reminder, or notice after a re-upload, to one addressee about one case.

    `message` is the exact mail without its Date, `sha256` its digest: what is approved, and what
    is sent under a Date. `first` is the request that a linked act follows. `state`: "draft",
    "approved", "sending" (handed to a mail server, outcome unknown), "sent" or "withdrawn".
    """

    __tablename__ = "request"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    first: Mapped[int | None] = mapped_column(ForeignKey("request.id"))
    addressee: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(300))
    contact: Mapped[str] = mapped_column(String(300), default="")
    contact_from: Mapped[str] = mapped_column(String(500), default="")
    language: Mapped[str] = mapped_column(String(5))
    subject: Mapped[str] = mapped_column(String(300))
    addresses: Mapped[list[Any]]
    missing: Mapped[list[Any]] = mapped_column(default=list)
    message: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20), index=True)
    created: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(100))
    answer_within_s: Mapped[int]
    approved: Mapped[datetime | None]
    approved_by: Mapped[str] = mapped_column(String(100), default="")
    sent: Mapped[datetime | None]
    sent_by: Mapped[str] = mapped_column(String(100), default="")
    sent_how: Mapped[str] = mapped_column(String(20), default="")
    sent_sha256: Mapped[str] = mapped_column(String(64), default="")
    receipt: Mapped[str] = mapped_column(String(500), default="")
    due: Mapped[datetime | None]
    __table_args__ = FOREVER


class RequestTarget(Base):
    """Holds that one addressee is asked about one address once. `turn` is 0 for the first notice
    and the request's own number for an act linked to it."""

    __tablename__ = "request_target"
    request: Mapped[int] = mapped_column(ForeignKey("request.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    addressee: Mapped[str] = mapped_column(String(330))
    turn: Mapped[int] = mapped_column(default=0)
    __table_args__ = (UniqueConstraint("address", "addressee", "turn"),)


class RequestAnswer(Base):
    """What came back. `kind`: "receipt", "bounce", "question", "refused" or "removed". `sha256`
    and `bytes` are of the file that was filed; `sealed` its place among the originals, "" where
    only its digest is kept."""

    __tablename__ = "request_answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    request: Mapped[int] = mapped_column(ForeignKey("request.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    filed: Mapped[datetime]
    filed_by: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64), default="")
    bytes: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[str] = mapped_column(String(300), default="")
    __table_args__ = FOREVER
