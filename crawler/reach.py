"""How far back a first crawl reads.

What a site dates before that is passed over and marked as known, so that later crawls see it when
something new happens there. What has no date, or one that cannot be, is read; so is what was known
before (an edit) and what a link or a feed names: somebody points to it now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from crawler.dates import moment
from crawler.pages import Post, Reading, Site


def floor_of(began: datetime, since: float | None) -> str:
    """The time before which a first crawl that begins now reads nothing, RFC 3339; "" for all."""
    if since is None:
        return ""
    try:
        return (began - timedelta(seconds=since)).isoformat()
    except OverflowError:
        return ""


class Reach:
    """Belongs to one crawl. `floor` is a time, or "" where everything is read; `pending` are the
    addresses that wait for the source."""

    def __init__(self, floor: str, pending: Sequence[str] = ()) -> None:
        self._floor = datetime.fromisoformat(floor) if floor else None
        self._pending = list(pending)
        self._pointed: set[str] = set()

    def point(self, location: str) -> None:
        """Something outside the site's own lists names it."""
        self._pointed.add(location)

    def posts(
        self, fresh: Sequence[int], posts: Sequence[Post], states: Sequence[str], within: str
    ) -> list[int]:
        """Those of the fresh posts that are read. `states` tells what is known of each post,
        `within` the location of the thread or paste that they stand in, or ""."""
        if self._floor is None or within in self._pointed:
            return list(fresh)
        return [i for i in fresh if states[i] != "new" or not self._is_before(posts[i].posted_at)]

    def rows(self, reading: Reading, site: Site | None) -> list[tuple[str, str]]:
        """What a list's rows mark as known: threads in which nothing happened for so long."""
        if self._floor is None:
            return []
        if site is not None:
            pending, self._pending = self._pending, []
            self._pointed |= {link.location for one in pending if (link := site.locate(one))}
        return [
            (link.location, link.state)
            for link in reading.links
            if link.location not in self._pointed
            if not link.once and self._is_before(link.active_at)
        ]

    def _is_before(self, told: str) -> bool:
        if self._floor is None:
            return False
        found = moment(told)
        return found is not None and found < self._floor
