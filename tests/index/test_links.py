"""Links not followed: listed masked, kept sealed, taken up when their host is approved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from index import links as links_module
from index.engine import checkpoint
from index.errors import NotFound
from index.frontier import Frontier
from index.links import LeftLink, LinkStore, prune
from index.sources import SourceStore
from index.vault import Vault

VAULT = Vault(bytes(range(32)))
ADDRESS = "http://files.example/jeanne-martineau.csv#key"


def link(address: str = ADDRESS, reason: str = "unknown-host") -> LeftLink:
    way = ("http://forum.example/t/4", "http://forum.example/t/martineau#9")
    return LeftLink(
        address, "files.example", reason, "http://files.example/•••", ("http://forum.example/•••",),
        way,
    )  # fmt: skip


@pytest.fixture
def store(engine: Engine) -> LinkStore:
    return LinkStore(engine, VAULT)


def test_a_link_is_listed_once_and_kept_sealed(
    engine: Engine, store: LinkStore, tmp_path: Path
) -> None:
    store.leave("s", [link(), link(reason="log-in")])
    store.leave("s", [link(reason="pay-wall")])
    (view,) = store.links("s")
    assert (view.reason, view.host) == ("pay-wall", "files.example")
    assert view.first_seen < view.last_seen
    assert store.links("other") == []
    checkpoint(engine)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"martineau" not in written


def test_an_approved_host_takes_up_its_links_with_their_path(
    engine: Engine, store: LinkStore
) -> None:
    frontier = Frontier(engine, VAULT)
    sources = SourceStore(engine)
    store.leave("s", [link(), link("http://files.example/paid", "pay-wall")])
    with pytest.raises(NotFound):
        store.approve("s", "files.example", "me", "order", frontier, whole=False)
    sources.ensure(["s"])
    assert store.approve("s", "files.example", "me", "order", frontier, whole=True) == 1
    (waiting,) = frontier.pending("s")
    assert (waiting.address, waiting.path) == (ADDRESS, link().plain_path)
    assert [view.reason for view in store.links("s")] == ["pay-wall"]
    approved = sources.states()["s"].approved_hosts
    assert [(one["host"], one["whole"], one["who"]) for one in approved] == [
        ("files.example", True, "me")
    ]


def test_old_links_make_room_and_are_forgotten(
    engine: Engine, store: LinkStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links_module, "MAX_LINKS", 3)
    for number in range(5):
        store.leave("s", [link(f"http://files.example/{number}")])
    assert len(store.links("s")) == 3
    assert prune(engine, datetime.now(UTC) + timedelta(days=89)) == 0
    assert prune(engine, datetime.now(UTC) + timedelta(days=91)) == 3
