"""How long copies stayed up: per case and host, from the first sight and from the first notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from evidence.requests.register import RequestView
from index.views import AlertView, stamp


@dataclass(frozen=True, slots=True)
class Removal:
    """The copies of a case at one host. `gone` is when the last of them was gone, None while one
    is up; `asked` is when the first request about one of its addresses was sent."""

    host: str
    copies: int
    up: int
    first_seen: datetime
    asked: datetime | None
    gone: datetime | None

    @property
    def from_sight(self) -> timedelta | None:
        """From the first sight of a copy to the last one gone."""
        return self.gone - self.first_seen if self.gone else None

    @property
    def from_request(self) -> timedelta | None:
        """From the first request to the last copy gone; None where one is missing, or where the
        copies had gone before anyone asked."""
        if self.gone is None or self.asked is None or self.gone < self.asked:
            return None
        return self.gone - self.asked

    def to_json(self) -> dict[str, Any]:
        """For `vigie case show --json`."""
        return {
            "host": self.host, "copies": self.copies, "up": self.up,
            "first_seen": stamp(self.first_seen), "asked": stamp(self.asked),
            "gone": stamp(self.gone), "from_sight_s": _seconds(self.from_sight),
            "from_request_s": _seconds(self.from_request),
        }  # fmt: skip


def removals(alerts: Sequence[AlertView], requests: Sequence[RequestView]) -> tuple[Removal, ...]:
    """One a host, in the order of their first copy. An alert that was dismissed is no copy."""
    hosts: dict[str, list[AlertView]] = {}
    for alert in sorted(alerts, key=lambda one: (one.first_seen, one.id)):
        if alert.status != "dismissed":
            hosts.setdefault(host_of(alert.location), []).append(alert)
    return tuple(_removal(host, found, requests) for host, found in hosts.items())


def host_of(location: str) -> str:
    """The host of a masked address; it is never masked itself."""
    try:
        return (urlsplit(location).hostname or location).lower()
    except ValueError:
        return location


def _removal(host: str, alerts: Sequence[AlertView], requests: Sequence[RequestView]) -> Removal:
    up = sum(alert.gone_at is None for alert in alerts)
    asked = min(
        (one.row.sent for one in requests
         if one.row.sent is not None and any(host_of(str(a)) == host for a in one.row.addresses)),
        default=None,
    )  # fmt: skip
    gone = [alert.gone_at for alert in alerts if alert.gone_at is not None]
    return Removal(
        host, len(alerts), up, alerts[0].first_seen, asked, None if up else max(gone, default=None)
    )


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 3)
