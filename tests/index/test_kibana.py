"""Dashboards: their objects hold together, name fields that exist, and say what is there."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names, mappings
from index.elasticsearch_rebuild import set_up
from index.kibana import ndjson, saved_objects
from tests.elasticsearch_node.node import Node
from tests.index import kibana_queries as kibana
from tests.index.search_documents import BEGAN, alert, hit
from vigie.cli import build

NAMES = Names()
# Kibana's schema of a dashboard refuses what it does not know.
DASHBOARD_ATTRIBUTES = {
    "title", "description", "kibanaSavedObjectMeta", "timeRestore", "timeFrom", "timeTo",
    "refreshInterval", "controlGroupInput", "panelsJSON", "optionsJSON", "hits", "version",
}  # fmt: skip
FITTING = {
    "terms": {"keyword"},
    "date_histogram": {"date"},
    "median": {"double", "long"},
    "percentile": {"double", "long"},
}


def objects(kind: str, names: Names = NAMES) -> list[dict[str, Any]]:
    return [one for one in saved_objects(names) if one["type"] == kind]


def panel(name: str, names: Names = NAMES) -> dict[str, Any]:
    (found,) = (one for one in objects("lens", names) if one["id"].endswith(f"-lens-{name}"))
    return found


def mapped() -> dict[str, str]:
    """Every field of the mapping and its type."""
    found: dict[str, str] = {}

    def walk(properties: dict[str, Any], prefix: str) -> None:
        for name, one in properties.items():
            if "properties" in one:
                walk(one["properties"], f"{prefix}{name}.")
            else:
                found[prefix + name] = one["type"]

    walk(mappings()["properties"], "")
    return found


def test_each_object_refers_to_earlier_ones_and_is_named_once() -> None:
    known: set[tuple[str, str]] = set()
    for one in saved_objects(NAMES):
        assert {(ref["type"], ref["id"]) for ref in one["references"]} <= known
        assert (one["type"], one["id"]) not in known
        known.add((one["type"], one["id"]))
        assert set(one) == {
            "type", "id", "attributes", "references", "managed", "coreMigrationVersion",
            "typeMigrationVersion",
        }  # fmt: skip
        for version in (one["coreMigrationVersion"], one["typeMigrationVersion"]):
            major, minor, _ = map(int, version.split("."))
            assert (major, minor) <= (8, 19)
    lines = ndjson(NAMES).splitlines()
    assert [json.loads(line) for line in lines] == saved_objects(NAMES)


@pytest.mark.parametrize("board", objects("dashboard"), ids=lambda one: str(one["id"]))
def test_a_dashboard_finds_its_panels_and_none_covers_another(board: dict[str, Any]) -> None:
    attributes = board["attributes"]
    assert set(attributes) <= DASHBOARD_ATTRIBUTES
    json.loads(attributes["optionsJSON"])
    json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    panels = json.loads(attributes["panelsJSON"])
    names = {ref["name"]: ref for ref in board["references"]}
    wanted = {f"{one['panelIndex']}:{one['panelRefName']}" for one in panels}
    assert set(names) == wanted
    assert len(wanted) == len(panels)
    covered: set[tuple[int, int]] = set()
    for one in panels:
        grid = one["gridData"]
        assert grid["i"] == one["panelIndex"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert max(x for x, _ in cells) < 48
        assert not cells & covered
        covered |= cells


@pytest.mark.parametrize("lens", objects("lens"), ids=lambda one: str(one["id"]))
def test_a_panel_shows_the_columns_it_has(lens: dict[str, Any]) -> None:
    state = lens["attributes"]["state"]
    ((layer, inside),) = state["datasourceStates"]["formBased"]["layers"].items()
    assert sorted(inside["columnOrder"]) == sorted(inside["columns"])
    assert [ref["name"] for ref in lens["references"]] == [f"indexpattern-datasource-layer-{layer}"]
    shown = state["visualization"]
    used: list[str]
    match lens["attributes"]["visualizationType"]:
        case "lnsMetric":
            assert shown["layerId"] == layer
            used = [shown["metricAccessor"]]
        case "lnsDatatable":
            assert shown["layerId"] == layer
            used = [one["columnId"] for one in shown["columns"]]
        case "lnsXY":
            (drawn,) = shown["layers"]
            assert drawn["layerId"] == layer
            divided = [drawn.get("splitAccessor"), drawn["xAccessor"]]
            used = [one for one in divided if one] + drawn["accessors"]
        case other:
            raise AssertionError(other)
    assert sorted(used) == sorted(inside["columns"])
    for column in inside["columns"].values():
        by = column["params"].get("orderBy", {}).get("columnId")
        assert by is None or inside["columns"][by]["operationType"] == "count"


def test_every_field_of_a_panel_is_mapped_with_a_fitting_type() -> None:
    types = mapped()
    for lens in objects("lens"):
        clauses = [lens["attributes"]["state"]["query"]["query"]]
        for column in kibana.columns(lens).values():
            clauses.append(column.get("filter", {}).get("query", ""))
            if column["operationType"] != "count":
                assert types[column["sourceField"]] in FITTING[column["operationType"]]
        for clause in filter(None, clauses):
            assert kibana.kql_field(clause) in types


def test_every_field_is_explained_in_kibana_and_in_the_documentation() -> None:
    types = mapped()
    documentation = Path("docs/elasticsearch.md").read_text(encoding="utf-8")
    # `event.kind` as it is, `vigie.leak` in the table of that name.
    named = set(re.findall(r"`([\w.@]+)`", documentation))
    for name in types:
        assert name in named or name.removeprefix("vigie.") in named, name
    for view in objects("index-pattern"):
        attributes = view["attributes"]
        explained = json.loads(attributes["fieldAttrs"])
        assert set(explained) <= set(types)
        assert {name for name in types if name.startswith("vigie.")} <= set(explained)
        assert set(json.loads(attributes["fieldFormatMap"])) <= set(types)
        assert types[attributes["timeFieldName"]] == "date"


def test_the_command_writes_them_for_the_configured_names(tmp_path: Path) -> None:
    config, file = tmp_path / "vigie.toml", tmp_path / "vigie.ndjson"
    config.write_text('[elasticsearch]\nurl = "https://es:9200"\nprefix = "soc_vigie"\n')
    command = ["index", "kibana", "--config", str(config), "-o"]
    done = CliRunner().invoke(build(), [*command, str(file)])
    assert done.exit_code == 0, done.output
    assert file.read_text(encoding="utf-8") == ndjson(Names("soc_vigie"))
    titles = {one["attributes"]["title"] for one in objects("index-pattern", Names("soc_vigie"))}
    assert titles == {"soc_vigie-alerts", "soc_vigie-hits"}
    done = CliRunner().invoke(build(), [*command, str(tmp_path / "nowhere" / "file")])
    assert done.exit_code == 4
    assert "cannot be written" in done.output
    config.write_text("")
    done = CliRunner().invoke(build(), [*command, "-"])
    assert done.exit_code == 2
    assert "no [elasticsearch]" in done.output


@pytest.fixture(scope="module")
def filled(node: Node) -> Iterator[tuple[Elasticsearch, Names]]:
    """A few alerts and hits whose numbers are written out below."""
    names, access = Names(f"test{secrets.token_hex(6)}"), Access(node.url)
    day, hour = timedelta(days=1), timedelta(hours=1)

    def seen(n: int, host: str, at: timedelta, gone: timedelta | None, **more: Any) -> Any:
        first = BEGAN + at
        return alert(
            n, location=f"https://{host}/{n}", first_seen=first, last_seen=first,
            gone_at=None if gone is None else first + gone, **more,
        )  # fmt: skip

    documents = [
        seen(1, "a.example", 0 * day, 1 * hour, verdict="repost", fields=["nir", "phone"],
             found_after_s=60.0),
        seen(2, "a.example", 0 * day, 3 * hour, status="confirmed", found_after_s=120.0),
        seen(3, "b.example", 1 * day, None, source="forum", fields=["email"]),
        seen(4, "b.example", 1 * day, 24 * hour, source="forum", status="dismissed",
             fields=["nir", "email"], found_after_s=30.0),
        seen(5, "a.example", 3 * day, None, verdict="repost", fields=["phone"]),
        hit(1, verdict="repost"),
        hit(2, source="forum", created=BEGAN + day),
        hit(3, verdict="review", alert=None, created=BEGAN + day),
    ]  # fmt: skip
    with closing(connect(access)) as client:
        set_up(client, names)
        with closing(ElasticsearchIndex(access, names=names)) as index:
            assert not index.write(documents)
            index.refresh()
        yield client, names
        client.indices.delete(index=list(client.indices.get(index=names.pattern)))


SAID: dict[str, list[tuple[Any, ...]]] = {
    "open": [(3,)],
    "up": [(2,)],
    "found-after": [(60.0,)],
    "gone-after": [(3 * 3600.0,)],
    "over-time": [
        ("fragment", "2026-07-01", 1), ("fragment", "2026-07-02", 2), ("repost", "2026-07-01", 1),
        ("repost", "2026-07-04", 1),
    ],
    "sources": [
        ("paste", "open", 2), ("paste", "confirmed", 1), ("forum", "dismissed", 1),
        ("forum", "open", 1),
    ],
    "fields": [("nir", 3), ("email", 2), ("phone", 2)],
    "removal-over-time": [
        ("2026-07-01", 2 * 3600.0, 2.8 * 3600.0), ("2026-07-02", 86400.0, 86400.0),
    ],
    "hosts": [
        ("a.example", 3, 2, 2 * 3600.0, 90.0), ("b.example", 2, 1, 86400.0, 30.0),
    ],
    "hits-over-time": [
        ("fragment", "2026-07-02", 1), ("repost", "2026-07-01", 1), ("review", "2026-07-02", 1),
    ],
    "hits-sources": [("paste", "repost", 1), ("paste", "review", 1), ("forum", "fragment", 1)],
    "hits-fields": [("nir", 3)],
}  # fmt: skip


def test_a_number_is_written_out_for_every_panel() -> None:
    assert {one["id"].partition("-lens-")[2] for one in objects("lens")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_a_panel_says_what_the_documents_say(
    filled: tuple[Elasticsearch, Names], name: str
) -> None:
    client, names = filled
    lens = panel(name, names)
    (reference,) = lens["references"]
    (view,) = (one for one in objects("index-pattern", names) if one["id"] == reference["id"])
    answer = client.search(index=view["attributes"]["title"], **kibana.request(lens)).body
    found = kibana.rows(lens, answer)
    assert found == [pytest.approx(row) if _numeric(row) else row for row in SAID[name]]


def _numeric(row: tuple[Any, ...]) -> bool:
    return all(isinstance(value, float | int) for value in row)
