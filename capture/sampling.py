"""A sample of a long body in place of the whole: few blocks, each provable against one root.

The bytes received are cut into blocks of 64 KiB and hashed as a Merkle tree (capture.commitments:
leaf 0x00, node 0x01, an odd one goes up alone). Kept are the first block and those in which the
named values stand. Whoever has the whole file later can compute the same root; whoever has a
block alone can prove that it was part of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from capture.commitments import root

BLOCK = 64 * 1024
RECORDS = 20
FORMAT = "vigie-sample-1"


@dataclass(frozen=True, slots=True)
class Sample:
    """`first` is the first block; `members` are the kept blocks and `blocks.json`, by name;
    `facts` say what was left out."""

    first: bytes = field(repr=False)
    members: Mapping[str, bytes] = field(repr=False)
    facts: Mapping[str, Any]


def sample(body: bytes, records: Sequence[Sequence[str]], charset: str = "") -> Sample:
    """Of `records`, the values of each as they stood in the text; the first 20 records count. A
    value that stands encoded in the body is not found there, and its block is not kept."""
    blocks = [body[at : at + BLOCK] for at in range(0, len(body), BLOCK)] or [b""]
    kept = {0}
    for values in records[:RECORDS]:
        kept |= _blocks_of(body, values, charset)
    leaves = [_leaf(block) for block in blocks]
    told: dict[str, Any] = {
        "format": FORMAT, "algorithm": "sha256", "block_bytes": BLOCK, "blocks": len(blocks),
        "bytes": len(body), "root": root(leaves).hex(),
        "kept": [
            {"index": index, "proof": [one.hex() for one in _proof(leaves, index)]}
            for index in sorted(kept)
        ],
    }  # fmt: skip
    members = {f"block-{index:06d}": blocks[index] for index in sorted(kept)}
    members["blocks.json"] = json.dumps(told, sort_keys=True, indent=1).encode()
    facts = {"kept": "sample", "blocks": len(blocks), "blocks_kept": sorted(kept),
             "merkle_root": told["root"]}  # fmt: skip
    return Sample(blocks[0], members, facts)


def proves(block: bytes, index: int, proof: Sequence[str], told: Mapping[str, Any]) -> bool:
    """Whether this block stood at `index` in the body that `told` (blocks.json) describes."""
    here, count, siblings = _leaf(block), int(told["blocks"]), list(proof)
    if not 0 <= index < count:
        return False
    while count > 1:
        if index % 2 or index + 1 < count:
            if not siblings:
                return False
            other = bytes.fromhex(siblings.pop(0))
            here = _node(other, here) if index % 2 else _node(here, other)
        index, count = index // 2, (count + 1) // 2
    return not siblings and here.hex() == told["root"]


def _proof(leaves: Sequence[bytes], index: int) -> Iterable[bytes]:
    level = list(leaves)
    while len(level) > 1:
        other = index ^ 1
        if other < len(level):
            yield level[other]
        level = [
            _node(level[at], level[at + 1]) if at + 1 < len(level) else level[at]
            for at in range(0, len(level), 2)
        ]
        index //= 2


def _blocks_of(body: bytes, values: Sequence[str], charset: str) -> set[int]:
    found: set[int] = set()
    for value in values:
        for name in dict.fromkeys((charset or "utf-8", "utf-8", "latin-1")):
            try:
                wanted = value.encode(name)
            except (UnicodeEncodeError, LookupError):
                continue
            # A short value stands anywhere; it would keep a block that shows nothing.
            at = body.find(wanted) if len(wanted) >= 5 else -1
            if at >= 0:
                found |= {at // BLOCK, (at + len(wanted) - 1) // BLOCK}
                break
    return found


def _leaf(block: bytes) -> bytes:
    return hashlib.sha256(b"\0" + block).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
