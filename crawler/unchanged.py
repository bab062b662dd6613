"""Pages that are looked at again and again: asked for only if they changed (RFC 9110, 13.1).

A validator of an earlier crawl comes with the ways that led on from its page, so that an answer
304 leads on as the page did. Those of this crawl are handed over at its end, and only when
nothing failed: what hung on a page was then read, and the page need not be seen again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from scrapy.http import Response

from crawler import addresses

MAX_PAGES = 2_000
MAX_VALUE = 500
MAX_LISTS = 200
# Pages of which it is not known yet whether they will be looked at again: those being read.
MAX_HEARD = 1_000
SETTLED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Validator:
    """What a site told of one page, and where the page led. `site` is the spider that read it;
    `logged_in`: it was shown to the account."""

    address: str
    etag: str = ""
    modified: str = ""
    next_page: str = ""
    lists: tuple[str, ...] = ()
    site: str = ""
    logged_in: bool = False

    def to_json(self) -> dict[str, Any]:
        """For a frame."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Validator:
        """The inverse of `to_json`; raises TypeError or KeyError on another shape."""
        return cls(**{**data, "lists": tuple(data.get("lists", ()))})

    @property
    def headers(self) -> dict[str, str]:
        """What asks for the page only if it changed; an entity tag is the better witness."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.modified}


class Unchanged:
    """The validators of one crawl."""

    def __init__(self, given: Iterable[Validator]) -> None:
        self._given = {addresses.canonical(one.address): one for one in given}
        self._heard: dict[str, tuple[str, str]] = {}
        self._kept: dict[str, Validator] = {}

    def given(self, address: str, *, logged_in: bool) -> Validator | None:
        """What was kept of a page as it was shown to the same visitor."""
        found = self._given.get(addresses.canonical(address))
        return found if found is not None and found.logged_in == logged_in else None

    def hear(self, response: Response) -> None:
        """Note what the site tells of a page."""
        etag = (response.headers.get("ETag") or b"").decode("latin-1")
        modified = _settled(response)
        if (etag or modified) and len(etag) < MAX_VALUE and len(modified) < MAX_VALUE:
            self._heard[addresses.canonical(response.url)] = (etag, modified)
            if len(self._heard) > MAX_HEARD:
                del self._heard[next(iter(self._heard))]

    def keep(
        self, address: str, next_page: str, lists: Sequence[str], site: str, *, logged_in: bool
    ) -> None:
        """A page was read that will be looked at again."""
        key = addresses.canonical(address)
        if key in self._heard and len(self._kept) < MAX_PAGES and len(lists) <= MAX_LISTS:
            etag, modified = self._heard.pop(key)
            self._kept[key] = Validator(
                address, etag, modified, next_page, tuple(lists), site, logged_in
            )

    def kept(self) -> list[dict[str, Any]]:
        """For the supervisor."""
        return [one.to_json() for one in self._kept.values()]


def _settled(response: Response) -> str:
    """Last-Modified, if it is old enough: a page can change twice within the second that it tells,
    and the second change would stay unseen (RFC 9110 section 8.8.2.2)."""
    modified = (response.headers.get("Last-Modified") or b"").decode("latin-1")
    told = (response.headers.get("Date") or b"").decode("latin-1")
    try:
        age = parsedate_to_datetime(told) - parsedate_to_datetime(modified)
    except (ValueError, TypeError):
        return ""
    return modified if age >= SETTLED else ""
