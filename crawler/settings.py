"""Scrapy's settings for one crawl: what is switched off, and every bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapy.settings import BaseSettings, Settings

from crawler.borders import Borders
from crawler.bounds import MAX_BODY
from crawler.source import SourceSpec

RETRIES = 2
MAX_REDIRECTS = 8
MAX_DEPTH = 500
# A crawl is asked to end this long before its child is killed at `crawl_seconds`.
CLOSING_SECONDS = 10.0


def components(settings: Settings) -> Iterator[str]:
    """The dotted names of all classes that such settings name, Scrapy's own defaults among them."""
    for value in settings.values():
        named = value.keys() if isinstance(value, BaseSettings) else [value]
        for one in named:
            if isinstance(one, str) and one.startswith(("scrapy.", "crawler.")):
                yield one


def crawl_settings(spec: SourceSpec, borders: Borders) -> dict[str, Any]:
    """The settings of a crawl of `spec`. Every key set here departs from Scrapy's default."""
    return {
        # Nothing listens and nothing is written beside the frames.
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_ENABLED": False,
        "STATS_DUMP": False,
        "LOGSTATS_INTERVAL": 0,
        "MEMUSAGE_ENABLED": False,
        "EXTENSIONS": {
            "scrapy.extensions.corestats.CoreStats": None,
            "scrapy.extensions.logstats.LogStats": None,
            "scrapy.extensions.feedexport.FeedExporter": None,
        },
        # Where it may go.
        "VIGIE_BORDERS": borders,
        "VIGIE_SOURCE": spec,
        "DOWNLOAD_HANDLERS": {
            "http": "crawler.rendering.Downloads",
            "https": "crawler.rendering.Downloads",
            "file": None,
            "data": None,
            "ftp": None,
            "s3": None,
        },
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        # Proxies come from the source, never from the environment.
        "HTTPPROXY_ENABLED": False,
        "REFERER_ENABLED": False,
        # The guard is nearest the network; retries wait; cookies outlive a crawl in memory.
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "crawler.robots.KeptRobots": 100,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "crawler.backoff.BackOff": 550,
            "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
            "crawler.session.SessionCookies": 700,
            "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            "crawler.sending.Sending": 500,
            "crawler.manners.Manners": 940,
            "crawler.wire.Wire": 945,
            "crawler.guard.Guard": 950,
        },
        # Status codes are read by the engine, which says what each means.
        "HTTPERROR_ALLOW_ALL": True,
        # The engine yields requests only; Scrapy would start so many tasks for each page.
        "CONCURRENT_ITEMS": 1,
        # What stands first on a list is the newest, and is fetched first.
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
        # Manners.
        "USER_AGENT": spec.user_agent,
        "ROBOTSTXT_OBEY": spec.obeys_robots,
        "DOWNLOAD_DELAY": spec.delay,
        "CONCURRENT_REQUESTS": spec.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": spec.concurrency,
        "RETRY_TIMES": RETRIES,
        "REDIRECT_MAX_TIMES": MAX_REDIRECTS,
        # Bounds.
        "DOWNLOAD_MAXSIZE": MAX_BODY,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_TIMEOUT": spec.timeout,
        "DEPTH_LIMIT": MAX_DEPTH,
        "URLLENGTH_LIMIT": 4096,
        "REACTOR_THREADPOOL_MAXSIZE": 4,
        # Bytes of pages that are read at the same time, a larger one alone: where the supervisor is
        # the slower side, thousands of small pages would wait for it with their trees.
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 1_000_000,
    }
