"""Data views and dashboards for Kibana, as saved objects that it imports (8.19 and later).

They are made for the configured names of the indices, so a cluster can hold several Vigies.
Format: Kibana's saved objects as NDJSON, one object a line, data views before what refers to
them. The versions named in each object are the oldest whose shape this is; Kibana brings them up
to its own at import, and refuses objects that are newer than itself.
"""

from __future__ import annotations

import json
from typing import Any

from index.elasticsearch_layout import Names
from index.kibana.dashboards import DASHBOARDS, dashboard
from index.kibana.data_views import data_view
from index.kibana.lens import lens

__all__ = ["ndjson", "saved_objects"]


def saved_objects(names: Names) -> list[dict[str, Any]]:
    """Every object, in an order in which each refers to earlier ones only."""
    found = [data_view(names, kind) for kind in ("alert", "hit")]
    for board in DASHBOARDS:
        found += [lens(names, board.kind, panel) for panel in board.panels]
        found.append(dashboard(names, board))
    return found


def ndjson(names: Names) -> str:
    """The file to import."""
    lines = (
        json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        for one in saved_objects(names)
    )
    return "".join(f"{line}\n" for line in lines)
