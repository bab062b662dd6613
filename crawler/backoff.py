"""Scrapy's retries with a wait before each: a site that fails is not pressed harder."""

from __future__ import annotations

import asyncio
import contextlib
import random

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response

SHORTEST_WAIT = 0.2
LONGEST_WAIT = 30.0


class BackOff(RetryMiddleware):
    """Waits the source's delay, then four times it, with some jitter, or as long as Retry-After
    asks; bounded."""

    async def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """Scrapy's decision; a retry waits first."""
        decided = RetryMiddleware.process_response(self, request, response)
        if isinstance(decided, Request):
            await asyncio.sleep(self._wait(decided, response.headers.get("Retry-After")))
        return decided

    async def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Scrapy's decision; a retry waits first."""
        decided = RetryMiddleware.process_exception(self, request, exception)
        if isinstance(decided, Request):
            await asyncio.sleep(self._wait(decided, None))
        return decided

    def _wait(self, request: Request, untrusted_retry_after: bytes | None) -> float:
        """Seconds before this retry."""
        tries = int(request.meta.get("retry_times", 1))
        first = max(SHORTEST_WAIT, self.crawler.settings.getfloat("DOWNLOAD_DELAY"))
        wait = first * 4.0 ** (tries - 1) * random.uniform(0.75, 1.25)  # noqa: S311 (jitter)
        if untrusted_retry_after:
            with contextlib.suppress(ValueError):
                wait = max(wait, float(untrusted_retry_after))
        return float(min(wait, LONGEST_WAIT))
