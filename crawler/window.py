"""The browser as a whole: which of its pages are ours, and the files that pages give.

Every target begins paused. Ours are set going when they are guarded; a window that a page opens,
and what would outlive its page (service workers, shared workers), never is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crawler.bounds import MAX_BODY
from crawler.browser import GuardedBrowser
from crawler.devtools import DevTools
from crawler.pages import GivenFile
from crawler.tab import PAUSED, Asked, Tab, Way

ATTACH_SECONDS = 10.0


class Download:
    """One file that a page gives, while it comes."""

    def __init__(self, window: Window, guid: str, address: str, name: str) -> None:
        self.guid = guid
        self._window = window
        self._address = address
        self._name = name[:200]
        self._over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    @property
    def _path(self) -> Path:
        return self._window.folder / self.guid

    def cancel(self) -> None:
        """Nobody wants it."""
        for context in self._window.contexts:
            within = {"guid": self.guid, "browserContextId": context}
            self._window.tools.tell("Browser.cancelDownload", within)
        self.end(whole=False)

    def end(self, *, whole: bool) -> None:
        """It came, or will not."""
        if not self._over.done():
            self._over.set_result(whole)

    async def saved(self) -> GivenFile | None:
        """The file, as soon as it is whole; None when it is larger than is read, or broke off."""
        try:
            if not await self._over or self._path.stat().st_size > MAX_BODY:
                return None
            return GivenFile(self._address, self._name, self._path.read_bytes())
        except OSError:
            return None
        finally:
            self._path.unlink(missing_ok=True)


class Window:
    """A running browser."""

    def __init__(self, tools: DevTools, way: Way) -> None:
        self.tools = tools
        self._way = way
        self.folder = Path.cwd() / GuardedBrowser.FILES
        self._ours: dict[str, Tab | None] = {}
        self._attached: dict[str, asyncio.Future[str]] = {}
        self._targets: dict[str, str] = {}
        self._opening = asyncio.Lock()
        self._stray: list[str] = []
        self._downloads: dict[str, Download] = {}

    @property
    def contexts(self) -> set[str]:
        """Those of our pages."""
        return {tab.context for tab in self._ours.values() if tab is not None}

    @property
    def sessions(self) -> list[str]:
        """Those of all pages there are."""
        return list(self._targets)

    @classmethod
    async def opened(cls, guarded: GuardedBrowser, agent: str) -> Window:
        """Start the browser and watch all that it opens; raises NoBrowser, BrowserFailed and
        RenderFailed."""
        tools, username, password = await guarded.start(agent)
        window = cls(tools, Way(username, password))
        window.folder.mkdir(exist_ok=True)
        tools.hear("", window._heard)
        await tools.send("Target.setAutoAttach", PAUSED)
        return window

    async def tab(self, judge: Callable[[Asked], bool], cookies: list[dict[str, Any]]) -> Tab:
        """One page in a context of its own, with these cookies (Storage.setCookies' form)."""
        made = await self.tools.send("Target.createBrowserContext", {"disposeOnDetach": True})
        context = made["browserContextId"]
        within = {"browserContextId": context}
        try:
            await self.tools.send("Storage.setCookies", {"cookies": cookies, **within})
            await self.tools.send(
                "Browser.setDownloadBehavior",
                {"behavior": "allowAndName", "downloadPath": str(self.folder),
                 "eventsEnabled": True, **within},
            )  # fmt: skip
            target, session = await self._page(within)
            tab = Tab(self.tools, (context, target, session), judge, self._way)
            self._ours[target] = tab
            await tab.guard()
        except BaseException:
            self.tools.tell("Target.disposeBrowserContext", within)
            raise
        return tab

    async def _page(self, within: dict[str, str]) -> tuple[str, str]:
        """(target, session) of a new page, still paused."""
        async with self._opening:
            made = await self.tools.send("Target.createTarget", {"url": "about:blank", **within})
            target = made["targetId"]
            self._ours[target] = None
            async with asyncio.timeout(ATTACH_SECONDS):
                session = await self._session_of(target)
        strays, self._stray = self._stray, []
        for stray in strays:
            if stray not in self._ours:
                self._shut(stray)
        return target, session

    def _shut(self, target: str) -> None:
        """Close a window that a page opened, still paused. Chromium lets none be opened without a
        person's click; should one be, it may cost its page, and asks for nothing."""
        self.tools.tell("Target.closeTarget", {"targetId": target})

    def _session_of(self, target: str) -> asyncio.Future[str]:
        found = self._attached.get(target)
        if found is None:
            found = self._attached[target] = asyncio.get_running_loop().create_future()
        return found

    def _heard(self, method: str, params: dict[str, Any]) -> None:
        if method == "Target.attachedToTarget":
            self._attach(params["targetInfo"], params["sessionId"])
        elif method == "Browser.downloadWillBegin":
            self._begin(params)
        elif method == "Browser.downloadProgress":
            self._progress(params)
        elif method == "Target.detachedFromTarget":
            self._lose(str(params["sessionId"]))

    def _attach(self, target: dict[str, Any], session: str) -> None:
        if target["type"] != "page":
            return  # it stays paused
        self._targets[session] = target["targetId"]
        known = self._session_of(target["targetId"])
        if not known.done():
            known.set_result(session)
        if target["targetId"] in self._ours:
            return
        if self._opening.locked():
            # It may be the page that is being made, whose name is not known yet.
            self._stray.append(target["targetId"])
        else:
            self._shut(target["targetId"])

    def _lose(self, session: str) -> None:
        target = self._targets.pop(session, "")
        self._attached.pop(target, None)
        tab = self._ours.pop(target, None)
        if tab is not None:
            tab.lose()

    def _begin(self, params: dict[str, Any]) -> None:
        guid = str(params["guid"])
        download = Download(self, guid, str(params["url"]), str(params["suggestedFilename"]))
        self._downloads[guid] = download
        tabs = [tab for tab in self._ours.values() if tab is not None]
        tab = next((tab for tab in tabs if params["frameId"] in tab.frames), None)
        if tab is None or not tab.catch(download):
            download.cancel()

    def _progress(self, params: dict[str, Any]) -> None:
        download = self._downloads.get(str(params["guid"]))
        if download is None:
            return
        if params["state"] != "inProgress":
            self._downloads.pop(download.guid).end(whole=params["state"] == "completed")
        elif max(params["receivedBytes"], params["totalBytes"]) > MAX_BODY:
            download.cancel()
