"""A record of its own for each test, and builders of what a crawl hands to it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.embedded import EmbeddedIndex
from index.engine import migrate, open_record
from index.leases import Leases, source_lease
from index.recorder import Fence, Finding, KeptPost, PageFacts, Recorder
from index.search import SearchIndex
from matching.result import Match, ScanResult, Verdict
from tests.elasticsearch_node.certificates import Authority
from tests.elasticsearch_node.node import Cluster, Node
from tests.elasticsearch_node.running import started
from tests.index.servers import by_roles, kill_a_holder, opened

BuildPost = Callable[..., KeptPost]


@pytest.fixture
def migrations_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """New records are migrated step by step, as outside the tests."""
    monkeypatch.setattr("index.engine.migrate", migrate)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty record."""
    record = open_record(f"sqlite:///{tmp_path}/store/vigie.db")
    yield record
    record.dispose()


@pytest.fixture
def fence(engine: Engine) -> Fence:
    """The lease of source "s"."""
    grant = Leases(engine, owner="test").acquire(source_lease("s"), 600)
    assert grant is not None
    return Fence("s", grant.token)


@pytest.fixture
def page() -> PageFacts:
    """A page as fetched."""
    return PageFacts(
        status=200, fetched_at=datetime.now(UTC), bytes=1234, sha256="ab" * 32, peer="127.0.0.1"
    )


@pytest.fixture(scope="session")
def build_post() -> BuildPost:
    """post("place", rows=[…]): a kept post whose keys come from plain names."""

    def build(
        place: str,
        rows: Sequence[int] = (1,),
        *,
        verdict: Verdict = Verdict.FRAGMENT,
        text: str | None = None,
        also: Sequence[str] = (),
        leak: str = "leak",
        posted_at: datetime | None = None,
        fields: Sequence[str] = ("nir", "phone"),
        sealed: str = "",
    ) -> KeptPost:
        alerting = verdict.raises_alert
        result = ScanResult(
            document="",
            bytes=10,
            sha256="cd" * 32,
            verdict=verdict,
            records=len(rows) if alerting else 0,
            review_records=0 if alerting else len(rows),
            candidates=len(rows),
            chance=1e-12,
            matches=tuple(
                Match(leak, row, 60.0 + row % 7, tuple(fields), tuple((0, 5) for _ in fields))
                for row in rows
            ),
        )
        snippet = {"layer": "", "segments": [["•••", "nir"]]}
        return KeptPost(
            location_key=key_of(place),
            content_key=key_of(text if text is not None else f"text of {place} {sorted(rows)}"),
            location=f"http://site/{place}",
            also_keys=tuple(key_of(other) for other in also),
            also=tuple(f"http://site/{other}" for other in also),
            findings=(Finding(leak, result, (snippet,)),),
            posted_at=posted_at,
            sealed=sealed,
        )

    return build


@pytest.fixture
def fill(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> Callable[[int], None]:
    """fill(n): make alerts until there are n."""
    made = [0]

    def make(number: int) -> None:
        while made[0] < number:
            Recorder(engine).record_page(
                fence, page, [], [build_post(f"p{made[0]}", rows=[made[0]])]
            )
            made[0] += 1

    return make


def key_of(name: str) -> bytes:
    """16 bytes for a name."""
    return hashlib.blake2b(name.encode(), digest_size=16).digest()


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A real node without security, for every test of this room."""
    with started(Node(tmp_path_factory.mktemp("elasticsearch") / "node", heap="512m")) as running:
        yield running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs what this room's servers show."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Node]:
    """A node with users, roles, API keys and TLS."""
    node = Node(tmp_path_factory.mktemp("secured") / "node", authority=authority)
    with started(node) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Searched:
    """An empty index, and what happens to it once it was filled."""

    index: SearchIndex
    once_filled: Callable[[], object] = lambda: None


@pytest.fixture(
    scope="module", params=["embedded", "elasticsearch", "secured", "three nodes, one killed"]
)
def searched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Searched]:
    """An empty index of each kind there is and wherever it may lie, for the tests of one file."""
    if request.param == "three nodes, one killed":
        with started(Cluster(tmp_path_factory.mktemp("cluster"))) as cluster:
            access, names = Access(cluster.url), Names("test")
            with closing(connect(access)) as client, opened(access, client, names) as index:
                yield Searched(index, lambda: kill_a_holder(cluster, client, names))
    elif request.param == "secured":
        node, signs = request.getfixturevalue("secured"), request.getfixturevalue("authority")
        with by_roles(node, signs, _names()) as secured:
            yield Searched(secured)
    else:
        for made in _empty(request, tmp_path_factory.mktemp("search")):
            yield Searched(made)


@pytest.fixture(params=["embedded", "elasticsearch"])
def fresh_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    """An empty index of each kind there is, for one test."""
    yield from _empty(request, tmp_path)


def _empty(request: pytest.FixtureRequest, folder: Path) -> Iterator[SearchIndex]:
    if request.param == "embedded":
        with closing(EmbeddedIndex(folder / "index.db")) as embedded:
            yield embedded
        return
    running: Node = request.getfixturevalue("node")
    access, names = Access(running.url), _names()
    with closing(connect(access)) as client:
        with opened(access, client, names) as made:
            yield made
        made_there = client.indices.get(index=names.pattern, filter_path="*.aliases")
        client.indices.delete(index=list(made_there))


def _names() -> Names:
    # Names of its own, so that tests share one node and nothing else. Parts are small: every test
    # with a few hits sees several of them.
    return Names(f"test{secrets.token_hex(6)}", part=20)
