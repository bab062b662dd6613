"""Leases: one holder, growing tokens, and a sleeper that is told apart."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from index.engine import writing
from index.errors import StaleLease
from index.leases import Keeper, Leases, check
from index.schema import Lease


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_one_holder_until_the_lease_ends(engine: Engine, clock: Clock) -> None:
    first, second = (Leases(engine, owner=name, clock=clock) for name in ("a", "b"))
    grant = first.acquire("scheduler", 10)
    assert grant is not None
    assert second.acquire("scheduler", 10) is None
    clock.forward(9)
    first.renew(grant, 10)
    clock.forward(9)
    assert second.acquire("scheduler", 10) is None
    clock.forward(2)
    taken = second.acquire("scheduler", 10)
    assert taken is not None
    assert taken.token > grant.token


def test_a_holder_that_slept_is_told(engine: Engine, clock: Clock) -> None:
    first, second = (Leases(engine, owner=name, clock=clock) for name in ("a", "b"))
    grant = first.acquire("x", 10)
    clock.forward(11)
    taken = second.acquire("x", 10)
    assert grant is not None
    assert taken is not None
    with pytest.raises(StaleLease):
        first.renew(grant, 10)
    with pytest.raises(StaleLease), writing(engine) as connection, Session(connection) as session:
        check(session, "x", grant.token)
    first.release(grant)
    assert second.acquire("x", 10) is not None
    assert first.acquire("x", 10) is None


def test_tokens_grow_also_over_release(engine: Engine, clock: Clock) -> None:
    leases = Leases(engine, owner="a", clock=clock)
    tokens = []
    for _ in range(4):
        grant = leases.acquire("x", 10)
        assert grant is not None
        tokens.append(grant.token)
        leases.release(grant)
        assert not leases.held("x")
    assert tokens == [1, 2, 3, 4]


def test_a_lease_from_another_clock_does_not_hold_for_days(engine: Engine, clock: Clock) -> None:
    ahead = Leases(engine, owner="a", clock=lambda: clock.now + timedelta(days=1))
    ahead.acquire("x", 10)
    assert Leases(engine, owner="b", clock=clock).acquire("x", 10) is not None


def test_a_dead_process_of_this_machine_holds_nothing(engine: Engine) -> None:
    code = (
        "import sys; from index.engine import open_record; from index.leases import Leases\n"
        "assert Leases(open_record(sys.argv[1])).acquire('x', 600); print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(engine.url)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        assert child.stdout.readline() == b"held\n"
        assert Leases(engine).acquire("x", 10) is None
        child.kill()
        child.wait()
    assert Leases(engine).acquire("x", 10) is not None


def test_many_ask_and_one_gets_it(engine: Engine) -> None:
    got: list[object] = []
    start = threading.Barrier(8)

    def ask(number: int) -> None:
        start.wait()
        if grant := Leases(engine, owner=f"o{number}").acquire("x", 60):
            got.append(grant)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_the_keeper_renews_and_notices_a_loss(engine: Engine, clock: Clock) -> None:
    mine, other = (Leases(engine, owner=name, clock=clock) for name in ("a", "b"))
    keeper = Keeper(mine, seconds=30)
    held = keeper.hold("x")
    assert held is not None
    for _ in range(5):
        clock.forward(20)
        keeper.renew_all()
        assert not held.lost.is_set()
    assert other.acquire("x", 30) is None
    clock.forward(40)  # the process was paused
    assert other.acquire("x", 30) is not None
    keeper.renew_all()
    assert held.lost.is_set()
    keeper.stop()
    with Session(engine) as session:
        row = session.get(Lease, "x")
        assert row is not None
        assert row.owner == "b"
        assert row.until > clock.now


def test_owners_of_two_processes_differ() -> None:
    code = "from index.leases import Leases; print(Leases(None).owner)"
    found = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
        for _ in range(2)
    }
    assert len(found) == 2
    assert all(f":{os.getpid()}:".encode() not in owner for owner in found)
