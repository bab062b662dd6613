"""The dashboards, and how Kibana keeps one."""

from __future__ import annotations

import json
from typing import Any

from index.elasticsearch_layout import Names
from index.kibana.lens import CORE_VERSION, lens_id
from index.kibana.parts import Dashboard, Metric, OverTime, Panel, Values

DASHBOARD_VERSION = "8.9.0"
COLUMNS = 48
GONE, UP = "vigie.gone : *", "not vigie.gone : *"
ALERTS, HITS = Metric("count", "Alerts"), Metric("count", "Hits")
VERDICT = Values("verdict", "Verdict", "vigie.verdict")
STATUS = Values("status", "Status", "vigie.status")
FIELD = Values("field", "Field", "vigie.field", size=20)
SOURCE = Values("source", "Source", "vigie.source", size=20)
FOUND = Metric("found", "Post to alert", "median", "vigie.found_after")
REMOVAL = Metric("removal", "Time to removal", "median", "vigie.gone_after")

ALERT_BOARD = Dashboard(
    "alerts",
    "alert",
    "Vigie: alerts",
    "Where pieces of the leak came up, which fields they show, and how long they stay.",
    (
        Panel("open", "Open alerts", "Alerts nobody decided on yet.", "number", (ALERTS,),
              only='vigie.status : "open"', w=12, h=7),
        Panel("up", "Still up", "Alerts whose address was not found empty.", "number", (ALERTS,),
              only=UP, w=12, h=7),
        Panel("found-after", "Median time from post to alert",
              "Where the site says when a post was made.", "number", (FOUND,), w=12, h=7),
        Panel("gone-after", "Median time to removal",
              "From the first sight to the first time the address answered 404 or 410.", "number",
              (REMOVAL,), w=12, h=7),
        Panel("over-time", "Alerts over time", "By the time they were first seen, and verdict.",
              "bars", (ALERTS,), OverTime("time", "First seen"), VERDICT, w=48),
        Panel("sources", "Sources", "Alerts by watched source and status.", "rows", (ALERTS,),
              SOURCE, STATUS),
        Panel("fields", "Fields affected", "Alerts that show each type of field.", "rows",
              (ALERTS,), FIELD),
        Panel("removal-over-time", "Time to removal",
              "Median and slowest tenth, by the time of first sight; seconds.", "lines",
              (REMOVAL, Metric("slow", "90 % are removed within", "percentile",
                               "vigie.gone_after", percentile=90)),
              OverTime("time", "First seen"), only=GONE),
        Panel("hosts", "Removal by host", "Which hosts act, and how fast.", "table",
              (ALERTS, Metric("gone", "Gone", only=GONE), REMOVAL, FOUND),
              Values("host", "Host", "vigie.host", size=50)),
    ),
)  # fmt: skip
HIT_BOARD = Dashboard(
    "hits",
    "hit",
    "Vigie: hits",
    "Every find, those that raised no alert among them.",
    (
        Panel("hits-over-time", "Hits over time", "By verdict.", "bars", (HITS,),
              OverTime("time", "Seen"), VERDICT, w=48),
        Panel("hits-sources", "Hits by source", "By source and verdict.", "rows", (HITS,), SOURCE,
              VERDICT),
        Panel("hits-fields", "Fields in hits", "Hits that show each type of field.", "rows",
              (HITS,), FIELD),
    ),
)  # fmt: skip
DASHBOARDS = (ALERT_BOARD, HIT_BOARD)


def dashboard(names: Names, board: Dashboard) -> dict[str, Any]:
    """The object of a dashboard; its panels are objects of their own."""
    panels, references = [], []
    for panel, (x, y) in zip(board.panels, _places(board.panels), strict=True):
        panels.append(
            {
                "type": "lens",
                "panelIndex": panel.id,
                "panelRefName": f"panel_{panel.id}",
                "gridData": {"x": x, "y": y, "w": panel.w, "h": panel.h, "i": panel.id},
                "title": panel.title,
                "embeddableConfig": {"enhancements": {}},
            }
        )
        # Kibana finds a panel's own references by this prefix.
        references.append(
            {
                "type": "lens",
                "id": lens_id(names, panel),
                "name": f"{panel.id}:panel_{panel.id}",
            }
        )
    query = {"query": {"query": "", "language": "kuery"}, "filter": []}
    return {
        "type": "dashboard",
        "id": f"{names.prefix}-dashboard-{board.id}",
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": DASHBOARD_VERSION,
        "managed": False,
        "attributes": {
            "title": board.title,
            "description": board.description,
            "timeRestore": True,
            "timeFrom": "now-90d",
            "timeTo": "now",
            "refreshInterval": {"pause": True, "value": 60_000},
            # Kibana keeps these as JSON within JSON.
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(query)},
            "optionsJSON": json.dumps({"useMargins": True, "hidePanelTitles": False}),
            "panelsJSON": json.dumps(panels, sort_keys=True),
        },
        "references": references,
    }


def _places(panels: tuple[Panel, ...]) -> list[tuple[int, int]]:
    """Where each panel lies: beside the one before, or below when the row is full."""
    found, x, y, tallest = [], 0, 0, 0
    for panel in panels:
        if x + panel.w > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        found.append((x, y))
        x, tallest = x + panel.w, max(tallest, panel.h)
    return found
