"""The arithmetic of the custody chain: canonical bytes, digests and links. No database here.

An entry's content is hidden behind a salted digest and the digests are chained, so an entry can
be shown, kept back or erased without breaking the chain. The reason, which a person wrote, is a
salted digest within the content, so an entry can be shown without it. SHA-256 throughout;
docs/adr/0014-evidence.md says how a later algorithm takes over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ALGORITHM = "sha256"
FORMAT = "vigie-custody-1"
SALT_BYTES = 32


def canonical(value: object) -> bytes:
    """`value` as JSON that has one spelling only (a subset of RFC 8785): sorted ASCII keys, no
    white space, UTF-8, no numbers but whole ones. Raises TypeError or ValueError otherwise."""
    _check(value)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")


def genesis(log: str) -> bytes:
    """What stands before the first entry of the log with this id: 32 bytes."""
    return hashlib.sha256(f"{FORMAT}\n{log}".encode()).digest()


def reason_digest(reason: str, reason_salt: bytes) -> str:
    """What an entry's content says of its reason: 64 hex digits, "" where none was given."""
    return hashlib.sha256(reason_salt + reason.encode("utf-8")).hexdigest() if reason else ""


def content(
    *, seq: int, at: datetime, who: str, what: str, item: str, detail: Mapping[str, Any],
    reason_sha256: str,
) -> dict[str, Any]:  # fmt: skip
    """An entry's content as it is digested and exported."""
    return {
        "at": moment(at),
        "detail": dict(detail),
        "item": item,
        "reason_sha256": reason_sha256,
        "seq": seq,
        "what": what,
        "who": who,
    }


def digest(told: Mapping[str, Any], salt: bytes) -> bytes:
    """The salted digest of an entry's content: 32 bytes."""
    return hashlib.sha256(salt + canonical(dict(told))).digest()


def link(before: bytes, seq: int, entry_digest: bytes) -> bytes:
    """The chain's next link: 32 bytes over the link before, the number and the digest."""
    return hashlib.sha256(before + seq.to_bytes(8, "big") + entry_digest).digest()


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with six decimals: what the record keeps and the chain covers."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _check(value: object) -> None:
    if value is None or isinstance(value, (bool, int, str)):
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise TypeError("a key of canonical JSON is ASCII text")
            _check(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _check(inner)
    else:
        # Fractions have several spellings; who needs one writes it as text.
        raise TypeError(f"{type(value).__name__} has no canonical form")
