"""A record that looks like a week of work: synthetic alerts, with masked snippets as stored."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from index.custody import enter
from index.engine import writing
from index.schema import (
    Alert,
    AlertRecord,
    Capture,
    Case,
    Crawl,
    Hit,
    SourceState,
)

NOW = datetime(2026, 3, 11, 14, 32, 7, tzinfo=UTC)
SOURCES = {
    "pastes": "https://pastes.example/{}",
    "board": "https://board.example/topic/{}/#c{}",
    "files": "https://files.example/{}",
    "shop-board": "https://market.example/t/{}",
}
WORTH = {
    "nir": 33.4,
    "phone": 26.1,
    "birth_date": 14.2,
    "surname": 10.8,
    "first_name": 6.3,
    "postcode": 11.9,
    "email": 29.7,
    "doctor": 9.4,
    "laboratory": 6.1,
    "insurer_number": 30.2,
}
HOW = {
    "nir": "other-format",
    "phone": "digits-hidden:4",
    "surname": "one-letter-differs",
    "birth_date": "two-parts-agree",
    "email": "letters-hidden:9",
}
TITLES = (
    "[FR] ••• ••• base ••• ••• lignes",
    "••• de ••• ••• et ••• (partie •••)",
    "",
    "Re: ••• ••• ? ••• export ••• .csv",
    "export ••• patients",
    "",
    "••• / ••• / •••",
)


def snippet(picked: list[str], rng: random.Random) -> dict[str, Any]:
    """One masked excerpt: frame and labels readable, the rest as dots."""
    labels = {
        "nir": "NIR",
        "phone": "tel",
        "email": "mail",
        "birth_date": "ne(e) le",
        "surname": "nom",
        "first_name": "prenom",
        "postcode": "CP",
        "doctor": "medecin",
        "laboratory": "labo",
        "insurer_number": "no assure",
    }
    segments: list[list[str]] = [["••• ••• pour ••• : ", ""]]
    for field in picked:
        segments.append([f"{labels[field]} : ", ""])
        segments.append(["•••", field])
        segments.append([rng.choice([" ; ", " | ", "\n"]), ""])
    segments.append(["et la suite dans ••• de •••", ""])
    return {"layer": rng.choice(["", "", "", "base64"]), "segments": segments}


def match(leak: str, row: int, picked: list[str], rng: random.Random) -> dict[str, Any]:
    """One recognised record as matching writes it."""
    bits = [round(WORTH[field] + rng.uniform(-1.5, 1.5), 1) for field in picked]
    return {
        "leak": leak,
        "row": row,
        "bits": round(sum(bits) - 2.6, 1),
        "fields": picked,
        "field_bits": bits,
        "spans": [[10 * i, 10 * i + 8] for i in range(len(picked))],
        "layer": "",
        "how": [HOW.get(field, "exact") for field in picked],
        "seen": ["••• ••• ** ** •••" if field == "phone" else "•••" for field in picked],
    }


def seed(engine: Engine, alerts: int = 36, *, now: datetime = NOW, quiet: int = 9) -> None:
    """Fill a record: sources, crawls, captures, hits, alerts in cases, decisions, a quiet queue."""
    rng = random.Random(20260311)
    with writing(engine) as connection:
        _sources(connection, now)
        for number in range(1, alerts + 1):
            _alert(connection, number, now - timedelta(minutes=7 * (alerts - number)), rng, now)
        for number in range(1, quiet + 1):
            _quiet(connection, number, now - timedelta(hours=3 * number), rng)


def _sources(connection: Any, now: datetime) -> None:
    for place, source in enumerate(SOURCES):
        failing = source == "shop-board"
        connection.execute(
            insert(SourceState).values(
                id=source,
                paused=source == "files",
                killed=False,
                next_due=now + timedelta(seconds=40 + 30 * place),
                interval_s=60.0 * (place + 1),
                last_started=now - timedelta(seconds=25 * (place + 1)),
                last_success=now - timedelta(hours=5) if failing else now - timedelta(seconds=20),
                last_outcome="failed" if failing else "finished",
                last_error="answered 503 three times" if failing else "",
                failures=3 if failing else 0,
                pages=1284 * (place + 1),
                posts=5210 * (place + 1),
            )
        )
    connection.execute(
        insert(Crawl).values(
            source="board", started=now, outcome="running", pages=3, posts=12, bytes=1, matched=0,
            problems=[], token=1,
        )
    )  # fmt: skip


def _place(source: str, number: int) -> str:
    return SOURCES[source].format(f"{4100 + number}", number % 30)


def _capture(
    connection: Any, source: str, number: int, at: datetime, title: str, **more: Any
) -> int:
    place = _place(source, number)
    key = number.to_bytes(16, "big")
    row = {
        "source": source, "location": place, "location_key": key, "title": title,
        "content_key": key,
        "path": ["https://board.example/", "https://board.example/c/•••/", place],
        "fetched_at": at, "posted_at": at - timedelta(seconds=40), "status": 200,
        "content_type": "text/html", "charset": "utf-8", "peer": "203.0.113.7:443",
        "rendered": number % 9 == 0, "bytes": 900 + 731 * number,
        "sha256": f"{number * 7919:064x}"[::-1], "sealed": f"originals/{number:04d}.age",
        **more,
    }  # fmt: skip
    found = connection.execute(insert(Capture).values(row)).inserted_primary_key
    return int(found[0])


def _hit(
    capture: int, alert: int | None, verdict: str, matches: list[Any], at: datetime, **more: Any
) -> Any:
    return insert(Hit).values({
        "capture": capture, "alert": alert, "leak": "labos-2026", "verdict": verdict,
        "records": len(matches), "review_records": 0, "candidates": len(matches) + 3,
        "chance": 3e-14, "matches": matches, "snippets": [], "notes": [], "created": at, **more,
    })  # fmt: skip


def _alert(connection: Any, number: int, at: datetime, rng: random.Random, now: datetime) -> None:
    source = list(SOURCES)[number % 4]
    repost = number % 5 == 0
    title = TITLES[number % len(TITLES)]
    wanted = rng.sample(sorted(WORTH), rng.randint(3, 6))
    if "nir" not in wanted:
        wanted.insert(0, "nir")
    records = rng.randint(40, 2400) if repost else rng.randint(1, 3)
    shown = min(records, 60)
    rows = sorted(rng.sample(range(491_000), shown))
    matches = [match("labos-2026", row, wanted, rng) for row in rows]
    status = "open" if number % 3 or number > 30 else rng.choice(["confirmed", "dismissed"])
    case = connection.execute(
        insert(Case).values(opened=at, status="open")
    ).inserted_primary_key[0]  # fmt: skip
    best = max(found["bits"] for found in matches)
    reason = {
        "confirmed": "Extrait de la fuite, encore en ligne",
        "dismissed": "Publication d’essai",
    }
    alert = connection.execute(
        insert(Alert).values(
            case=case, leak="labos-2026", source=source, location=_place(source, number),
            location_key=number.to_bytes(16, "big"),
            also=[_place("files", number)] if number % 7 == 0 else [],
            title=title, verdict="repost" if repost else "fragment", records=records, bits=best,
            fields=wanted, first_seen=at, last_seen=now, posted_at=at - timedelta(seconds=38),
            found_after_s=rng.uniform(4, 240), status=status, reason=reason.get(status, ""),
            decided_by="" if status == "open" else "jeanne",
            decided_at=None if status == "open" else now, version=1 if status == "open" else 2,
        )
    ).inserted_primary_key[0]  # fmt: skip
    capture = _capture(connection, source, number, at, title)
    snippets = [snippet(wanted, rng) for _ in range(rng.randint(1, 3))]
    connection.execute(
        _hit(capture, alert, "repost" if repost else "fragment", matches, at, records=records,
             candidates=records + 4, snippets=snippets,
             notes=["Le document a été lu en deux parties."] if number % 8 == 0 else [])
    )  # fmt: skip
    connection.execute(
        insert(AlertRecord), [{"alert": alert, "row": m["row"], "bits": m["bits"]} for m in matches]
    )
    if status != "open":
        enter(
            connection, at=now, who="jeanne", what="decide", item=f"alert:{alert}",
            detail={"from": "open", "to": status, "version": 2}, reason=reason[status],
        )  # fmt: skip


def _quiet(connection: Any, number: int, at: datetime, rng: random.Random) -> None:
    verdict = ("same-people", "review", "mention")[number % 3]
    capture = _capture(
        connection, "board", 9000 + number, at, TITLES[number % len(TITLES)], sealed=""
    )
    picked = ["surname", "first_name", "birth_date", "postcode"]
    matches = [] if verdict == "mention" else [match("labos-2026", 77 * number, picked, rng)]
    connection.execute(
        _hit(capture, None, verdict, matches, at, chance=0.02 if matches else 1.0, records=0,
             review_records=len(matches), snippets=[snippet(picked, rng)] if matches else [],
             notes=[] if matches else ["Un terme de la fuite s’y trouve."])
    )  # fmt: skip
