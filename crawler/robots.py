"""robots.txt, fetched once an hour and not once a crawl."""

from __future__ import annotations

import time
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.misc import build_from_crawler

# RFC 9309 section 2.4 allows a day.
KEPT_SECONDS = 3_600.0
MAX_BODY = 32 * 1024
MAX_HOSTS = 4


class KeptRobots(RobotsTxtMiddleware):
    """Scrapy's middleware, which can be kept and taken up again."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._texts: dict[str, tuple[float, str]] = {}

    def take_up(self, kept: dict[str, Any]) -> None:
        """What an earlier crawl of this source read less than an hour ago."""
        for host, (read_at, text) in kept.items():
            if 0 <= time.time() - float(read_at) < KEPT_SECONDS:
                self._texts[str(host)] = (float(read_at), str(text))

    def keep(self) -> dict[str, list[Any]]:
        """For the next crawl, as plain data."""
        return {host: list(told) for host, told in list(self._texts.items())[:MAX_HOSTS]}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Scrapy's; without a request where the text is known."""
        netloc = request.url.split("/")[2]
        if netloc in self._texts and netloc not in self._parsers:
            body = self._texts[netloc][1].encode("latin-1")
            parser: RobotParser = build_from_crawler(self._parserimpl, self.crawler, body)
            self._parsers[netloc] = parser
            await self._tell(parser, request)
        return await super().robot_parser(request)

    async def _tell(self, parser: RobotParser, request: Request) -> None:
        from scrapy import signals

        await self.crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=parser, request=request
        )

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        await super()._parse_robots(response, netloc, request)
        if response.status < 500 and len(response.body) <= MAX_BODY:
            # An answer that says there is none is no rule either; its page is not kept.
            text = response.body.decode("latin-1") if response.status == 200 else ""
            self._texts[netloc] = (time.time(), text)
