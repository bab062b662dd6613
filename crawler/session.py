"""Cookies that outlive one crawl, in memory only.

The fork server's client keeps one anonymous memory file a source and hands it to each of its
crawls: a log-in need not be repeated at every crawl, and no session lies on a disk. What a
child leaves there is read by the next child of the same source and by nobody else.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from http.cookiejar import Cookie
from typing import Any

from scrapy.downloadermiddlewares import cookies as scrapy_cookies
from tldextract import TLDExtract

MAX_BYTES = 256 * 1024
FIELDS = ("name", "value", "domain", "path", "secure", "expires")

# Scrapy's own extractor fetches the public suffix list from the internet at first use, past
# every guard; the list packaged with tldextract serves as well.
scrapy_cookies._split_domain = TLDExtract(  # noqa: SLF001
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
)


class SessionCookies(scrapy_cookies.CookiesMiddleware):
    """Scrapy's cookies, which can be kept and taken up again."""

    def take_up(self, kept: list[dict[str, Any]]) -> None:
        """Put kept cookies into the jar."""
        for cookie in kept:
            self.jars[None].set_cookie(_cookie(cookie))

    def keep(self) -> list[dict[str, Any]]:
        """The jar's cookies as plain data."""
        return [
            {field: getattr(cookie, field) for field in FIELDS} for cookie in self.jars[None].jar
        ]


def _cookie(kept: dict[str, Any]) -> Cookie:
    domain, path = str(kept["domain"]), str(kept["path"])
    return Cookie(
        version=0, name=str(kept["name"]), value=str(kept["value"]), port=None,
        port_specified=False, domain=domain, domain_specified=domain.startswith("."),
        domain_initial_dot=domain.startswith("."), path=path, path_specified=True,
        secure=bool(kept["secure"]), expires=kept["expires"], discard=kept["expires"] is None,
        comment=None, comment_url=None, rest={},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Session:
    """What the last crawl of a source left for the next one."""

    cookies: list[dict[str, Any]] = field(default_factory=list)
    robots: dict[str, Any] = field(default_factory=dict)


def read_memory(descriptor: int) -> Session:
    """What the last crawl left; nothing when it left nothing usable."""
    if descriptor < 0:
        return Session()
    raw = os.pread(descriptor, MAX_BYTES, 0)
    try:
        kept = json.loads(raw) if raw else {}
        cookies, robots = kept.get("cookies", []), kept.get("robots", {})
    except (ValueError, AttributeError):
        return Session()
    usable = isinstance(cookies, list) and all(
        isinstance(c, dict) and set(c) == set(FIELDS) for c in cookies
    )
    pairs = isinstance(robots, dict) and all(
        isinstance(told, list) and len(told) == 2 for told in robots.values()
    )
    return Session(cookies if usable else [], robots if pairs else {})


def write_memory(descriptor: int, session: Session) -> None:
    """Leave it for the next crawl of this source."""
    raw = json.dumps({"cookies": session.cookies, "robots": session.robots}).encode()
    if descriptor < 0 or len(raw) > MAX_BYTES:
        return
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, raw, 0)
