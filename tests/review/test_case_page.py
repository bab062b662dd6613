"""A case's page: what stands in it, who may act, exports from start to download."""

from __future__ import annotations

import html
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright
from sqlalchemy import insert, select

from evidence.cases import copies
from evidence.gdpr import breach
from evidence.orders.register import Orders, Terms
from evidence.store import Store
from index.accounts import AccountStore
from index.alerts import AlertStore
from index.embedded import EmbeddedIndex
from index.engine import open_record, reading, writing
from index.schema import Act, Case, EvidenceItem, Request
from review.app import Parts
from review.server import serving
from review.settings import Settings
from tests.evidence.seeding import seed_alert
from tests.review.conftest import Served, post
from tests.review.screens import CHROMIUM, enter, launch
from vigie.exporting import Exports

NOW = datetime.now(UTC)
ACTS = {
    "export": {"edition": "court", "reason": "assignation"},
    "copies": {"other": "2", "decision": "join", "reason": "même fichier"},
    "clock": {"aware": "2026-11-25T10:00", "reason": "vu"},
    "status": {"status": "closed", "reason": "fini"},
    "hold": {"reason": "référé"},
}


@dataclass
class Page:
    """The application over one folder, as `vigie serve` has it."""

    served: Served
    folder: Path


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Page]:
    config = tmp_path / "vigie.toml"
    config.write_text('[storage]\npath = "var"\n[evidence]\norganisation = "CERT d’essai"\n')
    engine = open_record(f"sqlite:///{tmp_path}/var/vigie.db")
    accounts = AccountStore(engine)
    for name, role in (("claire", "legal"), ("paul", "analyst")):
        accounts.add(name, None)
        accounts.set_role(name, role)
    for number, host in ((1, "paste.example"), (2, "mirror.example"), (3, "paste.example")):
        rows = (11, 12, 13) if number < 3 else (90 + number,)
        seed_alert(engine, number, rows=(*rows, 100 + number), host=host)
    exports = Exports(tmp_path / "var" / "exports", config)
    with (
        closing(EmbeddedIndex(tmp_path / "index.db")) as search,
        serving(engine, Settings(port=0), search, Parts(exports=exports)) as settings,
    ):
        yield Page(Served(engine, accounts, settings, search), tmp_path)
    engine.dispose()


def furnish(case: Page) -> None:
    """Everything that a case can have."""
    engine = case.served.engine
    file = Store(case.folder / "var" / "evidence").put(b"{}\n")
    now = NOW - timedelta(days=1)
    with writing(engine) as connection:
        for kind, state, why in (("dns", "made", ""), ("rdap", "failed", "nobody answered")):
            connection.execute(
                insert(EvidenceItem).values(
                    capture=1, kind=kind, at=now, state=state, error=why, attempts=1,
                    media_type="application/json", bytes=3, sha256=file[3:], file=file,
                )
            )  # fmt: skip
        connection.execute(
            insert(Request).values(
                case=1, kind="notice", addressee="host", name="Hébergeur SA", contact="",
                contact_from="", language="fr", subject="x", addresses=["https://paste.example/p/1"],
                missing=[], message=b"", sha256="0" * 64, state="sent", created=now,
                created_by="claire", answer_within_s=3600, sent=now, sent_by="claire",
                sent_how="by-hand", due=now + timedelta(hours=1),
            )
        )  # fmt: skip
    orders = Orders(engine, lambda: NOW)
    orders.add(
        Terms(1, "TJ d’essai", "26/00001", now - timedelta(days=3), "bloquer", ["paste.example"],
              ["Opérateur"], months=18),
        "claire",
    )  # fmt: skip
    breach.start(engine, 1, "breach", now, "claire", "signalé", NOW)


