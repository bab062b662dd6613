"""The fingerprint file (`*.vfp`): layout, writing at once, opening, checking.

Layout, little-endian: 8 bytes magic, u32 version, u32 header length, 16 bytes BLAKE2b of the
header, the header (JSON), then sections, each on a 4096-byte boundary. The header names every
section with its offset, length and the BLAKE2b-128 of each 256-KiB block, so that header and
structure are checked at open and a block before its first use. The same input and key give
the same bytes: no time, no path, no random part.

What it holds: keyed hashes, enciphered row numbers and row records, weights, counts and the
types of the columns by position. Never a value, and no header name of the leaked file (where a
header was guessed wrongly, that would be a person's row).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from matching.errors import DamagedFileError, WrongKeyError

MAGIC = b"VIGIEFP\x00"
VERSION = 3
PREFIX = struct.Struct("<8sII16s")
BLOCK = 1 << 18
PAGE = 4096
MAX_HEADER = 64 * 1024 * 1024
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


@dataclass(frozen=True, slots=True)
class Facts:
    """What the header says besides the sections. `types` are the columns' types by position."""

    name: str
    key_id: str
    rows: int
    broken_rows: int
    keys: int
    types: tuple[str, ...]
    filled: dict[str, int]
    slot_column: tuple[int, ...]
    slot_role: tuple[int, ...]
    record_words: int
    source_bytes: int
    extra: dict[str, int] = field(default_factory=dict)


def _digest(block: bytes | memoryview) -> str:
    return hashlib.blake2b(block, digest_size=16).hexdigest()


def _bytes_of(section: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(section).data.cast("B")


def write(path: Path, facts: Facts, sections: Mapping[str, NDArray[Any]]) -> int:
    """Write the file whole or not at all; returns its size in bytes."""
    listed: dict[str, dict[str, Any]] = {}
    offset = 0
    for name in SECTIONS:
        data = _bytes_of(sections[name])
        blocks = [_digest(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]
        listed[name] = {"offset": offset, "bytes": len(data), "blocks": blocks}
        offset += -(-len(data) // PAGE) * PAGE
    header = json.dumps(
        {"facts": asdict(facts), "sections": listed}, separators=(",", ":"), sort_keys=True
    ).encode()
    prefix = PREFIX.pack(MAGIC, VERSION, len(header), bytes.fromhex(_digest(header)))
    start = -(-(len(prefix) + len(header)) // PAGE) * PAGE
    folder = path.resolve().parent
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(prefix + header)
            file.write(b"\0" * (start - file.tell()))
            for name in SECTIONS:
                file.write(_bytes_of(sections[name]))
                file.write(b"\0" * (-file.tell() % PAGE))
            file.flush()
            os.fchmod(file.fileno(), 0o600)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        _sync_folder(folder)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path.stat().st_size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class FingerprintFile:
    """An open fingerprint file. Blocks are checked by `check`; the kernels say which."""

    def __init__(self, path: Path) -> None:
        """Map the file and check header and structure; raises DamagedFileError."""
        self.path = path
        try:
            with path.open("rb") as file:
                self.facts, self._sections, self._start = self._open(file)
        except FileNotFoundError:
            raise DamagedFileError(
                f"There is no fingerprint file at {path}. `vigie leak fingerprint` makes one."
            ) from None
        except OSError as error:
            raise DamagedFileError(f"{path} cannot be read: {error.strerror}.") from None
        self.ok = {
            name: np.zeros(len(section["blocks"]) + 2, np.uint8)
            for name, section in self._sections.items()
        }
        self._arrays = {name: self._view(name) for name in SECTIONS}

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._size

    def close(self) -> None:
        """Let go of the file; it is unmapped when the last array handed out is gone."""
        self._arrays.clear()

    def _bad(self, what: str) -> DamagedFileError:
        return DamagedFileError(
            f"{self.path} {what}. Make it again with `vigie leak fingerprint`, or restore a copy."
        )

    def _open(self, file: BinaryIO) -> tuple[Facts, dict[str, Any], int]:
        self._size = os.fstat(file.fileno()).st_size
        prefix = file.read(PREFIX.size)
        if len(prefix) < PREFIX.size or prefix[:8] != MAGIC:
            raise self._bad("is no fingerprint file")
        _, version, length, digest = PREFIX.unpack(prefix)
        if version != VERSION:
            raise self._bad(
                f"is a fingerprint file of version {version}, or damaged; "
                f"this program reads version {VERSION}"
            )
        if length > MAX_HEADER or PREFIX.size + length > self._size:
            raise self._bad("is damaged: its header is cut")
        header = file.read(length)
        if bytes.fromhex(_digest(header)) != digest:
            raise self._bad("is damaged: its header does not match its checksum")
        data = json.loads(header)
        told: Any = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data["facts"].items()
        }
        facts = Facts(**told)
        start = -(-(PREFIX.size + length) // PAGE) * PAGE
        for name in SECTIONS:
            section = data["sections"][name]
            if start + section["offset"] + section["bytes"] > self._size:
                raise self._bad("is damaged: it is shorter than its header says")
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._map.madvise(mmap.MADV_RANDOM)
        return facts, data["sections"], start

    def _view(self, name: str) -> NDArray[Any]:
        section = self._sections[name]
        item: np.dtype[Any] = ITEM.get(name, np.dtype("<u4"))
        count = section["bytes"] // item.itemsize
        if count == 0:
            return np.zeros(0, item)
        return np.frombuffer(self._map, item, count, self._start + section["offset"])

    def array(self, name: str) -> NDArray[Any]:
        """One section as an array over the map; its blocks are not checked yet."""
        return self._arrays[name]

    def check(self, name: str, block: int) -> None:
        """Check one block against its hash and mark it; raises DamagedFileError."""
        section = self._sections[name]
        if block < len(section["blocks"]):
            at = self._start + section["offset"] + block * BLOCK
            end = min(at + BLOCK, self._start + section["offset"] + section["bytes"])
            with memoryview(self._map) as whole:
                found = _digest(whole[at:end])
            if found != section["blocks"][block]:
                raise self._bad(f"is damaged: block {block} of {name} does not match its checksum")
        self.ok[name][block] = 1

    def check_all(self, name: str) -> None:
        """Check every block of a section."""
        for block in range(len(self._sections[name]["blocks"])):
            self.check(name, block)

    def require_key(self, key_id: str, key_file: Path) -> None:
        """Raise WrongKeyError unless the file was made with this key."""
        if self.facts.key_id != key_id:
            raise WrongKeyError(
                f"The key in {key_file} does not belong to {self.path} (the file was made with key "
                f"{self.facts.key_id}, this is key {key_id}). Name the key it was made with."
            )
