"""robots.txt, fetched once an hour and not once a crawl.

One that cannot be had because the server fails or does not answer forbids everything (RFC 9309
section 2.3.1.4), but for what a copy of the last day says (section 2.4). One that is not there
(4xx) forbids nothing.
"""

from __future__ import annotations

import time
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.misc import build_from_crawler

from crawler import faults
from crawler.errors import NotAllowed

KEPT_SECONDS = 3_600.0
LONGEST_KEPT = 86_400.0
UNREACHABLE = "robots-unreachable"
# What keeps robots.txt from us keeps every other page from us, and says more.
SAME_FOR_ALL = frozenset({"unreachable", "no-such-host", "tls"})
MAX_BODY = 32 * 1024
MAX_HOSTS = 4


class KeptRobots(RobotsTxtMiddleware):
    """Scrapy's middleware, which can be kept and taken up again."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._texts: dict[str, tuple[float, str]] = {}
        self._older: dict[str, tuple[float, str]] = {}
        self._shut: dict[str, str] = {}
        self._fallen_back: set[str] = set()

    def take_up(self, kept: dict[str, Any]) -> None:
        """What earlier crawls of this source read: used for an hour, and for a day where no other
        is to be had."""
        for host, (read_at, text) in kept.items():
            age = time.time() - float(read_at)
            if 0 <= age < LONGEST_KEPT:
                known = self._texts if age < KEPT_SECONDS else self._older
                known[str(host)] = (float(read_at), str(text))

    def keep(self) -> dict[str, list[Any]]:
        """For the next crawl, as plain data."""
        known = {**self._older, **self._texts}
        return {host: list(told) for host, told in list(known.items())[:MAX_HOSTS]}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Scrapy's; without a request where the text is known. Raises NotAllowed where it cannot
        be had."""
        netloc = request.url.split("/")[2]
        if netloc in self._texts and netloc not in self._parsers:
            await self._use(netloc, self._texts[netloc][1], request)
        found = await super().robot_parser(request)
        if netloc not in self._shut:
            return found
        if netloc not in self._older:
            raise NotAllowed(self._shut[netloc])
        if netloc not in self._fallen_back:
            self._fallen_back.add(netloc)
            await self._use(netloc, self._older[netloc][1], request)
        kept = self._parsers[netloc]
        return kept if isinstance(kept, RobotParser) else None

    async def _use(self, netloc: str, text: str, request: Request) -> None:
        parser: RobotParser = build_from_crawler(
            self._parserimpl, self.crawler, text.encode("latin-1")
        )
        self._parsers[netloc] = parser
        await self._tell(parser, request)

    async def _tell(self, parser: RobotParser, request: Request) -> None:
        from scrapy import signals

        await self.crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=parser, request=request
        )

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            self._shut[netloc] = UNREACHABLE
        if response.status != 200:
            # An answer that says there is none is no rule; what its page says is none either.
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
        if response.status < 500 and len(response.body) <= MAX_BODY:
            self._texts[netloc] = (time.time(), response.body.decode("latin-1"))

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        """No answer. What we do not ask for ourselves (a redirect to another site, a budget that
        is used up) is no failure of the site."""
        if not isinstance(exc, NotAllowed | IgnoreRequest):
            kind = faults.kind_of(exc)
            self._shut[netloc] = kind if kind in SAME_FOR_ALL else UNREACHABLE
        super()._robots_error(exc, netloc)
