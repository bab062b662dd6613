"""Who scanned what amount, when, and what came out: one line a document, nothing else.

Whoever can read a leak's key can ask whether a text is in it, and is the only one who can. So
every such question leaves a line, before its answer is shown. The line holds no content, no
hash of it and no path: a file's name can be a person's name.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vigie.config_place import ConfigError

if TYPE_CHECKING:
    from matching.result import ScanResult

NAME = "scans.jsonl"


class ScanLog:
    """Appends to one file, mode 0600; several processes may at once. A context manager."""

    def __init__(self, path: Path) -> None:
        """Open it; raises ConfigError when it cannot be, since no scan goes unlogged."""
        self.path = path
        self._id = secrets.token_hex(4)
        self._names: Sequence[str] = ()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._handle = os.open(path, flags, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from None

    def __enter__(self) -> ScanLog:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def begin(self, leaks: Sequence[str]) -> None:
        """A scan against these leaks began; raises ConfigError."""
        self._names = tuple(leaks)
        self._write({"event": "begin", **_who(), "leaks": list(self._names)})

    def document(self, result: ScanResult) -> None:
        """One document was judged; raises ConfigError."""
        self._write(
            {"event": "document", "bytes": result.bytes, "verdict": str(result.verdict),
             "records": result.records}
        )  # fmt: skip

    def unread(self) -> None:
        """One input could not be read; raises ConfigError."""
        self._write({"event": "document", "bytes": None, "verdict": "error", "records": 0})

    def _write(self, told: dict[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"at": now, "scan": self._id, **told}, separators=(",", ":")) + "\n"
        try:
            # One write of one line in append mode: lines of two processes do not mix.
            written = os.write(self._handle, line.encode())
        except OSError as error:
            raise _unwritable(self.path, error) from None
        if written != len(line):
            raise _unwritable(self.path, OSError(28, "no space left"))


def place(storage: Path | None) -> Path:
    """Where the log lies: with the storage's logs, or without a configuration in the user's state
    folder (XDG_STATE_HOME, otherwise ~/.local/state)."""
    if storage is not None:
        return storage / "logs" / NAME
    state = os.environ.get("XDG_STATE_HOME", "")
    root = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return root / "vigie" / NAME


def _who() -> dict[str, Any]:
    """The account, and the one behind sudo where there is one."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    behind = os.environ.get("SUDO_USER", "")[:100]
    return {"who": name, "uid": uid, "behind": behind, "host": socket.gethostname()[:100]}


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The scan log {path} cannot be written: {error.strerror}. No scan is made without it; "
        "mend its folder's rights, or name another folder in XDG_STATE_HOME."
    )
