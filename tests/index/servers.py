"""Indices on real servers, as they come to be; and what may happen to the servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch

from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.elasticsearch_rebuild import make_key, make_roles, set_up
from tests.elasticsearch_node.certificates import Authority
from tests.elasticsearch_node.node import PASSWORD, Cluster, Node


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
