"""The index can be thrown away: it is made anew from the record, checked, and swapped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from index import rebuild as rebuilding
from index.alerts import AlertStore
from index.catch_up import INTENT, REBUILD_LEASE, leave_intent, mark
from index.documents import Digest
from index.embedded import EmbeddedIndex
from index.errors import IndexUnavailable, RebuildFailed
from index.index_status import status
from index.leases import Leases
from index.rebuild import rebuild
from index.schema import Outbox
from index.search import Document, Rebuild, Refusal, SearchIndex, Summary
from index.shipper import Shipper
from tests.index.flaky import refusal

Fill = Callable[[int], None]


def ship(engine: Engine, index: SearchIndex) -> None:
    """Everything that is due."""
    while Shipper(engine, index).ship_once():
        pass


def differing(engine: Engine, index: SearchIndex) -> int:
    """How many documents are on one side only."""
    found = status(engine, index)
    return found.missing + found.extra


class Spy:
    """A rebuild that does something of the test's before each write, and may refuse."""

    workers = 1

    def __init__(self, inner: Rebuild) -> None:
        self.inner = inner
        self.before: Callable[[], None] = lambda: None
        self.refuse: dict[str, Refusal] = {}
        self.before_swap: Callable[[], None] = lambda: None

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        self.before()
        self.inner.write([d for d in documents if d.id not in self.refuse])
        return [self.refuse[d.id] for d in documents if d.id in self.refuse]

    def summary(self, kind: str, seen: Callable[[int], None] = lambda _number: None) -> Summary:
        return self.inner.summary(kind, seen)

    def swap(self) -> None:
        self.before_swap()
        self.inner.swap()

    def discard(self) -> None:
        self.inner.discard()


