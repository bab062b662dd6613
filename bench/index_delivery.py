"""Delivery, rebuild and search over a record of many hits, on both indexes. Prints one JSON object.

`--hits 1000000` is the campaign whose figures stand in docs/elasticsearch.md. For Elasticsearch a
real node with a 1 GB heap is started. What is compared with what:

- `bare` hands the outbox's own rows, as they lie there, to the client's `parallel_bulk` and
  forgets them; `shipped` is Vigie's delivery of the same rows with everything it does besides
  (reading each answer, settling each row on disk). Both send again what had no room (429).
  They go into indices with the same mapping, in turns, a tenth of the hits at a time, so that
  what else the machine does meets both.
- `rebuild` makes the index anew from the record and reads it back; the digest of all hits is taken
  of the delivered index before, and is the same.
- `pages` are filtered pages of 50 alerts out of a tenth as many alerts as hits.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk

from bench.corpus.hits import fill
from index.documents import Digest
from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.elasticsearch_rebuild import set_up
from index.embedded import EmbeddedIndex
from index.engine import open_record
from index.outbox import HITS, SEARCH
from index.rebuild import rebuild
from index.search import SearchIndex
from index.shipper import Lane
from tests.elasticsearch_node.node import Node

TURNS = 10
BUSY_SECONDS = 1.0
PAGES = (
    "", "status:open", "source:source-7", "status:open source:source-7 records:>=100",
    "verdict:repost bits:>90", "médecins", "host:board-3.example field:nir", "topic/77*",
)  # fmt: skip
PAGE_ROUNDS = 25


def rows(record: Path, turn: range) -> Iterator[Any]:
    """What waits of some hits: (document id, body as text)."""
    with closing(sqlite3.connect(record)) as connection:
        yield from connection.execute(
            "SELECT document_id, body FROM outbox WHERE channel = ? AND id BETWEEN ? AND ? "
            "ORDER BY id",
            (HITS, turn[0], turn[-1]),
        )


def hold_all(record: Path) -> list[range]:
    """Take all hits out of the shipper's sight; the ids of the rows of each turn."""
    with closing(sqlite3.connect(record)) as connection, connection:
        ids = [row[0] for row in connection.execute(
            "SELECT id FROM outbox WHERE channel = ? ORDER BY id", (HITS,)
        )]  # fmt: skip
        connection.execute("UPDATE outbox SET channel = 'held' WHERE channel = ?", (HITS,))
    size = -(-len(ids) // TURNS)
    parts = [ids[at : at + size] for at in range(0, len(ids), size)]
    return [range(part[0], part[-1] + 1) for part in parts]


def give(record: Path, turn: range) -> None:
    """Let the shipper see the hits of one turn."""
    with closing(sqlite3.connect(record)) as connection, connection:
        connection.execute(
            "UPDATE outbox SET channel = ? WHERE channel = 'held' AND id BETWEEN ? AND ?",
            (HITS, turn[0], turn[-1]),
        )


def bare(
    client: Elasticsearch, names: Names, waiting: Iterable[Any], threads: int, chunk: int
) -> float:
    """Seconds of `parallel_bulk` over rows."""

    def expand(row: Any) -> tuple[dict[str, Any], Any]:
        # The text goes as it is: nothing is parsed here either.
        return {"create": {"_index": names.write_alias(row[0]), "_id": row[0]}}, row[1]

    began = time.perf_counter()
    left = waiting
    while True:
        refused: list[Any] = []
        for good, answer in parallel_bulk(
            client, left, thread_count=threads, chunk_size=chunk, raise_on_error=False,
            expand_action_callback=expand,
        ):  # fmt: skip
            if good or answer["create"]["status"] == 409:
                continue
            if answer["create"]["status"] != 429:
                raise RuntimeError(f"bare delivery: {answer['create']['status']}")
            refused.append((answer["create"]["_id"], json.dumps(answer["create"]["data"])))
        if not refused:
            return time.perf_counter() - began
        time.sleep(BUSY_SECONDS)
        left = refused


def shipped(record: Path, index: SearchIndex, channel: str = HITS) -> float:
    """Seconds until nothing of a channel waits."""
    engine = open_record(f"sqlite:///{record}")
    lane = Lane(engine, index, channel)
    began = time.perf_counter()
    while lane.waiting():
        if not lane.drain():
            time.sleep(BUSY_SECONDS / 10)
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def digest(index: SearchIndex) -> str:
    """The digest of all hits in an index."""
    found = Digest()
    found.add_all((one.id, one.body) for one in index.scan("", kind="hit"))
    return f"{found.count}:{found.value}"


def rebuilt(record: Path, index: SearchIndex, hits: int) -> dict[str, Any]:
    """A rebuild, which reads the new index back; and the digest of the one that was delivered."""
    index.refresh()
    before = digest(index)
    engine = open_record(f"sqlite:///{record}")
    began = time.perf_counter()
    made = rebuild(engine, index)
    seconds = time.perf_counter() - began
    engine.dispose()
    total = made.hits.count + made.alerts.count
    return {
        "seconds": round(seconds, 1),
        "documents_a_second": round(total / seconds),
        "digest": made.hits.digest,
        "same_digest": before == f"{hits}:{made.hits.digest}",
    }


def pages(index: SearchIndex) -> dict[str, Any]:
    """Milliseconds of pages, the slowest kind of page apart."""
    found: dict[str, float] = {}
    every: list[float] = []
    for query in PAGES:
        times = []
        for sort in ("first_seen", "records"):
            for _ in range(PAGE_ROUNDS):
                began = time.perf_counter()
                index.search(query, sort=sort, limit=50)
                times.append((time.perf_counter() - began) * 1000)
        found[query or "(all)"] = round(statistics.median(times), 1)
        every += times
    return {
        "median_ms": round(statistics.median(every), 1),
        "worst_median_ms": max(found.values()),
        "queries": found,
    }


def made_record(folder: Path, options: argparse.Namespace) -> Path:
    """The record, filled; what was kept is taken again."""
    record: Path = (options.record or folder) / f"{options.hits}" / "vigie.db"
    if not record.exists():
        draft = record.with_name("part.db")
        engine = open_record(f"sqlite:///{draft}")
        fill(engine, options.hits)
        engine.dispose()
        draft.rename(record)
    return record


@contextmanager
def copied(record: Path, folder: Path) -> Iterator[Path]:
    """The record once more: delivery uses its rows up."""
    copy = folder / "copy" / record.name
    shutil.rmtree(copy.parent, ignore_errors=True)
    copy.parent.mkdir()
    shutil.copy(record, copy)
    yield copy
    shutil.rmtree(copy.parent)


def elasticsearch(record: Path, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Everything on a node of its own."""
    node, names = Node(folder / "node", heap="1g"), Names("bare")
    with (
        node,
        closing(connect(Access(node.url))) as client,
        closing(ElasticsearchIndex(Access(node.url))) as index,
        copied(record, folder) as copy,
    ):
        set_up(client, names)
        set_up(client, Names())
        bares, ships = [], []
        for turn in hold_all(copy):
            bares.append(bare(client, names, rows(record, turn), options.threads, options.chunk))
            give(copy, turn)
            ships.append(shipped(copy, index))
        for used in (names, Names()):
            client.indices.refresh(index=used.alias("hit"))
            found = client.count(index=used.alias("hit"))["count"]
            assert found == options.hits, found
        client.indices.delete(index=list(client.indices.get(index=names.pattern)))
        alerts = shipped(copy, index, SEARCH)
        # The virtual machine warms up in the first turn.
        ratios = [one / other for one, other in zip(bares, ships, strict=True)][1:]
        return {
            "bare_a_second": round(options.hits / sum(bares)),
            "shipped_a_second": round(options.hits / sum(ships)),
            "ratio": round(sum(bares[1:]) / sum(ships[1:]), 2),
            "median_ratio": round(statistics.median(ratios), 2),
            "turns": [[round(s, 1) for s in pair] for pair in zip(bares, ships, strict=True)],
            "alerts_a_second": round(options.hits / 10 / alerts),
            **after(copy, index, options),
        }


def embedded(record: Path, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Everything on the embedded index."""
    with (
        closing(EmbeddedIndex(folder / "index" / "index.db")) as index,
        copied(record, folder) as copy,
    ):
        seconds = shipped(copy, index)
        alerts = shipped(copy, index, SEARCH)
        return {
            "shipped_a_second": round(options.hits / seconds),
            "alerts_a_second": round(options.hits / 10 / alerts),
            **after(copy, index, options),
        }


def after(record: Path, index: SearchIndex, options: argparse.Namespace) -> dict[str, Any]:
    """What is measured once everything was delivered."""
    index.refresh()
    found = pages(index)
    return {"pages": found, "rebuild": rebuilt(record, index, options.hits)}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--hits", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=4, help="of parallel_bulk")
    parser.add_argument("--chunk", type=int, default=500, help="of parallel_bulk")
    parser.add_argument("--only", choices=("elasticsearch", "embedded"))
    parser.add_argument("--record", type=Path, help="a folder where the record is kept for later")
    options = parser.parse_args()
    measures: dict[str, Callable[[Path, Path, argparse.Namespace], dict[str, Any]]] = {
        "elasticsearch": elasticsearch, "embedded": embedded,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        record = made_record(Path(folder), options)
        found = {
            name: measure(record, Path(folder), options)
            for name, measure in measures.items()
            if options.only in (None, name)
        }
    json.dump({"bench": "index_delivery", "hits": options.hits, **found}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
