"""The search index in Elasticsearch 8.19 or 9; see elasticsearch_layout for what lies there.

Three clients, which may hold three keys: `crawler` creates hits, `review` reads and keeps alerts up
to date, `rebuild` manages the indices. See docs/elasticsearch.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from index.documents import FACETS, KINDS, SORTS
from index.elasticsearch_client import NOT_SET_UP, Access, checked_version, connect, shielded
from index.elasticsearch_layout import Names
from index.elasticsearch_query import compiled, known
from index.elasticsearch_rebuild import (
    ElasticsearchRebuild,
    add_index,
    add_new_fields,
    present_generation,
)
from index.elasticsearch_write import Writer
from index.errors import IndexUnavailable, WrongChoice
from index.query import DATES, Node, parse
from index.search import (
    INTERVALS,
    MAX_PAGE,
    Bucket,
    Document,
    Health,
    Refusal,
    SearchHit,
    SearchPage,
    Span,
    after_cursor,
    cursor,
)

# What the refusal of a field that the mapping does not know begins with.
UNKNOWN_FIELD = "strict_dynamic_mapping_exception"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEEP_ALIVE = "5m"
LARGEST_BATCH = 1000
# How many ids come in one answer when nothing but ids is asked for.
IDS_PAGE = 10_000
# Counts come from every part; this many values of each make their sum exact.
VALUES_PER_SHARD = 10_000


@dataclass(frozen=True, slots=True)
class Clients:
    """One client a role."""

    crawler: Elasticsearch
    review: Elasticsearch
    rebuild: Elasticsearch


class ElasticsearchIndex:
    """A search index in Elasticsearch. Safe to share between threads."""

    name = "elasticsearch"
    workers = 2

    def __init__(
        self,
        access: Access,
        *,
        names: Names | None = None,
        crawler: Access | None = None,
        rebuild: Access | None = None,
    ) -> None:
        self._names = names or Names()
        self._clients = Clients(
            connect(crawler or access), connect(access), connect(rebuild or access)
        )
        self._version = ""
        self._renewed = False
        self.batch = LARGEST_BATCH

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """See SearchIndex."""
        self._check()
        writer = Writer(
            self._clients.crawler, self._clients.review, self._names, self._make_missing
        )
        refused = list(writer.write(documents))
        if not self._renewed and any(one.reason.startswith(UNKNOWN_FIELD) for one in refused):
            # An older Vigie made the indices: once, they get the fields they lack.
            self._renewed = True
            add_new_fields(self._clients.rebuild, self._names)
            again = {one.id for one in refused}
            refused = list(writer.write([one for one in documents if one.id in again]))
        # A server whose memory for writes is smaller than a batch would refuse it for ever.
        if any(refusal.busy for refusal in refused):
            self.batch = max(1, min(self.batch, len(documents)) // 2)
        else:
            self.batch = min(LARGEST_BATCH, self.batch + 1 + self.batch // 8)
        return refused

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
        """See SearchIndex."""
        limit = max(1, min(limit, MAX_PAGE))
        body = self._body(query, sort, descending=descending)
        if after:
            body["search_after"] = list(after_cursor(sort, after))
        found = self._ask(kind, size=limit + 1, **body)["hits"]["hits"]
        more = cursor(sort, *found[limit - 1]["sort"][:2]) if len(found) > limit else ""
        return SearchPage(tuple(_hit(one) for one in found[:limit]), more)

    def scan(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        sort: str = "number",
        descending: bool = False,
    ) -> Iterator[SearchHit]:
        """See SearchIndex."""
        body = self._body(query, sort, descending=descending)
        for found in self._deep(kind, MAX_PAGE, body):
            yield _hit(found)

    def count(self, query: str | Node = "", *, kind: str = "alert") -> int:
        """See SearchIndex."""
        self._check()
        with shielded():
            found = self._clients.review.count(index=self._names.alias(kind), query=_query(query))
        return int(found["count"])

    def facets(
        self, query: str | Node, names: Sequence[str], *, kind: str = "alert", size: int = 50
    ) -> dict[str, list[Bucket]]:
        """See SearchIndex."""
        for name in names:
            if name not in FACETS:
                raise WrongChoice(f"{name} cannot be counted; use one of {', '.join(FACETS)}.")
        wanted = {
            name: {
                "terms": {
                    "field": f"vigie.{name}", "size": size, "shard_size": VALUES_PER_SHARD,
                    "order": [{"_count": "desc"}, {"_key": "asc"}],
                }
            }
            for name in names
        }  # fmt: skip
        found = self._ask(kind, size=0, query=_query(query), aggs=wanted)["aggregations"]
        return {
            name: [Bucket(one["key"], one["doc_count"]) for one in found[name]["buckets"]]
            for name in names
        }

    def histogram(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        field: str = "first_seen",
        interval: str = "day",
    ) -> list[Span]:
        """See SearchIndex."""
        if interval not in INTERVALS:
            raise WrongChoice(f"Counts over time go by {', '.join(INTERVALS)}, not {interval}.")
        histogram = {
            "field": known(field, DATES), "calendar_interval": interval, "min_doc_count": 1,
        }  # fmt: skip
        aggregation = {"over_time": {"date_histogram": histogram}}
        found = self._ask(kind, size=0, query=_query(query), aggs=aggregation)
        return [
            Span(EPOCH + timedelta(milliseconds=one["key"]), one["doc_count"])
            for one in found["aggregations"]["over_time"]["buckets"]
        ]

    def ids(self, kind: str) -> set[str]:
        """See SearchIndex."""
        body = {"query": {"match_all": {}}, "sort": ["_shard_doc"], "source": False}
        return {found["_id"] for found in self._deep(kind, IDS_PAGE, body)}

    def refresh(self) -> None:
        """See SearchIndex."""
        self._check()
        with shielded():
            self._clients.review.indices.refresh(index=[self._names.alias(kind) for kind in KINDS])

    def health(self) -> Health:
        """See SearchIndex."""
        version = self._check(again=True)
        with shielded():
            found = self._clients.review.cluster.health(
                index=[self._names.alias(kind) for kind in KINDS]
            )
        nodes = found["number_of_nodes"]
        return Health(
            found["status"], f"Elasticsearch {version}, {nodes} node{'s' if nodes > 1 else ''}"
        )

    def begin_rebuild(self) -> ElasticsearchRebuild:
        """See SearchIndex."""
        self._check()
        return ElasticsearchRebuild(self._clients.rebuild, self._names)

    def close(self) -> None:
        """See SearchIndex."""
        for client in (self._clients.crawler, self._clients.review, self._clients.rebuild):
            client.close()

    def _check(self, *, again: bool = False) -> str:
        """The server's version, asked for once: is it Elasticsearch, and one we know?"""
        if again or not self._version:
            self._version = checked_version(self._clients.review)
        return self._version

    def _make_missing(self, document_id: str) -> None:
        """The next part of the hits: this is the rollover."""
        client = self._clients.rebuild
        generation = present_generation(client, self._names)
        if not generation:
            raise IndexUnavailable(NOT_SET_UP)
        add_index(client, self._names, self._names.index(generation, document_id), in_use=True)

    def _body(self, query: str | Node, sort: str, *, descending: bool) -> dict[str, Any]:
        order = "desc" if descending else "asc"
        field = known(sort, SORTS)
        keys: list[Mapping[str, Any]] = [{field: {"order": order}}]
        return {
            "query": _query(query),
            "sort": [*keys, {"vigie.number": {"order": order}}],
        }

    def _ask(self, kind: str, **body: Any) -> Mapping[str, Any]:
        self._check()
        with shielded():
            answer: Mapping[str, Any] = self._clients.review.search(
                index=self._names.alias(kind), track_total_hits=False,
                allow_partial_search_results=False, **body,
            ).body  # fmt: skip
        return answer

    def _deep(self, kind: str, size: int, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        self._check()
        client = self._clients.review
        with shielded():
            pit = client.open_point_in_time(index=self._names.alias(kind), keep_alive=KEEP_ALIVE)
        held: str = pit["id"]
        more: dict[str, Any] = {}
        try:
            while True:
                with shielded():
                    answer = client.search(
                        pit={"id": held, "keep_alive": KEEP_ALIVE}, size=size,
                        track_total_hits=False, **body, **more,
                    )  # fmt: skip
                held, found = answer["pit_id"], answer["hits"]["hits"]
                yield from found
                if len(found) < size:
                    return
                more = {"search_after": found[-1]["sort"]}
        finally:
            with suppress(ApiError, TransportError):
                client.close_point_in_time(id=held)


def _query(query: str | Node) -> dict[str, Any]:
    node = parse(query) if isinstance(query, str) else query
    return {"bool": {"filter": [compiled(node)]}}


def _hit(found: Mapping[str, Any]) -> SearchHit:
    body = dict(found["_source"])
    return SearchHit(found["_id"], int(body["vigie"]["number"]), body)
