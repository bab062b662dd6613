"""kill -9 of node and shipper at any moment: afterwards index and record are the same."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.engine import reading
from index.index_status import status
from index.outbox import CHANNELS
from index.schema import Outbox
from index.shipper import Shipper
from tests.elasticsearch_node.node import Node
from tests.elasticsearch_node.running import started
from tests.index.servers import opened, until, whole
from vigie.demo import tether

Fill = Callable[[int], None]
NAMES = Names("test")
HITS_A_ROUND = 30
# Delivers until it is killed. Batches are small, so that a kill finds many of them on their way.
SHIPPER = textwrap.dedent(
    """
    import sys, time
    from index import elasticsearch
    from index.elasticsearch_client import Access
    from index.elasticsearch_layout import Names
    from index.engine import open_record
    from index.shipper import Shipper

    elasticsearch.LARGEST_BATCH = 4
    index = elasticsearch.ElasticsearchIndex(Access(sys.argv[2]), names=Names(sys.argv[3]))
    Shipper(open_record(sys.argv[1]), index).start()
    print("begins", flush=True)
    while True:
        time.sleep(60)
    """
)


class ShipperProcess:
    """A shipper in a process of its own."""

    def __init__(self, engine: Engine, node: Node) -> None:
        record = engine.url.render_as_string(hide_password=False)
        self._command = tether.command(
            [sys.executable, "-c", SHIPPER, record, node.url, NAMES.prefix]
        )
        self.start()

    def start(self) -> None:
        """Start it, without waiting."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)

    def wait(self) -> None:
        """Until it delivers."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"begins\n"

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def shipping(engine: Engine, node: Node) -> Iterator[ShipperProcess]:
    """A shipper, which is killed at the end at the latest."""
    process = ShipperProcess(engine, node)
    try:
        process.wait()
        yield process
    finally:
        process.kill()


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_node_and_shipper_killed_at_any_moment_lose_and_double_nothing(
    rounds: int, engine: Engine, fill: Fill, tmp_path: Path
) -> None:
    choose = random.Random(rounds)
    victims, midway = [0, 0], 0
    with (
        started(Node(tmp_path / "node")) as node,
        closing(connect(Access(node.url))) as client,
        opened(Access(node.url), client, NAMES) as index,
    ):
        with shipping(engine, node) as shipper:
            for number in range(1, rounds + 1):
                fill(number * HITS_A_ROUND - 10)
                most = waiting(engine)
                until(lambda: waiting(engine) < most)  # noqa: B023 - asked at once
                writer = threading.Thread(target=fill, args=(number * HITS_A_ROUND,))
                writer.start()
                time.sleep(choose.random() * 0.3)
                # Each alone, and both at once.
                hit = ((True, False), (False, True), (True, True))[number % 3]
                if hit[0]:
                    node.kill()
                if hit[1]:
                    shipper.kill()
                writer.join()
                before = status(engine, index)
                midway += before.waiting > 0
                assert before.reachable != hit[0]
                assert not hit[0] or "cannot be reached" in before.last_error
                if hit[1]:
                    shipper.start()
                if hit[0]:
                    node.start()
                if hit[1]:
                    shipper.wait()
                victims = [victims[0] + hit[0], victims[1] + hit[1]]
        # The next one takes over what waits, also what was sent already and not settled.
        again = Shipper(engine, index)
        again.start()
        try:
            whole(engine, index)
        finally:
            again.stop(5)
        found = status(engine, index)
    assert (found.hits, found.alerts) == (rounds * HITS_A_ROUND, rounds * HITS_A_ROUND)
    assert min(victims) >= rounds // 2
    # Some was delivered before each kill; kills that left nothing to deliver would tell little.
    assert midway >= rounds // 2


def waiting(engine: Engine) -> int:
    """How many rows of the outbox are not delivered."""
    with reading(engine) as connection:
        query = select(func.count()).where(Outbox.channel.in_(CHANNELS), Outbox.delivered.is_(None))
        return connection.scalar(query) or 0
