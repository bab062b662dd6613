"""Seen pages are keyed hashes; waiting addresses are sealed, and are not waited for for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from index import frontier as frontier_module
from index.engine import checkpoint
from index.errors import StaleLease
from index.frontier import MAX_ATTEMPTS, Frontier
from index.leases import Leases, source_lease
from index.recorder import Fence, PageFacts, Recorder
from index.schema import Pending
from index.vault import Vault


@pytest.fixture
def frontier(engine: Engine) -> Frontier:
    return Frontier(engine, Vault(bytes(range(32))))


def test_new_changed_same(
    engine: Engine, frontier: Frontier, fence: Fence, page: PageFacts
) -> None:
    first = [(f"http://site/{n}", "1") for n in range(1200)]
    assert set(frontier.known("s", first)) == {"new"}
    Recorder(engine).record_page(fence, page, frontier.keys(first))
    assert set(frontier.known("s", first)) == {"same"}
    asked = [("http://site/1", "1"), ("http://site/2", "2"), ("http://site/x", "1")]
    assert frontier.known("s", asked) == ["same", "changed", "new"]
    assert frontier.known("other", asked) == ["new"] * 3
    Recorder(engine).record_page(fence, page, frontier.keys([("http://site/2", "2")]))
    assert frontier.known("s", asked) == ["same", "same", "new"]


def test_addresses_wait_sealed(engine: Engine, frontier: Frontier, tmp_path: Path) -> None:
    address = "http://paste.example/jean-dupont-0639981234"
    assert frontier.add_pending("s", [address, address]) == 1
    assert frontier.add_pending("s", [address]) == 0
    assert [item.address for item in frontier.pending("s")] == [address]
    assert frontier.pending("other") == []
    checkpoint(engine)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "store").iterdir())
    assert b"pending" in stored
    for part in (b"paste.example", b"dupont", b"0639981234"):
        assert part not in stored


def test_what_was_read_does_not_wait_again(
    engine: Engine, frontier: Frontier, fence: Fence, page: PageFacts
) -> None:
    frontier.add_pending("s", ["http://a/1", "http://a/2"])
    Recorder(engine).record_page(fence, page, frontier.keys([("http://a/1", "x")]))
    assert [item.address for item in frontier.pending("s")] == ["http://a/2"]
    assert frontier.add_pending("s", ["http://a/1"]) == 0


def test_after_five_finished_crawls_it_is_given_up(frontier: Frontier, fence: Fence) -> None:
    frontier.add_pending("s", ["http://a/1"])
    gone = [frontier.tried("s", fence.token, frontier.pending("s")) for _ in range(MAX_ATTEMPTS)]
    assert gone == [0, 0, 0, 0, 1]
    assert frontier.pending("s") == []


def test_a_stale_crawl_uses_up_no_attempt(engine: Engine, frontier: Frontier, fence: Fence) -> None:
    frontier.add_pending("s", ["http://a/1"])
    Leases(engine, owner="test").acquire(source_lease("s"), 60)
    with pytest.raises(StaleLease):
        frontier.tried("s", fence.token, frontier.pending("s"))
    with Session(engine) as session:
        assert session.scalars(select(Pending.attempts)).all() == [0]


def test_another_record_key_drops_what_cannot_be_read(engine: Engine, frontier: Frontier) -> None:
    frontier.add_pending("s", ["http://a/1"])
    other = Frontier(engine, Vault(bytes(32)))
    assert other.pending("s") == []
    assert frontier.pending("s") == []


def test_a_flood_of_links_is_bounded(frontier: Frontier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier_module, "MAX_PENDING", 10)
    assert frontier.add_pending("s", [f"http://a/{n}" for n in range(8)]) == 8
    assert frontier.add_pending("s", [f"http://b/{n}" for n in range(8)]) == 2
    assert frontier.add_pending("t", ["http://b/1"]) == 1