def test_everything_of_the_case_stands_there(case: Page) -> None:
    furnish(case)
    with case.served.user("claire", "en") as client:
        told = client.get("/cases/1").text
    for wanted in (
        "Capture 1", "nobody answered", "Hébergeur SA", "silent", "TJ d’essai 26/00001",
        "not served", "Notification to the CNIL", "Case 2",
        "3 common records", "No dossier was exported", "Custody log",
        "Clock started",
    ):  # fmt: skip
        assert wanted in told, wanted
    with reading(case.served.engine) as connection:
        seen = select(Act.who).where(Act.what == "view", Act.subject == "case:1")
        assert list(connection.scalars(seen)) == ["claire"]


def test_in_french_it_says_in_french_why_a_piece_is_not_there(case: Page) -> None:
    with writing(case.served.engine) as connection:
        for kind, state, why in (
            ("clocks", "failed", "no evidence.clocks are configured"),
            ("direct", "not-needed", "the capture itself is direct"),
        ):
            connection.execute(
                insert(EvidenceItem).values(
                    capture=1, kind=kind, at=NOW, state=state, error=why, attempts=1,
                    media_type="", bytes=0, sha256="", file="",
                )
            )  # fmt: skip
    told = {}
    for language in ("fr", "en"):
        with case.served.user("claire", language) as client:
            told[language] = html.unescape(client.get("/cases/1").text)
    for french, english in (
        ("aucune horloge de référence n’est configurée", "no evidence.clocks are configured"),
        ("la capture est elle-même directe", "the capture itself is direct"),
        ("inutile", "not needed"),
    ):
        assert french in told["fr"]
        assert english not in told["fr"]
        assert english in told["en"]
    assert "not-needed" not in told["fr"] + told["en"]


@pytest.mark.parametrize("act", sorted(ACTS))
def test_an_analyst_reads_and_does_not_act(case: Page, act: str) -> None:
    with reading(case.served.engine) as connection:
        before = len(list(connection.scalars(select(Act.id))))
    with case.served.user("paul") as client:
        answer = post(client, f"/cases/1/{act}", ACTS[act], page="/cases/1")
        assert answer.status_code == 403
        assert '<form method="post" action="/cases/1' not in client.get("/cases/1").text
    with reading(case.served.engine) as connection:
        acts = list(connection.scalars(select(Act.what).order_by(Act.id)))[before:]
    assert set(acts) <= {"login", "login-link", "view"}


def test_legal_staff_act_with_a_reason(case: Page) -> None:
    engine = case.served.engine
    with case.served.user("claire") as client:
        for act, form in ACTS.items():
            bare = {**form, "reason": " "}
            answer = post(client, f"/cases/1/{act}", bare, page="/cases/1")
            assert answer.status_code in (400, 422), act
        assert post(client, "/cases/1/clock", ACTS["clock"], page="/cases/1").status_code == 303
        assert breach.clocks(engine, NOW)[0].row.aware == datetime(2026, 11, 25, 10, tzinfo=UTC)
        again = post(client, "/cases/1/clock", ACTS["clock"], page="/cases/1")
        assert again.status_code == 422
        assert "Rien n’a été enregistré" in again.text
        joined = post(client, "/cases/1/copies", ACTS["copies"], page="/cases/1")
        assert joined.headers["location"] == "/cases/1?done=joined"
        assert copies.proposals(engine, 1) == ()
        refused = post(client, "/cases/1/status", ACTS["status"], page="/cases/1")
        assert refused.status_code == 422  # an alert is open
        for alert in (1, 2):
            AlertStore(engine).decide(alert, "confirmed", "à nous", "claire", 1)
        closed = post(client, "/cases/1/status", ACTS["status"], page="/cases/1")
        assert closed.headers["location"] == "/cases/1?done=closed"
        with reading(engine) as connection:
            assert connection.scalar(select(Case.status).where(Case.id == 1)) == "closed"
        assert post(client, "/cases/1/hold", ACTS["hold"], page="/cases/1").status_code == 303
        other = {"release": "1", "reason": "x"}
        assert post(client, "/cases/3/hold", other, page="/cases/1").status_code == 400
        released = post(client, "/cases/1/hold", other, page="/cases/1")
        assert released.headers["location"] == "/cases/1?done=released"


