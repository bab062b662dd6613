"""Bare scrapy-playwright over the scripted site, with its own defaults.

`python -m bench.loopback.bare_playwright START CONCURRENCY`; prints {"marks": N}, the
pages whose script ran.
Only what this machine needs to start Chromium at all is set: its path, and no sandbox for root.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

from bench.loopback.scripted import mark
from crawler.browser import find_chromium, sandbox_flags


class Notes(scrapy.Spider):
    """The list, and every note in the browser."""

    name = "notes"
    start_at = ""
    marks = 0

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(self.start_at)

    def parse(self, response: Response) -> Iterator[Any]:
        """The list."""
        yield from response.follow_all(
            response.css("li a::attr(href)").getall(), callback=self.note, meta={"playwright": True}
        )

    def note(self, response: Response) -> Iterator[Any]:
        """A note."""
        number = int(response.url.rpartition("/")[2])
        type(self).marks += mark(number) in response.text
        yield {"text": response.css("pre::text").get()}


def main() -> None:
    """Crawl and tell."""
    Notes.start_at = sys.argv[1]
    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    process = AsyncCrawlerProcess(
        {
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "CONCURRENT_REQUESTS": int(sys.argv[2]),
            "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[2]),
            "DOWNLOAD_DELAY": 0,
            "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
            "PLAYWRIGHT_LAUNCH_OPTIONS": {
                "args": sandbox_flags(),
                **({"executable_path": find_chromium()} if find_chromium() else {}),
            },
        }
    )
    process.crawl(Notes)
    process.start()
    print(json.dumps({"marks": Notes.marks}))


if __name__ == "__main__":
    main()
