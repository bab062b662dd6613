"""Files of evidence that hold no victim's value, named by the SHA-256 of what is in them."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from evidence.errors import EvidenceError

NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}")


class Store:
    """Below one folder. What is put twice is there once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, body: bytes) -> str:
        """Keep and return the name; whole and on the disk, or EvidenceError."""
        digest = hashlib.sha256(body).hexdigest()
        name = f"{digest[:2]}/{digest}"
        path = self._folder / name
        if path.exists():
            return name
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = path.with_name(f".{digest}.{os.getpid()}")
            with part.open("wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError as error:
            raise EvidenceError(
                f"evidence cannot be written below {self._folder}: {error.strerror}"
            ) from error
        return name

    def get(self, name: str) -> bytes:
        """What was put; raises EvidenceError when it is gone or not what it was."""
        if not NAME.fullmatch(name):
            raise EvidenceError("this is no name of an evidence file")
        try:
            body = (self._folder / name).read_bytes()
        except OSError as error:
            raise EvidenceError(f"evidence file {name} cannot be read: {error.strerror}") from error
        if hashlib.sha256(body).hexdigest() != name[3:]:
            raise EvidenceError(f"evidence file {name} is not what it was")
        return body
