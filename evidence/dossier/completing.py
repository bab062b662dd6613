"""Putting time stamps into a dossier that lacked them when it was made.

Stamps are over the manifest, which does not name them, so a late one changes nothing of what was
handed out but `horodatage/` and the sums.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from evidence.custody.stamping import Outcome, Stamper
from evidence.dossier import manifest
from evidence.errors import EvidenceError
from evidence.timestamp.authority import Stamp
from evidence.verify.verifier import verify
from index.engine import reading
from index.schema import Dossier, TimeStamp


def complete(engine: Engine, folder: Path, stamper: Stamper) -> list[Outcome]:
    """Ask again where a stamp is lacking, and write what there is; one outcome an authority.
    Raises EvidenceError for a folder that is no sound dossier of this record."""
    file = folder / manifest.MANIFEST
    if not file.is_file():
        raise EvidenceError(f"{folder} is no dossier: it has no {manifest.MANIFEST}")
    if failed := verify(folder).failed:
        raise EvidenceError(f"the dossier is damaged, and nothing is put into it: {failed[0][0]}")
    data = file.read_bytes()
    told = json.loads(data)
    subject = f"dossier:{told['dossier']}"
    with reading(engine) as connection:
        known = connection.scalar(
            select(Dossier.manifest_sha256).where(Dossier.id == told["dossier"])
        )
    if known != hashlib.sha256(data).hexdigest():
        raise EvidenceError("this dossier was not made from this record; ask where it was made")
    asked = {one.authority: one for one in stamper.retry(subject)}
    with reading(engine) as connection:
        had = _stamps(connection, subject)
    outcomes = [_outcome(name, had, asked, folder) for name in told["authorities"]]
    manifest.write_stamps(folder, outcomes, told["authorities"])
    (folder / manifest.SUMS).unlink()
    manifest.write_sums(folder)
    return outcomes


def _stamps(connection: Connection, subject: str) -> dict[str, Stamp]:
    query = select(TimeStamp.__table__).where(
        TimeStamp.subject == subject, TimeStamp.state == "stamped"
    )
    return {
        row.authority: Stamp(
            row.authority, row.algorithm, row.imprint, row.request, row.reply, row.stamped_at,
            row.good_until,
        )
        for row in connection.execute(query.order_by(TimeStamp.id))
    }  # fmt: skip


def _outcome(name: str, had: dict[str, Stamp], asked: dict[str, Outcome], folder: Path) -> Outcome:
    if name in had:
        return Outcome(name, had[name])
    if name in asked:
        return asked[name]
    index: dict[str, Any] = json.loads((folder / manifest.STAMPS / "index.json").read_text("utf-8"))
    before = next(one for one in index["stamps"] if one["authority"] == name)
    return Outcome(name, None, before["error"], before["kind"])
