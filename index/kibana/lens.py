"""A panel as Kibana's saved object of type "lens"."""

from __future__ import annotations

from typing import Any

from index.elasticsearch_layout import Names
from index.kibana.data_views import data_view_id
from index.kibana.parts import Metric, OverTime, Panel, Values

# The oldest versions of Kibana whose saved objects have this shape.
CORE_VERSION, LENS_VERSION = "8.8.0", "8.9.0"
LAYER = "panel"
SERIES = {"bars": "bar_stacked", "rows": "bar_horizontal_stacked", "lines": "line"}
# How Lens names the count of documents, which has no field.
RECORDS = "___records___"


def lens_id(names: Names, panel: Panel) -> str:
    """The id of a panel's object."""
    return f"{names.prefix}-lens-{panel.id}"


def lens(names: Names, kind: str, panel: Panel) -> dict[str, Any]:
    """The object of a panel."""
    visualization = {"number": _number, "table": _table}.get(panel.chart, _xy)(panel)
    columns = _columns(panel)
    layer = {"columns": columns, "columnOrder": list(columns), "incompleteColumns": {}}
    return {
        "type": "lens",
        "id": lens_id(names, panel),
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": LENS_VERSION,
        "managed": False,
        "attributes": {
            "title": f"Vigie: {panel.title}",
            "description": panel.description,
            "visualizationType": {"number": "lnsMetric", "table": "lnsDatatable"}.get(
                panel.chart, "lnsXY"
            ),
            "state": {
                "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
                "visualization": visualization,
                "query": {"query": panel.only, "language": "kuery"},
                "filters": [],
                "internalReferences": [],
                "adHocDataViews": {},
            },
        },
        "references": [
            {
                "type": "index-pattern",
                "id": data_view_id(names, kind),
                "name": f"indexpattern-datasource-layer-{LAYER}",
            }
        ],
    }


def _columns(panel: Panel) -> dict[str, dict[str, Any]]:
    """Columns by id, those that divide before those that count, outermost first: what a chart is
    split by is chosen once for all spans of time, and anew for each value on an axis."""
    parts = (panel.split, panel.by) if isinstance(panel.by, OverTime) else (panel.by, panel.split)
    dividing = [one for one in parts if one is not None]
    found = {one.id: _dividing(one, panel.metrics[0].id) for one in dividing}
    return found | {metric.id: _metric(metric) for metric in panel.metrics}


def _dividing(part: OverTime | Values, metric: str) -> dict[str, Any]:
    base = {
        "label": part.label, "customLabel": True, "isBucketed": True, "sourceField": part.field,
    }  # fmt: skip
    if isinstance(part, OverTime):
        params: dict[str, Any] = {
            "interval": "auto", "includeEmptyRows": True, "dropPartials": False,
        }  # fmt: skip
        return base | {
            "operationType": "date_histogram", "dataType": "date", "scale": "interval",
            "params": params,
        }  # fmt: skip
    params = {
        "size": part.size,
        "orderBy": {"type": "column", "columnId": metric},
        "orderDirection": "desc",
        "otherBucket": False,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
    }
    return base | {
        "operationType": "terms", "dataType": "string", "scale": "ordinal", "params": params,
    }  # fmt: skip


def _metric(metric: Metric) -> dict[str, Any]:
    params: dict[str, Any] = {"emptyAsNull": metric.operation != "count"}
    if metric.operation == "percentile":
        params["percentile"] = metric.percentile
    found: dict[str, Any] = {
        "label": metric.label, "customLabel": True, "isBucketed": False, "scale": "ratio",
        "dataType": "number", "operationType": metric.operation,
        "sourceField": metric.field or RECORDS, "params": params,
    }  # fmt: skip
    if metric.only:
        found["filter"] = {"query": metric.only, "language": "kuery"}
    return found


def _number(panel: Panel) -> dict[str, Any]:
    return {"layerId": LAYER, "layerType": "data", "metricAccessor": panel.metrics[0].id}


def _table(panel: Panel) -> dict[str, Any]:
    columns = [{"columnId": name, "isTransposed": False} for name in _columns(panel)]
    return {"layerId": LAYER, "layerType": "data", "columns": columns}


def _xy(panel: Panel) -> dict[str, Any]:
    series = SERIES[panel.chart]
    layer: dict[str, Any] = {
        "layerId": LAYER, "layerType": "data", "seriesType": series,
        "accessors": [metric.id for metric in panel.metrics],
    }  # fmt: skip
    if panel.by is not None:
        layer["xAccessor"] = panel.by.id
    if panel.split is not None:
        layer["splitAccessor"] = panel.split.id
    several = panel.split is not None or len(panel.metrics) > 1
    return {
        "legend": {"isVisible": several, "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "preferredSeriesType": series,
        "layers": [layer],
    }
