"""A record split over three posts of a forum thread, read in three crawls days apart: the thread is
fetched again whole, alerted as one location, and nothing else of it is kept."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from crawler.forkserver import ForkServer
from crawler.judge import Judge
from crawler.outcome import CrawlOutcome
from crawler.parts import Parts
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec
from crawler.supervise import Supervisor
from crawler.threads import ThreadReader
from index.alerts import AlertStore
from index.engine import open_record
from index.frontier import Frontier
from index.leases import Leases, source_lease
from index.recorder import Recorder
from index.schema import Pending, ThreadEvidence
from index.threads import ThreadStore
from index.vault import Vault
from matching.build import build
from matching.client import MatcherClient
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef
from tests.crawler.conftest import Hostile
from tests.matching import disguises
from tests.matching.disguises import Person

PER_PAGE = 20
FRAME = """<!doctype html><html><head><title>{title}</title></head><body>
<header class="layout__header"><div class="header__logo_wrapper">
<a class="header__logo" href="/">Salon</a></div></header>
<div class="layout__article">{body}</div></body></html>"""
CHATTER = (
    "Pour la fête du quartier il reste à trouver deux tables et une nappe, la salle est ouverte "
    "à partir de dix heures, et pensez à prévenir pour le repas du midi car les places y sont "
    "comptées comme chaque année. "
) * 6


class Forum:
    """A small forum of the Spirit kind; a topic is a list of posts' texts."""

    def __init__(self, server: Hostile) -> None:
        self.server = server
        self.topics: dict[int, list[str]] = {}

    @property
    def address(self) -> str:
        return self.server.address + "/"

    def show(self) -> None:
        rows = "".join(
            f'<div class="layout__topics__topic"><div class="topic__title">'
            f'<a class="topic__link" href="/topic/{n}/sujet/">Sujet</a></div>'
            f'<div class="topic__category"><a href="/category/1/a/">A</a></div>'
            f'<div class="topic__comments"> {len(posts)}</div></div>'
            for n, posts in self.topics.items()
        )
        self.server.page("/", FRAME.format(title="Salon", body=rows))
        for n, posts in self.topics.items():
            pages = [posts[at : at + PER_PAGE] for at in range(0, len(posts), PER_PAGE)]
            for number in range(1, len(pages) + 1):
                html = self._page(n, number, len(pages), pages[number - 1])
                query = "" if number == 1 else f"?page={number}"
                self.server.page(f"/topic/{n}/sujet/{query}", html)
                self.server.page(f"/topic/{n}/{query}", html)

    def _page(self, topic: int, number: int, pages: int, posts: list[str]) -> str:
        first = (number - 1) * PER_PAGE + 1
        comments = "".join(
            f'<div class="comments_list__comment js-comment" data-number="{at}" '
            f'data-pk="{topic * 1000 + at}"><div class="comment__text"><p>{escape(text)}</p></div>'
            "</div>"
            for at, text in enumerate(posts, start=first)
        )
        buttons = "".join(
            f'<li class="paginator__button"><a href="?page={n}">{n}</a></li>'
            for n in range(1, pages + 1)
        )
        body = f'<h1 class="headline">Sujet</h1><div class="comments_list">{comments}</div>'
        return FRAME.format(title="Sujet", body=f"{body}<ul>{buttons}</ul>")


