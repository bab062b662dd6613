"""The limited child that visits one page for its picture: `python -m crawler.picture_child`.

In: one JSON line {"spec", "address", "cookies"} on stdin. Out: one JSON line {"facts", "sizes"} or
{"error"}, with "asked", the requests by host; then the bytes of the original picture and DOM and
of the masked ones. Its working folder is in memory and goes with it; it holds no key. Nothing of
the page is ever in an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import Browser, Page, Request, Response, Route
from playwright.async_api import Error as PlaywrightError

from capture.masked_page import TooLarge, masked_page
from crawler import addresses
from crawler.borders import Borders
from crawler.browser import SAFE_METHODS, GuardedBrowser, browser_cookie
from crawler.errors import BrowserFailed, NoBrowser, NotAllowed
from crawler.limits import confine
from crawler.picture_script import BOUNDS, READ_TREE
from crawler.settling import settle
from crawler.source import SourceSpec
from egress.errors import EgressError

WIDTH, FIRST_HEIGHT, MAX_HEIGHT = 1280, 900, 12_000
LOAD_MS, SETTLE_SECONDS, STEP_MS = 12_000, 3.0, 8_000
SECONDS = 28.0
MAX_DOM = 8 * 1024 * 1024
NICE = 5
OWN_STATUSES, OWN_WORDS = (403, 502, 503), b"Vigie's egress guard"  # the proxy's, not the page's


class _Failed(Exception):
    """By its kind, one of `crawler.picture.SENTENCES`."""


class _Visit:
    """One visit."""

    def __init__(self, spec: SourceSpec, address: str, cookies: Sequence[dict[str, Any]]) -> None:
        self._spec, self._address, self._cookies = spec, address, cookies
        self._borders = Borders(spec)
        self._left = dict(spec.host_budgets)
        self.asked: Counter[str] = Counter()
        self._withheld = 0

    async def picture(self) -> tuple[dict[str, Any], list[bytes]]:
        """Facts, and the four files."""
        self._borders.check(self._address)
        if self._is_spent(self._address):
            raise _Failed("budget")
        self._borders.admit(self._address)
        parts = addresses.parse(self._address)
        if parts is not None and parts.hostname:
            port = parts.port or addresses.DEFAULT_PORTS[parts.scheme.lower()]
            await self._borders.pin(parts.hostname.lower(), port)
        guarded = GuardedBrowser(
            self._borders.policy, self._borders.look_up_for_browser, self._borders.socks
        )
        try:
            browser = await guarded.launch_browser()
            facts, page, dom, tree = await self._original(browser)
            masked = masked_page(tree, facts["at"])
            shown, cut = await self._render(browser, masked)
            facts["cut_at_px"] = MAX_HEIGHT if cut or facts["cut_at_px"] else 0
            facts["browser"] = f"Chromium {browser.version}"
            return facts, [page, dom, shown, masked.encode()]
        finally:
            await guarded.close()

    async def _original(self, browser: Browser) -> tuple[dict[str, Any], bytes, bytes, list[Any]]:
        context = await browser.new_context(
            viewport={"width": WIDTH, "height": FIRST_HEIGHT}, accept_downloads=False,
            service_workers="block", user_agent=self._spec.user_agent,
        )  # fmt: skip
        await context.add_cookies([browser_cookie(one) for one in self._cookies])  # type: ignore[misc]
        await context.route("**/*", self._judge)
        page = await context.new_page()
        began = datetime.now(UTC)
        response = await self._open(page)
        await settle(SETTLE_SECONDS, page)
        at = datetime.now(UTC)
        picture, cut = await _shot(page)
        dom = (await page.content()).encode()
        if len(dom) > MAX_DOM:
            raise _Failed("too-large")
        tree = json.loads(await page.evaluate(READ_TREE, BOUNDS))
        language = str(await page.evaluate("document.documentElement.lang || ''"))
        facts = {
            "request": "second",
            "at": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "asked_at": began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "status": response.status if response else 0,
            "viewport": [WIDTH, FIRST_HEIGHT],
            "cut_at_px": MAX_HEIGHT if cut else 0,
            "requests_withheld": self._withheld,
            "left_the_address": not _same_page(page.url, self._address),
            "language": language[:2].lower() if language[:2].isascii() else "",
            "proxied": self._borders.socks is not None,
            "as": "account" if self._cookies else "guest",
        }
        await context.close()
        return facts, picture, dom, tree

    async def _open(self, page: Page) -> Response | None:
        try:
            response = await page.goto(self._address, wait_until="load", timeout=LOAD_MS)
        except PlaywrightError as error:
            told = str(error)
            if "Download is starting" in told:
                raise _Failed("file") from None
            if "Timeout" in told:  # a page that never stops loading is shown as far as it came
                return None
            raise _Failed("no-answer") from None
        if response is not None and response.status in OWN_STATUSES:
            with contextlib.suppress(PlaywrightError):
                if (await response.body()).startswith(OWN_WORDS):
                    raise _Failed("no-answer")
        return response

    async def _judge(self, route: Route) -> None:
        """Only the source's own hosts, only reading."""
        if self._may(route.request):
            self.asked[addresses.host_port(route.request.url)] += 1
            self._borders.admit(route.request.url)
            await route.continue_()
        else:
            self._withheld += 1
            await route.abort()

    def _may(self, request: Request) -> bool:
        try:
            self._borders.check(request.url)
        except NotAllowed:
            return False
        return request.method in SAFE_METHODS and not self._is_spent(request.url)

    def _is_spent(self, address: str) -> bool:
        """Whether the day's budget of the source or of the host is used up."""
        host = addresses.host_port(address)
        over = host in self._left and self.asked[host] >= self._left[host]
        return over or self.asked.total() >= self._spec.max_requests

    async def _render(self, browser: Browser, masked: str) -> tuple[bytes, bool]:
        """The masked document as a picture, in a context that runs nothing and reaches nothing."""
        context = await browser.new_context(
            viewport={"width": WIDTH, "height": FIRST_HEIGHT}, java_script_enabled=False,
            offline=True, accept_downloads=False, service_workers="block",
        )  # fmt: skip
        page = await context.new_page()
        await page.set_content(masked, wait_until="load", timeout=STEP_MS)
        return await _shot(page)


