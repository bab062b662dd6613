"""Evidence of threads: kept keyed, summed over posts, ordered once, dropped after 30 days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from index.frontier import Frontier
from index.recorder import Fence, PageFacts, Recorded, Recorder
from index.schema import Pending, ThreadCount, ThreadEvidence
from index.threads import RowTrace, ThreadPost, ThreadStore
from index.vault import Vault
from tests.index.conftest import BuildPost, key_of

NAME = (("surname", 11.0), ("first_name", 9.0), ("city", 11.0))
PHONE = (("phone", 27.0),)
BIRTH = (("birth_date", 14.0),)
THREAD = "http://site/topic/7/"


Read = Callable[..., Recorded]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def frontier(engine: Engine) -> Frontier:
    return Frontier(engine, Vault(bytes(32)))


@pytest.fixture
def read(engine: Engine, fence: Fence, page: PageFacts, frontier: Frontier, clock: Clock) -> Read:
    """read(post, row, fields): records one post of the thread; row None says nothing."""
    recorder = Recorder(engine, clock=clock)

    def run(post: str, row: int | None = None, fields: tuple[tuple[str, float], ...] = NAME,
            thread: str = THREAD) -> Recorded:  # fmt: skip
        traces = () if row is None else (RowTrace("leak", row, fields),)
        one = ThreadPost(frontier.location_key(thread), key_of(post), frontier.seal(thread), traces)
        return recorder.record_page(fence, page, thread_posts=[one])

    return run


def count(engine: Engine, table: type) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_posts_days_apart_order_their_thread_once(
    engine: Engine, read: Read, frontier: Frontier, clock: Clock
) -> None:
    assert read("one", 4, NAME).ordered == 0
    clock.now += timedelta(days=4)
    assert frontier.pending("s") == []
    assert read("two", 4, PHONE).ordered == 1
    clock.now += timedelta(days=4)
    assert read("three", 4, BIRTH).ordered == 0
    waiting = frontier.pending("s")
    assert [(item.address, item.whole) for item in waiting] == [(THREAD, True)]
    assert waiting[0].location_key == frontier.location_key(THREAD)


def test_one_post_or_one_kind_of_value_orders_nothing(engine: Engine, read: Read) -> None:
    assert read("one", 4, (*NAME, *PHONE, *BIRTH)).ordered == 0
    assert read("one", 4, (*NAME, *PHONE, *BIRTH)).ordered == 0
    assert read("two", 5, PHONE).ordered == 0
    assert read("three", 5, PHONE).ordered == 0


def test_other_threads_and_rows_do_not_add_up(engine: Engine, read: Read) -> None:
    assert read("one", 4, NAME).ordered == 0
    assert read("two", 4, PHONE, "http://site/topic/8/").ordered == 0
    assert read("three", 6, PHONE).ordered == 0


def test_an_edited_post_says_what_it_says_now(engine: Engine, read: Read) -> None:
    read("one", 4, NAME)
    read("one")
    assert count(engine, ThreadEvidence) == 0
    assert read("two", 4, PHONE).ordered == 0


def test_a_long_thread_pays_for_its_length(engine: Engine, read: Read) -> None:
    for other in range(200):
        read(f"other {other}")
    read("one", 4, NAME)
    assert read("two", 4, PHONE).ordered == 0
    assert read("three", 4, (("nir", 36.0),)).ordered == 1


def test_evidence_is_gone_after_30_days(engine: Engine, read: Read, clock: Clock) -> None:
    store = ThreadStore(engine, clock=clock)
    read("one", 4, NAME)
    clock.now += timedelta(days=29)
    assert store.prune() == 0
    clock.now += timedelta(days=1, seconds=1)
    # Whether it was pruned or not, it counts no more.
    assert store.suspects(Frontier(engine, Vault(bytes(32))).location_key(THREAD), ["leak"]) == [[]]
    assert read("two", 4, PHONE).ordered == 0
    assert store.prune() == 3
    assert count(engine, ThreadEvidence) == 1
    clock.now += timedelta(days=31)
    store.prune()
    assert (count(engine, ThreadEvidence), count(engine, ThreadCount)) == (0, 0)


def test_suspects_are_told_by_leak_the_strongest_first(
    engine: Engine, read: Read, frontier: Frontier, clock: Clock
) -> None:
    store = ThreadStore(engine, clock=clock)
    read("one", 4, NAME)
    read("two", 9, (*PHONE, *NAME))
    key = frontier.location_key(THREAD)
    assert store.suspects(key, ["other", "leak"]) == [[], [9, 4]]


def test_a_read_page_does_not_end_the_order_and_its_judgement_does(
    engine: Engine, read: Read, fence: Fence, page: PageFacts, frontier: Frontier, clock: Clock
) -> None:
    read("one", 4, NAME)
    read("two", 4, PHONE)
    read("three", 8, NAME)
    recorder = Recorder(engine, clock=clock)
    recorder.record_page(fence, page, frontier.keys([(THREAD, "comments:3")]))
    assert len(frontier.pending("s")) == 1
    recorder.record_page(fence, page, settled=frontier.location_key(THREAD))
    assert count(engine, Pending) == 0
    with Session(engine) as session:
        assert set(session.scalars(select(ThreadEvidence.row))) == {8}


def test_rows_of_an_alert_on_the_thread_are_not_ordered_again(
    engine: Engine,
    read: Read,
    fence: Fence,
    page: PageFacts,
    frontier: Frontier,
    clock: Clock,
    build_post: BuildPost,
) -> None:
    key = frontier.location_key(THREAD)
    known = replace(build_post("post", rows=[4]), thread_key=key)
    Recorder(engine, clock=clock).record_page(fence, page, posts=[known])
    read("one", 4, NAME)
    assert read("two", 4, PHONE).ordered == 0
    read("one", 5, NAME)
    assert read("two", 5, PHONE).ordered == 1


def test_what_is_known_counts_as_new_inside_a_thread_wanted_whole(
    frontier: Frontier, engine: Engine, fence: Fence, page: PageFacts
) -> None:
    pairs = [("http://site/c/1", "a"), (THREAD, "comments:3")]
    Recorder(engine).record_page(fence, page, frontier.keys(pairs))
    whole = frozenset([frontier.location_key(THREAD)])
    assert frontier.known("s", pairs) == ["same", "same"]
    assert frontier.known("s", pairs, whole=whole) == ["same", "new"]
    assert frontier.known("s", pairs, whole=whole, within=THREAD) == ["new", "new"]
    assert frontier.known("s", pairs, whole=whole, within="http://site/topic/8/") == ["same", "new"]
