"""Writing a fingerprint file: section after section, whole under its name or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching import fingerprint_format as layout
from matching.errors import OutputError
from matching.fingerprint_format import BLOCK, PAGE, Facts
from matching.keys import LeakKey

BUFFER = 1 << 20


class FingerprintWriter:
    """A fingerprint file that is being made. Leaving it without `finish` leaves nothing."""

    def __init__(self, path: Path) -> None:
        """Begin; removes what a killed build of this file left. Raises OutputError."""
        self._path = path
        self._folder = path.absolute().parent
        self._places: dict[str, list[int]] = {}
        self._digests: list[tuple[str, bytes]] = []
        self._at = PAGE
        with self._writing():
            _remove_strays(self._folder, path.name)
            self._part = self._folder / f".{path.name}.{secrets.token_hex(8)}.part"
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb", BUFFER)
            # Held while this process lives: a part file without the lock is a dead one's.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file.write(bytes(PAGE))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError.of(self._path, error) from None

    def __enter__(self) -> FingerprintWriter:
        """Nothing more to do."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the part file unless it became the file."""
        if not self._file.closed:
            self._part.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # a full disk: the rest of the buffer
                self._file.close()

    def section(self, name: str, pieces: Iterator[NDArray[Any]]) -> None:
        """Write one section from its pieces; raises OutputError."""
        item = layout.ITEM.get(name, layout.WORD)
        block, filled, size = hashlib.sha256(), 0, 0

        def put(data: memoryview | bytes) -> None:
            nonlocal block, filled
            with self._writing():
                self._file.write(data)
            at = 0
            while at < len(data):
                some = data[at : at + BLOCK - filled]
                block.update(some)
                filled += len(some)
                at += len(some)
                if filled == BLOCK:
                    self._digests.append((name, block.digest()[: layout.DIGEST]))
                    block, filled = hashlib.sha256(), 0

        for piece in pieces:
            if piece.size:
                data = np.ascontiguousarray(piece, item).data.cast("B")
                size += len(data)
                put(data)
        put(bytes(layout.padded(size) - size))
        if filled:
            self._digests.append((name, block.digest()[: layout.DIGEST]))
        self._places[name] = [self._at, size]
        self._at += layout.padded(size)

    def finish(self, facts: Facts, key: LeakKey) -> int:
        """Write header and prefix, and put the file under its name; returns its size in bytes."""
        told = {"facts": asdict(facts), "sections": self._places}
        text = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
        order = {name: number for number, name in enumerate(layout.SECTIONS)}
        digests = [each for _, each in sorted(self._digests, key=lambda pair: order[pair[0]])]
        header = text + b"".join(digests)
        front = layout.FRONT.pack(layout.MAGIC, layout.VERSION, len(text), len(digests), self._at)
        seal = key.seal(bytes.fromhex(facts.salt), front, header)
        with self._writing():
            self._file.write(header)
            self._file.flush()
            os.pwrite(self._file.fileno(), front + layout.checksum(front, seal, header) + seal, 0)
            os.fsync(self._file.fileno())
            self._part.replace(self._path)
            _sync_folder(self._folder)
            self._file.close()
        return self._at + len(header)


def _remove_strays(folder: Path, name: str) -> None:
    """Remove part files of this name that no process holds."""
    for stray in folder.iterdir():
        if not (stray.name.startswith(f".{name}.") and stray.name.endswith(".part")):
            continue
        with contextlib.suppress(OSError), stray.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stray.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
