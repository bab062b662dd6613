"""Members of archives, one after another, counted as they come out.

Names never become paths: nothing is written. Sizes in headers are not believed: a member is
read in steps until its bound. Links and devices are left out. What is encrypted is tried with
the passwords the account's keyring holds.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from extraction.budget import Account

if TYPE_CHECKING:
    import pyzipper  # type: ignore[import-untyped]

STEP = 256 * 1024
MAX_LISTED = 100_000
MAX_NAME = 200
ENCRYPTED = "this member is encrypted, and no password near it opens it"
DAMAGED = "this member is damaged or of an unknown form"
END_OF_ZIP = b"PK\x05\x06"
END = struct.Struct("<4s4H2LH")
ENTRY = struct.Struct("<4s6H3L5H2L")
IS_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive; `error` is a sentence when it could not be read to its end."""

    name: str
    data: bytes
    error: str = ""


def members(untrusted_body: bytes, archive: str, account: Account) -> Iterator[Member]:
    """The files inside, each at most `max_bytes`, together at most what the account has room for.

    What is over a bound is cut and says so; the sum is also held to `max_ratio` times the
    archive's size, overlapping members included. Never raises for hostile bytes.
    """
    counter = Counter(account, len(untrusted_body))
    try:
        for member in READERS[archive](untrusted_body, counter):
            account.members -= 1
            if account.members < 0:
                most = account.limits.max_members
                yield Member("", b"", f"there are more than {most} members; the rest was not read")
                return
            yield Member(printable(member.name), member.data, member.error)
            if account.left() <= 0:
                yield Member("", b"", "there was no time to read all members")
                return
            if counter.room <= 0:
                yield Member("", b"", "the archive unpacks to more than its bound; it was cut")
                return
    except Exception:
        # Parsers of hostile bytes raise whatever the bytes make them raise.
        yield Member("", b"", f"the {archive} archive is damaged or of an unknown form")


class Counter:
    """Bytes that may still come out of one archive."""

    def __init__(self, account: Account, size: int) -> None:
        self.account = account
        self._own = max(1024 * 1024, account.limits.max_ratio * size)

    @property
    def room(self) -> int:
        """Bytes left for the archive and for the whole input."""
        return min(self._own, self.account.room)

    @property
    def bound(self) -> int:
        """Bytes the next member may have."""
        return min(self.room, self.account.limits.max_bytes)

    def spend(self, count: int) -> None:
        """That many came out, kept or not."""
        self._own -= count
        self.account.room -= count

    def read(self, name: str, opener: Callable[[], IO[bytes] | None]) -> Member:
        """One member, read in steps up to the bound."""
        parts: list[bytes] = []
        bound = self.bound
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
        except Exception:
            error = DAMAGED
        if missing <= 0:
            error = f"this member unpacks to more than {bound} bytes; it was cut"
        data = b"".join(parts)
        self.spend(len(data))
        return Member(name, data[:bound], error)


def _zip(untrusted_body: bytes, counter: Counter) -> Iterator[Member]:
    listed, cut = _listed(untrusted_body)
    with zipfile.ZipFile(io.BytesIO(listed)) as archive:
        infos = archive.infolist()
        locked = any(info.flag_bits & IS_ENCRYPTED for info in infos)
        if not locked:
            for info in infos:
                if not info.is_dir():
                    yield counter.read(info.filename, lambda info=info: archive.open(info))  # type: ignore[misc]
        else:
            counter.account.keyring.hear(archive.comment.decode("utf-8", "replace"))
    if locked:
        yield from _locked_zip(listed, counter)
    if cut:
        yield Member(
            "", b"", f"the zip archive lists over {MAX_LISTED} members; the rest is unread"
        )


def _locked_zip(untrusted_body: bytes, counter: Counter) -> Iterator[Member]:
    """The open members first: what they say may hold the password of the others."""
    import pyzipper

    with pyzipper.AESZipFile(io.BytesIO(untrusted_body)) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        for info in sorted(infos, key=lambda info: (info.flag_bits & 1, info.file_size)):
            if not info.flag_bits & IS_ENCRYPTED:
                member = counter.read(info.filename, lambda info=info: archive.open(info))  # type: ignore[misc]
                counter.account.keyring.hear(member.data[:4096].decode("utf-8", "replace"))
            else:
                member = _unlocked(archive, info, counter)
            yield member


def _unlocked(archive: pyzipper.AESZipFile, info: zipfile.ZipInfo, counter: Counter) -> Member:
    keyring = counter.account.keyring
    for password in keyring.tries():
        for pwd in _encodings(password):
            try:
                stream = archive.open(info, pwd=pwd)
            except Exception:  # noqa: S112 - wrong, by the key's own short check; or damaged
                continue
            member = counter.read(info.filename, lambda stream=stream: stream)  # type: ignore[misc]
            # The short check lets one in 256 wrong passwords pass; the member's sum does not.
            if member.error != DAMAGED:
                keyring.worked(password)
                return member
    return Member(info.filename, b"", ENCRYPTED)


def _encodings(password: str) -> list[bytes]:
    """UTF-8, and what older Windows programs make of letters with accents."""
    found = [password.encode("utf-8", "replace")]
    if not password.isascii():
        found += [password.encode(charset, "replace") for charset in ("cp850", "cp1252")]
    return found


def _listed(untrusted_body: bytes) -> tuple[bytes, bool]:
    """The zip with at most MAX_LISTED entries in its directory, and whether it had more.

    Listing alone costs memory: a million empty members are half a gigabyte of entries.
    """
    at = untrusted_body.rfind(END_OF_ZIP)
    if at < 0 or len(untrusted_body) < at + END.size:
        return untrusted_body, False
    magic, disk, first_disk, _, _, size, start, comment = END.unpack_from(untrusted_body, at)
    if size <= MAX_LISTED * ENTRY.size:
        return untrusted_body, False
    place = first = at - size
    if first < 0:
        raise ValueError("the directory lies outside the archive")
    for _ in range(MAX_LISTED):
        fields = ENTRY.unpack_from(untrusted_body, place)
        if fields[0] != b"PK\x01\x02":
            break
        place += ENTRY.size + sum(fields[10:13])
        if place >= at:
            return untrusted_body, False
    tail = untrusted_body[at + END.size :]
    count = MAX_LISTED & 0xFFFF
    short = END.pack(magic, disk, first_disk, count, count, place - first, start, comment)
    return untrusted_body[:place] + short + tail, True


def _tar(untrusted_body: bytes, counter: Counter) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(untrusted_body), mode="r:") as archive:
        for info in archive:
            if info.isreg():
                yield counter.read(info.name, lambda info=info: archive.extractfile(info))  # type: ignore[misc]


def printable(untrusted_name: str) -> str:
    """A member's name without control characters, at most MAX_NAME long."""
    return "".join(char if char.isprintable() else "�" for char in untrusted_name[-MAX_NAME:])


def _seven(untrusted_body: bytes, counter: Counter) -> Iterator[Member]:
    from extraction.sevenzip import read

    return read(untrusted_body, counter)


def _rar(untrusted_body: bytes, counter: Counter) -> Iterator[Member]:
    from extraction.rar import read

    return read(untrusted_body, counter)


READERS: dict[str, Callable[[bytes, Counter], Iterator[Member]]] = {
    "zip": _zip,
    "tar": _tar,
    "7z": _seven,
    "rar": _rar,
}
