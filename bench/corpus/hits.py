"""A record of many invented hits, and an alert for each ten of them, as a long watch leaves it.

What stands in the rows is made from a number alone, so that two runs have the same documents.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert

from index.documents import alert_document, hit_document
from index.engine import checkpoint, writing
from index.outbox import HITS, SEARCH, document_id
from index.schema import Alert, Capture, Case, Hit, Outbox

HITS_AN_ALERT = 10
CHUNK = 10_000
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
FIELDS = ("nir", "surname", "first_name", "birth_date", "phone", "email", "address", "doctor")
TITLES = ("base médecins", "DB clients FR", "fuite labo", "leak ••• 2026", "combo", "••• dump •••")


def fill(engine: Engine, hits: int) -> None:
    """Put so many hits, their captures, alerts and what is to be delivered into a record."""
    for first in range(1, hits + 1, CHUNK):
        numbers = range(first, min(first + CHUNK, hits + 1))
        with writing(engine) as connection:
            _put_alerts(connection, [n for n in numbers if n % HITS_AN_ALERT == 1])
            _put_hits(connection, numbers)
    checkpoint(engine)


def _put_alerts(connection: Connection, hits: Sequence[int]) -> None:
    rows = [alert_row(_alert_of(hit)) for hit in hits]
    if not rows:
        return
    cases = [{"id": row["case"], "opened": row["first_seen"], "status": "open"} for row in rows]
    _insert(connection, Case, cases)
    _insert(connection, Alert, rows)
    _announce(
        connection, SEARCH, ((document_id(r["id"]), alert_document(Alert(**r)), r) for r in rows)
    )


def _put_hits(connection: Connection, numbers: Sequence[int]) -> None:
    captures, hits = [capture_row(n) for n in numbers], [hit_row(n) for n in numbers]
    _insert(connection, Capture, captures)
    _insert(connection, Hit, hits)
    both = zip(hits, captures, strict=True)
    _announce(
        connection,
        HITS,
        ((document_id(h["id"], "hit"), hit_document(Hit(**h), Capture(**c)), h) for h, c in both),
    )


def _announce(
    connection: Connection,
    channel: str,
    documents: Iterator[tuple[str, dict[str, Any], dict[str, Any]]],
) -> None:
    rows = [
        {
            "channel": channel, "document_id": name, "body": body,
            "created": row.get("created", BEGAN),
        }
        for name, body, row in documents
    ]  # fmt: skip
    _insert(connection, Outbox, rows)


def _insert(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> None:
    table: Table = model.__table__
    connection.execute(insert(table), rows)


def alert_row(number: int) -> dict[str, Any]:
    """One alert's columns."""
    draw = random.Random(number)
    first = BEGAN + timedelta(minutes=7 * number)
    return {
        "id": number, "case": number, "leak": "labos", "source": f"source-{number % 40}",
        "location": _location(number), "location_key": number.to_bytes(16, "big"),
        "also": [f"https://mirror.example/raw/{number}"] if number % 3 == 0 else [],
        "title": f"{draw.choice(TITLES)} {draw.choice(TITLES)}",
        "verdict": "repost" if number % 5 == 0 else "fragment",
        "records": draw.randrange(1, 900), "records_key": None,
        "bits": 45.0 + draw.randrange(800) / 10, "fields": sorted(draw.sample(FIELDS, 4)),
        "first_seen": first, "last_seen": first + timedelta(hours=draw.randrange(900)),
        "posted_at": first - timedelta(minutes=2), "found_after_s": 120.0 + draw.randrange(600),
        "status": draw.choice(("open", "open", "confirmed", "dismissed")),
        "reason": "", "decided_by": "", "decided_at": None, "version": 1,
    }  # fmt: skip


def capture_row(number: int) -> dict[str, Any]:
    """One capture's columns."""
    draw = random.Random(-number)
    at = BEGAN + timedelta(seconds=42 * number)
    return {
        "id": number, "crawl": None, "source": f"source-{_alert_of(number) % 40}",
        "location": _location(_alert_of(number)),
        "location_key": _alert_of(number).to_bytes(16, "big"), "thread_key": None,
        "content_key": number.to_bytes(16, "big"), "title": draw.choice(TITLES), "path": [],
        "fetched_at": at, "posted_at": at - timedelta(minutes=2), "status": 200,
        "content_type": "text/plain", "charset": "utf-8", "peer": "192.0.2.7",
        "rendered": False, "bytes": 20_000, "sha256": f"{number:064x}", "sealed": "",
    }  # fmt: skip


def hit_row(number: int) -> dict[str, Any]:
    """One hit's columns."""
    draw = random.Random(number)
    found = sorted(draw.sample(FIELDS, 4))
    return {
        "id": number, "capture": number, "alert": _alert_of(number), "leak": "labos",
        "verdict": "fragment", "records": 2, "review_records": 0, "candidates": 5,
        "chance": 10.0 ** -draw.randrange(6, 20),
        "matches": [
            {"row": number % 491_000, "bits": 45.0 + draw.randrange(400) / 10, "fields": found}
        ],
        "snippets": [], "notes": [], "created": BEGAN + timedelta(seconds=42 * number),
    }  # fmt: skip


def _alert_of(hit: int) -> int:
    return (hit - 1) // HITS_AN_ALERT + 1


def _location(alert: int) -> str:
    return f"https://board-{alert % 25}.example/topic/{alert}/#c{alert % 30}"
