"""The tables of orders: terms, parties with service, block checks. docs/adr/0016-requests.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from index.base import FOREVER, Base


class CourtOrder(Base):
    """A decision. `runs_from`: "service" (on each party) or "decision"; `until` is a fixed end
    and goes before `months`. `names` are the hosts and addresses that it covers."""

    __tablename__ = "court_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    court: Mapped[str] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(100))
    decided: Mapped[datetime]
    measure: Mapped[str] = mapped_column(Text)
    names: Mapped[list[Any]]
    runs_from: Mapped[str] = mapped_column(String(20))
    months: Mapped[int | None]
    until: Mapped[datetime | None]
    document_sha256: Mapped[str] = mapped_column(String(64), default="")
    entered: Mapped[datetime]
    entered_by: Mapped[str] = mapped_column(String(100))
    __table_args__ = FOREVER


class OrderParty(Base):
    """One party that an order binds, and when it was served, with the proof's SHA-256."""

    __tablename__ = "order_party"
    order: Mapped[int] = mapped_column(ForeignKey("court_order.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    served: Mapped[datetime | None]
    proof_sha256: Mapped[str] = mapped_column(String(64), default="")


class BlockCheck(Base):
    """What one party's resolver and the control answered for one name. `state`: "blocked",
    "partly", "not-blocked" or "not-told"; `how` is what the answers looked like; `answers` are
    raw: the wire's bytes beside the reading."""

    __tablename__ = "block_check"
    id: Mapped[int] = mapped_column(primary_key=True)
    order: Mapped[int] = mapped_column(ForeignKey("court_order.id"), index=True)
    party: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
    resolver: Mapped[str] = mapped_column(String(100))
    control: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    how: Mapped[str] = mapped_column(String(200))
    answers: Mapped[dict[str, Any]]
    __table_args__ = FOREVER
