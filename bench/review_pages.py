"""How long the review application takes for a page over 10,000 alerts: milliseconds, as JSON.

What is timed is everything the server does behind the socket: queries and rendering.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from index.accounts import AccountStore, SignedIn
from index.alerts import AlertStore
from index.cases import CaseStore
from index.embedded import EmbeddedIndex
from index.engine import open_record, writing
from index.rebuild import rebuild
from index.review_queries import ReviewQueries
from index.schema import Alert, Case
from index.sources import SourceStore
from review.guard import Visitor
from review.pages import Listing, Stores, rows_html

ALERTS = 10_000
ROUNDS = 30


def fill(folder: Path) -> Stores:
    """A record with many alerts, 9 in 10 of them open."""
    engine = open_record(f"sqlite:///{folder / 'vigie.db'}")
    now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    with writing(engine) as connection:
        connection.execute(
            insert(Case),
            [{"id": n, "opened": now, "status": "open"} for n in range(1, ALERTS + 1)],
        )
        connection.execute(
            insert(Alert),
            [
                {
                    "case": n, "leak": "labos", "source": f"source-{n % 40}",
                    "location": f"https://board.example/topic/{n}/#c{n % 30}",
                    "location_key": n.to_bytes(16, "big"), "also": [], "title": "••• base •••",
                    "verdict": "repost" if n % 5 == 0 else "fragment", "records": n % 900 + 1,
                    "bits": 52 + n % 70, "fields": ["nir", "phone", "surname", "birth_date"],
                    "first_seen": now - timedelta(minutes=n), "last_seen": now,
                    "found_after_s": float(n % 200), "reason": "", "decided_by": "", "version": 1,
                    "status": "dismissed" if n % 10 == 0 else "open",
                }
                for n in range(1, ALERTS + 1)
            ],
        )  # fmt: skip
    search = EmbeddedIndex(folder / "index.db")
    rebuild(engine, search)
    return Stores(
        AlertStore(engine),
        ReviewQueries(engine),
        SourceStore(engine),
        CaseStore(engine),
        AccountStore(engine),
        search,
    )


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Print one JSON object."""
    visitor = Visitor(SignedIn("bench", "analyst", "fr", datetime.now(UTC)), "fr", "0" * 64)
    with tempfile.TemporaryDirectory() as folder:
        stores = fill(Path(folder))
        found: dict[str, dict[str, float]] = {}
        for name, listing in (
            ("open, newest", Listing()),
            ("all, most records", Listing(status="all", sort="records")),
            ("one source", Listing(source="source-7")),
            ("search", Listing(status="all", text="topic 77*")),
        ):
            rows_html(stores, visitor, listing)
            times = [timed(lambda: rows_html(stores, visitor, listing)) for _ in range(ROUNDS)]  # noqa: B023
            found[name] = {
                "median_ms": round(statistics.median(times), 1),
                "worst_ms": round(max(times), 1),
            }
    json.dump({"bench": "review_pages", "alerts": ALERTS, "rows": 50, "lists": found}, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
