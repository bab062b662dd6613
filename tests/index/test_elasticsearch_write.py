"""What only a real server answers: refusals, conflicts, rollover, nothing but what is masked."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from elasticsearch import Elasticsearch

from index import elasticsearch_layout, elasticsearch_rebuild
from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names, mappings
from index.elasticsearch_rebuild import set_up
from index.errors import IndexUnavailable
from index.search import Document
from tests.elasticsearch_node.node import Node
from tests.index.search_documents import BEGAN, alert, hit

PART = 10


@pytest.fixture
def names() -> Names:
    """Names of this test's own; parts are small, so that rollover comes at once."""
    return Names(f"test{secrets.token_hex(6)}", part=PART)


@pytest.fixture
def client(node: Node, names: Names) -> Iterator[Elasticsearch]:
    """A client that may do everything."""
    with closing(connect(Access(node.url))) as found:
        set_up(found, names)
        yield found
        found.indices.delete(index=list(found.indices.get(index=names.pattern)))


@pytest.fixture
def index(client: Elasticsearch, node: Node, names: Names) -> Iterator[ElasticsearchIndex]:
    """The index."""
    assert client
    with closing(ElasticsearchIndex(Access(node.url), names=names)) as made:
        yield made


def test_what_the_mapping_refuses_is_named_without_its_content(index: ElasticsearchIndex) -> None:
    strange, number = hit(1).body, hit(2).body
    strange["vigie"]["patient"] = "Jeanne Planted"
    number["vigie"]["records"] = "Jeanne Planted"
    documents = [
        Document.of("hit-1", 1, strange), Document.of("hit-2", 1, number), hit(3), alert(1),
    ]  # fmt: skip
    refused = {refusal.id: refusal for refusal in index.write(documents)}
    assert set(refused) == {"hit-1", "hit-2"}
    assert all(refusal.permanent and not refusal.busy for refusal in refused.values())
    assert refused["hit-1"].reason == "strict_dynamic_mapping_exception in patient"
    assert "vigie.records" in refused["hit-2"].reason
    assert not any("Planted" in refusal.reason for refusal in refused.values())
    index.refresh()
    assert index.ids("hit") == {"hit-3"}
    assert index.ids("alert") == {"alert-1"}


def test_indices_of_an_older_version_get_the_fields_they_lack(
    node: Node, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the first document that has one; and a rebuild makes indices that have them all."""
    older = mappings()
    for name in ("gone", "gone_after"):
        del older["properties"]["vigie"]["properties"][name]
    with monkeypatch.context() as patch, closing(connect(Access(node.url))) as client:
        patch.setattr(elasticsearch_layout, "mappings", lambda: older)
        patch.setattr(elasticsearch_rebuild, "mappings", lambda: older)
        set_up(client, names)
    with (
        closing(connect(Access(node.url))) as client,
        closing(ElasticsearchIndex(Access(node.url), names=names)) as index,
    ):
        documents = [alert(1, gone_at=BEGAN + timedelta(days=3)), alert(2)]
        assert not index.write(documents)
        index.refresh()
        assert [one.id for one in index.search("gone:2026").hits] == ["alert-1"]
        made = index.begin_rebuild()
        assert not made.write(documents)
        made.swap()
        index.refresh()
        assert [one.id for one in index.search("gone_after:>1").hits] == ["alert-1"]
        client.indices.delete(index=list(client.indices.get(index=names.pattern)))


def test_a_hit_delivered_again_after_a_rollover_is_no_second_one(
    index: ElasticsearchIndex, client: Elasticsearch, names: Names
) -> None:
    documents = [hit(n) for n in range(PART * 3)]
    assert not index.write(documents)
    assert not index.write(documents[::-1])
    index.refresh()
    assert len(client.indices.get(index=f"{names.prefix}-hits-*")) == 3
    assert index.count("", kind="hit") == len(documents)


def test_of_many_writers_of_one_alert_the_highest_version_stands(
    index: ElasticsearchIndex,
) -> None:
    left: list[object] = []

    def write(first: int) -> None:
        for version in range(first, 60, 4):
            refused = index.write([alert(1, version, title=f"v{version}")])
            while refused:
                assert refused[0].busy
                refused = index.write([alert(1, version, title=f"v{version}")])
        left.append(first)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(left) == 4
    index.refresh()
    assert [found.body["vigie"]["title"] for found in index.search("").hits] == ["v59"]


def test_without_setup_nothing_is_made(node: Node) -> None:
    with closing(ElasticsearchIndex(Access(node.url), names=Names("absent"))) as bare:
        with pytest.raises(IndexUnavailable, match="vigie index setup"):
            bare.ids("alert")
        with pytest.raises(IndexUnavailable, match="vigie index setup"):
            bare.write([alert(1)])
        with pytest.raises(IndexUnavailable, match="vigie index setup"):
            bare.write([hit(1)])


def test_a_swap_takes_what_was_made_meanwhile_along(
    index: ElasticsearchIndex, client: Elasticsearch, names: Names
) -> None:
    made = index.begin_rebuild()
    assert not made.write([hit(n) for n in range(5)])
    # A part that the old generation begins while the new one is filled.
    assert not index.write([hit(PART + 1)])
    made.swap()
    made.discard()
    index.refresh()
    assert index.ids("hit") == {f"hit-{n}" for n in range(5)}
    assert {names.generation(name) for name in client.indices.get(index=names.pattern)} == {2}
    assert not index.write([hit(PART + 1)])
    index.refresh()
    assert len(index.ids("hit")) == 6


def test_what_an_ended_rebuild_left_is_removed(
    index: ElasticsearchIndex, client: Elasticsearch, names: Names
) -> None:
    index.begin_rebuild()
    made = index.begin_rebuild()
    made.discard()
    assert {names.generation(name) for name in client.indices.get(index=names.pattern)} == {1}
