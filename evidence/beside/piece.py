"""One piece as its gatherer gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from index import chain


class NotPossible(Exception):
    """The piece cannot exist for this capture (an onion service has no DNS): no failure."""


class NotNeeded(Exception):
    """The capture has by itself what the piece would show."""


class Proposed(Exception):
    """A person is to decide; one sentence says on what."""


class NotHad(Exception):
    """The piece could not be had now; one sentence says why."""


class NotConfigured(NotHad):
    """Nobody said whom to ask: shown as failed, and not tried again."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a capture says of where it was taken. `host` stands readable in the record."""

    capture: int
    host: str
    port: int
    tls: bool
    peer: str
    proxied: bool
    account: bool
    rendered: bool
    fetched_at: datetime
    location: str = ""
    source: str = ""

    @property
    def is_onion(self) -> bool:
        """Whether it is reached through Tor alone."""
        return self.host.endswith(".onion")


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of a piece that was made; `sealed` is the name of its sealed original, `beside`
    what the same visit made, by kind."""

    body: bytes = field(repr=False)
    media_type: str = "application/json"
    sealed: str = ""
    beside: Mapping[str, Piece] = field(default_factory=dict, repr=False)


def as_json(told: Mapping[str, Any]) -> Piece:
    """A piece that is JSON, indented for people, keys in order."""
    text = json.dumps(dict(told), ensure_ascii=False, indent=2, sort_keys=True)
    return Piece(text.encode("utf-8", "replace") + b"\n")


def now() -> str:
    """The present time as pieces write it."""
    return chain.moment(datetime.now(UTC))
