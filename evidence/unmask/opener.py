"""What happens to one request: may this person, is it still allowed, log it, then open it.

Everything is checked against the record itself; the application that passes the request on is
believed in nothing but the words of its reason. A sealed file is not believed either: whoever can
write here can encrypt to the review service's key, so what is opened must be what was committed
to at the capture.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from capture.commitments import leaf
from capture.errors import CaptureError
from capture.originals import WORK
from capture.sealing import NAME
from capture.unseal import members
from evidence.unmask.protocol import MAX_REASON, MIN_REASON, Shown, Wanted
from index.accounts import AccountStore, SignedIn, may_unmask
from index.custody import enter
from index.engine import reading, writing
from index.schema import Act, Alert, Capture, Hit

MAX_SEALED = 64 * 1024 * 1024
MAX_TEXT = 2_000
PER_HOUR = 30
HOUR = timedelta(hours=1)
TOLD = "unmask"


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens working copies below `originals` with the key in `key_file`, for `days` days after
    they were made; 0 days: nothing, for nobody."""

    engine: Engine
    originals: Path
    key_file: Path
    days: int
    clock: Callable[[], datetime]

    def open(self, wanted: Wanted) -> Shown:
        """One record, or why not. The entry in the log is there before anything is decrypted."""
        if self.days <= 0:
            return Shown("off")
        user = AccountStore(self.engine, self.clock).session(wanted.session, touch=False)
        if user is None or not may_unmask(user.role):
            return self._refused(user, wanted, "not-allowed")
        if not MIN_REASON <= len(wanted.reason.strip()) <= MAX_REASON:
            return Shown("reason")
        now = self.clock()
        found = self._find(wanted, now)
        if isinstance(found, str):
            return self._refused(user, wanted, found)
        path, leak, public = found
        if not self._log(user, wanted, now):
            return self._refused(user, wanted, "too-many")
        try:
            record = self._record(path, leak, wanted.row, public)
        except (CaptureError, OSError, ValueError, KeyError, TypeError, IndexError):
            return self._refused(user, wanted, "damaged")
        if record is None:
            return self._refused(user, wanted, "not-there")
        seen = tuple((str(one["field"])[:40], str(one["text"])[:MAX_TEXT]) for one in record)
        return Shown("", seen, now)

    def _find(self, wanted: Wanted, now: datetime) -> tuple[Path, str, Mapping[str, Any]] | str:
        """The working copy, the leak, the capture's commitments; or why it may not be opened."""
        with reading(self.engine) as connection:
            row = connection.execute(
                select(Hit.leak, Hit.alert, Capture.sealed, Capture.commitments, Alert.status)
                .join(Capture, Capture.id == Hit.capture)
                .outerjoin(Alert, Alert.id == Hit.alert)
                .where(Hit.id == wanted.hit)
            ).one_or_none()
        if row is None or row.alert is None:
            return "not-found"
        if row.status != "open":
            return "decided"
        path = self.originals / WORK / row.sealed
        if not NAME.fullmatch(row.sealed) or path.is_symlink() or not path.is_file():
            return "gone"
        age = now.timestamp() - path.stat().st_mtime
        if age > timedelta(days=self.days).total_seconds():
            return "gone"
        return path, row.leak, row.commitments

    def _log(self, user: SignedIn, wanted: Wanted, now: datetime) -> bool:
        """Enter who opens what and why; False when this person opened too many within the hour.
        Count and entry are one transaction, so that a burst cannot slip through between them."""
        with writing(self.engine) as connection:
            if _opened(connection, user.name, now - HOUR) >= PER_HOUR:
                return False
            enter(
                connection, at=now, who=user.name, what=TOLD, item=_item(connection, wanted.hit),
                detail={"hit": wanted.hit, "row": wanted.row}, reason=wanted.reason.strip(),
            )  # fmt: skip
        return True

    def _refused(self, user: SignedIn | None, wanted: Wanted, why: str) -> Shown:
        """Log what was refused to a person; a stranger leaves no entry but costs nothing."""
        if user is not None:
            with writing(self.engine) as connection:
                enter(
                    connection, at=self.clock(), who=user.name, what="unmask-refused",
                    item=_item(connection, wanted.hit),
                    detail={"hit": wanted.hit, "row": wanted.row, "why": why},
                )  # fmt: skip
        return Shown(why)

    def _record(
        self, path: Path, leak: str, row: int, public: Mapping[str, Any]
    ) -> list[dict[str, Any]] | None:
        """The fields of the row as they stood; None when the capture committed to no such row."""
        if path.stat().st_size > MAX_SEALED:
            raise ValueError("larger than any working copy")
        packed = members(path.read_bytes(), self.key_file, ("openings.json",))
        for opening in json.loads(packed["openings.json"]):
            if not opening or opening["root"] != public.get("root"):
                continue
            for one in opening["records"]:
                value = one["value"]
                if (value["leak"], value["row"]) != (leak, row):
                    continue
                made = leaf(value, bytes.fromhex(one["salt"])).hex()
                if public["leaves"][one["index"]] != made:
                    raise ValueError("this is not what was committed to")
                return list(value["seen"])
        return None


def _opened(connection: Connection, who: str, since: datetime) -> int:
    query = select(func.count()).where(Act.who == who, Act.what == TOLD, Act.at > since)
    return int(connection.scalar(query) or 0)


def _item(connection: Connection, hit: int) -> str:
    found = connection.scalar(select(Hit.alert).where(Hit.id == hit))
    return f"alert:{found}" if found is not None else f"hit:{hit}"
