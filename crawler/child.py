"""The crawl child: reads its job, runs one Scrapy crawl, says how it ended.

It holds no key, no fingerprint file and no database address; what it reads is hostile, what it
says is untrusted. It is forked by `crawler.forkserver`, which has set its limits before
`run` is called.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import socket
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings
from twisted.internet import asyncioreactor

from crawler import faults, session
from crawler.borders import Borders
from crawler.bounds import CLOSING_SECONDS
from crawler.conversation import Conversation
from crawler.engine import WatchSpider
from crawler.guard import PinnedResolver
from crawler.manners import Manners
from crawler.outside import Pending
from crawler.pages import Site
from crawler.robots import KeptRobots
from crawler.session import Session, SessionCookies
from crawler.settings import crawl_settings
from crawler.source import SourceSpec
from crawler.unchanged import Unchanged, Validator
from egress.errors import EgressError
from matching import frames

SPIDERS = "spiders"
SENT_EVERY = 2.0


class PlacesOnly(logging.Formatter):
    """A library's message can hold an address or a page's text: only where it arose is kept."""

    def format(self, record: logging.LogRecord) -> str:
        """Level, logger, file and line, and the class of the error."""
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        place = f"{os.path.basename(record.pathname)}:{record.lineno}"  # noqa: PTH119
        where = "".join(f" {_place(frame)}" for frame in _frames(record))
        return f"crawl {record.levelname} {record.name} {place} {error}{where}".rstrip()


def _frames(record: logging.LogRecord) -> list[traceback.FrameSummary]:
    """The innermost steps of an error."""
    found = record.exc_info[2] if record.exc_info else None
    return traceback.extract_tb(found)[-3:] if found else []


def _place(frame: traceback.FrameSummary) -> str:
    return f"{os.path.basename(frame.filename)}:{frame.lineno}"  # noqa: PTH119


def quiet_logs() -> None:
    """Warnings to stderr without content; nothing below."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlacesOnly())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    for name in ("scrapy", "twisted", "asyncio", "playwright"):
        logging.getLogger(name).setLevel(logging.ERROR)


def run(sock: socket.socket, memory: int = -1) -> int:
    """One crawl over the frames of `sock`; `memory` is the source's session memory file.

    The exit status: 0 when "done" was said, 1 otherwise.
    """
    quiet_logs()
    header, _ = frames.receive(sock)
    spec = SourceSpec.from_json(header["source"])
    paths = header.get("paths", {})
    pending = [(str(one), tuple(paths.get(one, ()))) for one in header.get("pending", [])]
    unchanged = Unchanged(Validator.from_json(one) for one in header.get("validators", []))
    try:
        borders = Borders(spec)
    except EgressError:
        return _refuse(sock, "bad-source")
    sites: Sequence[Site] = importlib.import_module(SPIDERS).SITES
    if spec.engine != "auto" and spec.engine not in {site.name for site in sites}:
        return _refuse(sock, "unknown-engine")
    left = session.read_memory(memory)
    return _Crawl(sock, spec, (pending, sites), borders, (memory, left, unchanged)).run()


def _refuse(sock: socket.socket, kind: str) -> int:
    sentence = faults.SENTENCES[kind]
    frames.send(sock, {"t": "problem", "kind": kind, "address": "", "what": sentence})
    frames.send(sock, {"t": "done", "outcome": "blocked", "counts": {}})
    return 0


class _Crawl:
    """Scrapy's process around one spider."""

    def __init__(
        self,
        sock: socket.socket,
        spec: SourceSpec,
        given: tuple[Pending, Sequence[Site]],
        borders: Borders,
        earlier: tuple[int, Session, Unchanged],
    ) -> None:
        self._spec = spec
        self._memory, left, unchanged = earlier
        self._talk = Conversation(sock, self._stop)
        self._arguments = (spec, *given, self._talk, borders, left, unchanged)
        self._borders = borders
        self._crawler: Crawler | None = None
        self._said_done = False
        self._told: Counter[str] = Counter()

    def run(self) -> int:
        """Until the crawl ends."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        install_reactor: Any = asyncioreactor.install
        install_reactor(loop)
        PinnedResolver(_reactor(), self._borders).install_on_reactor()
        runner = AsyncCrawlerRunner(Settings(crawl_settings(self._spec, self._borders)))
        self._crawler = runner.create_crawler(WatchSpider)
        whole = loop.create_task(self._whole(runner))
        _reactor().run(installSignalHandlers=False)
        return 0 if whole.done() and self._said_done else 1

    async def _whole(self, runner: AsyncCrawlerRunner) -> None:
        closing = max(1.0, self._spec.crawl_seconds - CLOSING_SECONDS)
        timer = asyncio.get_running_loop().call_later(closing, self._time_is_up)
        telling = asyncio.create_task(self._tell_sent())
        try:
            if self._crawler is not None:
                await runner.crawl(self._crawler, *self._arguments)
                await self._finish(self._crawler)
                self._said_done = True
        except Exception:
            logging.getLogger("crawler.child").exception("the crawl broke off")
        finally:
            timer.cancel()
            telling.cancel()
            _reactor().stop()

    async def _finish(self, crawler: Crawler) -> None:
        spider = crawler.spider
        if not isinstance(spider, WatchSpider):
            return
        cookies = crawler.get_downloader_middleware(SessionCookies)
        robots = crawler.get_downloader_middleware(KeptRobots)
        if cookies is not None:
            known = robots.keep() if robots is not None else {}
            session.write_memory(self._memory, Session(cookies.keep(), known))
        await self._talk.lists(spider.again.kept())
        if spider.over_budget and not spider.kinds & {"budget", "host-budget"}:
            await spider.problem("budget", "")
        manners = crawler.get_downloader_middleware(Manners)
        await self._report_sent(manners)
        await self._talk.done(
            spider.outcome(), spider.counts, manners.not_before() if manners is not None else 0.0
        )

    async def _tell_sent(self) -> None:
        """What was sent counts against budgets also when this process is killed."""
        while True:
            await asyncio.sleep(SENT_EVERY)
            if self._crawler is not None and self._talk.is_open and self._crawler.engine:
                await self._report_sent(self._crawler.get_downloader_middleware(Manners))

    async def _report_sent(self, manners: Manners | None) -> None:
        if manners is not None:
            fresh = manners.sent - self._told
            self._told += fresh
            await self._talk.sent(dict(fresh))

    def _time_is_up(self) -> None:
        spider = self._crawler.spider if self._crawler else None
        if isinstance(spider, WatchSpider):
            spider.over_budget = True
        self._stop()

    def _stop(self) -> None:
        """End gracefully: no new request, running ones are left to finish or be cut off."""
        crawler = self._crawler
        if crawler is None or not isinstance(crawler.spider, WatchSpider):
            return
        if not crawler.spider.stopping:
            crawler.spider.stopping = True
            asyncio.ensure_future(_close(crawler))  # noqa: RUF006


def _reactor() -> Any:
    """Twisted's reactor; asked for only after the right one is installed."""
    return importlib.import_module("twisted.internet.reactor")


async def _close(crawler: Crawler) -> Any:
    if crawler.crawling:
        await crawler.stop_async()
