"""Chromium's pages of one crawl: opened once, used for many documents, closed after some.

A page in a browser costs more to open than most documents cost to show, and one that is kept for
ever grows. What is shown in one is in crawler.tab.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from crawler.browser import GuardedBrowser
from crawler.tab import SETTLE_SECONDS, Asked, Shown, Tab
from crawler.window import Window

USES = 50
CLOSING_SECONDS = 2.0


class Tabs:
    """At most `limit` pages at once. `judge` says of a request whether it is held back."""

    def __init__(
        self, guarded: GuardedBrowser, limit: int, judge: Callable[[Asked], bool], agent: str
    ) -> None:
        self._guarded = guarded
        self._judge = judge
        self._agent = agent
        self.window: Window | None = None
        self._launching = asyncio.Lock()
        self._free: list[Tab] = []
        self._room = asyncio.Semaphore(limit)

    async def show(
        self, address: str, cookies: list[dict[str, Any]], seconds: float, *, patient: bool = False
    ) -> Shown:
        """Open an address and read what it shows, within about `seconds` for opening it and as
        many for settling. Raises NoBrowser, BrowserFailed, RenderFailed, RenderedTooLarge and
        TimeoutError."""
        async with self._room:
            while True:
                tab = None
                bound = seconds + min(SETTLE_SECONDS, seconds) + CLOSING_SECONDS
                try:
                    async with asyncio.timeout(bound):
                        tab = await self._take(cookies)
                        shown = await tab.show(address, seconds, patient=patient)
                    await self._keep(tab)
                except BaseException as error:
                    await self._drop(tab)
                    if tab is None or not tab.was_in_the_way or not isinstance(error, Exception):
                        raise
                else:
                    return shown

    async def close(self) -> None:
        """End the browser and all that belongs to it."""
        await self._guarded.close()

    async def _take(self, cookies: list[dict[str, Any]]) -> Tab:
        async with self._launching:
            if self.window is None or not self.window.tools.is_running:
                self._free.clear()
                self.window = await Window.opened(self._guarded, self._agent)
        while self._free:
            tab = self._free.pop()
            if not tab.is_gone:
                return tab
        return await self.window.tab(self._judge, cookies)

    async def _keep(self, tab: Tab) -> None:
        if tab.uses < USES:
            self._free.append(tab)
        else:
            await self._drop(tab)

    async def _drop(self, tab: Tab | None) -> None:
        """Close a tab, or the browser with it when it does not even close."""
        if tab is None:
            return
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await tab.close()
        except Exception:
            if self.window is not None and tab.tools is self.window.tools:
                with contextlib.suppress(Exception):
                    await self._guarded.stop()
