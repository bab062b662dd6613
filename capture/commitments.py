"""Salted Merkle commitments: one record can be opened later without the others.

Root and leaves say nothing, for each leaf has 256 random bits of salt: a bare hash of a NIR or a
phone number could be found by trying them all. Salts and values (the openings) are sealed.
Domain separation as in RFC 9162, 2.1: a leaf begins with 0x00, a node with 0x01.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALGORITHM = "sha256"
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Commitment:
    """`public` goes into the record; `openings` hold values and must be sealed."""

    public: dict[str, Any]
    openings: dict[str, Any]


def commit(values: Sequence[Mapping[str, Any]]) -> Commitment:
    """Commit to values in their order; each is JSON without fractions. None gives an empty one."""
    if not values:
        return Commitment({}, {})
    salts = [secrets.token_bytes(SALT_BYTES) for _ in values]
    leaves = [leaf(value, salt) for value, salt in zip(values, salts, strict=True)]
    top = root(leaves).hex()
    openings = {
        "format": "vigie-openings-1",
        "algorithm": ALGORITHM,
        "root": top,
        "records": [
            {"root": top, "index": index, "salt": salt.hex(), "value": dict(value)}
            for index, (value, salt) in enumerate(zip(values, salts, strict=True))
        ],
    }
    public = {"algorithm": ALGORITHM, "root": top, "leaves": [one.hex() for one in leaves]}
    return Commitment(public, openings)


def leaf(value: Mapping[str, Any], salt: bytes) -> bytes:
    """The leaf of a value: 32 bytes."""
    text = json.dumps(dict(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(b"\0" + salt + text.encode("utf-8", "replace")).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves; of an odd number the last goes up alone. Raises ValueError for none."""
    if not leaves:
        raise ValueError("there is nothing to commit to")
    level = list(leaves)
    while len(level) > 1:
        level = [
            hashlib.sha256(b"\1" + level[at] + level[at + 1]).digest()
            if at + 1 < len(level)
            else level[at]
            for at in range(0, len(level), 2)
        ]
    return level[0]
