"""What is collected of threads that are wanted whole: bounded, in order, and of their own site."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.sampling import BLOCK, proves
from crawler import threads
from crawler.messages import PageReport, PostReport
from crawler.threads import Collected, ThreadReader, thread_key
from index.engine import open_record
from index.frontier import Frontier
from index.threads import ThreadStore
from index.vault import Vault
from matching.result import Match, ScanResult, TextLayer, Verdict

THREAD = "http://forum.example/topic/4/"


def post(number: int, text: str = "texte", thread: str = THREAD) -> PostReport:
    return PostReport(
        location=f"http://forum.example/comment/{number}/find/",
        layers=(("", text),),
        thread=thread,
        title="Sujet", posted_at=f"2026-03-0{number % 8 + 1}T10:00:00Z",
        frame_ids=(str(number), "4"),
    )  # fmt: skip


def page(number: int, *posts: PostReport, size: int = 10) -> PageReport:
    return PageReport(
        address=f"{THREAD}?page={number}", status=200, fetched_at=datetime.now(UTC).isoformat(),
        content_type="text/html", posts=posts, body=bytes([number]) * size,
        path=("http://forum.example/",),
    )  # fmt: skip


class Matcher:
    """Finds a record in every thread; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[list[str]]] = []
        self.suspects: list[list[list[int]]] = []

    def traces(
        self, layers: Sequence[TextLayer], suspects: Sequence[Sequence[int]]
    ) -> tuple[tuple[Match, ...], ...]:
        self.suspects.append([list(rows) for rows in suspects])
        told = Match("a", len(self.suspects), 30.0, ("phone",), ((0, 2),), "", (30.0,), ("exact",))
        sure = Match("a", 99, 60.0, ("nir",), ((0, 2),), "", (60.0,), ("exact",))
        return ((told, sure),)

    def scan_thread(
        self, document: str, size: int, sha256: str, posts: Sequence[Sequence[TextLayer]]
    ) -> tuple[ScanResult, ...]:
        self.asked.append([[layer.text for layer in each] for each in posts])
        match = Match("a", 7, 60.0, ("phone",), ((0, 5),), "", (60.0,), ("exact",))
        return (ScanResult("", size, sha256, Verdict.FRAGMENT, 1, 0, 1, 0.01, (match,)),)


class Originals:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def seal(
        self, body: bytes, facts: dict[str, object], more: Mapping[str, bytes] | None = None
    ) -> str:
        self.bodies.append(body)
        self.facts, self.more = facts, dict(more or {})
        return "original.age"

    def discard(self, name: str) -> None:
        return None


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    engine = open_record(f"sqlite:///{tmp_path}/vigie.db")
    yield Frontier(engine, Vault(bytes(32)))
    engine.dispose()


@pytest.fixture
def wanted(frontier: Frontier) -> Collected:
    return Collected(frozenset([frontier.location_key(THREAD)]), frontier)


@pytest.fixture
def reader(frontier: Frontier) -> tuple[ThreadReader, Matcher, Originals]:
    matcher, originals = Matcher(), Originals()
    store = ThreadStore(frontier._engine)
    return ThreadReader(matcher, ["a"], frontier, store, originals), matcher, originals


def test_posts_of_all_pages_in_order_each_once(
    wanted: Collected, reader: tuple[ThreadReader, Matcher, Originals]
) -> None:
    wanted.take(page(1, post(1, "alpha"), post(2, "bravo")))
    wanted.take(page(2, post(2, "bravo corrigé"), post(3, "charlie")))
    wanted.take(page(3, post(9, "ailleurs", "http://forum.example/topic/5/")))
    (thread,) = wanted.threads()
    told = reader[0].judge(thread)
    assert reader[1].asked == [[["alpha"], ["bravo corrigé"], ["charlie"]]]
    assert told.post is not None
    assert told.post.location == THREAD
    assert told.post.posted_at == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert told.post.findings[0].seen == (("•••",),)
    with zipfile.ZipFile(io.BytesIO(reader[2].bodies[0])) as pages:
        assert [pages.read(name)[:1] for name in pages.namelist()] == [b"\x01", b"\x02"]
    assert (told.page.bytes, told.page.content_type) == (
        len(reader[2].bodies[0]), "application/zip"
    )  # fmt: skip


def test_one_page_is_its_own_original(
    wanted: Collected, reader: tuple[ThreadReader, Matcher, Originals]
) -> None:
    wanted.take(page(1, post(1), post(2)))
    told = reader[0].judge(wanted.threads()[0])
    assert reader[2].bodies == [b"\x01" * 10]
    assert told.page.content_type == "text/html"


def test_a_long_thread_is_kept_as_a_sample(wanted: Collected, frontier: Frontier) -> None:
    """[retention] whole_bytes: first block, blocks of the first records, one root over the whole;
    and no page is whole in the archive beside it."""
    matcher, originals = Matcher(), Originals()
    store = ThreadStore(frontier._engine)
    reader = ThreadReader(matcher, ["a"], frontier, store, originals, 250_000)
    wanted.take(replace(page(1, post(1, "alpha")), body=b"\x01" * 150_000))
    far = b"\x02" * 150_000 + b"alpha" + b"\x03" * 150_000
    wanted.take(replace(page(2, post(2, "bravo")), body=far))
    told = reader.judge(wanted.threads()[0])
    assert told.page.bytes > 450_000
    assert len(originals.bodies[0]) == BLOCK
    blocks = json.loads(originals.more["blocks.json"])
    assert (originals.facts["kept"], blocks["bytes"]) == ("sample", told.page.bytes)
    kept = {one["index"]: one["proof"] for one in blocks["kept"]}
    (index,) = set(kept) - {0}
    assert b"alpha" in originals.more[f"block-{index:06d}"]
    assert proves(originals.more[f"block-{index:06d}"], index, kept[index], blocks)
    with zipfile.ZipFile(io.BytesIO(originals.more["capture.wacz"])) as archive:
        assert sum(one.file_size for one in archive.infolist()) < 2 * BLOCK


@pytest.mark.parametrize(
    ("bound", "most"), [("MOST_TEXT", 1200), ("MOST_BYTES", 55), ("MOST_POSTS", 6)]
)
def test_a_flood_of_posts_is_cut(
    wanted: Collected, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(threads, bound, most)
    for number in range(1, 50):
        wanted.take(page(number, post(number, "x" * 200)))
    (thread,) = wanted.threads()
    assert wanted.cut
    assert 0 < len(thread.posts) <= 6
    assert len(thread.pages) == len(thread.posts)


def test_what_is_too_long_from_the_start_is_no_thread(
    wanted: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "MOST_TEXT", 10)
    wanted.take(page(1, post(1, "x" * 200)))
    assert (wanted.threads(), wanted.cut) == ([], True)


@pytest.mark.parametrize(
    "thread",
    ["http://other.example/topic/4/", "http://forum.example:81/topic/4/", "no address", ""],
)
def test_a_post_belongs_to_threads_of_its_own_site_only(frontier: Frontier, thread: str) -> None:
    assert thread_key(frontier, post(1, thread=THREAD)) is not None
    assert thread_key(frontier, post(1, thread=thread)) is None


def test_rows_found_on_a_page_are_suspects_for_its_next_posts_and_alerts_are_no_traces(
    reader: tuple[ThreadReader, Matcher, Originals],
) -> None:
    told = reader[0].traces(page(1, post(1), post(2), post(3, thread="")))
    assert reader[1].suspects == [[[]], [[1]]]
    assert [[trace.row for trace in each.traces] for each in told] == [[1], [2]]
