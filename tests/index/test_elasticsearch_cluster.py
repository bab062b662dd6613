"""Three nodes, of which one at a time is killed: delivery and search go on, nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import Engine

from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.index_status import status
from index.rebuild import rebuild
from index.shipper import Shipper
from tests.elasticsearch_node.node import Cluster
from tests.elasticsearch_node.running import started
from tests.index.servers import kill_a_holder, opened, whole

Fill = Callable[[int], None]
NAMES = Names("test")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes."""
    with started(Cluster(tmp_path_factory.mktemp("cluster"))) as running:
        yield running


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Elasticsearch]:
    """A client of the tests' own."""
    with closing(connect(Access(cluster.url))) as found:
        yield found
        there = found.indices.get(index=NAMES.pattern, filter_path="*.aliases")
        found.indices.delete(index=list(there))


@pytest.fixture
def index(cluster: Cluster, client: Elasticsearch) -> Iterator[ElasticsearchIndex]:
    """An index that knows all three addresses."""
    with opened(Access(cluster.url), client, NAMES) as made:
        yield made


def test_a_node_with_primaries_is_killed_under_delivery(
    cluster: Cluster, client: Elasticsearch, index: ElasticsearchIndex, engine: Engine, fill: Fill
) -> None:
    shipper = Shipper(engine, index)
    shipper.start()
    try:
        for number in (1, 2):
            fill(number * 60 - 30)
            killed = kill_a_holder(cluster, client, NAMES)
            fill(number * 60)
            # With the node still away: the two that are left have everything.
            whole(engine, index)
            assert index.count("", kind="hit") == number * 60
            assert "2 nodes" in status(engine, index).health.detail
            killed.start()
        whole(engine, index)
    finally:
        shipper.stop(5)
    found = status(engine, index)
    assert (found.put_aside, found.documents) == (0, 240)


def test_a_rebuild_goes_on_when_a_node_is_killed(
    cluster: Cluster, client: Elasticsearch, index: ElasticsearchIndex, engine: Engine, fill: Fill,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    fill(60)
    while Shipper(engine, index).ship_once():
        pass
    begin = index.begin_rebuild
    killed = []

    def begin_and_lose() -> object:
        made = begin()
        killed.append(kill_a_holder(cluster, client, NAMES))
        return made

    monkeypatch.setattr(index, "begin_rebuild", begin_and_lose)
    until = time.monotonic() + 60
    try:
        made = rebuild(engine, index)
    finally:
        killed[0].start()
    assert time.monotonic() < until
    assert (made.hits.count, made.alerts.count, made.refused) == (60, 60, ())
    whole(engine, index)


def test_one_address_of_three_is_no_protection(cluster: Cluster, client: Elasticsearch) -> None:
    """What the list of addresses is for: without it the same kill is an outage."""
    with opened(Access(cluster.nodes[0].url), client, NAMES) as index:
        client.cluster.health(wait_for_status="green", timeout="60s")
        cluster.nodes[0].kill()
        try:
            with pytest.raises(Exception, match="cannot be reached"):
                index.count("")
        finally:
            cluster.nodes[0].start()


def test_addresses_come_as_text_or_as_a_list(tmp_path: Path) -> None:
    from vigie.config import load

    file = tmp_path / "vigie.toml"
    found = []
    for written in ('"https://a:1, https://b:2"', '["https://a:1", "https://b:2"]'):
        file.write_text(f"[elasticsearch]\nurl = {written}\n")
        config = load(file).elasticsearch
        assert config is not None
        with closing(connect(Access(config.url))) as client:
            found.append({node.base_url for node in client.transport.node_pool.all()})
    assert found[0] == found[1] == {"https://a:1", "https://b:2"}