def test_an_export_is_made_beside_and_fetched_by_who_asked(case: Page) -> None:
    reason = "assignation, QUENOUILLE"
    with case.served.user("claire") as client:
        form = {"edition": "host", "reason": reason}
        begun = post(client, "/cases/1/export", form, page="/cases/1")
        address = begun.headers["location"]
        assert re.fullmatch(r"/cases/1/exports/[0-9a-f]{32}", address)
        assert client.get(address).headers["refresh"] == "2"
        assert client.get(f"{address}/dossier.zip").status_code == 404
        assert reason not in _command_lines()
        answer = _ready(client, address)
        assert "Télécharger" in answer.text
        got = client.get(f"{address}/dossier.zip")
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["cache-control"] == "no-store"
        names = zipfile.ZipFile(io.BytesIO(got.content)).namelist()
        assert "dossier-1-host/manifest.json" in names
        assert "dossier-1-host/verifier.py" in names
        assert client.get(address.replace("/1/", "/2/")).status_code == 404
        assert client.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 404
    case.served.accounts.set_role("paul", "legal")
    with case.served.user("paul") as other:
        assert other.get(address).status_code == 404
        assert other.get(f"{address}/dossier.zip").status_code == 404
    with reading(case.served.engine) as connection:
        log = connection.execute(
            select(Act.what, Act.who, Act.reason)
            .where(Act.what.in_(("export", "exported", "download")))
            .order_by(Act.seq)
        ).all()
    assert [tuple(one) for one in log] == [
        ("export", "claire", reason), ("exported", "claire", ""), ("download", "claire", ""),
    ]  # fmt: skip


def _ready(client: httpx.Client, address: str) -> httpx.Response:
    until = time.monotonic() + 120
    while True:
        answer = client.get(address)
        if "refresh" not in answer.headers:
            return answer
        assert time.monotonic() < until
        time.sleep(0.3)


def _command_lines() -> str:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(place.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return "\n".join(found)


def test_an_export_that_fails_says_so(case: Page) -> None:
    with writing(case.served.engine) as connection:
        number = connection.scalar(select(Case.id).where(Case.id == 1))
    (case.folder / "vigie.toml").write_text("[nonsense]\n")
    with case.served.user("claire") as client:
        form = {"edition": "court", "reason": "essai"}
        begun = post(client, f"/cases/{number}/export", form, page="/cases/1")
        answer = _ready(client, begun.headers["location"])
    assert "L’export a échoué" in answer.text
    assert "nonsense" in answer.text


@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium at /usr/bin/chromium")
def test_everyone_can_use_it(case: Page) -> None:
    furnish(case)
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for language, scheme, width in (("fr", "light", 1280), ("en", "dark", 360)):
            context = browser.new_context(
                locale=language, color_scheme=scheme, bypass_csp=True,  # type: ignore[arg-type]
                viewport={"width": width, "height": 800},
            )  # fmt: skip
            page = context.new_page()
            case.served.accounts.set_language("claire", language)
            enter(page, case.served.url, case.served.accounts.new_login_token("claire"))
            page.goto(case.served.url + "/cases/1")
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            result = Axe().run(page).response["violations"]
            wrong += [json.dumps([one["id"], one["nodes"][0]["target"]]) for one in result]
            # By keyboard alone: an export is asked for and its page reached.
            if language == "fr":
                page.locator("#edition").focus()
                page.keyboard.press("ArrowDown")
                page.keyboard.press("Tab")
                page.keyboard.type("assignation")
                page.keyboard.press("Tab")
                page.keyboard.press("Enter")
                page.wait_for_url("**/cases/1/exports/*")
                expect(page.get_by_role("link", name="Télécharger")).to_be_visible(timeout=90_000)
                result = Axe().run(page).response["violations"]
                wrong += [json.dumps([one["id"], one["nodes"][0]["target"]]) for one in result]
            context.close()
        browser.close()
    assert wrong == []
