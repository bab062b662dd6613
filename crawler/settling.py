"""When a document in the browser has said what it says; used where real time passes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from crawler.bounds import MAX_BODY
from crawler.errors import RenderedTooLarge
from crawler.scripts import KEEP_LINES

SETTLE_SECONDS = 10.0
LONG = 60_000.0
STILL_SECONDS = 0.8
STEP_SECONDS = 0.1
MEASURE = "() => document.documentElement ? document.documentElement.outerHTML.length : 0"


async def settle(seconds: float, page: Any) -> None:
    """Wait until the page's text stands still, bounded; raises RenderedTooLarge."""
    deadline = time.monotonic() + seconds
    # Half a second without traffic is enough; a page that polls for ever is judged by its text.
    idle = asyncio.ensure_future(page.wait_for_load_state("networkidle", timeout=LONG))
    try:
        size, still = -1, 0.0
        while time.monotonic() < deadline and still < STILL_SECONDS and not idle.done():
            now = int(await page.evaluate(MEASURE))
            if now > MAX_BODY:
                raise RenderedTooLarge
            still = still + STEP_SECONDS if now == size else 0.0
            size = now
            await asyncio.sleep(STEP_SECONDS)
        if int(await page.evaluate(MEASURE)) > MAX_BODY:
            raise RenderedTooLarge
        await page.evaluate(KEEP_LINES)
    finally:
        idle.cancel()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await idle
