"""Scrapy's retries with a wait before each: a site that fails is not pressed harder."""

from __future__ import annotations

import asyncio
import random

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response

from crawler.manners import LONGEST_WAIT, Manners, retry_after

SHORTEST_WAIT = 0.2
ASKS_TO_WAIT = (429, 503)
# Where a host says "too many requests" to every try and not until when.
UNTOLD = 300.0


class BackOff(RetryMiddleware):
    """Waits the source's delay, then four times it, with some jitter, or as long as Retry-After
    asks; a host that asks for more than that is left alone until then."""

    async def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """Scrapy's decision; a retry waits first."""
        asked = None
        if response.status in ASKS_TO_WAIT:
            asked = retry_after(response.headers.get("Retry-After"))
            if asked is not None and asked > LONGEST_WAIT:
                self._leave_alone(request, asked)
                return response
        decided = RetryMiddleware.process_response(self, request, response)
        if isinstance(decided, Request):
            await asyncio.sleep(self._wait(decided, asked))
        elif response.status == 429:
            self._leave_alone(request, asked or UNTOLD)
        return decided

    async def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Scrapy's decision; a retry waits first."""
        decided = RetryMiddleware.process_exception(self, request, exception)
        if isinstance(decided, Request):
            await asyncio.sleep(self._wait(decided, None))
        return decided

    def _leave_alone(self, request: Request, seconds: float) -> None:
        manners = self.crawler.get_downloader_middleware(Manners)
        if manners is not None:
            manners.close_host(request.url, seconds)

    def _wait(self, request: Request, asked: float | None) -> float:
        """Seconds before this retry."""
        tries = int(request.meta.get("retry_times", 1))
        first = max(SHORTEST_WAIT, self.crawler.settings.getfloat("DOWNLOAD_DELAY"))
        wait = first * 4.0 ** (tries - 1) * random.uniform(0.75, 1.25)  # noqa: S311 (jitter)
        return float(min(max(wait, asked or 0.0), LONGEST_WAIT))
