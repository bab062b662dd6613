"""Writing to Elasticsearch in bulk: each item's answer is read, and each failure told apart.

A hit is created, and "there is one already" (409) is done. An alert is read first and then written
only if nobody wrote it since (if_seq_no): of two states the higher `event.sequence` stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from index.documents import canonical
from index.elasticsearch_client import BUSY_TYPES, NOT_SET_UP, reason, shielded
from index.elasticsearch_layout import Names
from index.errors import IndexUnavailable
from index.search import Document, Refusal

ATTEMPTS = 5
BUSY_STATUS = (429, 503)
OVERTAKEN = "another shipper changed it again and again"


@dataclass(slots=True)
class Batch:
    """What came of one bulk request."""

    refused: list[Refusal] = field(default_factory=list)
    conflicts: list[Document] = field(default_factory=list)
    homeless: list[Document] = field(default_factory=list)


Line = tuple[Mapping[str, Any], str]


class Writer:
    """Writes documents through the aliases."""

    def __init__(
        self,
        crawler: Elasticsearch,
        review: Elasticsearch,
        names: Names,
        make_missing: Callable[[str], None],
    ) -> None:
        self._crawler = crawler
        self._review = review
        self._names = names
        self._make_missing = make_missing

    def write(self, documents: Sequence[Document]) -> list[Refusal]:
        """See SearchIndex."""
        hits = [one for one in documents if one.kind == "hit"]
        alerts = [one for one in documents if one.kind != "hit"]
        return [*self._hits(hits), *self._alerts(alerts)]

    def _hits(self, documents: Sequence[Document]) -> list[Refusal]:
        refused: list[Refusal] = []
        left = documents
        for _ in range(ATTEMPTS):
            if not left:
                return refused
            lines = [
                ({"create": {"_index": self._names.write_alias(one.id), "_id": one.id}}, one.text)
                for one in left
            ]
            found = bulk(self._crawler, left, lines, through_alias=True)
            refused += found.refused
            # A conflict is a hit that is there already.
            left = found.homeless
            # One of each part that is missing; the others find it then.
            for one in {self._names.write_alias(one.id): one for one in left}.values():
                self._make_missing(one.id)
        raise IndexUnavailable("The next part of the hits cannot be made; see the server's log.")

    def _alerts(self, documents: Sequence[Document]) -> list[Refusal]:
        refused: list[Refusal] = []
        left = list(documents)
        for _ in range(ATTEMPTS):
            if not left:
                return refused
            newer, lines = self._against_present(left)
            if not newer:
                return refused
            found = bulk(self._review, newer, lines, through_alias=True)
            if found.homeless:
                raise IndexUnavailable(NOT_SET_UP)
            refused += found.refused
            left = found.conflicts
        return [*refused, *(Refusal(one.id, OVERTAKEN, permanent=False, busy=True) for one in left)]

    def _against_present(self, documents: Sequence[Document]) -> tuple[list[Document], list[Line]]:
        """Those that are newer than what is there, and how to write them if nothing changes."""
        alias = self._names.alias("alert")
        with shielded():
            answers = self._review.mget(
                index=alias, ids=[one.id for one in documents], source=["event.sequence"]
            )["docs"]
        newer: list[Document] = []
        lines: list[Line] = []
        for one, answer in zip(documents, answers, strict=True):
            if answer.get("error", {}).get("type") == "index_not_found_exception":
                raise IndexUnavailable(NOT_SET_UP)
            if "error" in answer:
                raise IndexUnavailable(f"Alerts cannot be read: {reason(answer['error'])}.")
            place: dict[str, Any] = {"_index": alias, "_id": one.id}
            if not answer["found"]:
                lines.append(({"create": place}, sequenced(one)))
            elif answer["_source"].get("event", {}).get("sequence", 0) < one.version:
                place |= {
                    "if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"],
                }  # fmt: skip
                lines.append(({"index": place}, sequenced(one)))
            else:
                continue
            newer.append(one)
        return newer, lines


def sequenced(document: Document) -> str:
    """An alert's text with its version in it."""
    body = document.body
    event = {**body.get("event", {}), "sequence": document.version}
    return canonical({**body, "event": event})


def bulk(
    client: Elasticsearch,
    documents: Sequence[Document],
    lines: Sequence[Line],
    *,
    through_alias: bool,
) -> Batch:
    """One request, or several where one is too large. Raises IndexUnavailable."""
    if not documents:
        return Batch()
    try:
        with shielded():
            return _once(client, documents, lines, through_alias=through_alias)
    except IndexUnavailable as error:
        cause = error.__context__
        status = cause.status_code if isinstance(cause, ApiError) else 0
        if status == 413 and len(documents) > 1:
            half = len(documents) // 2
            first = bulk(client, documents[:half], lines[:half], through_alias=through_alias)
            second = bulk(client, documents[half:], lines[half:], through_alias=through_alias)
            return Batch(
                first.refused + second.refused,
                first.conflicts + second.conflicts,
                first.homeless + second.homeless,
            )
        if status == 413:
            too_large = Refusal(documents[0].id, "too large for the server (413)", permanent=True)
            return Batch([too_large])
        if status in BUSY_STATUS:
            why = f"the server has no room now ({status})"
            return Batch([Refusal(d.id, why, permanent=False, busy=True) for d in documents])
        raise


def _once(
    client: Elasticsearch,
    documents: Sequence[Document],
    lines: Sequence[Line],
    *,
    through_alias: bool,
) -> Batch:
    operations: list[Any] = [part for line in lines for part in line]
    answer = client.bulk(
        operations=operations,
        require_alias=through_alias,
        filter_path="errors,items.*.status,items.*.error.type,items.*.error.reason,"
        "items.*.error.caused_by.type",
    ).body
    found = Batch()
    if not answer["errors"]:
        return found
    for document, item in zip(documents, answer["items"], strict=True):
        _judge(found, document, next(iter(item.values())))
    return found


def _judge(found: Batch, document: Document, answer: Mapping[str, Any]) -> None:
    status, error = answer["status"], answer.get("error") or {}
    kind = error.get("type", "")
    if status < 300:
        return
    if status == 409:
        found.conflicts.append(document)
    elif status == 404 and kind == "index_not_found_exception":
        found.homeless.append(document)
    elif status in BUSY_STATUS or kind in BUSY_TYPES:
        found.refused.append(Refusal(document.id, reason(error), permanent=False, busy=True))
    elif status in (401, 403):
        raise IndexUnavailable(
            f"The key may not write this ({status}): it belongs to another role. `vigie index "
            "setup` makes one key for each role; see docs/elasticsearch.md."
        )
    else:
        found.refused.append(Refusal(document.id, reason(error), permanent=status < 500))
