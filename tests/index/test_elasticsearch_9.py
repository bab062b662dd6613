"""A server of the next major version, with security: set up, filled, asked, rebuilt as 8.19 is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from index.documents import FACETS, SORTS, facet_values
from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.errors import IndexUnavailable
from index.kibana import saved_objects
from tests.elasticsearch_node.certificates import Authority
from tests.elasticsearch_node.jars import NINE
from tests.elasticsearch_node.node import PASSWORD, Node
from tests.elasticsearch_node.running import started
from tests.index import kibana_queries
from tests.index.search_documents import alert, hit, many
from tests.index.test_search_index import NUMBER, QUERIES, begins, expected
from vigie.cli import build


@pytest.fixture(scope="module")
def nine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The node; `vigie index setup` made what Vigie needs."""
    folder = tmp_path_factory.mktemp("nine")
    authority = Authority(folder / "authority")
    with started(Node(folder / "node", authority=authority, release=NINE)) as node:
        config, password = folder / "vigie.toml", folder / "password"
        config.write_text(f'[elasticsearch]\nurl = "{node.url}"\nca_file = "{authority.ca}"\n')
        password.write_text(PASSWORD)
        done = CliRunner().invoke(
            build(),
            ["index", "setup", "--config", str(config), "--user", "elastic",
             "--password-file", str(password), "--keys", str(folder / "keys")],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        yield node


@pytest.fixture(scope="module")
def access(nine: Node) -> dict[str, Access]:
    """How each role reaches it."""
    assert nine.authority is not None
    keys: Path = nine.folder.parent / "keys"
    return {
        role: Access(
            nine.url,
            api_key=(keys / f"elasticsearch-{role}.key").read_text().strip(),
            ca_file=nine.authority.ca,
        )
        for role in ("crawler", "review", "rebuild")
    }


@pytest.fixture(scope="module")
def index(access: dict[str, Access]) -> Iterator[ElasticsearchIndex]:
    """The index, filled."""
    with ExitStack() as stack:
        made = ElasticsearchIndex(
            access["review"], crawler=access["crawler"], rebuild=access["rebuild"]
        )
        stack.enter_context(closing(made))
        assert not made.write(many(NUMBER))
        assert not made.write([hit(n) for n in range(1, 8)])
        made.refresh()
        yield made


def test_it_is_a_9(index: ElasticsearchIndex) -> None:
    assert index.health().detail.startswith(f"Elasticsearch {NINE.version}")


@pytest.mark.parametrize("query", QUERIES)
def test_the_set_and_its_order(index: ElasticsearchIndex, query: str) -> None:
    page = index.search(query, limit=1000)
    assert [found.id for found in page.hits] == expected(query)
    assert index.count(query) == len(page.hits)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_and_deep_lists(index: ElasticsearchIndex, sort: str) -> None:
    found: list[str] = []
    after = ""
    while True:
        page = index.search("status:open", sort=sort, limit=7, after=after)
        found += [one.id for one in page.hits]
        after = page.next
        if not after:
            break
    assert found == expected("status:open", sort)
    listed = index.scan("status:open", sort=sort, descending=True)
    assert [one.id for one in listed] == expected("status:open", sort)


def test_facets_and_counts_over_time(index: ElasticsearchIndex) -> None:
    bodies = [document.body["vigie"] for document in many(NUMBER)]
    for name, buckets in index.facets("", FACETS).items():
        pairs = [value for body in bodies for field, value in facet_values(body) if field == name]
        assert {one.value: one.count for one in buckets} == {one: pairs.count(one) for one in pairs}
    weeks = [begins(datetime.fromisoformat(body["last_seen"]), "week") for body in bodies]
    found = {span.begins: span.count for span in index.histogram("", field="last_seen",
                                                                 interval="week")}  # fmt: skip
    assert found == {week: weeks.count(week) for week in weeks}


def test_dashboards_ask_it_what_it_can_answer(access: dict[str, Access]) -> None:
    with closing(connect(access["review"])) as client:
        for lens in (one for one in saved_objects(Names()) if one["type"] == "lens"):
            kind = "hits" if "-lens-hits-" in lens["id"] else "alerts"
            answer = client.search(index=f"vigie-{kind}", **kibana_queries.request(lens)).body
            assert answer["_shards"]["failed"] == 0


def test_each_key_does_its_own_work_alone(access: dict[str, Access]) -> None:
    crossed = {"review": access["crawler"], "crawler": access["review"]}
    with closing(ElasticsearchIndex(crossed["review"], crawler=crossed["crawler"])) as wrong:
        with pytest.raises(IndexUnavailable, match="another role"):
            wrong.search("")
        with pytest.raises(IndexUnavailable, match="another role"):
            wrong.write([hit(9)])


def test_states_only_go_forward_and_a_rebuild_puts_another_in_place(
    index: ElasticsearchIndex, access: dict[str, Access]
) -> None:
    assert not index.write([alert(1, 5, status="confirmed"), hit(1)])
    assert not index.write([alert(1, 3, status="open")])
    index.refresh()
    assert index.count("id:alert-1 status:confirmed") == 1
    made = index.begin_rebuild()
    assert not made.write([alert(1, 6, status="dismissed"), hit(1), hit(2)])
    assert (made.summary("alert").count, made.summary("hit").count) == (1, 2)
    made.swap()
    index.refresh()
    assert (index.count("status:dismissed"), index.count("")) == (1, 1)
    assert index.ids("hit") == {"hit-1", "hit-2"}
    with closing(connect(access["rebuild"])) as client:
        assert _generations(client) == {2}


def _generations(client: Elasticsearch) -> set[int]:
    return {Names().generation(name) for name in client.indices.get(index=Names().pattern)}
