"""Lists and growing threads, which are looked at at every crawl: asked for only if they changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response

from crawler.borders import Borders
from crawler.bounds import MAX_WALK
from crawler.pages import Page, Reading
from crawler.unchanged import Unchanged
from crawler.visits import ITEM, LIST, START, Visit, Walk

if TYPE_CHECKING:
    from crawler.engine import WatchSpider

NOT_MODIFIED = 304
KINDS = (START, LIST, ITEM)


class Again:
    """Belongs to one crawl; requests are made by the engine."""

    def __init__(self, spider: WatchSpider, heard: Unchanged, borders: Borders) -> None:
        self.heard = heard
        self._spider = spider
        self._borders = borders

    def conditions(self, address: str, visit: Visit) -> dict[str, str]:
        """Headers that ask for the page only if it changed; none where it is wanted anyway."""
        spider, link = self._spider, visit.walk.link
        if visit.kind not in KINDS or visit.replaces is not None or visit.stands_for is not None:
            return {}
        told = self.heard.given(address, logged_in=spider.logged_in)
        if told is None or (link is not None and link.state):
            return {}
        known = spider.site or next((one for one in spider.sites if one.name == told.site), None)
        return told.headers if known is not None and known.name == told.site else {}

    async def same(self, response: Response, visit: Visit) -> AsyncIterator[Request]:
        """A page that did not change leads on as it did."""
        spider = self._spider
        told = self.heard.given(response.url, logged_in=spider.logged_in)
        if told is None:
            await spider.problem("bad-status", response.url)
            return
        spider.counts["unchanged"] += 1
        visit.walk.pages += 1
        if spider.site is None:
            named = (site for site in spider.sites if site.name == told.site)
            spider.site = self._borders.site = next(named, None)
        path = (*visit.path, response.url)
        kind = visit.kind if visit.kind != START else LIST
        if told.next_page and visit.walk.pages < MAX_WALK:
            for request in spider.request(told.next_page, Visit(kind, visit.walk, path)):
                yield request
        for address in told.lists:
            for request in spider.request(address, Visit(LIST, Walk(), path)):
                yield request

    def keep(
        self,
        page: Page,
        reading: Reading,
        visit: Visit,
        onward: Sequence[Request],
        lists: Sequence[str],
    ) -> None:
        """A page that will be looked at again: what its site told of it is kept."""
        spider, link = self._spider, visit.walk.link
        again = link is None or (reading.grows and not link.state)
        if again and not page.rendered and visit.kind in KINDS and spider.site is not None:
            following = onward[0].url if onward else ""
            name, logged_in = spider.site.name, spider.logged_in
            self.heard.keep(page.address, following, lists, name, logged_in=logged_in)

    def kept(self) -> list[dict[str, object]]:
        """For the supervisor."""
        return self.heard.kept()
