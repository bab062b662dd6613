"""Addresses of alerts asked for again in the crawl of their source: what came of each.

They are handed to the child with what is pending. A known location would not be fetched, so the
answer to the question for it is "changed": a paste is read once more, of a thread its first and
last pages. Nothing here writes; `index.revisits` keeps the outcome, `index.removal` what is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from crawler.addresses import canonical
from crawler.messages import PageReport
from crawler.source import SourceSpec
from index.errors import StaleLease
from index.frontier import Frontier
from index.revisits import Due, RevisitStore

# A crawl of few requests is not spent on what is known.
SHARE, MOST = 4, 100


def due_now(store: RevisitStore | None, spec: SourceSpec) -> list[Due]:
    """The addresses that a crawl of the source is to ask for again, within its share."""
    room = max(1, min(MOST, min(spec.max_pages, spec.max_requests) // SHARE))
    return store.due(spec.id, room) if store is not None else []


class Revisiting:
    """Belongs to one crawl."""

    def __init__(self, handed: Sequence[Due], frontier: Frontier) -> None:
        self.handed = handed
        self._frontier = frontier
        self._open = {one.location_key for one in handed}
        self.outcomes: dict[bytes, str] = {}

    def answer(self, asked: Sequence[tuple[str, str]], states: Sequence[str]) -> list[str]:
        """The states told to the child: a location that is looked at again is not the same."""
        if not self._open:
            return list(states)
        return [
            "changed" if state in ("same", "old") and self._is_one(location) else state
            for (location, _), state in zip(asked, states, strict=True)
        ]

    def page(self, page: PageReport) -> None:
        """A page came: what stands on it is there."""
        if not self._open:
            return
        places = {page.address, *(location for location, _ in page.seen)}
        places |= {place for post in page.posts for place in (post.location, post.thread)}
        for place in places - {""}:
            self._note(self._frontier.location_key(canonical(place) or place), "there")

    def problem(self, location_key: bytes, kind: str) -> None:
        """An address brought no page."""
        self._note(location_key, kind)

    def settle(self, store: RevisitStore | None, source: str, token: int, outcome: str) -> None:
        """Keep what came of each; a crawl that did not get through leaves them due."""
        if store is not None and self.handed and outcome in ("finished", "budget"):
            with suppress(StaleLease):
                store.looked(source, token, self.handed, self.outcomes)

    def _is_one(self, location: str) -> bool:
        return self._frontier.location_key(location) in self._open

    def _note(self, key: bytes, outcome: str) -> None:
        if key in self._open and self.outcomes.get(key) != "there":
            self.outcomes[key] = outcome
