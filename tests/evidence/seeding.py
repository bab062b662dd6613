"""An alert with its capture in the record, as the recorder writes it. All values are invented."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from index.facts import Fence, Finding, KeptPost, PageFacts, Recorded
from index.leases import Leases, source_lease
from index.recorder import Recorder
from matching.result import Match, ScanResult, Verdict

AT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def seed_alert(
    engine: Engine, number: int = 1, *, rows: Sequence[int] = (11, 12), sealed: str = "",
    host: str = "paste.example", path: Sequence[str] = ("https://paste.example/",),
    commitments: Mapping[str, Any] | None = None,
) -> Recorded:  # fmt: skip
    """One paste with these rows of the leak; `number` makes its address another."""
    leases = Leases(engine)
    grant = leases.acquire(source_lease("paste"), 60.0)
    assert grant is not None
    matches = tuple(
        Match(leak="labos", row=row, bits=64.0, fields=("nir", "surname"),
              spans=((0, 13), (14, 24)), layer="")
        for row in rows
    )  # fmt: skip
    result = ScanResult(
        document="", bytes=2048, sha256="", verdict=Verdict.FRAGMENT, records=len(rows),
        review_records=0, candidates=len(rows) + 1, chance=1e-12, matches=matches, notes=(),
    )  # fmt: skip
    snippet = {"layer": "", "segments": [["•••", "nir"], [" ; ", ""], ["•••", "surname"]]}
    public = commitments or {}
    key = hashlib.sha256(f"{host}/{number}".encode()).digest()[:16]
    post = KeptPost(
        location_key=key, content_key=key, location=f"https://{host}/p/{number}",
        findings=(Finding("labos", result, (snippet,)),), title="•••", path=tuple(path),
        posted_at=AT - timedelta(minutes=2), sealed=sealed, commitments=public,
    )  # fmt: skip
    page = PageFacts(
        status=200, fetched_at=AT + timedelta(seconds=number), bytes=2048,
        sha256=hashlib.sha256(f"{number}".encode()).hexdigest(), content_type="text/plain",
        charset="utf-8", peer="192.0.2.7",
        connection={"kind": "exchange", "protocol": "HTTP/1.1", "tls": True, "port": 443,
                    "transferred": 2048, "certificate": {}},
    )  # fmt: skip
    recorded = Recorder(engine).record_page(Fence("paste", grant.token), page, posts=[post])
    leases.release(grant)
    return recorded
