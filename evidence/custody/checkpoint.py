"""A checkpoint: the head and its time stamps in one small file, for a party that is not us.

Whoever holds one can tell at any later time whether the log still says what it said then: an
entry removed, reordered or changed, a log written again, and a log cut short all fail against it.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from evidence.custody.journal import Head, head
from evidence.errors import EvidenceError
from index import chain
from index.custody import enter
from index.engine import writing
from index.schema import Act, TimeStamp

FORMAT = "vigie-checkpoint-1"


def export(engine: Engine, *, who: str, to: str, now: datetime) -> dict[str, Any]:
    """The newest stamped head, or the bare head where none is; logged as handed to `to`."""
    with writing(engine) as connection:
        told = _checkpoint(connection)
        enter(
            connection, at=now, who=who, what="checkpoint", item=f"head:{told['seq']}",
            detail={"to": to, "link": told["link"]},
        )  # fmt: skip
    return told


def _checkpoint(connection: Connection) -> dict[str, Any]:
    present = head(connection)
    subject = connection.scalar(
        select(TimeStamp.subject)
        .where(TimeStamp.state == "stamped", TimeStamp.subject.like("head:%"))
        .order_by(TimeStamp.id.desc())
        .limit(1)
    )
    if subject is not None:
        seq = int(subject.removeprefix("head:"))
        link = connection.scalar(select(Act.link).where(Act.seq == seq))
        if link is None:
            raise EvidenceError(f"custody entry {seq} is missing from the record")
        present = Head(present.log, seq, link)
    stamps = connection.execute(
        select(TimeStamp.__table__).where(
            TimeStamp.subject == f"head:{present.seq}", TimeStamp.state == "stamped"
        )
    ).all()
    return {
        "algorithm": chain.ALGORITHM,
        "format": FORMAT,
        "link": present.link.hex(),
        "log": present.log,
        "seq": present.seq,
        "statement": present.statement().decode(),
        "stamps": [_stamp(one) for one in stamps],
    }


def _stamp(one: Row[Any]) -> dict[str, Any]:
    return {
        "authority": one.authority,
        "algorithm": one.algorithm,
        "at": chain.moment(one.stamped_at) if one.stamped_at else "",
        "request": base64.b64encode(one.request).decode(),
        "reply": base64.b64encode(one.reply).decode(),
    }


def read(path: Path) -> dict[str, Any]:
    """A checkpoint from a file; raises EvidenceError when it is none."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EvidenceError(f"the checkpoint {path} cannot be read") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise EvidenceError(f"{path} is no checkpoint of a custody log")
    return told
