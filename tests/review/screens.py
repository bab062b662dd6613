"""Pictures of the pages, for people: both languages, light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def launch(playwright: object) -> Browser:
    """The system's Chromium; as root it has no sandbox of its own, and our pages need none."""
    browser: Browser = playwright.chromium.launch(  # type: ignore[attr-defined]
        executable_path=CHROMIUM, args=["--no-sandbox"]
    )
    return browser


def enter(page: Page, base_url: str, token: str) -> None:
    """Sign in with a one-time link, as a person does."""
    page.goto(f"{base_url}/login/once#{token}")
    page.click("#once-open")
    page.wait_for_url("**/alerts")


def take_pictures(base_url: str, token: str, folder: Path, alert: int = 0) -> list[Path]:
    """PNG files of list, one alert, queue and sources in `folder`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(timezone_id="Europe/Paris")
        page = context.new_page()
        enter(page, base_url, token)
        if not alert:
            alert = int(page.locator("tr[data-id]").first.get_attribute("data-id") or 1)
        for language in ("fr", "en"):
            _speak(page, base_url, language)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                for size, (width, height) in SIZES.items():
                    page.set_viewport_size({"width": width, "height": height})
                    for name, path in (
                        ("list", "/alerts"),
                        ("alert", f"/alerts/{alert}"),
                        ("queue", "/queue"),
                        ("sources", "/sources"),
                    ):
                        page.goto(base_url + path)
                        file = folder / f"{name}-{language}-{scheme}-{size}.png"
                        page.screenshot(path=file, full_page=name != "list" or size == "narrow")
                        taken.append(file)
        browser.close()
    return taken


def _speak(page: Page, base_url: str, language: str) -> None:
    page.goto(f"{base_url}/alerts")
    if page.locator("html").get_attribute("lang") != language:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.click(f'button[name=language][value="{language}"]')
        page.wait_for_load_state()
