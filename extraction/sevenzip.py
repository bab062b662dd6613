"""Members of 7z archives, through py7zr, into memory and bounded while they are written."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePosixPath

import psutil  # noqa: F401 - py7zr imports it at its first archive, when no file opens any more
import py7zr
from py7zr.exceptions import PasswordRequired

from extraction.archives import DAMAGED, ENCRYPTED, Counter, Member

# A try derives a key by half a million hashes: as dear as this many of another archive's.
COST_OF_TRY = 4
LOCKED_NAMES = "the 7z archive and its names are encrypted, and no password near it opens it"


class _Full(Exception):
    """The archive unpacks to more than there is room for."""


class _Sink(py7zr.io.Py7zIO):
    """One member as it comes out."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.bound = counter.account.limits.max_bytes
        self.data = bytearray()
        self.cut = False

    def write(self, data: bytes | bytearray) -> int:
        """Keep what fits the member's bound; raises _Full where the archive's is reached."""
        self._counter.spend(len(data))
        if self._counter.room <= 0:
            raise _Full
        self.cut = self.cut or len(self.data) + len(data) > self.bound
        self.data += data[: max(0, self.bound - len(self.data))]
        return len(data)

    def read(self, size: int | None = None) -> bytes:
        """All that was written."""
        return bytes(self.data[:size])

    def seek(self, offset: int, whence: int = 0) -> int:
        """It has no place of its own."""
        del whence
        return offset

    def flush(self) -> None:
        """Nothing waits."""

    def size(self) -> int:
        """Bytes kept."""
        return len(self.data)


class _Sinks(py7zr.io.WriterFactory):
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.made: dict[str, _Sink] = {}

    def create(self, filename: str) -> _Sink:
        """A sink for a member."""
        self.made[filename] = _Sink(self._counter)
        return self.made[filename]


def read(untrusted_body: bytes, counter: Counter) -> Iterator[Member]:
    """The members, in the archive's order; one error row when no password opens it."""
    keyring = counter.account.keyring
    names: list[str] = []
    try:
        with py7zr.SevenZipFile(io.BytesIO(untrusted_body)) as archive:
            locked = bool(archive.needs_password())
            names = [info.filename for info in archive.list() if info.is_file]
    except PasswordRequired:
        locked = True
    if not locked:
        yield from _extract(untrusted_body, None, counter)
        return
    for password in keyring.tries(COST_OF_TRY):
        try:
            found = _extract(untrusted_body, password, counter)
        except _Full:
            raise
        except Exception:  # noqa: S112 - a wrong password shows as damage of any kind
            continue
        keyring.worked(password)
        yield from found
        return
    for name in names:
        yield Member(name, b"", ENCRYPTED)
    if not names:
        yield Member("", b"", LOCKED_NAMES)


def _extract(untrusted_body: bytes, password: str | None, counter: Counter) -> list[Member]:
    sinks = _Sinks(counter)
    found: list[Member] = []
    full = False
    with py7zr.SevenZipFile(io.BytesIO(untrusted_body), password=password) as archive:
        listed = [info for info in archive.list() if info.is_file]
        # The library refuses a whole archive for one name that leads outside.
        leads_out = [info.filename for info in listed if not _stays_inside(info.filename)]
        wanted = [info.filename for info in listed if _stays_inside(info.filename)]
        found += [Member(name, b"", "this member's name leads outside; it was not read")
                  for name in leads_out]  # fmt: skip
        try:
            archive.extract(targets=wanted, factory=sinks)
        except _Full:
            full = True
        except Exception:
            if password is not None or not sinks.made:
                raise
            found.append(Member("", b"", DAMAGED))
    for name, sink in sinks.made.items():
        note = (
            f"this member unpacks to more than {sink.bound} bytes; it was cut" if sink.cut else ""
        )
        found.append(Member(name, bytes(sink.data), note))
    if full:
        found.append(Member("", b"", "the archive unpacks to more than its bound; it was cut"))
    return found


def _stays_inside(untrusted_name: str) -> bool:
    path = PurePosixPath(untrusted_name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in untrusted_name[:3]
