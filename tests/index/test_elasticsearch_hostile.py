"""A server that is away, killed, full or narrow: afterwards index and record are the same."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.elasticsearch_rebuild import set_up
from index.index_status import status
from index.outbox import HITS
from index.schema import Outbox
from index.search import SearchIndex
from index.shipper import Shipper
from tests.elasticsearch_node.node import Node
from tests.elasticsearch_node.running import started
from tests.index.search_documents import hit

Fill = Callable[[int], None]
PATIENCE = 60.0


@contextmanager
def opened(node: Node) -> Iterator[tuple[ElasticsearchIndex, Names]]:
    """An index with names of its own on a node."""
    names = Names(f"test{secrets.token_hex(6)}")
    access = Access(node.url)
    with closing(connect(access)) as client:
        set_up(client, names)
    with closing(ElasticsearchIndex(access, names=names)) as made:
        yield made, names


def settle(engine: Engine, index: SearchIndex) -> None:
    """Until nothing waits; then both must be the same."""
    until = time.monotonic() + PATIENCE
    while (found := status(engine, index)).waiting and time.monotonic() < until:
        time.sleep(0.2)
    assert found.reachable, found.last_error
    assert (found.waiting, found.missing, found.extra) == (0, 0, 0), found


def whole(engine: Engine, index: ElasticsearchIndex) -> None:
    """The same ids, and none of them twice."""
    settle(engine, index)
    for kind in ("alert", "hit"):
        assert index.count("", kind=kind) == len(index.ids(kind))


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_a_node_killed_at_any_moment_loses_and_doubles_nothing(
    rounds: int, engine: Engine, fill: Fill, tmp_path: Path
) -> None:
    choose = random.Random(rounds)
    with started(Node(tmp_path / "node")) as node, opened(node) as (index, _):
        shipper = Shipper(engine, index)
        shipper.start()
        try:
            for number in range(1, rounds + 1):
                writer = threading.Thread(target=fill, args=(number * 30,))
                writer.start()
                time.sleep(choose.random() * 0.6)
                node.kill()
                writer.join()
                waiting = status(engine, index)
                assert not waiting.reachable
                assert "cannot be reached" in waiting.last_error
                node.start()
        finally:
            shipper.stop(1)
        # A shipper that died: the next one takes over what waits, also what was sent already.
        again = Shipper(engine, index)
        again.start()
        try:
            whole(engine, index)
        finally:
            again.stop(5)
        assert status(engine, index).put_aside == 0


def test_a_flooded_disk_is_waited_for_and_counts_against_no_document(
    node: Node, engine: Engine, fill: Fill
) -> None:
    with opened(node) as (index, names), closing(connect(Access(node.url))) as client:
        fill(20)
        # What the server sets by itself when a disk reaches the flood stage.
        client.indices.put_settings(
            index=names.pattern, settings={"index.blocks.read_only_allow_delete": True}
        )
        shipper = Shipper(engine, index)
        shipper.ship_once()
        found = status(engine, index)
        assert (found.waiting, found.put_aside) == (40, 0)
        assert "cluster_block_exception" in found.last_error
        with Session(engine) as session:
            assert {row.attempts for row in session.query(Outbox)} == {0}
        client.indices.put_settings(
            index=names.pattern, settings={"index.blocks.read_only_allow_delete": None}
        )
        shipper.start()
        try:
            whole(engine, index)
        finally:
            shipper.stop(5)


def test_a_server_with_little_room_gets_smaller_batches(
    engine: Engine, fill: Fill, tmp_path: Path
) -> None:
    narrow = {"indexing_pressure.memory.limit": "60kb", "http.max_content_length": "40kb"}
    with started(Node(tmp_path / "node", settings=narrow)) as node, opened(node) as (index, _):
        fill(120)
        # One document alone is larger than the server takes.
        body = hit(1).body
        body["vigie"]["title"] = "x" * 60_000
        with Session(engine) as session:
            first = (Outbox.channel == HITS) & (Outbox.document_id == "hit-1")
            session.execute(update(Outbox).where(first).values(body=body))
            session.commit()
        shipper = Shipper(engine, index)
        shipper.start()
        until = time.monotonic() + PATIENCE
        try:
            while status(engine, index).waiting and time.monotonic() < until:
                time.sleep(0.2)
        finally:
            shipper.stop(5)
        found = status(engine, index)
        assert (found.waiting, found.missing, found.extra, found.put_aside) == (0, 1, 0, 1)
        assert [(one.document_id, one.reason) for one in found.aside] == [
            ("hit-1", "too large for the server (413)")
        ]
