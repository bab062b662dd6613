"""The pages in a real browser: hostile text stays text, and everyone can use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
    sync_playwright,
)
from sqlalchemy import insert, select, update

from index.alerts import AlertStore
from index.engine import reading
from index.schema import Alert, Capture, Case, Hit, LoginToken
from tests.review.conftest import Served
from tests.review.screens import CHROMIUM, enter, launch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium at /usr/bin/chromium"),
]
HOSTILE = (
    '"><script>alert(1)</script><img src="http://canary.example/x" onerror="alert(2)">'
    "<svg/onload=alert(3)>javascript:alert(4)"
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(
        locale="fr-FR", timezone_id="Europe/Paris", viewport={"width": 1280, "height": 800}
    )
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    yield opened
    context.close()


def sign_in(page: Page, served: Served) -> None:
    enter(page, served.url, served.accounts.new_login_token("jeanne"))


def test_hostile_text_is_text(page: Page, served: Served) -> None:
    outside: list[str] = []
    dialogs: list[str] = []
    broken: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(served.url):
            outside.append(request.url)

    def talked(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    def complained(message: ConsoleMessage) -> None:
        if message.type == "error":
            broken.append(message.text)

    page.on("request", asked)
    page.on("dialog", talked)
    page.on("console", complained)
    snippets = [{"layer": HOSTILE, "segments": [[HOSTILE, ""], [HOSTILE, HOSTILE]]}]
    matches = [{"leak": HOSTILE, "row": 1, "bits": 60.0, "fields": [HOSTILE], "layer": HOSTILE,
                "field_bits": [60.0], "spans": [[0, 1]]}]  # fmt: skip
    with served.engine.begin() as connection:
        connection.execute(
            update(Alert).values(
                title=HOSTILE, location=HOSTILE, also=[HOSTILE], fields=[HOSTILE], reason=HOSTILE
            )
        )
        connection.execute(
            update(Capture).values(title=HOSTILE, location=HOSTILE, path=[HOSTILE], peer=HOSTILE)
        )
        connection.execute(update(Hit).values(snippets=snippets, matches=matches, notes=[HOSTILE]))
    sign_in(page, served)
    for path in ("/alerts", "/alerts/36", "/cases/36", "/queue", "/queue/37"):
        page.goto(served.url + path)
        expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
    page.wait_for_timeout(300)
    assert (outside, dialogs, broken) == ([], [], [])


def test_the_link_signs_in_once_and_leaves_no_trace(page: Page, served: Served) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    token = served.accounts.new_login_token("jeanne")
    page.goto(f"{served.url}/login/once#{token}")
    assert token not in page.url
    with reading(served.engine) as connection:
        used = connection.execute(select(LoginToken.used)).scalars().all()
    assert used == [None], "opening the page alone spends nothing"
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts")
    assert not any(token in address for address in asked if "#" not in address)
    page.context.clear_cookies()
    page.goto("about:blank")
    page.goto(f"{served.url}/login/once#{token}")
    page.click("#once-open")
    expect(page.get_by_role("alert")).to_contain_text("déjà servi")


def test_a_morning_by_keyboard_alone(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.evaluate("document.activeElement.getAttribute('href')")
    assert first == "/alerts/36"
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/36")
    page.keyboard.press("c")
    expect(page.locator("#armed")).to_contain_text("Entrée confirme")
    page.keyboard.press("Enter")
    assert "done" not in page.url, "no reason, no decision"
    page.keyboard.type("vu en ligne")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/36?done=confirmed")
    expect(page.locator(".notice")).to_contain_text("Alerte 36 confirmée")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/35")
    page.keyboard.press("d")
    page.keyboard.type("autre liste")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.wait_for_url("**/alerts/34")
    page.keyboard.press("k")
    page.wait_for_url("**/alerts/35")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/alerts")
    page.keyboard.press("/")
    page.keyboard.type("market")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts?q=market*")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    store = AlertStore(served.engine)
    assert store.get(36).alert.status == "confirmed"
    assert store.get(35).alert.status == "open"


def test_single_keys_can_be_switched_off(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.click("[data-help]")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.goto(f"{served.url}/alerts/36")
    page.locator("body").press("c")
    expect(page.locator("#armed")).to_be_empty()
    page.locator("body").press("?")
    expect(page.locator("#help")).to_be_hidden()


def test_all_of_it_works_without_a_script(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{served.url}/login/once")
    page.fill("#token", served.accounts.new_login_token("jeanne"))
    page.click("#once-open")
    page.click('a[href="/alerts/36"]')
    page.fill("#reason", "vu en ligne")
    page.click('button[value="dismissed"]')
    page.wait_for_url("**/alerts/36?done=dismissed")
    assert AlertStore(served.engine).get(36).alert.status == "dismissed"
    context.close()


def test_an_address_is_copied_and_never_followed(page: Page, served: Served) -> None:
    with served.engine.begin() as connection:
        readable, masked = "http://paste.example/K4QZ", "http://paste.example/•••"
        connection.execute(update(Alert).where(Alert.id == 36).values(location=readable))
        connection.execute(update(Alert).where(Alert.id == 35).values(location=masked, also=[]))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.url)
    sign_in(page, served)
    page.goto(f"{served.url}/alerts/36")
    page.locator(".where [data-copy]").press("Enter")
    expect(page.locator("#announce")).to_have_text("Copiée")
    assert page.evaluate("navigator.clipboard.readText()") == readable
    assert page.url == f"{served.url}/alerts/36"
    page.goto(f"{served.url}/alerts/35")
    assert page.locator("[data-copy]").count() == 0
    expect(page.get_by_text("La partie masquée peut nommer")).to_be_visible()
    assert page.locator(f'a[href^="{readable[:14]}"]').count() == 0


def test_the_list_follows_without_losing_focus_or_place(page: Page, served: Served) -> None:
    sign_in(page, served)
    for _ in range(12):
        page.keyboard.press("j")
    held = page.evaluate("document.activeElement.getAttribute('href')")
    place = "document.activeElement.getBoundingClientRect().top"
    before = page.evaluate(place)
    with served.engine.begin() as connection:
        row = dict(connection.execute(select(Alert).where(Alert.id == 36)).mappings().one())
        case = connection.execute(
            insert(Case).values(opened=row["first_seen"], status="open")
        ).inserted_primary_key
        assert case
        row.update(id=37, case=case[0], location_key=b"n" * 16, location="https://new.example/1")
        connection.execute(insert(Alert).values(row))
    AlertStore(served.engine).decide(35, "dismissed", "x", "paul", 1)
    page.locator('tr[data-id="37"]').wait_for(timeout=15_000)
    assert page.locator('tr[data-id="35"]').count() == 0
    assert page.evaluate("document.activeElement.getAttribute('href')") == held
    assert abs(page.evaluate(place) - before) < 2
    expect(page.locator("#announce")).to_contain_text("1 nouvelle alerte")
    expect(page.locator("time").first).not_to_contain_text("UTC")


def test_the_list_says_when_the_session_has_ended(page: Page, served: Served) -> None:
    sign_in(page, served)
    served.accounts.disable("jeanne")
    expect(page.locator("#list-problem")).to_contain_text("terminée", timeout=15_000)


def test_times_are_the_readers_own(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.goto(f"{served.url}/alerts/36")
    moment = page.locator("dl.facts time").first
    stamp = moment.get_attribute("datetime")
    shown = page.evaluate(
        """(stamp) => new Intl.DateTimeFormat("fr", {timeZone: "Europe/Paris", hour: "2-digit",
           minute: "2-digit", second: "2-digit", hourCycle: "h23"}).format(new Date(stamp))""",
        stamp,
    )
    assert shown in (moment.text_content() or "")
    assert "UTC" in (moment.get_attribute("title") or "")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_scrolls_sideways(page: Page, served: Served, width: int) -> None:
    sign_in(page, served)
    page.set_viewport_size({"width": width, "height": 700})
    for path in (
        "/alerts",
        "/alerts/36",
        "/alerts/35",
        "/queue",
        "/queue/37",
        "/sources",
        "/login",
    ):
        page.goto(served.url + path)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, path


@pytest.mark.parametrize(("language", "scheme"), [("fr", "light"), ("en", "dark")])
def test_axe_finds_nothing(browser: Browser, served: Served, language: str, scheme: Any) -> None:
    served.accounts.set_language("jeanne", language)
    AlertStore(served.engine).decide(34, "confirmed", "x", "jeanne", 1)
    context = browser.new_context(color_scheme=scheme, locale=language, bypass_csp=True)
    page = context.new_page()
    axe = Axe()
    found: list[str] = []

    def check(name: str) -> None:
        assert page.locator("html").get_attribute("lang") == language
        result = axe.run(page, options={**RULES, "resultTypes": ["violations"]})
        for violation in result.response["violations"]:
            places = [node["target"] for node in violation["nodes"]]
            found.append(f"{name}: {violation['id']} at {places[:3]}")

    for path in ("/login", "/login/once"):
        page.goto(served.url + path)
        check(path)
    enter(page, served.url, served.accounts.new_login_token("jeanne"))
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/alerts", "/alerts/36"):
        page.goto(served.url + path)
        check(f"{path}, narrow")
    page.set_viewport_size({"width": 1280, "height": 800})
    for path in (
        "/alerts", "/alerts?q=nothing", "/alerts/35", "/alerts/34?done=confirmed", "/queue",
        "/queue/37", "/sources", "/cases/36", "/nowhere",
    ):  # fmt: skip
        page.goto(served.url + path)
        check(path)
    page.click("[data-help]")
    check("help")
    context.close()
    assert found == []
