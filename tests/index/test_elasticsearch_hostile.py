"""A server that is away, full, narrow or shows an old certificate: afterwards index and record are
the same, and what can never be taken is listed with its reason."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import Engine, Text, cast, func, select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from index import shipper as shipping
from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, checked_version, connect
from index.elasticsearch_layout import PART, Names
from index.errors import IndexUnavailable
from index.index_status import status
from index.outbox import HITS, SEARCH
from index.schema import Outbox
from index.shipper import LONGEST_OUTAGE_WAIT, Shipper
from tests.elasticsearch_node.certificates import Authority, Certificate
from tests.elasticsearch_node.node import PASSWORD, Node
from tests.elasticsearch_node.running import started
from tests.index.search_documents import hit
from tests.index.servers import opened, until, whole
from vigie import console
from vigie.cli import build

Fill = Callable[[int], None]


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that is stopped and started again with other settings."""
    with started(Node(tmp_path_factory.mktemp("rough") / "node")) as running:
        yield running


def unique(part: int = PART) -> Names:
    """Names that no other test has."""
    return Names(f"test{secrets.token_hex(6)}", part=part)


@contextmanager
def indexed(
    node: Node, names: Names | None = None
) -> Iterator[tuple[ElasticsearchIndex, Elasticsearch]]:
    """An index with names of its own on a node, and a client."""
    names, access = names or unique(), Access(node.url)
    with closing(connect(access)) as client, opened(access, client, names) as index:
        yield index, client
        there = client.indices.get(index=names.pattern, filter_path="*.aliases")
        client.indices.delete(index=list(there))


@contextmanager
def delivering(engine: Engine, index: ElasticsearchIndex, **options: Any) -> Iterator[Shipper]:
    """A shipper that runs."""
    shipper = Shipper(engine, index, **options)
    shipper.start()
    try:
        yield shipper
    finally:
        shipper.stop(5)


