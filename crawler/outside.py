"""What was named from outside a source: pending addresses, feeds, files of addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

from scrapy import Request

from crawler import addresses, feeds
from crawler.following import Following
from crawler.pointing import Hosts
from crawler.visits import FEED, Visit, Walk

if TYPE_CHECKING:
    from crawler.engine import WatchSpider

Pending = Sequence[tuple[str, tuple[str, ...]]]


class Outside:
    """Belongs to one crawl; requests are made by the engine."""

    def __init__(
        self, spider: WatchSpider, pending: Pending, hosts: Hosts, following: Following
    ) -> None:
        self._spider = spider
        self._pending = list(pending)
        self._hosts = hosts
        self._following = following

    async def requests(self) -> AsyncIterator[Request]:
        """Pending addresses and feeds; once the start pages came and the site is known."""
        for feed in self._spider.spec.feeds:
            if feed.startswith("file:"):
                async for request in self._file(feed):
                    yield request
            else:
                for request in self._spider.request(feed, Visit(FEED, Walk())):
                    yield request
        pending, self._pending = self._pending, []
        for address, path in pending:
            if path and self._following.follows(address):
                async for request in self._following.pending(address, path):
                    yield request
            elif path:
                async for request in self.named([address], path):
                    yield request
        async for request in self.named([address for address, path in pending if not path], ()):
            yield request

    async def _file(self, feed: str) -> AsyncIterator[Request]:
        found = feeds.in_file(feed, self._spider.spec.start[0])
        if found is None:
            await self._spider.problem("feed-unreadable", "")
        async for request in self.named(found or (), ()):
            yield request

    async def named(self, lines: Iterable[str], path: tuple[str, ...]) -> AsyncIterator[Request]:
        """Requests for addresses of this source among those lines; others are told on."""
        links = []
        site = self._spider.site
        for address in lines:
            if addresses.same_site(address, self._hosts.own):
                link = site.locate(address) if site else None
                if link is not None:
                    links.append(link)
                    self._spider.reach.point(link.location)
            elif addresses.same_site(address, self._hosts.sisters):
                await self._spider.talk.link(address, "sister", ())
        async for request in self._spider.follow(links, path):
            yield request
