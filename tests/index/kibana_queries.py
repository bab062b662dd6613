"""What Kibana asks Elasticsearch for a Lens panel, worked out here from the saved object alone.

Kibana itself cannot run in the tests. This follows what its documentation says of each operation:
a column that divides is an aggregation around those behind it, a column that counts stands in the
innermost one, KQL becomes queries in filter context. "auto" spans are days here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

CLAUSE = re.compile(r'(?P<no>not )?(?P<field>[\w.@]+) : (?:"(?P<value>[^"]*)"|(?P<any>\*))')


def columns(lens: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The columns of a panel's only layer, in their order."""
    (layer,) = lens["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    return {name: layer["columns"][name] for name in layer["columnOrder"]}


def kql(text: str) -> dict[str, Any]:
    """One clause of KQL, or none; a clause of another kind is an error."""
    if not text:
        return {"match_all": {}}
    found = CLAUSE.fullmatch(text)
    assert found, f"the test cannot read this KQL: {text}"
    field = found["field"]
    query: dict[str, Any] = (
        {"exists": {"field": field}} if found["any"] else {"match_phrase": {field: found["value"]}}
    )
    return {"bool": {"must_not": [query]}} if found["no"] else query


def kql_field(text: str) -> str:
    """The field a clause is about; "" for none."""
    found = CLAUSE.fullmatch(text)
    return found["field"] if found else ""


def request(lens: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the search."""
    parts = list(columns(lens).items())
    inner = {name: _metric(one) for name, one in parts if not one["isBucketed"]}
    for name, one in reversed([part for part in parts if part[1]["isBucketed"]]):
        inner = {name: _dividing(one) | {"aggs": inner}}
    state = lens["attributes"]["state"]
    assert state["query"]["language"] == "kuery"
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"filter": [kql(state["query"]["query"])]}},
        "aggs": inner,
    }


def rows(lens: Mapping[str, Any], answer: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The answer as a table: one row for each bucket that holds documents."""
    parts = list(columns(lens).items())
    dividing = [name for name, one in parts if one["isBucketed"]]
    numbers = [(name, one) for name, one in parts if not one["isBucketed"]]
    top = {"doc_count": answer["hits"]["total"]["value"], **answer["aggregations"]}
    return list(_rows(top, dividing, numbers))


def _rows(
    found: Mapping[str, Any], dividing: list[str], numbers: list[tuple[str, dict[str, Any]]]
) -> Iterator[tuple[Any, ...]]:
    if dividing:
        for bucket in found[dividing[0]]["buckets"]:
            for row in _rows(bucket, dividing[1:], numbers):
                yield (_key(bucket), *row)
    elif found["doc_count"]:
        yield tuple(_number(found[name], one) for name, one in numbers)


def _key(bucket: Mapping[str, Any]) -> Any:
    if "key_as_string" in bucket:
        return datetime.fromtimestamp(bucket["key"] / 1000, UTC).date().isoformat()
    return bucket["key"]


def _metric(column: Mapping[str, Any]) -> dict[str, Any]:
    field, params = column["sourceField"], column["params"]
    made: dict[str, Any]
    match column["operationType"]:
        case "count":
            assert field == "___records___"
            return {"filter": kql(column.get("filter", {}).get("query", ""))}
        case "median":
            made = {"percentiles": {"field": field, "percents": [50]}}
        case "percentile":
            made = {"percentiles": {"field": field, "percents": [params["percentile"]]}}
        case other:
            raise AssertionError(f"the test cannot ask for {other}")
    assert "filter" not in column
    return made


def _dividing(column: Mapping[str, Any]) -> dict[str, Any]:
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        assert params["interval"] == "auto"
        return {"date_histogram": {"field": field, "calendar_interval": "day"}}
    assert column["operationType"] == "terms"
    # Every metric that things are ordered by is a count of documents.
    assert params["orderBy"]["type"] == "column"
    return {
        "terms": {
            "field": field, "size": params["size"], "order": {"_count": params["orderDirection"]},
        }
    }  # fmt: skip


def _number(found: Mapping[str, Any], column: Mapping[str, Any]) -> Any:
    if column["operationType"] == "count":
        return found["doc_count"]
    (value,) = found["values"].values()
    return value
