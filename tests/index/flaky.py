"""A search index behind a wire that breaks as a test tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from index.errors import IndexUnavailable
from index.search import Document, Refusal, SearchIndex


class Flaky:
    """Passes everything on. `down`: nothing gets there; `lose_answer`: it gets there and nobody
    is told; `refuse`: ids that are refused, and how."""

    name = "flaky"
    batch = 200
    workers = 2

    def __init__(self, index: SearchIndex) -> None:
        self.index = index
        self.down = False
        self.lose_answer = False
        self.refuse: dict[str, Refusal] = {}
        self.written: list[list[str]] = []

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """See SearchIndex."""
        self._check()
        self.written.append([item.id for item in documents])
        self.index.write([item for item in documents if item.id not in self.refuse])
        if self.lose_answer:
            raise IndexUnavailable("The answer was lost.")
        return [self.refuse[item.id] for item in documents if item.id in self.refuse]

    def __getattr__(self, name: str) -> Any:
        self._check()
        return getattr(self.index, name)

    def _check(self) -> None:
        if self.down:
            raise IndexUnavailable("The index is down.")


def refusal(document: str, *, permanent: bool = False, busy: bool = False) -> Refusal:
    """A refusal with a reason."""
    return Refusal(document, "mapping says no", permanent=permanent, busy=busy)
