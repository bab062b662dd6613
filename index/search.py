"""The search index as its users see it: a projection of the record that can be thrown away.

`index.embedded` is the one that needs no server. What goes in is masked (index.outbox); what
comes out is ids, which the record then answers for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """One document. Of two with the same id the higher `version` stands, in any order."""

    id: str
    version: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that the index did not take. A permanent one is put aside with its reason."""

    id: str
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A document found; `score` is higher for better ones."""

    id: str
    score: float
    body: dict[str, Any]


class SearchIndex(Protocol):
    """What every search index can do. Each method raises IndexUnavailable when it cannot now."""

    name: str

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """Take documents; what is not in the answer is safely in the index."""
        ...

    def replace_all(self, documents: Iterable[Document]) -> int:
        """Put these documents in the place of everything; returns how many there are. Readers
        see the old index until the new one is whole."""
        ...

    def search(self, query: str, limit: int = 50) -> list[SearchHit]:
        """Documents that fit: words, "phrases", prefix*, and field:value; best first."""
        ...

    def ids(self) -> set[str]:
        """Every document's id, to compare with the record."""
        ...

    def close(self) -> None:
        """Give files and connections back."""
        ...