def test_an_outage_of_an_hour(
    rough: Node, engine: Engine, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour by the shipper's clock: its pauses pass at once while the node is away."""
    monkeypatch.setattr(shipping, "MAX_WAITING_BODIES", 40)
    began = datetime.now(UTC)
    passed, attempts, told, lock = 0.0, 0, list[str](), threading.Lock()
    away = threading.Event()

    def pause(seconds: float) -> None:
        nonlocal passed, attempts
        if away.is_set():
            with lock:
                # Two lanes pause side by side.
                passed, attempts = passed + seconds / 2, attempts + 1
            assert seconds <= LONGEST_OUTAGE_WAIT
            time.sleep(0.02)
        else:
            # Time that a starting node needs more than two lanes that ask for it.
            time.sleep(0.3)

    def clock() -> datetime:
        return began + timedelta(seconds=passed)

    with indexed(rough) as (index, _):
        fill(20)
        with delivering(engine, index, clock=clock, pause=pause, tell=told.append):
            whole(engine, index)
            rough.kill()
            away.set()
            made = 20
            while passed < 3600:
                made = min(made + 10, 200)
                fill(made)
                time.sleep(0.05)
            found = status(engine, index)
            assert (found.waiting, found.reachable) == (2 * 180, False)
            assert "cannot be reached" in found.last_error
            # It asks often enough to be back soon, and not in a loop.
            assert 100 < attempts < 600
            # Whoever watches is told once, not at each attempt.
            assert len(told) == 1
            assert "documents wait for the search index" in told[0]
            # What waits is bounded: of most rows the number alone is kept.
            until(lambda: bodies(engine) <= 2 * 40)
            away.clear()
            rough.start()
            whole(engine, index)
            until(lambda: len(told) == 2)
        assert told[1] == "The search index is back; what waited is delivered."
        assert status(engine, index).hits == 200


def bodies(engine: Engine) -> int:
    """How many waiting rows have their document with them."""
    with Session(engine) as session:
        waits = Outbox.channel.in_((HITS, SEARCH)), Outbox.delivered.is_(None)
        query = select(func.count()).where(*waits, func.length(cast(Outbox.body, Text)) > 2)
        return session.scalar(query) or 0


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_a_flooded_disk_is_waited_for_and_counts_against_no_document(
    real: bool, rough: Node, engine: Engine, fill: Fill
) -> None:
    if real:
        rough.stop()
        rough.start(
            cluster__routing__allocation__disk__threshold_enabled="true",
            cluster__info__update__interval="10s",
        )
    with indexed(rough) as (index, client):
        fill(20)
        flood(client, full=True, real=real)
        shipper = Shipper(engine, index)
        shipper.ship_once()
        found = status(engine, index)
        assert (found.waiting, found.put_aside) == (40, 0)
        assert "cluster_block_exception" in found.last_error
        with Session(engine) as session:
            assert {row.attempts for row in session.query(Outbox)} == {0}
        flood(client, full=False, real=real)
        with delivering(engine, index):
            whole(engine, index)


def flood(client: Elasticsearch, *, full: bool, real: bool) -> None:
    """Let the disk be full. `real`: the server finds out by itself that too little is free;
    otherwise the block that it sets then is set at once."""
    if not real:
        client.indices.put_settings(
            index="test*", settings={"index.blocks.read_only_allow_delete": True if full else None}
        )
        return
    free = {"low": "903tb", "high": "902tb", "flood_stage": "901tb"}
    prefix = "cluster.routing.allocation.disk.watermark"
    client.cluster.put_settings(
        persistent={f"{prefix}.{name}": size if full else None for name, size in free.items()}
    )

    def blocked() -> bool:
        found = client.indices.get_settings(index="test*", name="index.blocks.*").body
        return any("blocks" in one["settings"].get("index", {}) for one in found.values())

    until(lambda: blocked() == full)


def test_a_full_write_queue_delays_and_loses_nothing(
    rough: Node, engine: Engine, fill: Fill
) -> None:
    rough.stop()
    rough.start(thread_pool__write__queue_size="1", node__processors="1")
    # A batch goes to eight indices at once, and the server works on one and queues one.
    with indexed(rough, unique(part=10)) as (index, client):
        fill(70)
        with delivering(engine, index):
            whole(engine, index)
        pools = client.nodes.stats(metric="thread_pool")["nodes"].values()
        assert sum(pool["thread_pool"]["write"]["rejected"] for pool in pools) > 0
        with Session(engine) as session:
            assert {row.attempts for row in session.query(Outbox)} == {0}


def test_a_server_with_little_room_gets_smaller_batches(
    rough: Node, engine: Engine, fill: Fill
) -> None:
    rough.stop()
    rough.start(indexing_pressure__memory__limit="60kb", http__max_content_length="40kb")
    with indexed(rough) as (index, _):
        fill(120)
        # One document alone is larger than the server takes.
        body = hit(1).body
        body["vigie"]["title"] = "x" * 60_000
        spoil(engine, "hit-1", body)
        with delivering(engine, index):
            whole(engine, index, {"hit-1": "too large for the server (413)"})


def spoil(engine: Engine, document_id: str, body: dict[str, Any]) -> None:
    """Another body for what waits."""
    with Session(engine) as session:
        waits = Outbox.document_id == document_id
        session.execute(update(Outbox).where(waits).values(body=body))
        session.commit()


def test_what_a_mapping_refuses_is_listed_by_the_command_and_delivered_after_a_rebuild(
    node: Node, engine: Engine, fill: Fill, tmp_path: Path
) -> None:
    names = unique()
    with indexed(node, names) as (index, _):
        fill(30)
        strange, number, alert = hit(4).body, hit(5).body, hit(6).body
        strange["vigie"]["patient"] = "Jeanne Planted"
        number["vigie"]["records"] = "Jeanne Planted"
        alert["vigie"]["first_seen"] = "Jeanne Planted"
        for name, body in (("hit-4", strange), ("hit-5", number), ("alert-6", alert)):
            spoil(engine, name, body)
        with delivering(engine, index):
            whole(
                engine,
                index,
                {
                    "hit-4": "strict_dynamic_mapping_exception in patient",
                    "hit-5": "vigie.records",
                    "alert-6": "vigie.first_seen",
                },
            )
        config = tmp_path / "vigie.toml"
        config.write_text(
            f'[storage]\npath = "store"\n[elasticsearch]\nurl = "{node.url}"\n'
            f'prefix = "{names.prefix}"\n'
        )
        done = CliRunner().invoke(build(), ["index", "status", "--config", str(config)])
        assert done.exit_code == console.NO
        for words in ("3 put aside", "hit-4", "in patient", "hit-5", "vigie.records", "alert-6"):
            assert words in done.output
        assert "Planted" not in done.output
        # The bodies were spoilt, not the record: made again from it they fit.
        done = CliRunner().invoke(build(), ["index", "rebuild", "--config", str(config)])
        assert done.exit_code == 0, done.output
        whole(engine, index)


def test_a_certificate_that_expired_is_an_outage(
    engine: Engine, fill: Fill, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "authority")
    good, expired = authority.issue("good"), authority.issue("expired", days=-1)
    node = Node(
        tmp_path / "node", authority=authority, certificate=good,
        settings={"resource.reload.interval.high": "1s"},
    )  # fmt: skip
    access = Access(node.url, user="elastic", password=PASSWORD, ca_file=authority.ca)
    with (
        started(node),
        closing(connect(access)) as client,
        opened(access, client, Names("test")) as before,
    ):
        fill(10)
        with delivering(engine, before):
            whole(engine, before)
        show(node, expired)
        until(lambda: not greets(access))
        # Connections that are open stay so; whoever comes now is refused.
        with closing(ElasticsearchIndex(access, names=Names("test"))) as index:
            fill(30)
            with delivering(engine, index):
                until(lambda: "it has expired" in status(engine, index).last_error)
                assert status(engine, index).waiting == 40
                show(node, good)
                whole(engine, index)
        assert status(engine, before).hits == 30


def show(node: Node, certificate: Certificate) -> None:
    """Put another certificate in the place of the node's; it looks for that."""
    config = node.folder / "config"
    for new, place in ((certificate.key, "node.key"), (certificate.certificate, "node.crt")):
        shutil.copy(new, config / f"{place}.new")
        (config / f"{place}.new").rename(config / place)


def greets(access: Access) -> bool:
    """Whether a client that comes now is let in."""
    with closing(connect(access)) as client:
        try:
            checked_version(client)
        except IndexUnavailable:
            return False
    return True
