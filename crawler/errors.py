"""Everything the crawler raises. Messages say what is wrong and what to do, never content."""

from __future__ import annotations


class CrawlerError(Exception):
    """A crawl or a part of it cannot be done."""


class ForkServerError(CrawlerError):
    """No crawl child could be started."""


class UnknownEngine(CrawlerError):
    """`engine` names no spider."""


class Unreadable(CrawlerError):
    """A page is not of the shape a reader needs."""


class NotAllowed(CrawlerError):
    """The guard stops a request. `kind` is one of `crawler.faults.SENTENCES`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class NoBrowser(CrawlerError):
    """A page needs JavaScript and no Chromium was found."""


class BrowserFailed(CrawlerError):
    """Chromium is there and did not start."""


class RenderFailed(CrawlerError):
    """The browser did not show a page."""


class RenderTimeout(RenderFailed):
    """The browser did not show a page in time."""


class RenderedTooLarge(CrawlerError):
    """A rendered page is over the bound."""
