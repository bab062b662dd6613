"""Temporary folders: one a crawl, removed with it, and swept at the next start after a crash.

They lie outside the storage folder, in memory where there is room: what a browser or a download
leaves there must never reach the disk that keeps the record.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

ROOM = 512 * 1024 * 1024
PREFIX = "vigie-run-"


def default_parent() -> Path:
    """Memory (/dev/shm) where 512 MB are free, the system's temporary folder otherwise."""
    memory = Path("/dev/shm")  # noqa: S108 - folders in it are made 0700 by mkdtemp
    try:
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM:
            return memory
    except OSError:
        pass
    return Path(tempfile.gettempdir())


class RunFolder:
    """This process's folder of crawl folders; a context manager that removes it at the end.

    A locked file in it says that its process lives; folders without a living process are swept.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or default_parent()
        sweep(parent)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def new(self) -> Path:
        """A fresh folder for one crawl, mode 0700."""
        folder = self.path / f"crawl-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        return folder

    def remove(self, folder: Path) -> None:
        """Remove a crawl's folder with all that is in it."""
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the run's folder. Only the process that made it does."""
        if self._lock < 0:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)
        self._lock = -1


def sweep(parent: Path) -> int:
    """Remove run folders of processes that are gone; returns how many there were."""
    swept = 0
    for folder in parent.glob(f"{PREFIX}*"):
        if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
            continue
        if _is_alive(folder):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        swept += 1
    return swept


def _is_alive(folder: Path) -> bool:
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
