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
