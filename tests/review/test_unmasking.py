"""What the pages show of a person: nothing until asked with a reason, then one record, briefly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from index.embedded import EmbeddedIndex
from review import unmasking as pages
from review.app import Parts
from review.server import serving
from review.settings import Settings
from tests.evidence.unmasking import PEOPLE, REASON, Unmasking, prepare
from tests.review.conftest import Served, post
from tests.review.screens import CHROMIUM, enter, launch

VALUES = [text for seen in PEOPLE.values() for _, text in seen]


@dataclass
class Case:
    """The application with a real unmasking process beside it."""

    served: Served
    unmasking: Unmasking


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    found = prepare(tmp_path_factory.mktemp("pages"))
    with (
        closing(EmbeddedIndex(found.folder / "index.db")) as search,
        found.running() as (unmasker, _),
        serving(found.engine, Settings(port=0), search, Parts(unmasker)) as settings,
    ):
        yield Case(Served(found.engine, found.accounts, settings, search), found)
    found.engine.dispose()


def test_nothing_personal_before_and_one_record_after(case: Case) -> None:
    with case.served.user("claire") as client:
        before = client.get("/alerts/1")
        assert "Démasquer" in before.text
        assert not [value for value in VALUES if value in before.text]
        form = {"record": f"{case.unmasking.hit}:11", "reason": REASON}
        answer = post(client, "/alerts/1/record", form, page="/alerts/1")
        assert answer.status_code == 200
        assert [value for value in VALUES if value in answer.text] == [t for _, t in PEOPLE[11]]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["refresh"] == "60; url=/alerts/1"
        # A link, a reload without the form, a prefetch: none shows it.
        again = client.get("/alerts/1/record")
        assert (again.status_code, again.headers["location"]) == (303, "/alerts/1")
        after = client.get("/alerts/1").text
        assert "Démasquée" in after
        assert REASON in after
        assert not [value for value in VALUES if value in after]


def test_without_a_reason_or_the_role_nothing_is_shown(case: Case) -> None:
    record = f"{case.unmasking.hit}:12"
    with case.served.user("claire", "en") as client:
        for form, status in (
            ({"record": record, "reason": " "}, 422),
            ({"record": record}, 422),
            ({"record": "1:1:1", "reason": REASON}, 400),
            ({"record": "9:12", "reason": REASON}, 400),
            ({"reason": REASON}, 400),
            ({"record": f"{record[:-1]}٢", "reason": REASON}, 400),
        ):
            answer = post(client, "/alerts/1/record", form, page="/alerts/1")
            assert answer.status_code == status, form
            assert not [value for value in VALUES if value in answer.text]
    with case.served.user("paul", "en") as client:
        assert "Your role may not unmask" in client.get("/alerts/1").text
        form = {"record": record, "reason": REASON}
        answer = post(client, "/alerts/1/record", form, page="/alerts/1")
        assert answer.status_code == 403
        assert not [value for value in VALUES if value in answer.text]


def test_without_the_process_the_page_says_so(served: Served) -> None:
    served.accounts.set_role("jeanne", "legal")
    with served.user() as client:
        assert "Le démasquage est coupé ici" in client.get("/alerts/36").text
        answer = post(client, "/alerts/36/record", {"record": "36:1", "reason": REASON})
        assert answer.status_code in (400, 404)


@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium at /usr/bin/chromium")
def test_by_keyboard_and_gone_by_itself(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pages, "SECONDS", 4)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_context(locale="fr-FR").new_page()
        page.set_default_timeout(15_000)
        enter(page, case.served.url, case.served.accounts.new_login_token("claire"))
        page.goto(case.served.url + "/alerts/1")
        page.locator("#unmask-reason").focus()
        page.keyboard.type(REASON)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#record")).to_contain_text("QUENOUILLE")
        page.screenshot(path=tmp_path / "record.png", full_page=True)
        wrong = Axe().run(page).response["violations"]
        assert [one["id"] for one in wrong] == []
        page.wait_for_url("**/alerts/1")
        assert "QUENOUILLE" not in page.content()
        page.go_back()
        assert "QUENOUILLE" not in page.content()
        browser.close()
