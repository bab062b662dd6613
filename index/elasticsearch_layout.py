"""What Vigie keeps in Elasticsearch: names, mappings, roles.

Alerts, which change, lie in an index of their own: `vigie-alerts-G`. Hits, which never do, lie in
`vigie-hits-G-P`: G counts rebuilds, P is the hit's number divided by the size of a part. So a hit's
index follows from its number alone, and what is delivered again after a rollover meets itself.
Everybody reads and writes through aliases: `vigie-alerts`, `vigie-hits` (all parts, for reading)
and `vigie-hits-wP` (one part, for writing).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

PART = 10_000_000
DATE_FIELDS = ("first_seen", "last_seen", "posted", "decided", "gone")
KEYWORD_FIELDS = (
    "kind", "id", "leak", "source", "location", "also", "title", "verdict", "status", "field",
    "host", "keys",
)  # fmt: skip
LONG_FIELDS = ("number", "alert", "case", "records", "candidates", "version")
DOUBLE_FIELDS = ("bits", "found_after", "gone_after", "chance")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of indices and aliases that begin with `prefix`."""

    prefix: str = "vigie"
    part: int = PART

    def alias(self, kind: str) -> str:
        """What readers name."""
        return f"{self.prefix}-{kind}s"

    def write_alias(self, document_id: str) -> str:
        """What a writer of a document names."""
        kind, _, number = document_id.partition("-")
        if kind == "alert":
            return self.alias(kind)
        return f"{self.alias('hit')}-w{int(number) // self.part:06d}"

    def index(self, generation: int, document_id: str) -> str:
        """The index itself."""
        kind, _, number = document_id.partition("-")
        base = f"{self.alias(kind)}-{generation:06d}"
        return base if kind == "alert" else f"{base}-{int(number) // self.part:06d}"

    def aliases(self, index: str) -> dict[str, dict[str, Any]]:
        """Every alias an index has while it is in use."""
        found = re.search(r"-(\d{6})-(\d{6})$", index)
        if not found:
            return {self.alias("alert"): {}}
        return {self.alias("hit"): {}, f"{self.alias('hit')}-w{found[2]}": {}}

    def generation(self, index: str) -> int:
        """The rebuild an index was made by; 0 for a name that is not ours."""
        ours = rf"{re.escape(self.prefix)}-(?:alerts-(\d{{6}})|hits-(\d{{6}})-\d{{6}})"
        found = re.fullmatch(ours, index)
        return int(found[1] or found[2]) if found else 0

    @property
    def pattern(self) -> str:
        """All indices of ours."""
        return f"{self.prefix}-alerts-*,{self.prefix}-hits-*"


def _keyword() -> dict[str, Any]:
    return {"type": "keyword", "ignore_above": 8000}


def mappings() -> dict[str, Any]:
    """Every field there is; a document with another one is refused."""
    own: dict[str, Any] = {name: _keyword() for name in KEYWORD_FIELDS}
    own |= {name: {"type": "date"} for name in DATE_FIELDS}
    own |= {name: {"type": "long"} for name in LONG_FIELDS}
    own |= {name: {"type": "double"} for name in DOUBLE_FIELDS}
    # Split at spaces and nothing else: index.words did the rest.
    own |= {"words": {"type": "text", "analyzer": "whitespace", "norms": False}}
    own |= {"rendered": {"type": "boolean"}}
    event = {name: _keyword() for name in ("kind", "module", "dataset", "id", "action")}
    event |= {name: _keyword() for name in ("category", "type")}
    event |= {name: {"type": "date"} for name in ("start", "end", "created")}
    event |= {name: {"type": "long"} for name in ("duration", "sequence")}
    texts = {
        "ecs": ("version",),
        "rule": ("name", "category", "ruleset"),
        "url": ("full", "scheme", "domain", "path"),
        "related": ("hosts",),
    }
    return {
        "dynamic": "strict",
        "properties": {
            "@timestamp": {"type": "date"},
            "event": {"properties": event},
            "vigie": {"properties": own},
            **{
                group: {"properties": {name: _keyword() for name in names}}
                for group, names in texts.items()
            },
        },
    }


def templates(names: Names) -> tuple[dict[str, Any], dict[str, Any]]:
    """The component template's body, and the index template's that is composed of it."""
    settings = {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "1s",
        "max_result_window": 10_000,
    }
    component = {"template": {"settings": {"index": settings}, "mappings": mappings()}}
    index = {
        "index_patterns": names.pattern.split(","),
        "composed_of": [names.prefix],
        "priority": 500,
    }
    return component, index


def roles(names: Names) -> dict[str, dict[str, Any]]:
    """What each part of Vigie may do, and nothing else: the crawler's side creates hits; review
    reads, and keeps alerts up to date; rebuild manages our own indices. `reader` is for people
    in Kibana."""
    alerts, hits = (f"{names.alias(kind)}*" for kind in ("alert", "hit"))
    return {
        "crawler": {
            "cluster": ["monitor"],
            "indices": [{"names": [hits], "privileges": ["create_doc"]}],
        },
        "review": {
            "cluster": ["monitor"],
            "indices": [
                {"names": [hits], "privileges": ["read", "view_index_metadata", "maintenance"]},
                {
                    "names": [alerts],
                    "privileges": ["read", "index", "view_index_metadata", "maintenance"],
                },
            ],
        },
        "reader": {
            "cluster": [],
            "indices": [{"names": [alerts, hits], "privileges": ["read", "view_index_metadata"]}],
        },
        "rebuild": {
            "cluster": ["monitor"],
            "indices": [{"names": [alerts, hits], "privileges": ["manage", "read", "write"]}],
        },
    }
