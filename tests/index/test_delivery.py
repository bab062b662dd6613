"""The outbox reaches the index at least once; what fails waits, what cannot go is put aside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from index import shipper as shipping
from index.alerts import AlertStore
from index.embedded import EmbeddedIndex
from index.errors import IndexUnavailable
from index.index_status import status
from index.outbox import CHANNELS, HITS, SEARCH
from index.recorder import Fence, KeptPost, PageFacts, Recorder
from index.schema import Outbox
from index.search import Document, Refusal, SearchIndex
from index.shipper import MAX_ATTEMPTS, Lane, Shipper, wait
from tests.index.flaky import Flaky, refusal

BuildPost = Callable[..., KeptPost]
Fill = Callable[[int], None]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EmbeddedIndex]:
    """The embedded index."""
    made = EmbeddedIndex(tmp_path / "index.db")
    yield made
    made.close()


def rows(engine: Engine, channel: str) -> list[Outbox]:
    """The rows of a channel that are not delivered."""
    with Session(engine) as session:
        query = select(Outbox).where(Outbox.channel == channel, Outbox.delivered.is_(None))
        return list(session.scalars(query.order_by(Outbox.id)))


def whole(engine: Engine, index: SearchIndex) -> bool:
    """Whether the index holds exactly what the record holds."""
    found = status(engine, index)
    return found.documents == found.alerts + found.hits and not found.missing + found.extra


def test_alerts_and_hits_reach_the_index(
    engine: Engine, fill: Fill, fresh_index: SearchIndex
) -> None:
    fill(7)
    assert Shipper(engine, fresh_index).ship_once() == 14
    assert Shipper(engine, fresh_index).ship_once() == 0
    found = status(engine, fresh_index)
    sizes = (found.documents, found.alerts, found.hits)
    assert sizes == (14, 7, 7)
    assert (found.missing, found.extra, found.waiting) == (0, 0, 0)
    assert found.reachable
    assert fresh_index.count("alert:3", kind="hit") == 1


def test_an_index_that_is_down_loses_nothing(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    flaky = Flaky(index)
    flaky.down = True
    shipper = Shipper(engine, flaky)
    fill(5)
    for _ in range(3):
        with pytest.raises(IndexUnavailable):
            shipper.ship_once()
    found = status(engine, flaky)
    assert (found.waiting, found.reachable, found.last_error) == (10, False, "The index is down.")
    flaky.down = False
    shipper.ship_once()
    assert whole(engine, flaky)


def test_a_lost_answer_doubles_nothing(engine: Engine, index: EmbeddedIndex, fill: Fill) -> None:
    flaky = Flaky(index)
    flaky.lose_answer = True
    fill(5)
    lanes = [Lane(engine, flaky, channel) for channel in (HITS, SEARCH)]
    for lane in lanes:
        with pytest.raises(IndexUnavailable):
            lane.step()
    flaky.lose_answer = False
    for lane in lanes:
        lane.step()
    assert [len(batch) for batch in flaky.written] == [5] * 4
    assert index.count("") == index.count("", kind="hit") == 5


def test_poison_is_put_aside_with_its_reason_and_the_rest_goes_on(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    flaky = Flaky(index)
    flaky.refuse = {name: refusal(name, permanent=True) for name in ("alert-2", "hit-3")}
    fill(4)
    shipper = Shipper(engine, flaky)
    shipper.ship_once()
    assert shipper.ship_once() == 0
    found = status(engine, flaky)
    assert (found.documents, found.put_aside, found.waiting) == (6, 2, 0)
    assert {(item.document_id, item.reason) for item in found.aside} == {
        ("alert-2", "mapping says no"), ("hit-3", "mapping says no"),
    }  # fmt: skip


def test_only_what_failed_is_tried_again_and_later(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    now = [datetime.now(UTC)]
    flaky = Flaky(index)
    flaky.refuse = {"hit-2": refusal("hit-2")}
    fill(3)
    lane = Lane(engine, flaky, HITS, lambda: now[0])
    lane.step()
    assert lane.step() == 0
    now[0] += timedelta(seconds=5)
    flaky.refuse = {}
    assert lane.step() == 1
    assert flaky.written == [["hit-1", "hit-2", "hit-3"], ["hit-2"]]


def test_a_failure_that_stays_is_put_aside_in_the_end_but_never_for_want_of_room(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    now = [datetime.now(UTC)]
    flaky = Flaky(index)
    flaky.refuse = {"hit-1": refusal("hit-1"), "hit-2": refusal("hit-2", busy=True)}
    fill(2)
    lane = Lane(engine, flaky, HITS, lambda: now[0])
    for _ in range(MAX_ATTEMPTS + 5):
        lane.step()
        now[0] += timedelta(seconds=400)
    found = status(engine, flaky)
    assert ([item.document_id for item in found.aside], found.waiting) == (["hit-1"], 3)
    flaky.refuse = {}
    lane.step()
    assert index.ids("hit") == {"hit-2"}


def test_waits_grow_and_are_bounded() -> None:
    assert 0.8 <= wait(1) <= 1.2
    assert 6 <= wait(4) <= 10
    assert wait(50) <= 360


def test_of_several_states_the_newest_is_sent_once(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    fill(1)
    store = AlertStore(engine)
    store.decide(1, "confirmed", "yes", "j", 1)
    store.decide(1, "dismissed", "no", "j", 2)
    flaky = Flaky(index)
    assert Lane(engine, flaky, SEARCH).step() == 3
    assert flaky.written == [["alert-1"]]
    assert index.count("status:dismissed") == 1
    assert not rows(engine, SEARCH)


def test_draining_travels_side_by_side_and_settles_all(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    fill(30)
    flaky = Flaky(index)
    flaky.batch = 4
    together, most = [0], [0]
    write = flaky.write

    def slow(documents: object) -> object:
        together[0] += 1
        most[0] = max(most[0], together[0])
        time.sleep(0.02)
        together[0] -= 1
        return write(documents)  # type: ignore[arg-type]

    flaky.write = slow  # type: ignore[method-assign, assignment]
    assert Lane(engine, flaky, HITS).drain() == 30
    assert most[0] == flaky.workers
    most[0] = 0
    assert Lane(engine, flaky, SEARCH).drain() == 30
    assert most[0] == 1  # the states of an alert never overtake each other
    assert whole(engine, flaky)
    assert not rows(engine, HITS)


def test_draining_stops_at_an_outage_and_keeps_what_arrived(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    fill(20)
    flaky = Flaky(index)
    flaky.batch = 4
    write = flaky.write

    def breaks(documents: object) -> object:
        if len(flaky.written) >= 2:
            raise IndexUnavailable("The index went away.")
        return write(documents)  # type: ignore[arg-type]

    flaky.write = breaks  # type: ignore[method-assign, assignment]
    with pytest.raises(IndexUnavailable):
        Lane(engine, flaky, HITS).drain()
    waiting = {row.document_id for row in rows(engine, HITS)}
    assert waiting.isdisjoint(index.ids("hit"))
    assert len(waiting) == 20 - 8


def test_several_shippers_are_harmless(
    engine: Engine, fill: Fill, fresh_index: SearchIndex
) -> None:
    fill(40)
    shippers = [Shipper(engine, fresh_index) for _ in range(3)]
    for shipper in shippers:
        shipper.start()
    fill(60)
    until = time.monotonic() + 60
    while (rows(engine, HITS) or rows(engine, SEARCH)) and time.monotonic() < until:
        time.sleep(0.05)
    for shipper in shippers:
        shipper.stop(10)
    assert whole(engine, fresh_index)
    assert fresh_index.count("", kind="hit") == fresh_index.count("") == 60


def test_what_waits_is_bounded(
    engine: Engine, index: EmbeddedIndex, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "MAX_WAITING_BODIES", 3)
    fill(8)
    store = AlertStore(engine)
    for version in range(1, 5):
        store.decide(1, ("confirmed", "dismissed")[version % 2], "why", "j", version)
    for channel in (HITS, SEARCH):
        Lane(engine, index, channel).trim()
    # Of the five states of alert 1 the last one waits; rows behind the third have no body.
    assert [row.document_id for row in rows(engine, SEARCH)].count("alert-1") == 1
    for channel in (HITS, SEARCH):
        assert [bool(row.body) for row in rows(engine, channel)] == [True] * 3 + [False] * 5
    while Shipper(engine, index).ship_once():
        pass
    assert whole(engine, index)
    assert index.count("status:confirmed") == 1
    found = index.search("alert:8", kind="hit").hits[0].body
    assert found["vigie"]["location"] == "http://site/p7"


def test_a_row_whose_fact_is_gone_is_settled(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    fill(1)
    with Session(engine) as session:
        session.execute(
            update(Outbox).where(Outbox.channel == HITS).values(body={}, document_id="hit-99")
        )
        session.commit()
    Lane(engine, index, HITS).drain()
    assert not rows(engine, HITS)


def test_the_threads_ship_say_so_and_stop(
    engine: Engine, index: EmbeddedIndex, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "FIRST_WAIT", 0.05)
    flaky = Flaky(index)
    flaky.down = True
    told: list[str] = []
    shipper = Shipper(engine, flaky, tell=told.append)
    fill(3)
    shipper.start()
    until = time.monotonic() + 20
    while not told and time.monotonic() < until:
        time.sleep(0.02)
    assert told[0].endswith("documents wait for the search index: The index is down.")
    assert status(engine, index).last_error == "The index is down."
    flaky.down = False
    while len(told) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    shipper.stop(5)
    assert told[1:] == ["The search index is back; what waited is delivered."]
    assert whole(engine, index)


def test_stopping_is_bounded_while_the_index_hangs(engine: Engine, index: EmbeddedIndex) -> None:
    flaky = Flaky(index)
    release = threading.Event()

    def hang(_documents: Sequence[Document]) -> list[Refusal]:
        release.wait(30)
        return []

    flaky.write = hang  # type: ignore[method-assign, assignment]
    shipper = Shipper(engine, flaky)
    shipper.start()
    began = time.monotonic()
    shipper.stop(2)
    assert time.monotonic() - began < 3
    release.set()


def test_delivered_rows_do_not_stay_for_ever(
    engine: Engine, index: EmbeddedIndex, fill: Fill
) -> None:
    fill(2)
    Shipper(engine, index).ship_once()
    later = Shipper(engine, index, clock=lambda: datetime.now(UTC) + timedelta(days=2))
    later.forget_delivered()
    with Session(engine) as session:
        left = select(func.count()).where(Outbox.channel.in_(CHANNELS))
        assert session.scalar(left) == 0
    fill(3)  # two are known, one is new: its version is higher than any before
    with Session(engine) as session:
        rows = session.scalars(select(Outbox.id).where(Outbox.channel.in_(CHANNELS)))
        assert min(rows) > 6


def test_a_page_that_is_still_there_is_told(
    engine: Engine, index: EmbeddedIndex, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    def record(at: datetime) -> None:
        Recorder(engine, clock=lambda: at).record_page(fence, page, [], [build_post("p")])
        while Shipper(engine, index).ship_once():
            pass

    # The lease was taken now and holds for ten minutes.
    record(datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(minutes=1)
    record(later)
    body = index.search("").hits[0].body
    assert datetime.fromisoformat(body["vigie"]["last_seen"]) > later - timedelta(seconds=1)
    assert body["event"]["duration"] > 50 * 10**9
    assert index.count("", kind="hit") == 1
