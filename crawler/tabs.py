"""Chromium's pages of one crawl: opened once, used for many documents, closed after some.

A page in a browser costs more to open than most documents cost to show, and one that is kept for
ever grows. Time in a tab is virtual: timers run as soon as nothing else is to be done, so what a
script writes after a while is there at once, and a document that was read stands still until the
next one takes its place. Files that a document gives (by a script, a link, a button) are caught in
the crawl's own folder, bounded, and nothing else is saved.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from crawler import addresses
from crawler.bounds import MAX_BODY
from crawler.browser import GuardedBrowser
from crawler.errors import RenderedTooLarge
from crawler.pages import GivenFile
from crawler.settling import KEEP_LINES

USES = 50
CLOSING_SECONDS = 2.0
SETTLE_SECONDS = 10.0
# Milliseconds of a document's own time after its last request.
AHEAD = 1_000
# Real seconds for which answers to a document's own requests are waited for.
ANSWERS = 4.0
# Real seconds in which nothing may change: what a worker or a cipher computes takes real time. A
# document that shows next to nothing gets more of them.
STILL, STILL_EMPTY = 0.3, 0.8
STEP = 0.1
SAYS_LITTLE = 80
MAX_FILES, MAX_CLICKS = 5, 3
POLICY = "Emulation.setVirtualTimePolicy"
# Its size, what it says, and whether it may give a file.
MEASURE = """() => [document.documentElement ? document.documentElement.outerHTML.length : 0,
  document.body ? document.body.textContent.length : 0,
  document.querySelector("a[href^='blob:'], a[download], button") !== null]"""
READ = f"""() => {{ ({KEEP_LINES})();
  const all = document.documentElement;
  return (document.doctype ? "<!doctype html>" : "") + (all ? all.outerHTML : ""); }}"""
# What gives a file that no address leads to: a link to what a script made, or a button outside any
# form that says so. Whatever is clicked, only reading requests
# leave the browser, and none to an address that may change something.
GIVERS = """(most) => {
  const says = /^\\W*(?:download|télécharger|save as|enregistrer)\\b/i;
  const made = "a[href^='blob:'], a[download][href^='data:']";
  const links = Array.from(document.querySelectorAll(made));
  const buttons = Array.from(document.querySelectorAll("button")).filter((one) =>
    !one.form && !one.disabled && says.test(one.textContent));
  const found = [...links, ...buttons].slice(0, most);
  found.forEach((one) => one.click());
  return found.length;
}"""


@dataclass(slots=True)
class Shown:
    """A document as the browser shows it. `file` stands for a document that was a file; `files`
    are what it gave besides, `left` how many of those were too large or broke off."""

    address: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    html: str = field(default="", repr=False)
    file: GivenFile | None = None
    files: tuple[GivenFile, ...] = ()
    left: int = 0


class Tabs:
    """At most `limit` pages at once. `judge` says of a request whether it is held back."""

    def __init__(
        self, guarded: GuardedBrowser, limit: int, judge: Callable[[Any], bool], agent: str
    ) -> None:
        self._guarded = guarded
        self._judge = judge
        self._agent = agent
        self._browser: Browser | None = None
        self._launching = asyncio.Lock()
        self._free: list[_Tab] = []
        self._room = asyncio.Semaphore(limit)

    async def show(
        self, address: str, cookies: list[dict[str, Any]], seconds: float, *, patient: bool = False
    ) -> Shown:
        """Open an address and read what it shows, within about `seconds` for opening it and as
        many for settling. Raises NoBrowser, BrowserFailed, RenderedTooLarge, TimeoutError and
        Playwright's errors."""
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
        if self._browser is not None:
            with contextlib.suppress(Exception):
                await self._browser.close()
        await self._guarded.close()

    async def _take(self, cookies: list[dict[str, Any]]) -> _Tab:
        while self._free:
            tab = self._free.pop()
            if not tab.page.is_closed():
                return tab
        async with self._launching:
            if self._browser is None or not self._browser.is_connected():
                self._browser = await self._guarded.launch_browser()
        context = await self._browser.new_context(
            accept_downloads=True, service_workers="block", user_agent=self._agent,
            storage_state={"cookies": cookies, "origins": []},  # type: ignore[arg-type]
        )  # fmt: skip
        return await _Tab.opened(context, self._judge)

    async def _keep(self, tab: _Tab) -> None:
        if tab.uses < USES:
            self._free.append(tab)
        else:
            await self._drop(tab)

    async def _drop(self, tab: _Tab | None) -> None:
        """Close a tab, or the browser with it when it does not even close."""
        if tab is None:
            return
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await tab.context.close()
        except Exception:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSING_SECONDS):
                    if self._browser is not None:
                        await self._browser.close()


