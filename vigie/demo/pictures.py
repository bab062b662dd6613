"""The pictures in docs/: the live screen of a real run and the review pages.

`python -m vigie.demo.pictures docs/pictures` runs a demo of its own in a temporary folder, takes
the live screen and the review pages while posts arrive, and ends it.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from crawler.browser import find_chromium
from index.accounts import AccountStore
from index.engine import open_record
from index.frontier import Frontier
from index.vault import Vault
from vigie.config import Config, load
from vigie.demo import tether
from vigie.demo.errands import THREADS
from vigie.demo.errors import DemoError
from vigie.demo.folder import DemoFolder
from vigie.demo.journal import Journal
from vigie.demo.leak import SEED
from vigie.demo.posts import Channel, plan
from vigie.demo.prepare import VIGIE
from vigie.demo.screen import Progress, Scene, draw, utc_now
from vigie.demo.selfcheck import location_keys
from vigie.demo.watching import Watching
from vigie.demo.words import Tongue

ROWS, WIDTH, HEIGHT = 491_000, 100, 42
ALERTS, SECONDS = 22, 300.0
ANALYST = "analyst"
LANGUAGES = ("en", "fr")
LOGIN_SHOWN = "/login/once#…"


def main(target: Path) -> None:
    """Make every picture anew in `target`; raises DemoError when the run does not come so far."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vigie-pictures-") as place:
        folder = DemoFolder(Path(place) / "demo")
        with _running(folder):
            config = _wait_for_alerts(folder)
            began = utc_now()
            for language in LANGUAGES:
                _live_screen(folder, config, language, target)
            _review_pages(config, target)
            sys.stdout.write(f"{len(list(target.iterdir()))} pictures in {target}, "
                             f"{(utc_now() - began).total_seconds():.0f} s\n")  # fmt: skip


@contextmanager
def _running(folder: DemoFolder) -> Iterator[None]:
    command = [*VIGIE, "demo", "--rows", str(ROWS), "--folder", str(folder.root)]
    run = subprocess.Popen(tether.command(command), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        run.terminate()
        run.wait()


def _wait_for_alerts(folder: DemoFolder) -> Config:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        time.sleep(1.0)
        if not (folder.storage / "vigie.db").exists():
            continue
        config = load(folder.config)
        engine = open_record(config.database_url)
        try:
            if Watching(engine).snapshot(1).alert_count >= ALERTS:
                return config
        finally:
            engine.dispose()
    raise DemoError(
        f"The demo raised fewer than {ALERTS} alerts in {SECONDS:.0f} s: see the logs of "
        "`vigie demo --once`."
    )


def _live_screen(folder: DemoFolder, config: Config, language: str, target: Path) -> None:
    """The screen as the run's own reader sees it now, as SVG; the log-in token left out."""
    posts = plan(folder.leak, SEED, 1)  # some seconds, so before the record is looked at
    engine = open_record(config.database_url)
    journal = Journal(folder.journal)
    try:
        frontier = Frontier(engine, Vault.open(config.storage.key_file))
        entries = journal.entries()
        linked = sum(1 for post in posts if post.channel is Channel.PINNWAND_LINKED)
        total = len(posts) + len(THREADS) + linked
        keys = location_keys(entries, frontier.location_key)
        snapshot = Watching(engine).snapshot(60)
        found = sum(1 for alert in snapshot.alerts if snapshot.keys[alert.id] in keys)
        planted = sum(1 for post in posts if post.is_planted)
        address = f"http://127.0.0.1:{config.review.port}"
        scene = Scene(
            rows=ROWS,
            started=min((entry.at for entry in entries), default=datetime.now(UTC))
            - timedelta(seconds=1),
            now=utc_now(),
            snapshot=snapshot,
            progress=Progress(1, len(entries), total, planted, found),
            review=address,
            login=address + LOGIN_SHOWN,
            posted={key: entry.at for key, entry in keys.items()},
        )
    finally:
        journal.close()
        engine.dispose()
    console = Console(
        record=True, width=WIDTH, height=HEIGHT, force_terminal=True, file=io.StringIO()
    )
    console.print(draw(scene, Tongue(language), HEIGHT))
    console.save_svg(str(target / f"live-{language}.svg"), title="vigie demo")


def _review_pages(config: Config, target: Path) -> None:
    engine = open_record(config.database_url)
    home = f"http://127.0.0.1:{config.review.port}"
    try:
        accounts = AccountStore(engine)
        repost = next(
            alert for alert in Watching(engine).snapshot(60).alerts if alert.verdict == "repost"
        )
        pages = {"alerts": "/alerts", "alert": f"/alerts/{repost.id}", "sources": "/sources"}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium() or None, chromium_sandbox=os.geteuid() != 0
            )
            for language in LANGUAGES:
                accounts.set_language(ANALYST, language)
                context = browser.new_context(viewport={"width": 1280, "height": 860})
                page = context.new_page()
                _sign_in(page, f"{home}/login/once#{accounts.new_login_token(ANALYST)}")
                for name, path in pages.items():
                    page.goto(home + path)
                    page.screenshot(path=str(target / f"{name}-{language}.png"))
                context.close()
            browser.close()
    finally:
        engine.dispose()


def _sign_in(page: Page, link: str) -> None:
    """Follow the one-time link and press its button."""
    page.goto(link)
    page.locator("#once-open").click()
    page.wait_for_url(lambda address: "/login" not in address)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
