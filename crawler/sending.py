"""What is decided when a request is sent, not when it was queued.

A list names a hundred pages before the first of them shows that the site needs the browser; those
that still wait then are not fetched in vain first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.rendering import COOKIES, render_meta
from crawler.visits import ITEM, LIST, START, Visit

if TYPE_CHECKING:
    from crawler.engine import WatchSpider

CONDITIONS = ("If-None-Match", "If-Modified-Since")


class Sending:
    """Downloader middleware, before those that count and check."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Sending:
        """Scrapy's way of making one."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Hand a page of a site that is rendered to the browser."""
        visit = request.cb_kwargs.get("visit")
        spider = cast("WatchSpider", self._crawler.spider)
        if not isinstance(visit, Visit) or visit.kind not in (START, LIST, ITEM):
            return
        if COOKIES in request.meta or not spider.renders:
            return
        spider.walks.first(request.url, render=True)
        request.meta.update(render_meta(self._crawler, spider.site))
        for name in CONDITIONS:
            request.headers.pop(name, None)
