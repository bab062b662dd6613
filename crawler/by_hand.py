"""A browser that a person drives to log in, where captchas or second factors want one.

It goes out through the same guard as a crawl, with the source's user agent and proxy, and nothing
of it stays but the cookies. Unlike a crawl it sends forms: it is the person who does.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, async_playwright

from crawler import addresses
from crawler.browser import FLAGS, find_chromium, sandbox_flags
from crawler.cookies import of_hosts
from crawler.errors import BrowserFailed, NoBrowser
from crawler.source import SourceSpec
from egress.policy import Policy
from egress.proxy import Proxy
from egress.resolve import ask_servers

START_MILLISECONDS = 60_000


async def cookies_of_a_session(
    spec: SourceSpec,
    until: Callable[[Page], Awaitable[None]],
    folder: Path,
    *,
    headless: bool = False,
) -> list[dict[str, Any]]:
    """Open the source's first start address, wait for `until`, and return the cookies of its hosts
    (Playwright's form). The profile lies in `folder`. Raises NoBrowser or BrowserFailed."""
    parts = [addresses.parse(address) for address in spec.start]
    names = [part.hostname or "" for part in parts if part is not None]
    policy = Policy(spec.allow_addresses, [part.port for part in parts if part and part.port])
    look_up = ask_servers(spec.dns) if spec.dns else None
    # With a credential: nobody else on this machine goes out in this source's name.
    way_out = Proxy(policy, look_up=look_up, socks=spec.socks, credential=True)
    async with way_out as proxy, _temporary(folder), async_playwright() as play:
        try:
            browser = await play.chromium.launch(
                headless=headless,
                executable_path=find_chromium() or None,
                args=[*FLAGS, *sandbox_flags()],
                proxy={
                    "server": proxy.url,
                    "bypass": "<-loopback>",
                    "username": proxy.username,
                    "password": proxy.password,
                },
                env={"TMPDIR": str(folder), "HOME": str(folder), **_screen()},
                timeout=START_MILLISECONDS,
            )
        except PlaywrightError as error:
            missing = "executable doesn't exist" in str(error).lower()
            raise (NoBrowser if missing else BrowserFailed) from error
        try:
            context = await browser.new_context(
                user_agent=spec.user_agent, accept_downloads=False, service_workers="block"
            )
            page = await context.new_page()
            await page.goto(spec.start[0], wait_until="domcontentloaded")
            await until(page)
            found = [dict(cookie) for cookie in await context.cookies()]
        finally:
            await browser.close()
    return of_hosts(found, names)


@asynccontextmanager
async def _temporary(folder: Path) -> AsyncIterator[None]:
    """The driver puts the profile where temporary files go: into the crawl folder, in memory."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def _screen() -> dict[str, str | float | bool]:
    names = ("PATH", "LANG", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    return {name: os.environ[name] for name in names if name in os.environ}
