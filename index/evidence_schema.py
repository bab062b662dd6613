"""The tables of evidence: the custody log and what hangs on it. docs/adr/0014-evidence.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from index.base import FOREVER, Base


class Act(Base):
    """Who did what, when: captures, views, decisions, exports, log-ins. Never content.

    An entry of the custody log; `index.custody.enter` alone writes it. `digest` is the salted
    digest of the content, `link` the chain up to here (index.chain). `erased`: the content was
    taken out by a recorded decision; digest and link stay, so the chain still verifies.
    """

    __tablename__ = "act"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(100), default="", index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    reason_salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    link: Mapped[bytes] = mapped_column(LargeBinary(32))
    erased: Mapped[datetime | None]
    __table_args__ = FOREVER


class CustodyHead(Base):
    """The custody log's last number and link: one row. `log` is its random id, 32 hex digits."""

    __tablename__ = "custody_head"
    log: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    link: Mapped[bytes] = mapped_column(LargeBinary(32))


class EvidenceItem(Base):
    """One piece of evidence that was made beside a capture: raw DNS answers, RDAP, clocks, the
    environment, a masked picture. `state`: "made", "failed", "not-possible", "not-needed",
    "proposed" (a person decides) or "deleted"; `error` says why in one sentence. `file` is
    relative to the evidence folder, its SHA-256 beside it; `sealed` is the original's
    file, as of captures."""

    __tablename__ = "evidence_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    capture: Mapped[int] = mapped_column(ForeignKey("capture.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    error: Mapped[str] = mapped_column(String(500), default="")
    attempts: Mapped[int] = mapped_column(default=1)
    media_type: Mapped[str] = mapped_column(String(100), default="")
    bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    file: Mapped[str] = mapped_column(String(300), default="")
    sealed: Mapped[str] = mapped_column(String(300), default="", server_default="")
    __table_args__ = (UniqueConstraint("capture", "kind"), FOREVER)


class TimeStamp(Base):
    """One request to a time-stamp authority (RFC 3161) and its raw reply. `subject` is what was
    stamped ("head:120" or "dossier:3"), `imprint` its digest. `state`: "stamped" only after two
    independent checks of the reply; "failed" with `error`, and asked again later."""

    __tablename__ = "time_stamp"
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(100), index=True)
    authority: Mapped[str] = mapped_column(String(100))
    algorithm: Mapped[str] = mapped_column(String(20))
    imprint: Mapped[bytes] = mapped_column(LargeBinary(64))
    asked: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    error: Mapped[str] = mapped_column(String(500), default="")
    request: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    reply: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    stamped_at: Mapped[datetime | None]
    good_until: Mapped[datetime | None]
    __table_args__ = FOREVER


class Dossier(Base):
    """One export of a case. `manifest_sha256` names exactly what was handed out."""

    __tablename__ = "dossier"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    edition: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(100))
    captures: Mapped[int]
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    __table_args__ = FOREVER


class Piece(Base):
    """The number that a thing has as a piece of its case ("Pièce n° 3"); never given again."""

    __tablename__ = "piece"
    case: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200))
    first_exported: Mapped[datetime]
    __table_args__ = (UniqueConstraint("case", "key"),)
