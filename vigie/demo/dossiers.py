"""The demo's dossier: the widest alert is confirmed, its case exported in three editions, checked.

The commands are those that legal staff run. What is confirmed is known to be right, for the demo
planted it; elsewhere a person decides.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select

from index.alerts import AlertStore
from index.engine import reading
from index.errors import Conflict
from index.schema import EvidenceItem, Hit
from vigie.demo import tether
from vigie.demo.folder import DemoFolder
from vigie.demo.prepare import VIGIE
from vigie.demo.selfcheck import Report

EDITIONS = ("court", "host", "public")
REASON = "vigie demo: planted by the demo itself"
KINDS = 9  # pieces beside a capture
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Checked:
    """One edition, and whether its verifier passes."""

    edition: str
    folder: Path
    passed: bool


def choose(report: Report) -> int:
    """The alert with the most records among those that were planted; 0 where there is none."""
    found = [finding.alert for finding in report.findings if finding.alert]
    return max(found, key=lambda alert: (len(alert.rows), -alert.id)).id if found else 0


def confirm(engine: Engine, alert: int, who: str) -> int:
    """Confirm it; its case."""
    store = AlertStore(engine)
    view = store.get(alert).alert
    if view.status == "open":
        try:
            store.decide(alert, "confirmed", REASON, who, view.version)
        except Conflict:
            return confirm(engine, alert, who)
    return view.case


def is_gathered(engine: Engine, alert: int) -> bool:
    """Whether everything was asked for that belongs beside the alert's captures."""
    query = (
        select(Hit.capture, func.count(EvidenceItem.id))
        .outerjoin(EvidenceItem, EvidenceItem.capture == Hit.capture)
        .where(Hit.alert == alert)
        .group_by(Hit.capture)
    )
    with reading(engine) as connection:
        return all(count >= KINDS for _, count in connection.execute(query))


def wait_for_pieces(engine: Engine, alert: int) -> None:
    """Until they are there, but not for ever: a dossier says what is missing."""
    deadline = time.monotonic() + PATIENCE
    while not is_gathered(engine, alert) and time.monotonic() < deadline:
        time.sleep(0.5)


def make(folder: DemoFolder, case: int, who: str) -> list[Checked]:
    """Every edition, made anew and checked."""
    shutil.rmtree(folder.dossiers, ignore_errors=True)
    folder.dossiers.mkdir(mode=0o700)
    found = []
    for edition in EDITIONS:
        out = folder.dossiers / f"case-{case}-{edition}"
        made = _vigie(
            "evidence", "export", str(case), "--edition", edition, "-o", str(out), "--who", who,
            "--reason", REASON, "--config", str(folder.config),
        )  # fmt: skip
        found.append(Checked(edition, out, made and _vigie("evidence", "verify", str(out))))
    return found


def _vigie(*arguments: str) -> bool:
    done = subprocess.run(
        tether.command([*VIGIE, *arguments]), stdout=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0
