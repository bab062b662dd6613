"""What Kibana is told of the indices: names, the time field, what each field means."""

from __future__ import annotations

import json
from typing import Any

from index.elasticsearch_layout import Names
from index.kibana.parts import TIME

CORE_VERSION, DATA_VIEW_VERSION = "8.8.0", "8.0.0"
TITLES = {"alert": "Vigie: alerts", "hit": "Vigie: hits"}
MEANINGS = {
    "@timestamp": "When it was first seen (UTC)",
    "event.action": "The verdict",
    "event.duration": "How long an alert's address was seen up, in nanoseconds",
    "event.kind": "alert, or event for a hit that raises none",
    "rule.name": "The leak",
    "url.full": "Where it was seen, masked",
    "vigie.alert": "Number of the alert",
    "vigie.also": "Further addresses of the same post, masked",
    "vigie.bits": "Weight of the strongest record, in bits against chance",
    "vigie.candidates": "Records of which something was found",
    "vigie.case": "Number of the case",
    "vigie.chance": "Expected number of such finds in a text without the leak",
    "vigie.decided": "When an analyst decided (UTC)",
    "vigie.field": "Types of the fields found",
    "vigie.first_seen": "When it was first seen (UTC)",
    "vigie.found_after": "Seconds from posting to alert",
    "vigie.gone": "Since when the address answers that nothing is there (UTC)",
    "vigie.gone_after": "Time to removal: seconds from the first sight to vigie.gone",
    "vigie.host": "Host of the address",
    "vigie.id": "alert-12 or hit-12",
    "vigie.keys": "For Vigie's own search: field=value, folded",
    "vigie.kind": "alert or hit",
    "vigie.last_seen": "When it was last seen (UTC)",
    "vigie.leak": "The leak",
    "vigie.location": "The address, masked",
    "vigie.number": "Number of the alert or hit",
    "vigie.posted": "When it was posted, where the site says so (UTC)",
    "vigie.records": "Records recognised",
    "vigie.rendered": "Whether a browser fetched it",
    "vigie.source": "The watched source",
    "vigie.status": "open, confirmed or dismissed",
    "vigie.title": "Title of the post, masked",
    "vigie.verdict": "republication, fragment, same people, and so on, as the contract names them",
    "vigie.version": "Version of the alert",
    "vigie.words": "For Vigie's own search: words, folded",
}
SECONDS = ("vigie.found_after", "vigie.gone_after")


def data_view_id(names: Names, kind: str) -> str:
    """The id of a data view's object."""
    return f"{names.alias(kind)}-view"


def data_view(names: Names, kind: str) -> dict[str, Any]:
    """The data view over all documents of a kind, through the alias that readers use."""
    formats = {name: _duration("seconds") for name in SECONDS}
    formats["event.duration"] = _duration("nanoseconds")
    meanings = {name: {"customDescription": text} for name, text in MEANINGS.items()}
    return {
        "type": "index-pattern",
        "id": data_view_id(names, kind),
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": DATA_VIEW_VERSION,
        "managed": False,
        "attributes": {
            "title": names.alias(kind),
            "name": TITLES[kind],
            "timeFieldName": TIME,
            # Kibana keeps these as JSON within JSON.
            "fieldAttrs": json.dumps(meanings, sort_keys=True),
            "fieldFormatMap": json.dumps(formats, sort_keys=True),
            "fields": "[]",
            "runtimeFieldMap": "{}",
            "sourceFilters": "[]",
            "typeMeta": "{}",
        },
        "references": [],
    }


def _duration(unit: str) -> dict[str, Any]:
    return {
        "id": "duration",
        "params": {
            "inputFormat": unit, "outputFormat": "humanizePrecise", "outputPrecision": 1,
            "useShortSuffix": True,
        },
    }  # fmt: skip
