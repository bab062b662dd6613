"""An open fingerprint file: header and structure checked at once, blocks before their first use.

What it holds: keyed hashes, enciphered row numbers and row records, weights, counts and the
types of the columns by position. Never a value, and no header name of the leaked file (where a
header was guessed wrongly, that would be a person's row). See docs/fingerprint-file.md.
"""

from __future__ import annotations

import json
import mmap
import os
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from matching import fingerprint_format as layout
from matching.errors import DamagedFileError, WrongKeyError
from matching.fields import FieldType
from matching.fingerprint_format import BLOCK, PAGE, SECTIONS, TABLES, Facts
from matching.keys import LeakKey

TYPES = frozenset(map(str, FieldType))


class FingerprintFile:
    """An open fingerprint file. Blocks are checked by `check`; the kernels say which."""

    def __init__(self, path: Path) -> None:
        """Map the file and check header and structure; raises DamagedFileError.

        Anybody can make a header with a right checksum: only `unlock` shows that the file is what
        a holder of the key made.
        """
        self.path = path
        try:
            with path.open("rb") as file:
                self._open(file)
        except FileNotFoundError:
            raise DamagedFileError(
                f"There is no fingerprint file at {path}. `vigie leak fingerprint` makes one."
            ) from None
        except OSError as error:
            raise DamagedFileError(f"{path} cannot be read: {error.strerror}.") from None
        self.ok = {
            name: np.zeros(layout.blocks(size) + 2, np.uint8)
            for name, (_, size) in self._places.items()
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

    def _open(self, file: BinaryIO) -> None:
        self._size = os.fstat(file.fileno()).st_size
        page = file.read(PAGE)
        if page[:8] != layout.MAGIC:
            raise self._bad("is no fingerprint file")
        if len(page) < PAGE:
            raise self._bad("is damaged: it is shorter than its header says")
        self._front = page[: layout.FRONT.size]
        _, version, text_bytes, blocks, offset = layout.FRONT.unpack(self._front)
        if version != layout.VERSION:
            raise self._bad(
                f"is a fingerprint file of version {version}, or damaged; "
                f"this program reads version {layout.VERSION}"
            )
        length = text_bytes + layout.DIGEST * blocks
        if offset + length != self._size or text_bytes > layout.MAX_JSON:
            raise self._bad("is damaged: it is shorter or longer than its header says")
        file.seek(offset)
        self._header = file.read(length)
        self._seal = page[layout.PREFIX - 32 : layout.PREFIX]
        checksum = page[layout.FRONT.size : layout.PREFIX - 32]
        if layout.checksum(self._front, self._seal, self._header) != checksum:
            raise self._bad("is damaged: its header does not match its checksum")
        if any(page[layout.PREFIX :]):
            raise self._bad("is damaged: its first page is not empty where it must be")
        try:
            self._read_header(self._header[:text_bytes], blocks, offset)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            # Its checksum is right, so it was made like this.
            raise self._bad(
                "was not made by this program: its header says what cannot be"
            ) from None
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._map.madvise(mmap.MADV_RANDOM)

    def _read_header(self, untrusted_text: bytes, blocks: int, end: int) -> None:
        """Take facts and places; raises ValueError, KeyError or TypeError where they cannot be."""
        told: Any = json.loads(untrusted_text)
        facts: Any = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in told["facts"].items()
        }
        self.facts = Facts(**facts)
        self._places = {
            name: (_number(at), _number(size)) for name, (at, size) in told["sections"].items()
        }
        if set(self._places) != set(SECTIONS):
            raise ValueError("sections")
        here = PAGE
        for at, size in sorted(self._places.values()):
            if at != here:
                raise ValueError("places")
            here += layout.padded(size)
        self._first_block: dict[str, int] = {}
        count = 0
        for name in SECTIONS:
            self._first_block[name] = count
            count += layout.blocks(self._places[name][1])
        if here != end or count != blocks:
            raise ValueError("blocks")
        self._digests = len(self._header) - layout.DIGEST * blocks  # where they begin
        _check_facts(self.facts)
        self._check_sizes()

    def _check_sizes(self) -> None:
        """Every size that a kernel relies on."""
        size = {name: bytes_ for name, (_, bytes_) in self._places.items()}
        for table in TABLES:
            starts = size[f"{table}.starts"] // 4 - 1
            if not _power(starts) or starts < 2 or size[f"{table}.starts"] % 4:
                raise ValueError("starts")
            if size[f"{table}.checks"] != size[f"{table}.values"] or size[f"{table}.checks"] % 4:
                raise ValueError("entries")
        if size["rows"] != self.facts.rows * self.facts.record_words * 8:
            raise ValueError("rows")
        # The filter of the exact table is read in words.
        if (
            not _power(size["exact.bits"])
            or size["exact.bits"] < 8
            or not _power(size["name.bits"])
        ):
            raise ValueError("bits")

    def _view(self, name: str) -> NDArray[Any]:
        at, size = self._places[name]
        item = layout.ITEM.get(name, layout.WORD)
        if size == 0:
            return np.zeros(0, item)
        return np.frombuffer(self._map, item, size // item.itemsize, at)

    def array(self, name: str) -> NDArray[Any]:
        """One section as an array over the map; its blocks are not checked yet."""
        return self._arrays[name]

    def check(self, name: str, block: int) -> None:
        """Check one block against its hash and mark it; raises DamagedFileError."""
        at, size = self._places[name]
        if block < layout.blocks(size):
            first = at + block * BLOCK
            end = min(first + BLOCK, at + layout.padded(size))
            # The map is read at random, page by page; a block not yet in memory comes at once.
            self._map.madvise(mmap.MADV_WILLNEED, first, end - first)
            with memoryview(self._map) as whole:
                found = layout.digest(whole[first:end])
            number = self._first_block[name] + block
            place = self._digests + number * layout.DIGEST
            if found != self._header[place : place + layout.DIGEST]:
                raise self._bad(f"is damaged: block {block} of {name} does not match its checksum")
        self.ok[name][block] = 1

    def check_all(self, *names: str) -> None:
        """Check every block of some sections, of all when none is named."""
        for name in names or SECTIONS:
            for block in range(layout.blocks(self._places[name][1])):
                self.check(name, block)

    def unlock(self, key: LeakKey, key_file: Path) -> NDArray[np.uint64]:
        """The sub-keys of this file; raises WrongKeyError unless it was made with this key, and
        DamagedFileError when somebody without the key made or altered it."""
        if self.facts.key_id != key.id:
            raise WrongKeyError(
                f"The key in {key_file} does not belong to {self.path} (the file was made with key "
                f"{self.facts.key_id}, this is key {key.id}). Name the key it was made with."
            )
        salt = bytes.fromhex(self.facts.salt)
        if key.seal(salt, self._front, self._header) != self._seal:
            raise self._bad("was made or altered by somebody who does not hold its key")
        found: NDArray[np.uint64] = key.sub_keys(salt)
        return found


def _number(told: Any) -> int:
    if type(told) is not int or not 0 <= told < 1 << 62:
        raise ValueError("number")
    return told


def _power(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _check_facts(facts: Facts) -> None:
    """Raise ValueError or TypeError for facts that no build makes."""
    for number in (facts.rows, facts.broken_rows, facts.keys, facts.source_bytes):
        _number(number)
    texts = (facts.name, facts.key_id, facts.salt)
    lists = (facts.types, facts.slot_column, facts.slot_role)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("text")
    if not all(isinstance(each, tuple) for each in lists) or not isinstance(facts.filled, dict):
        raise TypeError("list")
    if not re.fullmatch("[0-9a-f]{64}", facts.salt) or not re.fullmatch(
        "[0-9a-f]{16}", facts.key_id
    ):
        raise ValueError("key")
    slots, columns = len(facts.slot_column), len(facts.types)
    if not 0 < facts.rows <= layout.MAX_ROWS or not 0 < columns <= layout.MAX_COLUMNS:
        raise ValueError("shape")
    if not 0 < slots <= layout.MAX_SLOTS or slots % 2 or len(facts.slot_role) != slots:
        raise ValueError("slots")
    if not all(0 <= _number(column) < columns for column in facts.slot_column):
        raise ValueError("columns")
    if not all(0 <= _number(role) < layout.ROLES for role in facts.slot_role):
        raise ValueError("roles")
    if not TYPES.issuperset(facts.types) or not TYPES.issuperset(facts.filled):
        raise ValueError("types")
    for number in facts.filled.values():
        _number(number)
    if facts.record_words != layout.record_words(slots):
        raise ValueError("record")
