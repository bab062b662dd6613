"""Pages that exist only after JavaScript ran: when to render, what the browser may load.

Static first. A page is rendered when it holds scripts and, read as it came, neither posts nor
ways on. Downloads of both kinds come through `Downloads`; the browser itself is started by
`crawler.browser.GuardedBrowser` at the first page that needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import Any

from scrapy import Request
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from crawler import addresses
from crawler.bounds import MAX_BODY
from crawler.errors import NotAllowed, RenderedTooLarge
from crawler.guard import Borders
from crawler.pages import Page, Reading
from crawler.source import SourceSpec
from crawler.streaming import SINK, StreamingHandler

UNNEEDED = frozenset({"image", "media", "font", "texttrack", "manifest", "eventsource"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SETTLE_SECONDS = 10.0
LONG = 60_000.0
CLOSING_SECONDS = 2.0
PAGE = "vigie_page"
STILL_SECONDS = 0.8
STEP_SECONDS = 0.1
MEASURE = "() => document.documentElement ? document.documentElement.outerHTML.length : 0"
# Where a style sheet keeps line breaks, that is written on the element, where text extraction
# sees it: rows would run together otherwise.
KEEP_LINES = """() => {
  for (const node of document.querySelectorAll("body *")) {
    if (!["PRE", "TEXTAREA", "SCRIPT", "STYLE"].includes(node.tagName) && !node.style.whiteSpace
        && Array.from(node.childNodes).some((one) => one.nodeType === 3 && /\\S\\n/.test(one.data))
        && /^(pre|break)/.test(getComputedStyle(node).whiteSpace)) {
      node.style.whiteSpace = "pre-wrap";
    }
  }
}"""


class Downloads(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Static pages through Scrapy's own handler, files as they stream through httpx, others
    through Chromium, all within a time."""

    _streaming: StreamingHandler | None = None

    @property
    def _proxied(self) -> bool:
        return self._crawler.settings["VIGIE_BORDERS"].socks is not None

    async def download_request(self, request: Request) -> Response:
        """As Scrapy asks; a page that hangs in the browser is closed at its deadline."""
        response: Response
        static = not request.meta.get("playwright")
        if SINK in request.meta or (static and self._proxied):
            if self._streaming is None:
                self._streaming = StreamingHandler(self._crawler)
            return await self._streaming.download_request(request)
        if not request.meta.get("playwright"):
            response = await super().download_request(request)
            return response
        seconds = float(request.meta["download_timeout"])
        bound = seconds + settling(seconds) + CLOSING_SECONDS
        try:
            async with asyncio.timeout(bound):
                response = await super().download_request(request)
        except TimeoutError:
            await self._drop(request.meta.get(PAGE))
            raise
        return response

    async def close(self) -> None:
        """As Scrapy asks."""
        if self._streaming is not None:
            await self._streaming.close()
        await super().close()

    async def _drop(self, page: Any) -> None:
        """Close a page, or the browser with it when it does not even close."""
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await page.close()
        except Exception:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self.browser.close()


async def _remember(page: Any, request: Request) -> None:
    request.meta[PAGE] = page


def needs_script(page: Page, reading: Reading) -> bool:
    """Whether the page, read as it came, shows nothing while its scripts might."""
    if page.rendered:
        return False
    if reading.render:
        return True
    if not page.is_html or reading.is_list or not reading.empty or reading.gates:
        return False
    return bool(page.tree.css("script"))


def is_unneeded(borders: Borders, request: Any) -> bool:
    """Whether a browser's request adds nothing to a page's text, or could change the site.

    What is needed may be dialled from then on; nothing else may (crawler.guard).
    """
    if request.resource_type in UNNEEDED or request.method not in SAFE_METHODS:
        return True
    if request.is_navigation_request() and addresses.changes_something(request.url):
        return True
    try:
        if not request.is_navigation_request():
            borders.count(addresses.host_port(request.url))
    except NotAllowed:
        return True
    borders.admit(request.url)
    return False


def render_meta(spec: SourceSpec, cookies: list[dict[str, Any]]) -> dict[str, Any]:
    """`Request.meta` that has a page rendered; `cookies` are the session's."""
    return {
        "playwright": True,
        "playwright_context": "crawl",
        "playwright_context_kwargs": {
            "accept_downloads": False,
            "service_workers": "block",
            "user_agent": spec.user_agent,
            "storage_state": {"cookies": [_browser_cookie(c) for c in cookies], "origins": []},
        },
        "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded"},
        "playwright_page_methods": [PageMethod(partial(settle, settling(spec.timeout)))],
        "playwright_page_init_callback": _remember,
        # A page the browser could not show is tried again at the next crawl.
        "dont_retry": True,
        "dont_merge_cookies": True,
    }


def settling(timeout: float) -> float:
    """Seconds a page of a source with this time-out may take to settle."""
    return min(SETTLE_SECONDS, timeout)


async def settle(seconds: float, page: Any) -> None:
    """Wait until the page's text stands still, bounded; raises RenderedTooLarge."""
    deadline = time.monotonic() + seconds
    # Half a second without traffic is enough; a page that polls for ever is judged by its text.
    idle = asyncio.ensure_future(page.wait_for_load_state("networkidle", timeout=LONG))
    try:
        size, still = -1, 0.0
        while time.monotonic() < deadline and still < STILL_SECONDS and not idle.done():
            now = int(await page.evaluate(MEASURE))
            if now > MAX_BODY:
                raise RenderedTooLarge
            still = still + STEP_SECONDS if now == size else 0.0
            size = now
            await asyncio.sleep(STEP_SECONDS)
        if int(await page.evaluate(MEASURE)) > MAX_BODY:
            raise RenderedTooLarge
        await page.evaluate(KEEP_LINES)
    finally:
        idle.cancel()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await idle


def _browser_cookie(cookie: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": cookie["name"],
        "value": cookie["value"],
        "domain": cookie["domain"],
        "path": cookie["path"],
        "secure": cookie["secure"],
        "httpOnly": True,
        "sameSite": "Lax",
        "expires": cookie["expires"] or -1,
    }
