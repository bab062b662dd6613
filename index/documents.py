"""What the search index holds of hits and alerts: ECS 8 documents, the same in both indexes.

Masked text, names of leaks and sources, counts, field types and times; nothing else goes in. In
particular no hash of a page's bytes (a page with one short value could be found from it), no row
number, no bits of a single record, and not what an analyst writes as a reason.
Fields of our own lie under `vigie`; docs/elasticsearch.md lists them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from index import words
from index.schema import Alert, Capture, Hit
from index.views import stamp
from matching.result import Verdict

ECS_VERSION = "8.17.0"
# Fields whose values are counted, and asked for by name.
FACETS = ("leak", "source", "verdict", "status", "field", "host")
SORTS = ("first_seen", "last_seen", "records", "bits", "number")
KINDS = ("alert", "hit")
LONGEST_KEYWORD = 1000


def alert_document(alert: Alert) -> dict[str, Any]:
    """An alert as it is now, with its triage state."""
    own = {
        "kind": "alert",
        "id": f"alert-{alert.id}",
        "number": alert.id,
        "alert": alert.id,
        "case": alert.case,
        "leak": alert.leak,
        "source": alert.source,
        "location": alert.location,
        "also": list(alert.also),
        "title": alert.title,
        "verdict": alert.verdict,
        "status": alert.status,
        "field": list(alert.fields),
        "records": alert.records,
        "bits": round(alert.bits, 1),
        "first_seen": stamp(alert.first_seen),
        "last_seen": stamp(alert.last_seen),
        "posted": stamp(alert.posted_at),
        "found_after": _rounded(alert.found_after_s),
        "gone": stamp(alert.gone_at),
        "gone_after": _gone_after(alert),
        "decided": stamp(alert.decided_at),
        "version": alert.version,
    }
    event = {
        "kind": "alert",
        "action": alert.verdict,
        "start": stamp(alert.first_seen),
        "end": stamp(alert.last_seen),
        # ECS counts in nanoseconds: how long the repost has been seen up.
        "duration": (alert.last_seen - alert.first_seen) // timedelta(microseconds=1) * 1000,
    }
    return _document(own, event, stamp(alert.first_seen))


def hit_document(hit: Hit, capture: Capture) -> dict[str, Any]:
    """A hit; it never changes: an alert that a person made of a quiet one is told by the alert."""
    raises = Verdict(hit.verdict).raises_alert
    created = stamp(hit.created)
    own = {
        "kind": "hit",
        "id": f"hit-{hit.id}",
        "number": hit.id,
        "alert": hit.alert if raises else None,
        "leak": hit.leak,
        "source": capture.source,
        "location": capture.location,
        "title": capture.title,
        "verdict": hit.verdict,
        "field": sorted({name for match in hit.matches for name in match["fields"]}),
        "records": hit.records,
        "candidates": hit.candidates,
        "chance": hit.chance,
        "bits": round(max((match["bits"] for match in hit.matches), default=0.0), 1),
        "first_seen": created,
        "last_seen": created,
        "posted": stamp(capture.posted_at),
        "rendered": capture.rendered,
    }
    event = {
        "kind": "alert" if raises else "event",
        "action": hit.verdict,
        "created": created,
    }
    return _document(own, event, created)


def _document(own: dict[str, Any], event: dict[str, Any], at: str | None) -> dict[str, Any]:
    url = _url(own["location"])
    own["host"] = url.get("domain")
    own = {name: value for name, value in own.items() if value is not None}
    own["keys"] = keys(own)
    own["words"] = words.join(
        [own.get("title", ""), own["location"], *own.get("also", ()), own["source"], own["leak"]]
    )
    found = {
        "@timestamp": at,
        "ecs": {"version": ECS_VERSION},
        "event": {
            "module": "vigie",
            "dataset": f"vigie.{own['kind']}",
            "id": own["id"],
            "category": ["threat"],
            "type": ["indicator"],
            **event,
        },
        "rule": {"name": own["leak"], "category": own["verdict"], "ruleset": "vigie"},
        "url": url,
        "vigie": own,
    }
    if url.get("domain"):
        found["related"] = {"hosts": [url["domain"]]}
    return found


def keys(own: Mapping[str, Any]) -> list[str]:
    """What field:value asks for: "name=value", folded, for every keyword field."""
    found = [f"id={words.fold(own['id'])}"]
    found += [f"{name}={words.fold(value)}" for name, value in facet_values(own)]
    return sorted(set(found))


def facet_values(own: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (field, value) pairs of a document's own part, values as they are shown."""
    found: list[tuple[str, str]] = []
    for name in FACETS:
        value = own.get(name)
        if isinstance(value, list):
            found += [(name, str(item)) for item in dict.fromkeys(value)]
        elif value is not None:
            found.append((name, str(value)))
    return found


def _url(location: str) -> dict[str, str]:
    found = {"full": location[:LONGEST_KEYWORD]}
    try:
        parts = urlsplit(location)
        host = parts.hostname or ""
    except ValueError:
        return found
    if parts.scheme:
        found["scheme"] = parts.scheme
    if host:
        found["domain"] = host
    if parts.path:
        found["path"] = parts.path[:LONGEST_KEYWORD]
    return found


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _gone_after(alert: Alert) -> float | None:
    """Seconds from the first sight of a repost to its removal, as far as Vigie saw both."""
    if alert.gone_at is None:
        return None
    return round((alert.gone_at - alert.first_seen).total_seconds(), 3)


def canonical(body: Mapping[str, Any]) -> str:
    """The one way a document is written as JSON: in ASCII, so that half a character out of a
    hostile page (a lone surrogate) stays an escape and stops no delivery."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


class Digest:
    """A digest of a set of documents, whatever their order. `event.sequence`, which the index
    keeps to tell a newer state from an older one, does not count."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, document_id: str, body: Mapping[str, Any]) -> None:
        """One more document."""
        event = body.get("event")
        if isinstance(event, dict) and "sequence" in event:
            plain = {name: value for name, value in event.items() if name != "sequence"}
            body = {**body, "event": plain}
        self.add_text(document_id, canonical(body))

    def add_text(self, document_id: str, text: str) -> None:
        """One more document, as `canonical` writes it and without a sequence."""
        one = hashlib.sha256(f"{document_id}\0{text}".encode()).digest()
        self._sum = (self._sum + int.from_bytes(one)) % (1 << 256)
        self.count += 1

    def add_all(self, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Many more."""
        for document_id, body in documents:
            self.add(document_id, body)

    @property
    def value(self) -> str:
        """64 hexadecimal digits."""
        return f"{self._sum:064x}"
