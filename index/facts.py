"""What a crawl hands to the recorder, and what it gets back. All text is masked already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from index.views import AlertView
from matching.result import ScanResult


@dataclass(frozen=True, slots=True)
class Fence:
    """The lease a crawl writes under, and the crawl's row."""

    source: str
    token: int
    crawl: int | None = None


@dataclass(frozen=True, slots=True)
class PageFacts:
    """The connection facts of one fetched document; none of its content. `connection` is
    capture.exchange's: port, TLS, certificates, allow-listed headers."""

    status: int
    fetched_at: datetime
    bytes: int
    sha256: str
    content_type: str = ""
    charset: str = ""
    peer: str = ""
    rendered: bool = False
    connection: Mapping[str, Any] = field(default_factory=dict)
    handed_in: HandedIn | None = None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A document that a person handed in: who, and where it is from in that person's words."""

    who: str
    origin: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one leak's scan said of a post, with masked snippets as JSON.

    `seen` belongs to the first of the result's matches: for each, what stood in the text for
    each of its fields, masked.
    """

    leak: str
    result: ScanResult
    snippets: tuple[dict[str, Any], ...] = ()
    seen: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """What is asked for to see whether a post is still there: its thread or its own address, and
    the way to it, sealed under the record key."""

    location_key: bytes
    sealed_address: bytes
    sealed_path: bytes | None = None


@dataclass(frozen=True, slots=True)
class KeptPost:
    """A post that matched. All text is masked; keys are the vault's, 16 bytes each.
    `commitments` are capture.commitments': a root and leaves, no value.

    `via` is "" for a direct connection, "socks5" for one through a proxy.
    """

    location_key: bytes
    content_key: bytes
    location: str
    findings: tuple[Finding, ...]
    also_keys: tuple[bytes, ...] = ()
    thread_key: bytes | None = None
    also: tuple[str, ...] = ()
    title: str = ""
    path: tuple[str, ...] = ()
    posted_at: datetime | None = None
    sealed: str = ""
    via: str = ""
    commitments: Mapping[str, Any] = field(default_factory=dict)
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a page changed: alerts that are new, alerts that grew, whether each post (in the
    order given) led to a new capture, and how many threads were ordered to be fetched whole."""

    new: tuple[AlertView, ...] = ()
    grown: tuple[AlertView, ...] = ()
    captured: tuple[bool, ...] = ()
    ordered: int = 0
