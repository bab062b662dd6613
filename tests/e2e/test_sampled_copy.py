"""A long copy of the file on a watched site is alerted on by a sample: the alert says so, holds the
sample's rows, and another draw of the same copy does not open it again once it is decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from crawler.judge import Judge, page_facts
from crawler.messages import PageReport, PostReport
from index.accounts import AccountStore
from index.alerts import AlertStore
from index.engine import open_record
from index.facts import Fence
from index.frontier import Frontier
from index.leases import Leases, source_lease
from index.recorder import Recorder
from index.schema import Alert, AlertRecord
from index.vault import Vault
from matching import certainty
from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import NOT_READ, LeakRef, ScanResult, TextLayer
from matching.scan import Scanner
from review.server import serving
from review.settings import Settings
from tests.e2e.test_no_oracle import Originals
from tests.matching import disguises
from tests.review.conftest import Served, indexed

PEOPLE = disguises.people(3_000, seed=91)
LINES = [" | ".join(one.columns()) for one in PEOPLE]


class Here:
    """The matcher without its process."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner

    def scan(
        self,
        document: str,
        size: int,
        sha256: str,
        layers: Sequence[TextLayer],
        *,
        all_matches: bool = False,
    ) -> tuple[ScanResult, ...]:
        return (self.scanner.scan(document, size, sha256, layers, all_matches=all_matches),)


class Watch:
    """One source, its judge and its record."""

    def __init__(self, scanner: Scanner, engine: Engine) -> None:
        self.engine = engine
        grant = Leases(engine, owner="test").acquire(source_lease("s"), 600)
        assert grant is not None
        self.fence = Fence("s", grant.token)
        self.recorder = Recorder(engine)
        frontier = Frontier(engine, Vault(bytes(32)))
        self.judge = Judge(Here(scanner), ("fuite",), frontier, self.recorder, Originals())

    def sees(self, text: str) -> Alert:
        post = PostReport(location="https://forum.example/topic/12", layers=(("", text),))
        page = PageReport(
            address=post.location, status=200, fetched_at=datetime.now(UTC).isoformat(),
            posts=(post,), body=text.encode(),
        )  # fmt: skip
        judgement = self.judge.judge(page, still_wanted=lambda: True)
        self.recorder.record_page(self.fence, page_facts(page), posts=judgement.with_seal())
        with Session(self.engine) as session:
            return session.scalars(select(Alert)).one()

    def rows(self) -> int:
        with Session(self.engine) as session:
            return session.scalars(select(func.count()).select_from(AlertRecord)).one()


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanner]:
    folder = tmp_path_factory.mktemp("copy")
    csv = folder / "fuite.csv"
    rows = [";".join(disguises.HEADER), *(";".join(one.columns()) for one in PEOPLE)]
    csv.write_text("\n".join(rows) + "\n", "latin-1")
    build(csv, new_key(folder / "k"), folder / "leak.vfp", inspect(csv), name="fuite")
    opened = Scanner(LeakRef(folder / "leak.vfp", folder / "k"))
    yield opened
    opened.close()


@pytest.fixture
def watch(scanner: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    monkeypatch.setattr(certainty, "LARGE", 256 * 1024)
    monkeypatch.setattr("matching.scan.KEPT", 200)
    engine = open_record(f"sqlite:///{tmp_path}/vigie.db")
    yield Watch(scanner, engine)
    engine.dispose()


def copy(first: int, rows: int) -> str:
    return "\n".join(islice(cycle(LINES[first:] + LINES[:first]), rows)) + "\n"


def test_the_alert_says_that_it_rests_on_a_sample_and_holds_its_rows(
    watch: Watch, tmp_path: Path
) -> None:
    alert = watch.sees(copy(0, 12_000))
    assert alert.verdict == "repost"
    assert 1_000 < alert.records < len(PEOPLE)
    assert watch.rows() == alert.records
    accounts = AccountStore(watch.engine)
    accounts.add("jeanne", "une phrase que personne ne devine")
    with (
        indexed(watch.engine, tmp_path) as search,
        serving(watch.engine, Settings(port=0), search) as settings,
    ):
        served = Served(watch.engine, accounts, settings, search)
        with served.user() as user:
            html = user.get(f"/alerts/{alert.id}").text
    assert NOT_READ in html
    assert "stretches drawn over the whole text" in html


def test_another_draw_of_the_same_copy_is_no_news(watch: Watch) -> None:
    alert = watch.sees(copy(0, 12_000))
    before = watch.rows()
    assert AlertStore(watch.engine).decide(alert.id, "dismissed", "again", "jeanne", alert.version)
    again = watch.sees("Edited.\n" + copy(1_500, 12_000))
    assert again.status == "dismissed"
    assert again.version == alert.version + 1
    assert watch.rows() > before


def test_a_copy_where_less_was_seen_before_is_news(watch: Watch) -> None:
    alert = watch.sees(copy(0, 300))
    assert AlertStore(watch.engine).decide(alert.id, "dismissed", "a few", "jeanne", alert.version)
    assert watch.sees(copy(0, 12_000)).status == "open"
