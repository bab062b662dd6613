"""The demo's folder and what it remembers between runs: ports, rows, round.

.demo/leak      the synthetic leak in plain: what a real case would keep offline
.demo/keys      leak.key, record.key, age private keys, the dossiers' signing key, the observer's
                password: a real case keeps the private halves elsewhere
.demo/sites     each real site's own data, and the two time-stamp authorities'
.demo/feeds     the list of addresses the operator names for the paste site without a list
.demo/poster    the poster's journal
.demo/storage   the storage folder of Vigie, the one thing that must hold no plain value
.demo/dossiers  the last dossier of `--once`, in three editions
.demo/logs, .demo/tmp, .demo/vigie.toml, .demo/leak.vfp
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from vigie.demo.errors import DemoError

VERSION = 2
PORTS = {
    "pinnwand": 8701, "forum": 8702, "bepasty": 8703, "board": 8704, "tsa-one": 8705,
    "tsa-two": 8706, "review": 8642,
}  # fmt: skip


@dataclass(slots=True)
class State:
    """What the next run must know. `leak_sha256` is set when the leak file is whole, and
    `fingerprinted` to the same digest when its fingerprint file is."""

    version: int = VERSION
    rows: int = 0
    seed: int = 0
    ports: dict[str, int] = field(default_factory=dict)
    leak_bytes: int = 0
    leak_sha256: str = ""
    fingerprinted: str = ""
    round: int = 0
    round_done: bool = True


class DemoFolder:
    """One demo folder, held by one run at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.leak = self.root / "leak" / "patients.csv"
        self.fingerprints = self.root / "leak.vfp"
        self.keys = self.root / "keys"
        self.sites = self.root / "sites"
        self.storage = self.root / "storage"
        self.logs = self.root / "logs"
        self.temp = self.root / "tmp"
        self.dossiers = self.root / "dossiers"
        self.feed = self.root / "feeds" / "pinnwand.txt"
        self.journal = self.root / "poster" / "journal.jsonl"
        self.config = self.root / "vigie.toml"
        self.state_file = self.root / "state.json"
        self._lock: IO[str] | None = None

    def open(self, rows: int, *, fresh: bool = False) -> State:
        """Take the folder, wipe it when asked or made for other rows; raises DemoError."""
        state = self._take()
        if state and (fresh or state.rows != rows or state.version != VERSION):
            self._wipe()
            state = None
        if state is None:
            state = State(rows=rows, ports=free_ports())
        for folder in (self.leak, self.keys / "x", self.storage / "x", self.logs / "x",
                       self.temp / "x", self.feed, self.journal, self.sites / "x"):  # fmt: skip
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.feed.touch()
        self.save(state)
        return state

    def save(self, state: State) -> None:
        """Keep the state so that a crash leaves the old or the new one, whole."""
        draft = self.state_file.with_suffix(".part")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.state_file)

    def close(self) -> None:
        """Let another run have the folder."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _take(self) -> State | None:
        known = self.state_file.exists()
        if self.root.exists() and not known and any(self.root.iterdir()):
            raise DemoError(
                f"{self.root} holds files that are not the demo's: name an empty or new folder "
                "with --folder."
            )
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (self.root / ".lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise DemoError(
                f"Another demo runs in {self.root}: end it first, or name another folder with "
                "--folder."
            ) from None
        self._lock = lock
        if not known:
            self.save(State())
            return None
        try:
            return State(**json.loads(self.state_file.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            return State(version=0)

    def _wipe(self) -> None:
        for path in self.root.iterdir():
            if path.name in (".lock", "state.json"):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def free_ports() -> dict[str, int]:
    """The usual ports where they are free, others where not."""
    held: list[socket.socket] = []
    found = {}
    try:
        for name, usual in PORTS.items():
            taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.append(taken)
            try:
                taken.bind(("127.0.0.1", usual))
                taken.listen(1)
            except OSError:
                taken.bind(("127.0.0.1", 0))
            found[name] = int(taken.getsockname()[1])
    finally:
        for one in held:
            one.close()
    return found
