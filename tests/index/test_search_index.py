"""The outbox reaches the index at least once, and the index can be made again from the record."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from index.alerts import AlertStore
from index.embedded import EmbeddedIndex
from index.errors import IndexUnavailable
from index.recorder import Fence, KeptPost, PageFacts, Recorder
from index.schema import Outbox
from index.search import Document, Refusal, SearchHit
from index.shipper import MAX_ATTEMPTS, Shipper, rebuild, status, wait

BuildPost = Callable[..., KeptPost]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EmbeddedIndex]:
    made = EmbeddedIndex(tmp_path / "index.db")
    yield made
    made.close()


@pytest.fixture
def fill(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> Callable[[int], None]:
    """Make so many alerts."""

    def make(number: int) -> None:
        for n in range(number):
            Recorder(engine).record_page(fence, page, [], [build_post(f"p{n}", rows=[n])])

    return make


def document(number: int, version: int = 1, **body: object) -> Document:
    return Document(f"alert-{number}", version, {"alert": number, **body})


class Flaky:
    """The embedded index behind a wire that breaks as a test tells it."""

    name = "flaky"

    def __init__(self, index: EmbeddedIndex) -> None:
        self.index = index
        self.down = False
        self.lose_answer = False
        self.refuse: dict[str, bool] = {}
        self.written: list[list[str]] = []

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        if self.down:
            raise IndexUnavailable("down")
        self.written.append([item.id for item in documents])
        taken = [item for item in documents if item.id not in self.refuse]
        self.index.write(taken)
        if self.lose_answer:
            raise IndexUnavailable("the answer was lost")
        return [
            Refusal(item.id, "mapping says no", permanent=self.refuse[item.id])
            for item in documents
            if item.id in self.refuse
        ]

    def replace_all(self, documents: Iterable[Document]) -> int:
        return self.index.replace_all(documents)

    def search(self, query: str, limit: int = 50) -> list[SearchHit]:
        return self.index.search(query, limit)

    def ids(self) -> set[str]:
        return self.index.ids()

    def close(self) -> None:
        self.index.close()


def test_alerts_reach_the_index(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    fill(7)
    assert Shipper(engine, index).ship_once() == 7
    assert Shipper(engine, index).ship_once() == 0
    found = status(engine, index)
    assert (found.documents, found.alerts, found.missing, found.extra, found.waiting) == (
        7, 7, 0, 0, 0,
    )  # fmt: skip


def test_an_index_that_is_down_loses_nothing(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    flaky = Flaky(index)
    flaky.down = True
    shipper = Shipper(engine, flaky)
    fill(5)
    for _ in range(3):
        with pytest.raises(IndexUnavailable):
            shipper.ship_once()
    assert status(engine, flaky).waiting == 5
    flaky.down = False
    shipper.ship_once()
    assert status(engine, flaky).missing == 0


def test_a_lost_answer_doubles_nothing(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    flaky = Flaky(index)
    flaky.lose_answer = True
    fill(5)
    with pytest.raises(IndexUnavailable):
        Shipper(engine, flaky).ship_once()
    flaky.lose_answer = False
    Shipper(engine, flaky).ship_once()
    assert [len(batch) for batch in flaky.written] == [5, 5]
    assert len(index.search("", 100)) == 5


def test_poison_is_put_aside_and_the_rest_goes_on(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    flaky = Flaky(index)
    flaky.refuse = {"alert-2": True}
    fill(4)
    shipper = Shipper(engine, flaky)
    shipper.ship_once()
    assert shipper.ship_once() == 0
    found = status(engine, flaky)
    assert (found.documents, found.put_aside, found.waiting) == (3, 1, 0)
    with Session(engine) as session:
        row = session.scalars(select(Outbox).where(Outbox.put_aside.is_not(None))).one()
        assert (row.document_id, row.last_error) == ("alert-2", "mapping says no")
    flaky.refuse = {}
    assert rebuild(engine, flaky) == 4
    assert status(engine, flaky).put_aside == 0


def test_only_what_failed_is_tried_again_and_later(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    now = [datetime.now(UTC)]
    flaky = Flaky(index)
    flaky.refuse = {"alert-2": False}
    fill(3)
    shipper = Shipper(engine, flaky, clock=lambda: now[0])
    shipper.ship_once()
    assert shipper.ship_once() == 0
    now[0] += timedelta(seconds=5)
    flaky.refuse = {}
    assert shipper.ship_once() == 1
    assert flaky.written == [["alert-1", "alert-2", "alert-3"], ["alert-2"]]


def test_a_failure_that_stays_is_put_aside_in_the_end(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    now = [datetime.now(UTC)]
    flaky = Flaky(index)
    flaky.refuse = {"alert-1": False}
    fill(1)
    shipper = Shipper(engine, flaky, clock=lambda: now[0])
    tries = 0
    while shipper.ship_once():
        tries += 1
        now[0] += timedelta(seconds=400)
    assert tries == MAX_ATTEMPTS
    assert status(engine, flaky).put_aside == 1


def test_waits_grow_and_are_bounded() -> None:
    assert 0.8 <= wait(1) <= 1.2
    assert 6 <= wait(4) <= 10
    assert wait(50) <= 360


def test_a_late_older_state_does_not_win(index: EmbeddedIndex) -> None:
    index.write([document(1, 5, status="confirmed")])
    index.write([document(1, 3, status="open")])
    assert [hit.body["status"] for hit in index.search("")] == ["confirmed"]


def test_a_decision_during_a_rebuild_is_not_lost(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    fill(3)
    Shipper(engine, index).ship_once()
    real = index.replace_all

    def slow(documents: Iterable[Document]) -> int:
        listed = list(documents)
        AlertStore(engine).decide(2, "confirmed", "yes", "j", 1)
        Shipper(engine, index).ship_once()
        return real(listed)

    index.replace_all = slow  # type: ignore[method-assign]
    rebuild(engine, index)
    Shipper(engine, index).ship_once()
    assert [hit.id for hit in index.search("status:confirmed")] == ["alert-2"]


def test_words_fields_prefixes_and_phrases(index: EmbeddedIndex) -> None:
    index.write(
        [
            document(1, title="Base Médecins ••••", location="http://forum.example/t/12",
                     source="forum", status="open", verdict="repost", fields=["nir", "phone"]),
            document(2, title="liste de clients", location="http://paste.example/•••",
                     source="paste", status="dismissed", verdict="fragment", fields=["email"]),
        ]
    )  # fmt: skip

    def ids(query: str) -> list[str]:
        return sorted(hit.id for hit in index.search(query))

    assert ids("MEDECINS") == ["alert-1"]
    assert ids("médec*") == ["alert-1"]
    assert ids("example") == ["alert-1", "alert-2"]
    assert ids("example status:open") == ["alert-1"]
    assert ids("fields:email") == ["alert-2"]
    assert ids('"liste de"') == ["alert-2"]
    assert ids('"de liste"') == []
    assert ids("source:PASTE verdict:fragment") == ["alert-2"]
    assert ids("alert:1") == ["alert-1"]
    assert ids("") == ["alert-1", "alert-2"]
    assert ids("nothing") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.text(max_size=60))
def test_no_query_is_an_operator(index: EmbeddedIndex, query: str) -> None:
    index.search(query)


@pytest.mark.parametrize(
    "query",
    [
        'a" OR "b',
        "NOT a",
        "a NEAR b",
        "title:x",
        "{a b}: c",
        "^a",
        "'; DROP TABLE document;--",
        "*",
    ],
)
def test_operators_are_words(index: EmbeddedIndex, query: str) -> None:
    index.write([document(1, title="z")])
    index.search(query)
    assert index.ids() == {"alert-1"}


def test_a_broken_file_is_said_and_made_again(
    engine: Engine, index: EmbeddedIndex, tmp_path: Path, fill: Callable[[int], None]
) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(IndexUnavailable, match="vigie index rebuild"):
        index.search("x")
    assert not status(engine, index).reachable
    fill(2)
    path.unlink()
    assert rebuild(engine, index) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_thread_ships_and_stops(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    shipper = Shipper(engine, index)
    shipper.start()
    fill(3)
    shipper.stop(5)
    assert index.ids() == {"alert-1", "alert-2", "alert-3"}


def test_stopping_is_bounded_while_the_index_hangs(engine: Engine, index: EmbeddedIndex) -> None:
    flaky = Flaky(index)
    flaky.down = True
    shipper = Shipper(engine, flaky)
    shipper.start()
    began = time.monotonic()
    shipper.stop(2)
    assert time.monotonic() - began < 3


def test_delivered_rows_do_not_stay_for_ever(
    engine: Engine, index: EmbeddedIndex, fill: Callable[[int], None]
) -> None:
    fill(2)
    Shipper(engine, index).ship_once()
    later = Shipper(engine, index, clock=lambda: datetime.now(UTC) + timedelta(days=2))
    later.forget_delivered()
    with Session(engine) as session:
        assert session.scalars(select(Outbox.id)).all() == []
    fill(3)  # two are known, one is new: its version is higher than any before
    with Session(engine) as session:
        assert session.scalars(select(Outbox.id)).all() == [3]
