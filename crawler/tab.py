"""One page of the browser, in a context of its own, in which documents are shown one after another.

Time in it is virtual: timers run as soon as nothing else is to be done, so what a script writes
after a while is there at once, and a document that was read stands still until the next one takes
its place. Files that a document gives (by a script, a link, a button) are caught, bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawler import addresses
from crawler.bounds import MAX_BODY
from crawler.devtools import DevTools
from crawler.errors import RenderedTooLarge, RenderFailed, RenderTimeout
from crawler.pages import GivenFile
from crawler.scripts import BEFORE, FRAMES, GIVERS, MEASURE, READ

if TYPE_CHECKING:
    from crawler.window import Download

SETTLE_SECONDS = 10.0
# Milliseconds of a document's own time after its last request.
AHEAD = 1_000
# Real seconds for which answers to a document's own requests are waited for.
ANSWERS = 4.0
# Real seconds in which nothing may change: two of its frames, and longer where a worker or a cipher
# computes beside it. A document that shows next to nothing gets more of them.
FRAME, STILL, STILL_EMPTY = 0.05, 0.3, 0.8
# Real seconds for which a socket that nothing came from yet, and what a document computes, is
# waited for; and between two looks.
WAITS, STEP = {1: 2.0, 2: 8.0}, 0.1
SAYS_LITTLE = 80
MAX_FILES, MAX_CLICKS = 5, 3
TIME = "Emulation.setVirtualTimePolicy"
WAITING = "pauseIfNetworkFetchesPending"
# Every request is asked about before it leaves; of documents the answer's head is looked at too.
EVERYTHING = {
    "handleAuthRequests": True,
    "patterns": [
        {"urlPattern": "*"},
        {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"},
    ],
}
PAUSED = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
# Nothing leaves a page, or a frame or worker of it, before the last of these.
GUARD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Page.enable", {}),
    ("Fetch.enable", EVERYTHING),
    ("Target.setAutoAttach", PAUSED),
    ("Page.addScriptToEvaluateOnNewDocument", {"source": BEFORE}),
    ("Runtime.runIfWaitingForDebugger", {}),
)
# What a page tells besides.
TOLD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Inspector.enable", {}),
    ("Page.setLifecycleEventsEnabled", {"enabled": True}),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a document: its kind is the protocol's, in lower case."""

    url: str
    method: str
    kind: str

    @property
    def is_navigation(self) -> bool:
        """Whether a page or a frame is to show it."""
        return self.kind == "document"


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


@dataclass(frozen=True, slots=True)
class Way:
    """How pages go out: the credential of their proxy."""

    username: str
    password: str = field(repr=False)


