"""The search index as its users see it: a projection of the record that can be thrown away.

Two do the same: `index.embedded` needs no server, `index.elasticsearch` is one. What goes in is
masked (index.documents); lists are sorted by a field and the document's number, never by
relevance, so both give the same set in the same order.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from index.errors import WrongChoice
from index.query import Node

MAX_PAGE = 1000
INTERVALS = ("hour", "day", "week", "month")


@dataclass(frozen=True, slots=True)
class Document:
    """One document as JSON text. Alerts change: of two states with the same id the higher
    `version` stands, in whatever order they come. Hits never change."""

    id: str
    version: int
    text: str

    @classmethod
    def of(cls, document_id: str, version: int, body: dict[str, Any]) -> Document:
        """The document of a body."""
        return cls(document_id, version, json.dumps(body, ensure_ascii=False))

    @property
    def body(self) -> dict[str, Any]:
        """The text, parsed."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def kind(self) -> str:
        """ "alert" or "hit"."""
        return self.id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that the index did not take. A permanent one is put aside with its reason; one
    that is `busy` found no room just now, which never counts against it."""

    id: str
    reason: str
    permanent: bool
    busy: bool = False


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A document found."""

    id: str
    number: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some documents in order; `next` is the cursor of the page behind them, "" at the end."""

    hits: tuple[SearchHit, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many documents have a value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """How many documents lie in the hour, day, week (from Monday) or month that begins here."""

    begins: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Health:
    """How the index is: "green", "yellow" or "red", and what to know about it."""

    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How many documents, and their digest (index.documents.Digest)."""

    count: int
    digest: str


class Rebuild(Protocol):
    """A new index beside the one in use, which nobody reads yet. Safe to share between threads."""

    # How many writes are best on their way side by side.
    workers: int

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """Take documents; what is not in the answer is in the new index."""
        ...

    def summary(self, kind: str, seen: Callable[[int], None] = lambda _number: None) -> Summary:
        """What the new index holds, read back from it; `seen` is told how many more were read,
        and may end it by raising."""
        ...

    def swap(self) -> None:
        """Put it in the place of the one in use, at once for every reader."""
        ...

    def discard(self) -> None:
        """Remove it; nothing happens after `swap`."""
        ...


class SearchIndex(Protocol):
    """What every search index can do. Each method raises IndexUnavailable when it cannot now;
    those that take a query also WrongQuery and WrongChoice. `query` is text or a parsed tree."""

    name: str
    # How many documents are best written at once, and how many such batches side by side.
    batch: int
    workers: int

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """Take documents, each id once; what is not in the answer is safely in the index."""
        ...

    def search(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        sort: str = "first_seen",
        descending: bool = True,
        limit: int = 50,
        after: str = "",
    ) -> SearchPage:
        """One page; `after` is the page before's `next`."""
        ...

    def scan(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        sort: str = "number",
        descending: bool = False,
    ) -> Iterator[SearchHit]:
        """Everything that fits, as it was when the first was asked for."""
        ...

    def count(self, query: str | Node = "", *, kind: str = "alert") -> int:
        """How many fit."""
        ...

    def facets(
        self, query: str | Node, names: Sequence[str], *, kind: str = "alert", size: int = 50
    ) -> dict[str, list[Bucket]]:
        """For each field its values, the most frequent first, then by value."""
        ...

    def histogram(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        field: str = "first_seen",
        interval: str = "day",
    ) -> list[Span]:
        """Counts over time, in UTC; spans without a document are left out."""
        ...

    def ids(self, kind: str) -> set[str]:
        """Every document's id, to compare with the record."""
        ...

    def refresh(self) -> None:
        """Make everything that was written visible to searches."""
        ...

    def health(self) -> Health:
        """How it is."""
        ...

    def begin_rebuild(self) -> Rebuild:
        """A new, empty index beside this one."""
        ...

    def close(self) -> None:
        """Give files and connections back."""
        ...


def cursor(sort: str, value: float, number: int) -> str:
    """Where a page ended."""
    return base64.urlsafe_b64encode(json.dumps([sort, value, number]).encode()).decode()


def after_cursor(sort: str, untrusted_cursor: str) -> tuple[float, int]:
    """The sort value and number a page begins behind; raises WrongChoice."""
    try:
        named, value, number = json.loads(base64.urlsafe_b64decode(untrusted_cursor))
        if named == sort:
            return (int(value) if float(value).is_integer() else float(value)), int(number)
    except (ValueError, TypeError, OverflowError):
        pass
    raise WrongChoice("That page of the search does not exist; start from the first.")
