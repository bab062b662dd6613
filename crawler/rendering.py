"""Pages that exist only after JavaScript ran: when to render, what the browser may load.

Static first. A page is rendered when it holds scripts and, read as it came, neither posts nor
ways on. Downloads of all kinds come through `Downloads`; the browser itself is started by
`crawler.browser.GuardedBrowser` at the first page that needs it, and shows pages in
`crawler.tabs.Tabs`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Headers, HtmlResponse, Response, TextResponse
from scrapy.responsetypes import responsetypes

from crawler import addresses
from crawler.borders import Borders
from crawler.browser import SAFE_METHODS, GuardedBrowser, browser_cookie
from crawler.errors import NotAllowed
from crawler.pages import Page, Reading, Site
from crawler.session import SessionCookies
from crawler.streaming import SINK, StreamingHandler
from crawler.tab import Asked, Shown
from crawler.tabs import Tabs
from crawler.visits import FILES

UNNEEDED = frozenset({"image", "media", "font", "texttrack", "manifest", "eventsource"})
COOKIES, PATIENT = "vigie_browser_cookies", "vigie_patient"
MOST_TABS = 4


class Downloads(HTTP11DownloadHandler):
    """Static pages through Scrapy's own handler, files as they stream through httpx, others
    through Chromium, all within a time."""

    _streaming: StreamingHandler | None = None
    _tabs: Tabs | None = None

    @property
    def _borders(self) -> Borders:
        borders: Borders = self._crawler.settings["VIGIE_BORDERS"]
        return borders

    async def download_request(self, request: Request) -> Response:
        """As Scrapy asks; a page that hangs in the browser is closed at its deadline."""
        if COOKIES in request.meta:
            return await self._rendered(request)
        if SINK in request.meta or self._borders.socks is not None:
            if self._streaming is None:
                self._streaming = StreamingHandler(self._crawler)
            return await self._streaming.download_request(request)
        response: Response = await super().download_request(request)
        return response

    async def close(self) -> None:
        """As Scrapy asks."""
        if self._streaming is not None:
            await self._streaming.close()
        if self._tabs is not None:
            await self._tabs.close()
        await super().close()

    async def _rendered(self, request: Request) -> Response:
        if self._tabs is None:
            self._tabs = tabs_of(self._crawler)
        shown = await self._tabs.show(
            request.url,
            request.meta[COOKIES],
            float(request.meta["download_timeout"]),
            patient=request.meta[PATIENT],
        )
        request.meta[FILES] = shown.files, shown.left
        return _response(shown, request)


def tabs_of(crawler: Crawler) -> Tabs:
    """The browser of a crawl, not yet started."""
    borders, spec = crawler.settings["VIGIE_BORDERS"], crawler.settings["VIGIE_SOURCE"]
    guarded = GuardedBrowser(borders.policy, borders.look_up_for_browser, borders.socks)
    judge = partial(is_unneeded, borders)
    return Tabs(guarded, min(MOST_TABS, spec.concurrency), judge, spec.user_agent)


def _response(shown: Shown, request: Request) -> Response:
    """What the browser shows as Scrapy has it, in UTF-8 whatever was sent."""
    made: dict[str, Any] = {"status": shown.status, "request": request, "flags": ["rendered"]}
    if shown.file is not None:
        kind = responsetypes.from_args(filename=shown.file.name, body=shown.file.body)
        return kind(shown.address, body=shown.file.body, **made)
    headers = Headers({name: value.encode() for name, value in shown.headers.items()})
    headers.pop("Content-Encoding", None)
    kind = responsetypes.from_args(headers=headers, url=shown.address)
    kind = kind if issubclass(kind, TextResponse) else HtmlResponse
    return kind(
        shown.address, headers=headers, body=shown.html.encode("utf-8", "replace"),
        encoding="utf-8", **made,
    )  # fmt: skip


def needs_script(page: Page, reading: Reading) -> bool:
    """Whether the page, read as it came, shows nothing while its scripts might."""
    if page.rendered:
        return False
    if reading.render:
        return True
    if not page.is_html or reading.is_list or not reading.empty or reading.gates:
        return False
    return bool(page.tree.css("script"))


def is_unneeded(borders: Borders, request: Asked) -> bool:
    """Whether a browser's request adds nothing to a page's text, or could change the site.

    What is needed may be dialled from then on; nothing else may (crawler.guard).
    """
    if request.kind in UNNEEDED or request.method not in SAFE_METHODS:
        return True
    if request.is_navigation and addresses.changes_something(request.url):
        return True
    try:
        if not request.is_navigation:
            borders.count(addresses.host_port(request.url))
    except NotAllowed:
        return True
    borders.admit(request.url)
    return False


def render_meta(crawler: Crawler, site: Site | None) -> dict[str, Any]:
    """`Request.meta` that has a page rendered, with the session's cookies (CDP's CookieParam)."""
    cookies = crawler.get_downloader_middleware(SessionCookies)
    kept = cookies.keep() if cookies is not None else []
    return {
        COOKIES: [browser_cookie(one) for one in kept],
        PATIENT: site is not None and site.slow_script,
        # A page the browser could not show is tried again at the next crawl.
        "dont_retry": True,
        "dont_merge_cookies": True,
    }
