"""The threads and pastes that one crawl was told of: each is fetched once, whatever names it.

A list's row, an order to read a thread whole and a link in another source's post may name one
thread by several addresses. Its location is the same, and the first that is asked for serves all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakValueDictionary

from crawler.addresses import canonical
from crawler.bounds import MAX_LINKS
from crawler.pages import Link
from crawler.seen import Seen
from crawler.visits import Walk


class Walks:
    """Belongs to one crawl. What was read to its end takes a few bytes."""

    def __init__(self) -> None:
        self._asked, self._told = Seen(), Seen()
        self._begun = Seen()
        # A walk lasts as long as a request or an answer of it does.
        self._under_way: WeakValueDictionary[str, Walk] = WeakValueDictionary()

    def first(self, address: str, *, render: bool) -> bool:
        """Whether an address was not asked for in this way yet; from now on it was."""
        return self._asked.add(f"{'r' if render else 's'} {canonical(address)}")

    def untold(self, links: Sequence[Link]) -> list[Link]:
        """Those of the links that nothing was told of yet, a location once. With its state: a way
        that tells nothing must not hide a row that does."""
        last = {link.location: link for link in links[:MAX_LINKS]}.values()
        return [link for link in last if self._told.add(f"{link.location}\n{link.state}")]

    def begin(self, link: Link, walk: Walk) -> None:
        """The link is asked for."""
        self._begun.add(link.location)
        self._under_way[link.location] = walk

    def joins(self, link: Link) -> bool:
        """Whether its location is asked for in this crawl already.

        What a row tells goes with a request that was not sent yet, so that the thread is marked
        as read in this state. An answer that may be older than the row marks nothing: the next
        crawl asks again.
        """
        walk = self._under_way.get(link.location)
        if walk is None:
            return link.location in self._begun
        if walk.link is not None and link.state and not walk.link.state and not walk.sent:
            walk.link = replace(link, address=walk.link.address)
        return True
