"""Members of zip and tar archives, one after another, counted as they come out.

Names never become paths: nothing is written. Sizes in headers are not believed: a member is
read in steps until its bound. Links and devices are left out.
"""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from extraction.layers import Limits

STEP = 256 * 1024
MAX_MEMBERS = 1_000
MAX_NAME = 200
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,  # zipfile's answer to an encrypted member
    RecursionError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive; `error` is a sentence when it could not be read to its end."""

    name: str
    data: bytes
    error: str = ""


def kind(untrusted_body: bytes) -> str:
    """ "zip", "tar" or "": told by magic numbers."""
    if untrusted_body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if untrusted_body[257:262] == b"ustar":
        return "tar"
    return ""


def members(untrusted_body: bytes, archive: str, limits: Limits, room: int) -> Iterator[Member]:
    """The files inside, each at most `limits.max_bytes`, together at most `room` bytes.

    What is over a bound is cut and says so; the sum is also held to `max_ratio` times the
    archive's size, overlapping members included.
    """
    room = min(room, max(1024 * 1024, limits.max_ratio * len(untrusted_body)))
    reader = _zip_files if archive == "zip" else _tar_files
    try:
        for number, (untrusted_name, opener) in enumerate(reader(untrusted_body)):
            if number >= MAX_MEMBERS:
                yield Member("", b"", f"the archive has more than {MAX_MEMBERS} members")
                return
            name = _printable(untrusted_name)
            bound = min(room, limits.max_bytes)
            member = _read(name, opener, bound)
            room -= len(member.data)
            yield member
            if room <= 0:
                yield Member("", b"", "the archive unpacks to more than its bound; it was cut")
                return
    except BROKEN:
        yield Member("", b"", f"the {archive} archive is damaged or of an unknown form")


def _read(name: str, opener: Callable[[], IO[bytes] | None], bound: int) -> Member:
    parts: list[bytes] = []
    missing = bound + 1
    error = ""
    try:
        stream = opener()
        if stream is None:
            return Member(name, b"", "this member is no ordinary file")
        with stream:
            while missing > 0 and (part := stream.read(min(STEP, missing))):
                parts.append(part)
                missing -= len(part)
    except BROKEN:
        error = "this member is damaged, encrypted or of an unknown form"
    if missing <= 0:
        error = f"this member unpacks to more than {bound} bytes; it was cut"
    return Member(name, b"".join(parts)[:bound], error)


def _zip_files(
    untrusted_body: bytes,
) -> Iterator[tuple[str, Callable[[], IO[bytes] | None]]]:
    with zipfile.ZipFile(io.BytesIO(untrusted_body)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, lambda info=info: archive.open(info)  # type: ignore[misc]


def _tar_files(
    untrusted_body: bytes,
) -> Iterator[tuple[str, Callable[[], IO[bytes] | None]]]:
    with tarfile.open(fileobj=io.BytesIO(untrusted_body), mode="r:") as archive:
        for info in archive:
            if info.isreg():
                yield info.name, lambda info=info: archive.extractfile(info)  # type: ignore[misc]


def _printable(untrusted_name: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in untrusted_name[-MAX_NAME:])