async def _shot(page: Page) -> tuple[bytes, bool]:
    """The whole page as a PNG, and whether it was cut."""
    height = await page.locator("html").evaluate("node => node.scrollHeight")
    if int(height) <= MAX_HEIGHT:
        return await page.screenshot(full_page=True, timeout=STEP_MS, animations="disabled"), False
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": MAX_HEIGHT}
    cut = await page.screenshot(
        full_page=True, timeout=STEP_MS, animations="disabled", clip=clip,  # type: ignore[arg-type]
    )  # fmt: skip
    return cut, True


def _same_page(reached: str, asked: str) -> bool:
    one, other = addresses.parse(reached), addresses.parse(asked)
    if one is None or other is None:
        return False
    return (one.hostname, one.port, one.path) == (other.hostname, other.port, other.path)


def main() -> None:
    """One visit; whatever happens, one answer."""
    order = json.loads(sys.stdin.buffer.readline())
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    spec = SourceSpec.from_json(order["spec"])
    confine(spec.memory, SECONDS)
    os.nice(NICE)
    files: list[bytes] = []
    visit = _Visit(spec, order["address"], order["cookies"])
    try:
        facts, files = asyncio.run(_bounded(visit))
        told: dict[str, Any] = {"facts": facts, "sizes": [len(one) for one in files]}
    except (_Failed, NotAllowed) as error:
        told = {"error": str(error)}
    except NoBrowser:
        told = {"error": "no-browser"}
    except BrowserFailed:
        told = {"error": "browser-failed"}
    except TooLarge:
        told = {"error": "too-large"}
    except EgressError:
        told = {"error": "no-answer"}
    except TimeoutError:
        told = {"error": "time"}
    except Exception as error:  # the page's words may be in its text
        told = {"error": f"broke:{type(error).__name__}"}
    told["asked"] = dict(visit.asked)
    out.write(json.dumps(told).encode() + b"\n" + b"".join(files))
    out.close()


async def _bounded(visit: _Visit) -> tuple[dict[str, Any], list[bytes]]:
    async with asyncio.timeout(SECONDS - 2):
        return await visit.picture()


if __name__ == "__main__":
    main()
