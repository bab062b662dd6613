"""Nothing that an analyst can reach answers whether a given person is in the leak: no route takes
a text or a file, and no search finds a value of a record, not even of one that was alerted."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from crawler.judge import Judge, page_facts
from crawler.messages import PageReport, PostReport
from index.accounts import AccountStore
from index.embedded import EmbeddedIndex
from index.engine import open_record
from index.facts import Fence
from index.frontier import Frontier
from index.leases import Leases, source_lease
from index.recorder import Recorder
from index.schema import Outbox
from index.vault import Vault
from matching.build import build
from matching.client import MatcherClient
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef
from review.app import Application
from review.server import serving
from review.settings import Settings
from tests.matching import disguises
from tests.matching.disguises import Person
from tests.review.conftest import NOWHERE, Served, indexed

# Every route of the application, and every form that one takes. Whoever adds one adds it here,
# and says why it tells nobody whether a person is in the leak.
ROUTES = {
    "GET /": "leads to the list",
    "GET /alerts": "alerts that crawls raised; its search sees what is masked, and numbers",
    "GET /alerts/rows": "the same rows without the frame",
    "GET /alerts/{alert_id}": "one alert, masked",
    "POST /alerts/{alert_id}/decision": "takes a status and a reason, matches neither",
    "GET /queue": "hits that raised no alert, masked",
    "GET /queue/{hit_id}": "one of them, masked",
    "POST /queue/{hit_id}/promote": "an alert of it, with a reason; by its number",
    "GET /sources": "what is watched",
    "GET /alerts/{alert_id}/record": "the form that asks for a row and a reason",
    "POST /alerts/{alert_id}/record": "takes a row that the alert names and a reason, not a value",
    "GET /cases/{case_id}": "alerts of a case",
    "POST /cases/{case_id}/copies": "joins or parts cases by number",
    "POST /cases/{case_id}/clock": "starts a clock, with a reason",
    "POST /cases/{case_id}/status": "closed or open, with a reason",
    "POST /cases/{case_id}/hold": "a hold on a case, with a reason",
    "POST /cases/{case_id}/export": "takes an edition and a reason",
    "GET /cases/{case_id}/exports/{token}": "how far an export is",
    "GET /cases/{case_id}/exports/{token}/dossier.zip": "a dossier, masked",
    "GET /login": "the form", "POST /login": "name and password",
    "GET /login/once": "the form", "POST /login/once": "a link's token",
    "POST /logout": "ends the session", "POST /language": "one of two words",
    "GET /health": "whether it runs",
}  # fmt: skip


class Originals:
    def seal(self, body: bytes, facts: dict[str, object], more: object = None) -> str:
        return "original.age"

    def discard(self, name: str) -> None:
        return None


@pytest.fixture(scope="module")
def person() -> Person:
    return disguises.people(600, seed=71)[123]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, person: Person) -> Iterator[Engine]:
    """A record in which a post with the whole row of `person` was alerted."""
    folder = tmp_path_factory.mktemp("oracle")
    people = disguises.people(600, seed=71)
    csv = folder / "fuite.csv"
    rows = [";".join(disguises.HEADER), *(";".join(one.columns()) for one in people)]
    csv.write_text("\n".join(rows) + "\n", "latin-1")
    build(csv, new_key(folder / "k"), folder / "leak.vfp", inspect(csv), name="fuite")
    record = open_record(f"sqlite:///{folder}/store/vigie.db")
    grant = Leases(record, owner="test").acquire(source_lease("s"), 600)
    assert grant is not None
    frontier, recorder = Frontier(record, Vault(bytes(32))), Recorder(record)
    name = person.surname.lower()
    post = PostReport(
        location=f"https://forum.example/u/{name}/12",
        layers=(("", "vente : " + ";".join(person.columns())),),
        title=f"{person.first} {person.surname}",
        also=(f"https://forum.example/{person.phone}",),
    )
    page = PageReport(
        address=post.location, status=200, fetched_at=datetime.now(UTC).isoformat(), posts=(post,),
        path=(f"https://forum.example/search?q={name}",), body=post.layers[0][1].encode(),
    )  # fmt: skip
    with MatcherClient([LeakRef(folder / "leak.vfp", folder / "k")]) as matcher:
        judge = Judge(matcher, matcher.names, frontier, recorder, Originals())
        judgement = judge.judge(page, still_wanted=lambda: True)
    recorder.record_page(Fence("s", grant.token), page_facts(page), posts=judgement.with_seal())
    AccountStore(record).add("jeanne", "une phrase que personne ne devine")
    yield record
    record.dispose()


@pytest.fixture(scope="module")
def served(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("index")
    with indexed(engine, folder) as search, serving(engine, Settings(port=0), search) as settings:
        yield Served(engine, AccountStore(engine), settings, search)


def routes(engine: Engine) -> set[str]:
    """ "METHOD /path" of every route, as they are written."""
    found: set[str] = set()
    pending: list[Any] = list(Application(engine, Settings(), NOWHERE).routes)
    while pending:
        route = pending.pop()
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        if inner and not getattr(route, "methods", None):
            pending += inner
            continue
        found |= {f"{method} {route.path}" for method in getattr(route, "methods", None) or ()}
    return found


def test_every_route_is_one_that_asks_the_matcher_nothing(engine: Engine) -> None:
    assert routes(engine) == set(ROUTES)


def test_the_application_cannot_match(tmp_path: Path) -> None:
    """It does not even load what could."""
    code = (
        "import sys, review.app, review.server\n"
        "bad = ('matching.scan', 'matching.client', 'matching.service', 'matching.keys',"
        " 'matching.kernel', 'matching.threads', 'matching.fingerprint_file', 'extraction',"
        " 'numba')\n"
        "print([name for name in bad if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_route_takes_a_file(engine: Engine, served: Served) -> None:
    with served.user() as user:
        origin = {"origin": str(user.base_url).rstrip("/")}
        for route in sorted(routes(engine)):
            method, path = route.split(" ")
            path = re.sub(r"{[^}]+}", "1", path)
            if path == "/logout":
                continue
            answer = user.request(
                method if method != "GET" else "POST", path, headers=origin,
                files={"file": ("dump.csv", b"a;b\n1;2\n", "text/csv")},
            )  # fmt: skip
            assert answer.status_code in (400, 401, 403, 404, 405, 413, 415, 422), route


def words_of(person: Person) -> set[str]:
    phone = person.phone
    return {
        person.surname, person.surname.title(), person.first, person.nir, person.nir[:7], phone,
        phone[1:], " ".join(phone[i : i + 2] for i in range(0, 10, 2)), person.email,
        person.email.split("@")[0], person.birthday, person.address, person.street, person.postcode,
        person.town, f"{person.first} {person.surname}", person.member, person.doctor,
    } - {""}  # fmt: skip


def found_by(user: httpx.Client, query: str) -> list[str]:
    html = user.get("/alerts/rows", params={"q": query, "status": "all"}).text
    return re.findall(r'data-id="(\d+)"', html)


def hits(index: EmbeddedIndex, query: str) -> list[Any]:
    """What a search gives, as a list."""
    found: Any = index.search(query)
    return list(getattr(found, "hits", found))


def test_no_search_finds_a_value_of_an_alerted_record(served: Served, person: Person) -> None:
    index = served.search
    assert index.count() == 1
    with served.user() as user:
        # The alert is there, and the search works.
        assert found_by(user, "forum.example") == ["1"]
        assert hits(index, "forum.example")
        page = user.get("/alerts/1").text
        for value in sorted(words_of(person)):
            assert found_by(user, value) == [], value
            quoted = '"' + value.replace('"', " ") + '"'
            assert not hits(index, quoted), value
            assert value not in page, value


def test_what_is_sent_on_holds_no_value(engine: Engine, person: Person) -> None:
    with Session(engine) as session:
        bodies = " ".join(str(body) for body in session.scalars(select(Outbox.body)))
    assert "forum.example" in bodies
    assert not [value for value in words_of(person) if value in bodies]


def test_a_persons_name_in_any_parameter_gives_what_a_strangers_name_gives(
    served: Served, person: Person
) -> None:
    stranger = "Wxyzabc"
    with served.user() as user:
        for path in ("/alerts", "/alerts/rows", "/queue", "/sources"):
            for name in (
                "q",
                "source",
                "leak",
                "verdict",
                "status",
                "sort",
                "after",
                "row",
                "field",
            ):
                pages = [
                    re.sub(r"\s+", " ", user.get(path, params={name: value}).text).replace(
                        value, ""
                    )
                    for value in (person.surname, stranger)
                ]
                pages = [
                    re.sub(r'name="csrf" value="\w+"|data-version="\w+"', "", p) for p in pages
                ]
                assert pages[0] == pages[1], (path, name)
