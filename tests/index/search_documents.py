"""Documents of the index as the record would make them, without a record."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from index.documents import alert_document, hit_document
from index.schema import Alert, Capture, Hit
from index.search import Document

BEGAN = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def alert(number: int, version: int = 1, **changes: Any) -> Document:
    """An alert's document; `changes` are columns of the alert."""
    at = BEGAN + timedelta(hours=number)
    values: dict[str, Any] = {
        "id": number, "case": number, "leak": "patients", "source": "paste",
        "location": f"http://paste.example/{number}", "also": [], "title": "", "bits": 50.0,
        "verdict": "fragment", "records": 1, "fields": ["nir"], "first_seen": at, "last_seen": at,
        "status": "open", "version": 1,
    } | changes  # fmt: skip
    return Document.of(f"alert-{number}", version, alert_document(Alert(**values)))


def hit(number: int, **changes: Any) -> Document:
    """A hit's document; `changes` are columns of the hit."""
    at = BEGAN + timedelta(minutes=number)
    capture = Capture(
        source=changes.pop("source", "paste"),
        location=changes.pop("location", f"http://paste.example/{number}"),
        title=changes.pop("title", ""),
        posted_at=None,
        rendered=False,
    )
    values: dict[str, Any] = {
        "id": number, "alert": number, "leak": "patients", "verdict": "fragment", "records": 1,
        "candidates": 2, "chance": 1e-9, "created": at,
        "matches": [{"row": 1, "bits": 50.0, "fields": ["nir"]}],
    } | changes  # fmt: skip
    return Document.of(f"hit-{number}", 1, hit_document(Hit(**values), capture))


WORDS = ("base", "Médecins", "clients", "fuite", "œuvre", "straße", "ÉTÉ", "2026", "naïve")


def many(number: int, seed: int = 1) -> list[Document]:
    """Alerts that differ in everything that can be asked for; equal values on purpose."""
    choose = random.Random(seed)

    def some(values: Sequence[str]) -> str:
        return choose.choice(values)

    return [
        alert(
            n,
            leak=some(("patients", "Labo Été", "other")),
            source=some(("paste", "Forum-X", "board")),
            status=some(("open", "confirmed", "dismissed")),
            verdict=some(("repost", "fragment")),
            title=" ".join(some(WORDS) for _ in range(choose.randrange(5))),
            location=f"https://{some(('a.example', 'b.example'))}/t/{n}#p{n % 7}",
            also=[f"https://c.example/raw/{n}"] if n % 3 == 0 else [],
            records=choose.randrange(1, 6),
            bits=float(choose.randrange(40, 60)),
            case=choose.randrange(1, 20),
            fields=choose.sample(("nir", "phone", "email", "surname"), choose.randrange(1, 4)),
            first_seen=BEGAN + timedelta(hours=choose.randrange(200)),
            last_seen=BEGAN + timedelta(hours=200 + choose.randrange(200)),
            posted_at=BEGAN if n % 2 else None,
            found_after_s=float(choose.randrange(900)) if n % 2 else None,
            gone_at=BEGAN + timedelta(hours=400 + n) if n % 4 == 1 else None,
        )
        for n in range(1, number + 1)
    ]