@pytest.fixture
def spied(fresh_index: SearchIndex, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """spied(before=…, refuse=…): what happens while the next rebuild writes."""
    begin = fresh_index.begin_rebuild

    def set_up(**changes: object) -> None:
        def begin_spied() -> Spy:
            spy = Spy(begin())
            for name, value in changes.items():
                setattr(spy, name, value)
            return spy

        monkeypatch.setattr(fresh_index, "begin_rebuild", begin_spied)

    return set_up


def test_a_new_index_holds_what_the_record_holds(
    engine: Engine, fresh_index: SearchIndex, fill: Fill
) -> None:
    fill(25)
    ship(engine, fresh_index)
    fresh_index.refresh()
    before = list(fresh_index.scan(""))
    told: dict[str, tuple[int, int]] = {}

    def progress(stage: str, done: int, of: int) -> None:
        told[stage] = done, of

    made = rebuild(engine, fresh_index, progress=progress)
    assert (made.alerts.count, made.hits.count, made.refused) == (25, 25, ())
    assert told == {"write": (50, 50), "check": (50, 50)}
    ship(engine, fresh_index)
    assert differing(engine, fresh_index) == 0
    after = list(fresh_index.scan(""))
    digests = []
    for found in (before, after):
        digest = Digest()
        digest.add_all((one.id, one.body) for one in found)
        digests.append(digest.value)
    assert digests == [made.alerts.digest] * 2
    # It is the same once more.
    assert rebuild(engine, fresh_index).hits == made.hits


def test_hits_and_decisions_that_come_meanwhile_are_not_lost(
    engine: Engine, fresh_index: SearchIndex, fill: Fill, spied: Callable[..., None]
) -> None:
    fill(10)
    ship(engine, fresh_index)
    came = [11]

    def meanwhile() -> None:
        fill(came[0])
        came[0] += 5
        alert = AlertStore(engine).get(2).alert
        AlertStore(engine).decide(2, "confirmed", "yes", "j", alert.version)
        ship(engine, fresh_index)  # into the index in use

    spied(before=meanwhile, before_swap=meanwhile)
    made = rebuild(engine, fresh_index)
    assert made.hits.count == 10
    ship(engine, fresh_index)
    assert differing(engine, fresh_index) == 0
    assert fresh_index.count("") > 20
    assert [found.id for found in fresh_index.search("status:confirmed").hits] == ["alert-2"]


def test_readers_see_the_old_index_until_the_swap(
    engine: Engine, fresh_index: SearchIndex, fill: Fill, spied: Callable[..., None]
) -> None:
    fill(10)
    ship(engine, fresh_index)
    seen: list[int] = []
    fresh_index.refresh()
    spied(before=lambda: seen.append(fresh_index.count("")))
    rebuild(engine, fresh_index)
    assert set(seen) == {10}


@pytest.mark.parametrize("while_it", ["write", "check"])
def test_a_stopped_rebuild_leaves_everything_as_it_was(
    engine: Engine,
    fresh_index: SearchIndex,
    fill: Fill,
    monkeypatch: pytest.MonkeyPatch,
    while_it: str,
) -> None:
    monkeypatch.setattr(rebuilding, "CHUNK", 4)
    fill(10)
    ship(engine, fresh_index)
    stop = threading.Event()

    def progress(stage: str, done: int, _of: int) -> None:
        if stage == while_it and done > 6:
            stop.set()

    with pytest.raises(RebuildFailed, match="stopped"):
        rebuild(engine, fresh_index, stop=stop, progress=progress)
    assert differing(engine, fresh_index) == 0
    assert rebuild(engine, fresh_index).alerts.count == 10


def test_a_new_index_that_differs_is_never_put_in_place(
    engine: Engine, fresh_index: SearchIndex, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(5)
    ship(engine, fresh_index)
    begin = fresh_index.begin_rebuild

    class Loses(Spy):
        def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
            self.inner.write([d for d in documents if d.id != "hit-3"])
            return ()

    class Changes(Spy):
        def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
            return self.inner.write(
                [Document(d.id, d.version, d.text.replace("fragment", "repost")) for d in documents]
            )

    for wrong in (Loses, Changes):
        monkeypatch.setattr(fresh_index, "begin_rebuild", lambda wrong=wrong: wrong(begin()))
        with pytest.raises(RebuildFailed, match="left as it is"):
            rebuild(engine, fresh_index)
    assert differing(engine, fresh_index) == 0
    assert fresh_index.count("verdict:repost") == 0


def test_what_can_never_be_taken_is_told_and_the_rest_is_checked(
    engine: Engine, fresh_index: SearchIndex, fill: Fill, spied: Callable[..., None]
) -> None:
    fill(5)
    spied(refuse={"hit-3": refusal("hit-3", permanent=True)})
    made = rebuild(engine, fresh_index)
    assert made.hits.count == 4
    assert [item.id for item in made.refused] == ["hit-3"]


def test_what_finds_no_room_is_tried_again_and_then_given_up(
    engine: Engine,
    fresh_index: SearchIndex,
    fill: Fill,
    spied: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuilding, "wait", lambda _attempt: 0.001)
    fill(5)
    refuse = {"hit-3": refusal("hit-3", busy=True)}
    times = [0]

    def relent() -> None:
        times[0] += 1
        if times[0] == 5:
            refuse.clear()

    spied(refuse=refuse, before=relent)
    assert rebuild(engine, fresh_index).hits.count == 5
    refuse["hit-3"] = refusal("hit-3", busy=True)
    times[0] = 10
    with pytest.raises(IndexUnavailable, match="mapping says no"):
        rebuild(engine, fresh_index)


def test_one_rebuild_at_a_time(engine: Engine, fresh_index: SearchIndex) -> None:
    grant = Leases(engine, owner="another").acquire(REBUILD_LEASE, 60)
    assert grant is not None
    with pytest.raises(RebuildFailed, match="Another rebuild"):
        rebuild(engine, fresh_index)


def test_what_was_put_aside_gets_another_chance(
    engine: Engine, fresh_index: SearchIndex, fill: Fill
) -> None:
    fill(2)
    with Session(engine) as session:
        for row in session.scalars(select(Outbox)):
            row.put_aside, row.last_error = row.created, "mapping says no"
        session.commit()
    assert status(engine, fresh_index).put_aside == 4
    rebuild(engine, fresh_index)
    ship(engine, fresh_index)
    found = status(engine, fresh_index)
    assert (found.put_aside, found.missing, found.waiting) == (0, 0, 0)


def test_a_rebuild_that_died_behind_the_swap_is_finished(
    engine: Engine, fresh_index: SearchIndex, fill: Fill
) -> None:
    fill(3)
    since = mark(engine)
    made = fresh_index.begin_rebuild()
    leave_intent(engine, since)
    # These went to the old index, and the process died before it could catch up.
    fill(8)
    ship(engine, fresh_index)
    made.swap()
    assert fresh_index.count("", kind="hit") == 0
    rebuilt = Shipper(engine, fresh_index)
    rebuilt.start()
    rebuilt.stop(20)
    fresh_index.refresh()
    assert fresh_index.ids("hit") == {f"hit-{n}" for n in range(4, 9)}
    assert fresh_index.ids("alert") == {f"alert-{n}" for n in range(4, 9)}
    with Session(engine) as session:
        assert not session.scalars(select(Outbox).where(Outbox.channel == INTENT)).all()


def test_a_broken_file_is_said_and_made_again(engine: Engine, tmp_path: Path, fill: Fill) -> None:
    path = tmp_path / "index.db"
    index = EmbeddedIndex(path)
    index.write([])
    index.close()
    path.resolve().write_bytes(b"no database" * 1000)
    with pytest.raises(IndexUnavailable, match="vigie index rebuild"):
        index.search("x")
    assert not status(engine, index).reachable
    fill(2)
    assert rebuild(engine, index).alerts.count == 2
    assert index.count("") == 2
    assert path.resolve().stat().st_mode & 0o777 == 0o600
    # One file is left, and an index of an earlier layout is replaced too.
    assert len(list(tmp_path.glob("index-*.db"))) == 1
    index.close()
    path.unlink()
    path.write_bytes(b"an older layout")
    with pytest.raises(IndexUnavailable, match="vigie index rebuild"):
        index.count("")
    assert rebuild(engine, index).alerts.count == 2
    index.close()
