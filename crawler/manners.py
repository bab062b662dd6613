"""How often which host is asked: Crawl-delay, Retry-After, budgets.

Nearest the network but the guard, so that every request is counted as it is sent: redirects,
retries, log-ins and robots.txt among them. Each goes into the slot of the host it is sent to;
Scrapy leaves a redirected request in the slot of its first host, past the pace of the second.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.robotstxt import RobotParser

from crawler import addresses
from crawler.errors import NotAllowed
from crawler.source import SourceSpec
from crawler.visits import Visit

# A longer Retry-After closes the host for the rest of the crawl.
LONGEST_WAIT = 30.0
# What a host may ask of the next crawl: nobody is made to wait longer than a day.
LONGEST_ABSENCE = 86_400.0


class Manners:
    """Downloader middleware. `sent` counts requests by host; `not_before` is how many seconds
    from now a host asked to be left alone, at most a day."""

    def __init__(self, crawler: Crawler, spec: SourceSpec) -> None:
        self._crawler = crawler
        self._spec = spec
        self._left = dict(spec.host_budgets)
        self._closed: dict[str, float] = {}
        self._delays: dict[str, float] = {}
        self.sent: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Manners:
        """Scrapy's way of making one."""
        made = cls(crawler, crawler.settings["VIGIE_SOURCE"])
        # What a page in the browser asks for counts as well.
        crawler.settings["VIGIE_BORDERS"].count = made.count
        crawler.signals.connect(made.robots_parsed, signal=signals.robots_parsed)
        return made

    async def process_request(self, request: Request) -> None:
        """Count it and put it into its host's slot; raises NotAllowed when that must wait."""
        host = addresses.host_port(request.url)
        if self._closed.get(host, 0.0) > time.monotonic():
            raise NotAllowed("busy")
        self.count(host)
        request.meta["download_slot"] = host
        visit = request.cb_kwargs.get("visit")
        if isinstance(visit, Visit):
            visit.walk.sent = True

    def count(self, host: str) -> None:
        """One more request to a host; raises NotAllowed when its budget is used up."""
        if self.sent.total() >= self._spec.max_requests:
            raise NotAllowed("budget")
        if host in self._left and self.sent[host] >= self._left[host]:
            raise NotAllowed("host-budget")
        self.sent[host] += 1

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """A host's robots.txt was read: its Crawl-delay counts from now on."""
        asked = robotparser.crawl_delay(self._spec.user_agent)
        host = addresses.host_port(request.url)
        if not asked or asked <= self._spec.delay or self._crawler.engine is None:
            return
        self._delays[host] = asked = min(asked, LONGEST_ABSENCE)
        downloader = self._crawler.engine.downloader
        downloader.per_slot_settings[host] = {"concurrency": 1, "delay": asked, "jitter": 0.0}
        slot = downloader.slots.get(host)
        if slot is not None:
            slot.concurrency, slot.delay, slot.jitter = 1, asked, 0.0

    def close_host(self, untrusted_address: str, seconds: float) -> None:
        """The host asked to be left alone for so long."""
        host = addresses.host_port(untrusted_address)
        until = time.monotonic() + min(seconds, LONGEST_ABSENCE)
        self._closed[host] = max(self._closed.get(host, 0.0), until)

    def not_before(self) -> float:
        """Seconds from now before which the source's own hosts are not to be asked again."""
        now = time.monotonic()
        own = addresses.site_hosts(self._spec.start)
        waits = [until - now for host, until in self._closed.items() if host in own]
        waits += [delay for host, delay in self._delays.items() if host in own]
        return max(0.0, *waits) if waits else 0.0


def retry_after(untrusted_value: bytes | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After asks for (RFC 9110 section 10.2.3); None when it says nothing."""
    if not untrusted_value:
        return None
    text = untrusted_value.decode("latin-1").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