class Tab:
    """A page that shows documents. It lets no request through which `judge` holds back."""

    def __init__(
        self, tools: DevTools, names: tuple[str, str, str], judge: Callable[[Asked], bool], way: Way
    ) -> None:
        """`names`: of its context, its target and its session."""
        self.tools = tools
        self.context, self._target, self._session = names
        self._judge = judge
        self._way = way
        self.uses = 0
        self.is_gone = False
        self.frames = {self._target}
        self._sessions = {self._session}
        self._asked = self._pressing = False
        self._head: tuple[int, dict[str, str]] = (200, {})
        # Documents that began here, and those that were parsed to their end.
        self._loaders: set[str] = set()
        self._parsed: set[str] = set()
        self._ready, self._expired = asyncio.Event(), asyncio.Event()
        self._caught: list[Download] = []
        self._catching = asyncio.Event()

    async def guard(self) -> None:
        """Guard the page and set it going; raises RenderFailed."""
        self._listen(self._session)
        commands = (*GUARD, *TOLD)
        sent = [self.tools.send(name, given, self._session) for name, given in commands]
        await asyncio.gather(*sent)

    @property
    def was_in_the_way(self) -> bool:
        """Whether the document before kept the next one from being asked for."""
        return self.uses > 1 and not self._asked

    async def show(self, address: str, seconds: float, *, patient: bool) -> Shown:
        """See `Tabs.show`."""
        self.uses += 1
        self._asked = self._pressing = False
        self._caught.clear()
        self._catching.clear()
        self._head = (200, {})
        try:
            async with asyncio.timeout(seconds):
                shows = await self._open(address)
        except TimeoutError:
            raise RenderTimeout("it did not open in time") from None
        if not shows:
            return await self._file_alone()
        status, headers = self._head
        if await self._settle(min(SETTLE_SECONDS, seconds), patient=patient):
            self._pressing = True
            if await self._run(f"({GIVERS})({MAX_CLICKS})"):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STILL):
                        await self._catching.wait()
        html, reached = await self._run(READ)
        saved = [await one.saved() for one in self._caught]
        found = tuple(one for one in saved if one is not None)
        return Shown(
            str(reached), status, headers, str(html), files=found, left=len(saved) - len(found)
        )

    async def close(self) -> None:
        """Close it with all that belongs to it; raises RenderFailed."""
        self.lose()
        await self.tools.send("Target.disposeBrowserContext", {"browserContextId": self.context})

    def lose(self) -> None:
        """The page is gone."""
        self.is_gone = True
        for session in self._sessions:
            self.tools.forget(session)

    def catch(self, download: Download) -> bool:
        """Whether a file that the document gives is wanted."""
        self._catching.set()
        if len(self._caught) >= MAX_FILES:
            return False
        self._caught.append(download)
        return True

    # One document

    async def _open(self, address: str) -> bool:
        """Go there; False when it was a file."""
        before = set(self._loaders)
        await self._command(TIME, {"policy": WAITING})
        for _ in range(2):
            told = await self._command("Page.navigate", {"url": address})
            if told.get("errorText"):
                if told.get("isDownload") or "ERR_ABORTED" in told["errorText"]:
                    return False
                raise RenderFailed(str(told["errorText"])[:100])
            if told.get("loaderId"):
                break
            # Only the fragment is another one, so the document before stayed.
            blank = await self._command("Page.navigate", {"url": "about:blank"})
            before.add(str(blank.get("loaderId")))
        # It, or what took its place at once.
        while not self._parsed - before:
            self._ready.clear()
            await self._ready.wait()
        return True

    async def _settle(self, seconds: float, *, patient: bool) -> bool:
        """Let the document's own time run, then wait until it stands still; whether it may give
        a file."""
        deadline = time.monotonic() + seconds
        await self._let_time_run(min(ANSWERS, max(STEP, seconds - STILL_EMPTY)))
        began = time.monotonic()
        waited, before, known = False, -1, 0
        while True:
            size, said, gives, waits, heard, beside = await self._run(MEASURE, deadline)
            if size > MAX_BODY:
                raise RenderedTooLarge
            if waits and time.monotonic() < min(deadline, began + WAITS.get(waits, 0.0)):
                waited = True
                await asyncio.sleep(STEP)
                continue
            if waited or (heard != known and time.monotonic() < deadline):
                # What a message leads to may need timers, and requests, of its own: also one that
                # came while time still ran, too late for them.
                waited, known = False, heard
                await self._let_time_run(max(STEP, min(ANSWERS, deadline - time.monotonic())))
                continue
            if size == before or time.monotonic() >= deadline:
                return bool(gives)
            before = size
            if patient or beside or said < SAYS_LITTLE:
                await asyncio.sleep(STILL_EMPTY if patient or said < SAYS_LITTLE else STILL)
            else:
                await self._let_frames_pass()

    async def _let_time_run(self, seconds: float) -> None:
        """Its time stands still while it waits for an answer: of a slow site, or of one that keeps
        a question open until there is news."""
        self._expired.clear()
        await self._command(TIME, {"policy": WAITING, "budget": AHEAD})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._expired.wait()

    async def _let_frames_pass(self) -> None:
        """Two frames of the document, within bounds: one that is not drawn has none."""
        given = {"expression": FRAMES, "awaitPromise": True}
        with contextlib.suppress(TimeoutError, RenderFailed):
            async with asyncio.timeout(STILL):
                await asyncio.gather(self._command("Runtime.evaluate", given), asyncio.sleep(FRAME))

    async def _run(self, script: str, deadline: float = 0.0) -> Any:
        """What a script in the document gives; tried again while one document takes another's
        place. Raises RenderFailed."""
        given = {"expression": script, "returnByValue": True}
        while True:
            try:
                told = await self._command("Runtime.evaluate", given)
            except RenderFailed:
                if self.is_gone or time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(STEP)
                continue
            if "exceptionDetails" in told:
                raise RenderFailed("the document's own script broke ours")
            return told["result"].get("value")

    async def _command(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if self.is_gone:
            raise RenderFailed("the page is gone")
        return await self.tools.send(method, params, self._session)

    async def _file_alone(self) -> Shown:
        """The address gave a file."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STILL_EMPTY):
                await self._catching.wait()
        if not self._caught:
            raise RenderFailed("it shows nothing and gives no file")
        found = await self._caught[0].saved()
        if found is None:
            raise RenderedTooLarge
        return Shown(found.address, file=found)

    # What is heard

    def _listen(self, session: str) -> None:
        self._sessions.add(session)
        self.tools.hear(session, lambda method, params: self._heard(session, method, params))

    def _guard_part(self, session: str) -> None:
        """Guard a frame of another process, or a worker, and set it going; a worker has no
        documents, and says so."""
        self._listen(session)
        for method, params in GUARD:
            self.tools.tell(method, params, session)

    def _heard(self, session: str, method: str, params: dict[str, Any]) -> None:
        if method == "Fetch.requestPaused":
            self._decide(session, params)
        elif method == "Fetch.authRequired":
            self.tools.tell("Fetch.continueWithAuth", self._credential(params), session)
        elif method == "Page.lifecycleEvent" and params["frameId"] == self._target:
            self._loaders.add(params["loaderId"])
            if params["name"] == "DOMContentLoaded":
                self._parsed.add(params["loaderId"])
                self._ready.set()
        elif method == "Emulation.virtualTimeBudgetExpired":
            self._expired.set()
        elif method == "Page.javascriptDialogOpening":
            leaving = params.get("type") == "beforeunload"
            self.tools.tell("Page.handleJavaScriptDialog", {"accept": leaving}, session)
        elif method == "Target.attachedToTarget":
            if params["targetInfo"]["type"] in ("iframe", "worker"):
                self._guard_part(params["sessionId"])
        elif method == "Target.detachedFromTarget":
            self._sessions.discard(params["sessionId"])
            self.tools.forget(params["sessionId"])
        elif method == "Inspector.targetCrashed":
            self.lose()

    def _decide(self, session: str, params: dict[str, Any]) -> None:
        """Let a request through or hold it back; note the head of the page's answer."""
        self.frames.add(params["frameId"])
        number = {"requestId": params["requestId"]}
        if "responseStatusCode" in params or "responseErrorReason" in params:
            if params["frameId"] == self._target and "responseStatusCode" in params:
                told = params.get("responseHeaders", ())
                headers = {one["name"].lower(): one["value"] for one in told}
                self._head = params["responseStatusCode"], headers
            self.tools.tell("Fetch.continueRequest", number, session)
            return
        self._asked = True
        request = params["request"]
        asked = Asked(request["url"], request["method"], _kind(params))
        held = self._judge(asked) or (
            self._pressing and addresses.changes_something(request["url"])
        )
        if held:
            number["errorReason"] = "BlockedByClient"
        self.tools.tell("Fetch.failRequest" if held else "Fetch.continueRequest", number, session)

    def _credential(self, params: dict[str, Any]) -> dict[str, Any]:
        """The proxy's credential for the proxy; nothing for a site that asks for one."""
        answer: dict[str, Any] = {"response": "CancelAuth"}
        if params["authChallenge"].get("source") == "Proxy":
            given = {"username": self._way.username, "password": self._way.password}
            answer = {"response": "ProvideCredentials", **given}
        return {"requestId": params["requestId"], "authChallengeResponse": answer}


def _kind(params: dict[str, Any]) -> str:
    """What a request is for. A site's icon is of no kind, but says what it takes."""
    kind = str(params["resourceType"]).lower()
    headers = {name.lower(): value for name, value in params["request"]["headers"].items()}
    return "image" if kind == "other" and headers.get("accept", "").startswith("image/") else kind
