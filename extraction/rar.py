"""Members of RAR archives, through the system's libarchive where it is installed.

It reads versions 4 and 5 from memory, but no encrypted ones. Where it is missing the archive is
told as not read; `vigie doctor` says how to get it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from extraction.archives import ENCRYPTED, Counter, Member

MISSING = "a RAR archive was not opened: libarchive is not installed here"
LOCKED = "a RAR archive was not opened: it is encrypted or damaged"
RAR_5 = b"Rar!\x1a\x07\x01\x00"
BLOCK = 64 * 1024
FILE_BLOCKS, ENCRYPTION_BLOCK, END_BLOCK = (2, 3), 4, 5
ENCRYPTION_RECORD = 1
MAX_BLOCKS = 100_000


def library() -> Any:
    """The binding, or None where the system has no libarchive."""
    try:
        import libarchive  # type: ignore[import-untyped]
    except (ImportError, AttributeError, OSError, TypeError):
        return None
    return libarchive


def read(untrusted_body: bytes, counter: Counter) -> Iterator[Member]:
    """The members, in the archive's order."""
    binding = library()
    if binding is None:
        yield Member("", b"", MISSING)
        return
    version = "rar5" if untrusted_body.startswith(RAR_5) else "rar"
    if version == "rar5" and _is_locked(untrusted_body):
        yield Member("", b"", LOCKED)
        return
    some = False
    try:
        with binding.memory_reader(untrusted_body, format_name=version) as archive:
            for entry in archive:
                if not entry.isfile:
                    continue
                some = True
                yield _member(entry, counter)
    except binding.ArchiveError:
        yield Member("", b"", "the RAR archive is damaged" if some else LOCKED)


def _is_locked(untrusted_body: bytes) -> bool:
    """Whether a RAR 5 says that its names or one of its members are encrypted.

    libarchive's reader passes over that record and hands out the ciphertext. Block layout:
    https://www.rarlab.com/technote.htm.
    """
    at = len(RAR_5)
    try:
        for _ in range(MAX_BLOCKS):
            size, body = _vint(untrusted_body, at + 4)
            end = body + size
            kind, place = _vint(untrusted_body, body)
            flags, place = _vint(untrusted_body, place)
            extra, place = _vint(untrusted_body, place) if flags & 1 else (0, place)
            data, place = _vint(untrusted_body, place) if flags & 2 else (0, place)
            if kind == ENCRYPTION_BLOCK:
                return True
            if kind == END_BLOCK:
                return False
            if kind in FILE_BLOCKS and _has_record(untrusted_body, end - extra, end):
                return True
            at = end + data
    except IndexError:
        return False
    return False


def _has_record(untrusted_body: bytes, at: int, end: int) -> bool:
    while at < end:
        size, start = _vint(untrusted_body, at)
        kind, _ = _vint(untrusted_body, start)
        if kind == ENCRYPTION_RECORD:
            return True
        at = start + size
    return False


def _vint(untrusted_body: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and the place behind it."""
    number = 0
    for shift in range(0, 70, 7):
        byte = untrusted_body[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return number, at


def _member(entry: Any, counter: Counter) -> Member:
    bound = counter.bound
    parts: list[bytes] = []
    size = 0
    error = ""
    try:
        for block in entry.get_blocks(BLOCK):
            parts.append(block)
            size += len(block)
            if size > bound:
                error = f"this member unpacks to more than {bound} bytes; it was cut"
                break
    except Exception:  # the binding's own error for damage and encryption alike
        error = ENCRYPTED
    counter.spend(size)
    return Member(str(entry.pathname), b"".join(parts)[:bound], error)
