"""Working copies go when their alerts are decided, and after their days at the latest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from capture.originals import WORK
from index.custody import enter
from index.engine import reading, writing
from index.schema import Alert, Capture, EvidenceItem, Hit

ORPHAN = timedelta(hours=1)  # a file whose capture was never written down; a crawl may be at it


def clear(engine: Engine, originals: Path, days: int, now: datetime) -> int:
    """Delete what is over and log each; how many files went. `originals` is the folder of sealed
    originals. Asked for by `vigie watch` every few minutes."""
    folder = originals / WORK
    gone = 0
    for path in sorted(folder.glob("*/*.age")):
        name = path.relative_to(folder).as_posix()
        age = now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
        captures, is_open = _use(engine, name)
        if captures and is_open and age < timedelta(days=days):
            continue
        if not captures and age < ORPHAN:
            continue
        path.unlink(missing_ok=True)
        gone += 1
        with writing(engine) as connection:
            for capture in captures:
                why = "decided" if not is_open else "its days are over"
                enter(
                    connection, at=now, who="vigie", what="delete", item=f"capture:{capture}",
                    detail={"what": "travail.age", "why": why},
                )  # fmt: skip
    return gone


def _use(engine: Engine, name: str) -> tuple[list[int], bool]:
    """The captures of a sealed file, and whether an alert of one of them is still open."""
    with reading(engine) as connection:
        captures = list(
            connection.scalars(
                select(Capture.id)
                .where(Capture.sealed == name)
                .union(select(EvidenceItem.capture).where(EvidenceItem.sealed == name))
            )
        )
        states = connection.scalars(
            select(Alert.status)
            .join(Hit, Hit.alert == Alert.id)
            .where(Hit.capture.in_(captures))
        ).all()  # fmt: skip
    # What only waits in the quieter queue has no alert that could close: its days decide.
    return captures, not states or "open" in states
