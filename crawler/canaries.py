"""Looks for a source's canaries in what its crawl brings."""

from __future__ import annotations

from collections.abc import Iterable

from crawler.addresses import canonical
from crawler.messages import PageReport
from crawler.outcome import Progress
from index.canaries import ADDRESS, TEXT, WORD, CanaryStore, CanaryView

MAX_WORDS = 200_000  # words of a page that are compared; each costs a keyed hash


class CanaryLook:
    """Belongs to one crawl. Without canaries it costs nothing."""

    def __init__(self, store: CanaryStore | None, source: str, token: int) -> None:
        self._store = store
        self._source, self._token = source, token
        found = store.of(source) if store is not None else []
        self._words = {
            one.marker_key: one for one in found if one.kind == TEXT and not one.found_at
        }
        self._places = {one.marker_key: one for one in found if one.kind == ADDRESS}
        self._met: set[int] = set()

    def asked(self, locations: Iterable[str]) -> None:
        """Locations that stand on a list, known ones too."""
        if self._places:
            self._meet(self._places, {canonical(one) or one for one in locations})

    def page(self, page: PageReport) -> None:
        """The fresh posts of a page."""
        if self._places:
            self.asked(post.location for post in page.posts)
        if self._words and page.posts:
            texts = (text for post in page.posts for _, text in (("", post.title), *post.layers))
            words = (found[0] for text in texts for found in WORD.finditer(text))
            self._meet(
                self._words, {word for word, _ in zip(words, range(MAX_WORDS), strict=False)}
            )

    def end(self, outcome: str, progress: Progress) -> None:
        """Lists that answered "as before" still hold what stood on them."""
        if self._store is None or outcome != "finished" or not progress.sight["unchanged"]:
            return
        there = [one.id for one in self._places.values() if one.found_at]
        if there := [one for one in there if one not in self._met]:
            self._store.found(self._source, self._token, there)

    def _meet(self, wanted: dict[bytes, CanaryView], markers: Iterable[str]) -> None:
        if self._store is None:
            return
        hashes = {self._store.key(marker) for marker in markers}
        fresh = [one.id for key, one in wanted.items() if key in hashes and one.id not in self._met]
        if fresh:
            # At once, not at the end: how long finding it took is what is measured.
            self._met.update(fresh)
            self._store.found(self._source, self._token, fresh)
