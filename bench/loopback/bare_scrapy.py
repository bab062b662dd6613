"""Bare Scrapy over the paste site: title and text of each page, every link followed once.

`python -m bench.loopback.bare_scrapy START CONCURRENCY`; prints {"items", "cpu_s", "rss_mb"}.
Its settings are Scrapy's own but for the pace and the log.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response


class Pastes(scrapy.Spider):
    """Lists and pastes."""

    name = "pastes"
    start_at = ""
    items = 0

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(self.start_at)

    def parse(self, response: Response) -> Iterator[Any]:
        """A list."""
        yield from response.follow_all(
            response.css(".list a::attr(href)").getall(), callback=self.paste
        )
        yield from response.follow_all(response.css("a[rel=next]::attr(href)").getall())

    def paste(self, response: Response) -> Iterator[Any]:
        """A paste, and the pastes beside it."""
        type(self).items += 1
        yield {"title": response.css("h1::text").get(), "text": response.css("pre::text").get()}
        yield from response.follow_all(
            response.css("aside a::attr(href)").getall(), callback=self.paste
        )


def main() -> None:
    """Crawl and tell."""
    Pastes.start_at = sys.argv[1]
    process = AsyncCrawlerProcess(
        {
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "CONCURRENT_REQUESTS": int(sys.argv[2]),
            "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[2]),
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": True,
        }
    )
    process.crawl(Pastes)
    process.start()
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "items": Pastes.items,
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "rss_mb": used.ru_maxrss // 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
