"""Indices on real servers, as they come to be; and what may happen to the servers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from elasticsearch import Elasticsearch
from sqlalchemy import Engine

from index.documents import KINDS
from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.elasticsearch_rebuild import make_key, make_roles, set_up
from index.index_status import IndexStatus, status
from index.search import SearchIndex
from tests.elasticsearch_node.certificates import Authority
from tests.elasticsearch_node.node import PASSWORD, Cluster, Node

PATIENCE = 120.0
NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def opened(access: Access, client: Elasticsearch, names: Names) -> Iterator[ElasticsearchIndex]:
    """An index that was set up by a client."""
    set_up(client, names)
    with closing(ElasticsearchIndex(access, names=names)) as made:
        yield made


@contextmanager
def by_roles(node: Node, authority: Authority, names: Names) -> Iterator[ElasticsearchIndex]:
    """An index on a node with security, each part of it with the key of its role."""
    administrator = Access(node.url, user="elastic", password=PASSWORD, ca_file=authority.ca)
    with closing(connect(administrator)) as client:
        set_up(client, names)
        make_roles(client, names)
        crawler, review, rebuild = (
            replace(administrator, user="", password="", api_key=make_key(client, names, role))
            for role in ("crawler", "review", "rebuild")
        )
        with closing(
            ElasticsearchIndex(review, names=names, crawler=crawler, rebuild=rebuild)
        ) as made:
            yield made
        there = client.indices.get(index=names.pattern, filter_path="*.aliases")
        client.indices.delete(index=list(there))


def kill_a_holder(cluster: Cluster, client: Elasticsearch, names: Names) -> Node:
    """SIGKILL to a node that holds primaries of ours, as soon as every shard has its copy."""
    health = client.cluster.health(wait_for_status="green", timeout="60s")
    assert health["status"] == "green", health
    shards: Any = client.cat.shards(index=names.pattern, format="json", h="node,prirep")
    holders = [shard["node"] for shard in shards if shard["prirep"] == "p"]
    killed = cluster.named(max(sorted(set(holders)), key=holders.count))
    killed.kill()
    return killed


def settle(engine: Engine, index: SearchIndex) -> IndexStatus:
    """Until nothing waits."""
    until = time.monotonic() + PATIENCE
    while (found := status(engine, index)).waiting and time.monotonic() < until:
        time.sleep(0.2)
    assert found.reachable, found.last_error
    assert not found.waiting, found
    return found


def whole(engine: Engine, index: ElasticsearchIndex, aside: Mapping[str, str] = NOTHING) -> None:
    """The same ids in index and record, and none of them twice. What was put `aside` is missing,
    and listed with its reason (a part of it)."""
    found = settle(engine, index)
    assert (found.missing, found.extra) == (len(aside), 0), found
    assert {one.document_id for one in found.aside} == set(aside), found
    assert all(aside[one.document_id] in one.reason for one in found.aside), found
    for kind in KINDS:
        assert index.count("", kind=kind) == len(index.ids(kind))


def until(condition: Callable[[], object]) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
