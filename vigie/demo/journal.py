"""The poster's journal: what it was about to post, and where each post then stood.

One JSON object a line: an intent before a post, its addresses after. A run that was killed
leaves at most one intent without addresses in each lane; the next run looks whether that post
got through before it posts again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vigie.demo.clients import Posted


@dataclass(frozen=True, slots=True)
class Entry:
    """One post that stands. `rows` are the leak's rows in it, none for an ordinary post."""

    round: int
    key: str
    kind: str
    site: str
    address: str
    also: tuple[str, ...]
    at: datetime
    rows: tuple[int, ...] = ()
    feed: bool = False

    @property
    def is_planted(self) -> bool:
        """Whether an alert is due for it."""
        return bool(self.rows)


class Journal:
    """Entries by round and key. Safe between threads; one process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._entries: dict[tuple[int, str], Entry] = {}
        self._intents: set[tuple[int, str]] = set()
        self._load()
        self._file = path.open("a", encoding="utf-8")

    def intent(self, number: int, key: str) -> None:
        """About to post `key` in round `number`."""
        with self._lock:
            self._intents.add((number, key))
            self._write({"round": number, "intent": key})

    def stands(self, entry: Entry) -> None:
        """The post stands at its addresses."""
        with self._lock:
            self._entries[entry.round, entry.key] = entry
            self._intents.discard((entry.round, entry.key))
            self._write(
                {
                    "round": entry.round,
                    "posted": entry.key,
                    "kind": entry.kind,
                    "site": entry.site,
                    "address": entry.address,
                    "also": entry.also,
                    "at": entry.at.isoformat(),
                    "rows": entry.rows,
                    "feed": entry.feed,
                }
            )

    def entry(self, number: int, key: str) -> Entry | None:
        """Where a post stands, None when it does not."""
        with self._lock:
            return self._entries.get((number, key))

    def was_begun(self, number: int, key: str) -> bool:
        """Whether an earlier run was killed while it posted this."""
        with self._lock:
            return (number, key) in self._intents

    def entries(self) -> tuple[Entry, ...]:
        """Every post of every round, in the order they were made."""
        with self._lock:
            return tuple(self._entries.values())

    def is_known(self, posted: Posted) -> bool:
        """Whether another post stands at one of these addresses."""
        wanted = {posted.address, *posted.also}
        with self._lock:
            return any(wanted & {e.address, *e.also} for e in self._entries.values())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: Mapping[str, object]) -> None:
        # Written out to the kernel at once: a killed process loses nothing then.
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def _load(self) -> None:
        if not self._path.exists():
            return
        text = self._path.read_text(encoding="utf-8", errors="replace")
        whole, _, torn = text.rpartition("\n")
        if torn:
            # The last line was cut by the kill; what it told is not known.
            self._path.write_text(whole + "\n" if whole else "", encoding="utf-8")
        for line in whole.splitlines():
            self._take(json.loads(line))

    def _take(self, line: Mapping[str, object]) -> None:
        number = int(str(line["round"]))
        if "intent" in line:
            self._intents.add((number, str(line["intent"])))
            return
        key = str(line["posted"])
        also, rows = line["also"], line["rows"]
        self._intents.discard((number, key))
        self._entries[number, key] = Entry(
            round=number,
            key=key,
            kind=str(line["kind"]),
            site=str(line["site"]),
            address=str(line["address"]),
            also=tuple(str(item) for item in also) if isinstance(also, Sequence) else (),
            at=datetime.fromisoformat(str(line["at"])).astimezone(UTC),
            rows=tuple(int(str(item)) for item in rows) if isinstance(rows, Sequence) else (),
            feed=line["feed"] is True,
        )