class Originals:
    """Keeps what would be sealed."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def seal(self, body: bytes, facts: dict[str, object], more: object = None) -> str:
        name = f"original-{len(self.bodies) + 1}.age"
        self.bodies[name] = body
        return name

    def discard(self, name: str) -> None:
        del self.bodies[name]


class Case:
    """One watch over one forum, with a clock of its own."""

    def __init__(self, engine: Engine, matcher: MatcherClient, forks: ForkServer, folder: RunFolder,
                 forum: Forum) -> None:  # fmt: skip
        self.engine, self.forum = engine, forum
        self.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
        self.woken: list[str] = []
        self.originals = Originals()
        self.store = ThreadStore(engine, clock=self.clock)
        frontier = Frontier(engine, Vault(bytes(32)), clock=self.clock)
        recorder = Recorder(engine, clock=self.clock)
        parts = Parts(
            judge=Judge(matcher, matcher.names, frontier, recorder, self.originals),
            recorder=recorder,
            frontier=frontier,
            originals=self.originals,
            wake=self.woken.append,
            threads=ThreadReader(matcher, matcher.names, frontier, self.store, self.originals),
        )
        self._supervisor = Supervisor(forks, parts, folder)
        grant = Leases(engine, owner="test").acquire(source_lease("forum"), 600)
        assert grant is not None
        self._token = grant.token

    def clock(self) -> datetime:
        return self.now

    def crawl(self, days: int = 0) -> CrawlOutcome:
        self.now += timedelta(days=days)
        self.forum.show()
        spec = SourceSpec(
            id="forum", start=(self.forum.address,), engine="spirit", delay=0.0, concurrency=4,
            timeout=5.0, crawl_seconds=60.0, allow_addresses=("127.0.0.0/8",),
        )  # fmt: skip
        outcome = self._supervisor.crawl(spec, token=self._token)
        assert outcome.outcome == "finished", outcome
        assert not outcome.counts.problems, outcome
        return outcome

    def count(self, table: type) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Person], LeakRef]:
    folder = tmp_path_factory.mktemp("leak")
    made = disguises.people(1500, seed=31)
    csv = folder / "fuite.csv"
    rows = [";".join(disguises.HEADER), *(";".join(one.columns()) for one in made)]
    csv.write_text("\n".join(rows) + "\n", "latin-1")
    build(csv, new_key(folder / "k"), folder / "leak.vfp", inspect(csv), name="fuite")
    return made, LeakRef(folder / "leak.vfp", folder / "k")


@pytest.fixture
def case(people: tuple[list[Person], LeakRef], tmp_path: Path) -> Iterator[Case]:
    engine = open_record(f"sqlite:///{tmp_path}/store/vigie.db")
    server = Hostile()
    with MatcherClient([people[1]]) as matcher, ForkServer() as forks, RunFolder(tmp_path) as runs:
        yield Case(engine, matcher, forks, runs, Forum(server))
    server.close()
    engine.dispose()


def test_three_posts_in_three_crawls_are_one_alert_on_the_thread(
    case: Case, people: tuple[list[Person], LeakRef]
) -> None:
    draw = random.Random(3)
    row, server = 700, case.forum.server
    person = people[0][row]
    thread = case.forum.topics[4] = ["Bonjour le quartier", CHATTER]
    thread.append(f"Tu parles de {person.first} {person.surname.title()} de {person.town} ?")
    assert case.crawl().new_alerts == 0
    assert case.count(ThreadEvidence) > 0
    assert case.woken == []

    thread += [CHATTER, f"oui, son numéro : {disguises.phone_form(draw, person.phone)}", CHATTER]
    assert case.crawl(days=5).new_alerts == 0
    assert (case.count(Pending), case.woken) == (0, [])

    thread += [CHATTER, *["merci"] * 15]  # over the page's end
    thread.append(f"il est né le {disguises.date_form(draw, person.born)}")
    assert case.crawl(days=6).new_alerts == 0
    assert (case.count(Pending), case.woken) == (1, ["forum"])

    # The source was woken: its next crawl reads the thread whole, though nothing new stands there.
    # The list and the order name it by two addresses; the site is asked once for each page.
    server.asked.clear()
    assert case.crawl().new_alerts == 1
    asked = [path.partition("?")[2] for path in server.asked if path.startswith("/topic/4/")]
    assert sorted(asked) == ["", "page=2"]
    server.asked.clear()
    assert case.crawl().new_alerts == 0
    assert not [path for path in server.asked if path.startswith("/topic/4/")]
    detail = AlertStore(case.engine).get(1)
    alert = detail.alert
    assert alert.location == f"{case.forum.address}topic/4/"
    assert (alert.verdict, alert.records) == ("fragment", 1)
    assert {"phone", "birth_date", "surname", "city"} <= set(alert.fields)
    match = detail.hits[0].matches[0]
    assert match["row"] == row
    assert len(match["how"]) == len(match["seen"]) == len(match["fields"])
    original = case.originals.bodies[detail.hits[0].capture.sealed]
    with zipfile.ZipFile(io.BytesIO(original)) as pages:
        assert len(pages.namelist()) == 2

    # The order is done, and the same thread is neither ordered nor alerted again.
    assert case.count(Pending) == 0
    thread += [f"encore {person.first} {person.surname.title()} de {person.town}"]
    thread += [f"au {disguises.phone_form(draw, person.phone)}"]
    assert case.crawl(days=1).new_alerts == 0
    assert case.count(Pending) == 0

    # What is left is gone after 30 days, and the record holds no value.
    case.now += timedelta(days=31)
    case.store.prune()
    assert case.count(ThreadEvidence) == 0
    written = b"".join(p.read_bytes() for p in Path(str(case.engine.url.database)).parent.iterdir())
    for value in (person.surname.title(), person.phone, person.phone[2:], "quartier"):
        assert value.encode() not in written


def test_many_peoples_names_over_a_long_thread_never_alert(
    case: Case, people: tuple[list[Person], LeakRef]
) -> None:
    draw = random.Random(8)
    members = draw.sample(people[0], 60)
    thread = case.forum.topics[9] = ["Les inscriptions au tournoi"]
    for at in range(0, 60, 20):
        for one in members[at : at + 20]:
            thread.append(f"Bravo à {one.first} {one.surname.title()} de {one.town.title()} !")
            thread.append(f"rencontre du {disguises.date_form(draw, draw.choice(members).born)}")
            stranger = disguises.phone_form(draw, disguises.invent(draw).phone)
            thread.append(f"appelez le {stranger}")
        assert case.crawl(days=3).new_alerts == 0
    assert case.count(ThreadEvidence) > 0
    assert (case.count(Pending), case.woken) == (0, [])
