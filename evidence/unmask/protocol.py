"""What goes over the socket: one JSON object each way, a line each, and then it is over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MAX_REQUEST = 8 * 1024
MAX_ANSWER = 256 * 1024
MAX_REASON, MIN_REASON = 500, 8
# Why nothing is shown. The words for people are the review application's.
REFUSALS = (
    "off", "not-allowed", "reason", "not-found", "decided", "gone", "not-there", "damaged",
    "too-many", "busy", "away", "wrong",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which record: the row of the leak in one hit, for whoever holds the session, and why."""

    session: str = field(repr=False)
    hit: int
    row: int
    reason: str = field(repr=False)

    def line(self) -> bytes:
        """As it is sent."""
        told = {"session": self.session, "hit": self.hit, "row": self.row, "reason": self.reason}
        return json.dumps(told, ensure_ascii=True).encode("ascii") + b"\n"

    @classmethod
    def read(cls, untrusted_line: bytes) -> Wanted:
        """Of a line; raises ValueError."""
        told = json.loads(untrusted_line)
        if not isinstance(told, dict) or set(told) != {"session", "hit", "row", "reason"}:
            raise ValueError("not a request")
        session, hit, row, reason = (told[name] for name in ("session", "hit", "row", "reason"))
        texts = isinstance(session, str) and isinstance(reason, str)
        if not texts or not all(type(one) is int and 0 <= one < 2**62 for one in (hit, row)):
            raise ValueError("not a request")
        return cls(session, hit, row, reason.encode("utf-8", "replace").decode()[: MAX_REASON + 1])


@dataclass(frozen=True, slots=True)
class Shown:
    """What was opened: the fields of one record as they stood there. Never logged, never kept.
    `why_not` is one of REFUSALS, "" when it was opened."""

    why_not: str = ""
    seen: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    at: datetime | None = None

    def line(self) -> bytes:
        """As it is sent."""
        told: dict[str, Any] = {"why_not": self.why_not}
        if not self.why_not:
            told["seen"] = [list(pair) for pair in self.seen]
            told["at"] = self.at.isoformat() if self.at else ""
        return json.dumps(told, ensure_ascii=True).encode("ascii") + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Shown:
        """Of a line; raises ValueError."""
        told = json.loads(line)
        why_not = told.get("why_not") if isinstance(told, dict) else None
        if not isinstance(why_not, str) or (why_not and why_not not in REFUSALS):
            raise ValueError("not an answer")
        if why_not:
            return cls(why_not)
        seen = tuple((str(name), str(text)) for name, text in told["seen"])
        return cls("", seen, datetime.fromisoformat(told["at"]))
