"""The layout of a fingerprint file (`*.vfp`), for writer and reader; docs/fingerprint-file.md.

Little-endian. The first page holds the prefix: magic, version, sizes of the header, its checksum,
its seal; the rest of the page is zero. Sections follow, each from a page's beginning, padded with
zeros to the next. The header ends the file: facts and places of the sections as JSON, then half the
SHA-256 of every 64-KiB block of every section, padding included. No byte is unused.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.table import BLOCK_SHIFT

MAGIC = b"VIGIEFP\x00"
VERSION = 10
PAGE = 4096
BLOCK = 1 << BLOCK_SHIFT
DIGEST = 16
FRONT = struct.Struct("<8sIIQQ")  # magic, version, bytes of JSON, blocks, header's offset
PREFIX = FRONT.size + 64  # then checksum and seal, 32 bytes each
MAX_JSON = 1024 * 1024
MAX_SLOTS = 256
ROLES = k.R_HOUSE + 1
MAX_COLUMNS = 64
MAX_ROWS = (1 << 32) - 1
TABLES = ("exact", "near", "words")
DOMAINS = {name: number for number, name in enumerate(TABLES)}
SECTIONS = (
    "exact.starts", "exact.checks", "exact.values",
    "near.starts", "near.checks", "near.values",
    "words.starts", "words.checks", "words.values",
    "rows", "exact.bits", "name.bits",
)  # fmt: skip
ITEM: dict[str, np.dtype[Any]] = {
    "rows": np.dtype("<u8"),
    "exact.bits": np.dtype("u1"),
    "name.bits": np.dtype("u1"),
}
WORD = np.dtype("<u4")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the header says besides the sections. `types` are the columns' types by position."""

    name: str
    key_id: str
    salt: str
    rows: int
    broken_rows: int
    keys: int
    types: tuple[str, ...]
    filled: dict[str, int]
    slot_column: tuple[int, ...]
    slot_role: tuple[int, ...]
    record_words: int
    source_bytes: int


def record_words(slots: int) -> int:
    """uint64 words of a row record: a uint32 and a weight a slot, then the sketch."""
    return (slots * 5 + 7) // 8 + k.SKETCH_BYTES // 8


def padded(size: int) -> int:
    """`size` rounded up to whole pages."""
    return -(-size // PAGE) * PAGE


def blocks(size: int) -> int:
    """How many blocks a section of `size` bytes has, its padding included."""
    return -(-padded(size) // BLOCK)


def digest(block: bytes | memoryview) -> bytes:
    """The checksum of one block: processors have instructions for SHA-256, and a scan of one text
    checks hundreds of blocks first."""
    return hashlib.sha256(block).digest()[:DIGEST]


def checksum(front: bytes, seal: bytes, header: bytes) -> bytes:
    """The checksum of prefix and header; it needs no key, and proves nothing against malice."""
    return hashlib.blake2b(front + seal + header, digest_size=32).digest()
