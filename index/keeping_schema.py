"""The tables of keeping and deleting: holds, certificates, the clock of article 33, pairs of cases.

docs/adr/0017-keeping.md. No victim's value stands in any of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from index.base import FOREVER, Base


class LegalHold(Base):
    """While it is not released, nothing of its case is deleted by a clock or a decision."""

    __tablename__ = "legal_hold"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    placed: Mapped[datetime]
    placed_by: Mapped[str] = mapped_column(String(100))
    released: Mapped[datetime | None]
    released_by: Mapped[str] = mapped_column(String(100), default="")
    __table_args__ = FOREVER


class DeletionCertificate(Base):
    """What one run deleted: `document` is canonical JSON, `sha256` its digest, which is in the
    custody log. `last_seq` is the log's number of the last deletion in it."""

    __tablename__ = "deletion_certificate"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(100))
    deletions: Mapped[int]
    first_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = FOREVER


class BreachClock(Base):
    """What a person said of article 33 GDPR in a case; Vigie starts none. `kind`: "breach" (72
    hours run from `aware`), "additional" (to one that was notified already, `notified_as`), or
    "controller" (a processor tells its controller, 33(2))."""

    __tablename__ = "breach_clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    aware: Mapped[datetime]
    started: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text)
    notified_as: Mapped[str] = mapped_column(String(100), default="")
    reported: Mapped[datetime | None]
    reported_by: Mapped[str] = mapped_column(String(100), default="")
    reference: Mapped[str] = mapped_column(String(200), default="")
    late_because: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = FOREVER


class CasePair(Base):
    """What a person decided on two cases that look like copies: "joined" or "apart". `grounds`
    are those that were shown then. The lower number stands first."""

    __tablename__ = "case_pair"
    first: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    second: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    decision: Mapped[str] = mapped_column(String(10))
    grounds: Mapped[list[Any]]
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(100))
