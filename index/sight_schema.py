"""Tables of knowing that a source is seen: canaries, notices, alerts looked at again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from index.base import FOREVER, Base


class Canary(Base):
    """A harmless post that must be found. `marker_key` is the keyed hash of its word or of its
    address (`kind`: "text" or "address"); the marker itself is not kept. `limit_s` is how long
    finding it may take, `missed_at` when that was last exceeded."""

    __tablename__ = "canary"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    marker_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    added: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(100))
    limit_s: Mapped[float]
    found_at: Mapped[datetime | None]
    last_seen: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("source", "marker_key"), FOREVER)


class SightNotice(Base):
    """A source stopped being seen ("blind") or is seen again ("seen"): told to the operator."""

    __tablename__ = "sight_notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(100), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    __table_args__ = FOREVER


class Revisit(Base):
    """The address of an alert that is open or confirmed, sealed, so that it can be asked for
    again. `outcome` is what came of it last: "there", "gone", or why it is not known."""

    __tablename__ = "revisit"
    alert: Mapped[int] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(100))
    location_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    sealed_address: Mapped[bytes]
    sealed_path: Mapped[bytes | None]
    due: Mapped[datetime]
    looked: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(40), default="")
    __table_args__ = (Index("ix_revisit_due", "source", "due"),)