class _Tab:
    """One page in a context of its own."""

    def __init__(self, context: BrowserContext, page: Page, session: Any) -> None:
        self.context = context
        self.page = page
        self.uses = 0
        self.asked = False
        self.pressing = False
        self._session = session
        self._expired = asyncio.Event()
        self._caught: list[Any] = []
        self._catching = asyncio.Event()
        session.on("Emulation.virtualTimeBudgetExpired", lambda _told: self._expired.set())
        page.on("download", self._catch)

    @classmethod
    async def opened(cls, context: BrowserContext, judge: Callable[[Any], bool]) -> _Tab:
        """A tab that lets no request through which `judge` holds back, and no second window."""

        page = await context.new_page()
        tab = cls(context, page, await context.new_cdp_session(page))

        async def decide(route: Any) -> None:
            tab.asked = True
            request = route.request
            held = judge(request) or (tab.pressing and addresses.changes_something(request.url))
            with contextlib.suppress(PlaywrightError):
                await (route.abort() if held else route.continue_())

        await context.route("**/*", decide)
        context.on("page", lambda other: asyncio.ensure_future(_closed(other)))
        return tab

    @property
    def was_in_the_way(self) -> bool:
        """Whether the document before kept the next one from being asked for."""
        return self.uses > 1 and not self.asked

    async def show(self, address: str, seconds: float, *, patient: bool) -> Shown:
        """See `Tabs.show`."""
        self.uses += 1
        self.asked = self.pressing = False
        self._caught.clear()
        self._catching.clear()
        await self._session.send(POLICY, {"policy": "pauseIfNetworkFetchesPending"})
        try:
            response = await self.page.goto(
                address, wait_until="domcontentloaded", timeout=seconds * 1000
            )
        except PlaywrightError as error:
            if "Download is starting" not in error.message and "ERR_ABORTED" not in error.message:
                raise
            return await self._file_alone(error)
        if await self._settle(min(SETTLE_SECONDS, seconds), patient):
            self.pressing = True
            if await self.page.evaluate(GIVERS, MAX_CLICKS):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STILL):
                        await self._catching.wait()
        html = str(await self.page.evaluate(READ))
        saved = [await _saved(one) for one in self._caught]
        return Shown(
            self.page.url,
            response.status if response is not None else 200,
            await response.all_headers() if response is not None else {},
            html,
            files=tuple(one for one in saved if one is not None),
            left=saved.count(None),
        )

    async def _settle(self, seconds: float, patient: bool) -> bool:
        """Let the document's own time run, then wait until it stands still; whether it may give
        a file."""
        deadline = time.monotonic() + seconds
        self._expired.clear()
        await self._session.send(
            POLICY, {"policy": "pauseIfNetworkFetchesPending", "budget": AHEAD}
        )
        # Its time stands still while it waits for an answer: of a slow site, or of one that keeps
        # a question open until there is news.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(ANSWERS, max(0.1, seconds - STILL_EMPTY))):
                await self._expired.wait()
        before = -1
        while True:
            size, said, gives = await self.page.evaluate(MEASURE)
            if size > MAX_BODY:
                raise RenderedTooLarge
            if size == before or time.monotonic() >= deadline:
                return bool(gives)
            before = size
            await asyncio.sleep(STILL_EMPTY if patient or said < SAYS_LITTLE else STILL)

    async def _file_alone(self, error: PlaywrightError) -> Shown:
        """The address gave a file."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STILL_EMPTY):
                await self._catching.wait()
        if not self._caught:
            raise error
        found = await _saved(self._caught[0])
        if found is None:
            raise RenderedTooLarge
        return Shown(found.address, file=found)

    def _catch(self, download: Any) -> None:
        self._catching.set()
        if len(self._caught) < MAX_FILES:
            self._caught.append(download)
        else:
            asyncio.ensure_future(download.cancel())  # noqa: RUF006 - nothing waits for it


async def _saved(download: Any) -> GivenFile | None:
    """The file, as soon as it is whole; None when it is larger than is read, or broke off."""
    whole = asyncio.ensure_future(download.path())
    try:
        while not whole.done():
            await asyncio.wait({whole}, timeout=STEP)
            if _largest(Path.cwd() / GuardedBrowser.FILES) > MAX_BODY:
                await download.cancel()
                return None
        path = Path(whole.result())
        if path.stat().st_size > MAX_BODY:
            return None
        return GivenFile(download.url, download.suggested_filename[:200], path.read_bytes())
    except (PlaywrightError, OSError):
        return None
    finally:
        whole.cancel()
        with contextlib.suppress(PlaywrightError):
            await download.delete()


def _largest(folder: Path) -> int:
    """Bytes of the largest file there."""
    sizes = [0]
    with contextlib.suppress(OSError):
        sizes += [one.stat().st_size for one in folder.iterdir()]
    return max(sizes)


async def _closed(page: Page) -> None:
    with contextlib.suppress(PlaywrightError):
        await page.close()
