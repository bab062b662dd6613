"""From a leaked file to its fingerprint file.

Rows are read a chunk at a time; what they give (keys with row numbers, slots) is put aside on disk
(`matching.spill`), then sorted and written part by part (`matching.packing`).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.errors import LeakFileError
from matching.fields import FieldType
from matching.fingerprint_format import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SLOTS,
    TABLES,
    VERSION,
    Facts,
    record_words,
)
from matching.fingerprint_writer import FingerprintWriter
from matching.kernel import columns as columns_kernel
from matching.kernel import kinds as k
from matching.kernel import name_pairs, packing
from matching.kernel.entries import NAME_ROW, SEEN, Column, Entries, new_entries
from matching.kernel.tokens import new_scratch, new_tokens
from matching.keys import LeakKey
from matching.leak_file import Origin, Tally, find_origin, find_state, read_header, read_rows
from matching.normalise import words
from matching.normalise.fold import fold
from matching.packing import Rows, write_table
from matching.plan import CLASSES, Plan, plan_slots
from matching.schema import Schema
from matching.spill import Parts, Spill

CHUNK = 20_000  # rows read at a time
ENTRY_ROOM = 1_000_000
NAME_BITS = 1 << 23
PACKAGE = Path(__file__).resolve().parent
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Built:
    """What was made, for the one line the command prints."""

    rows: int
    broken: int
    broken_rows: tuple[int, ...]
    keys: int
    bytes: int
    seconds: float
    key_id: str


class Builder:
    """Collects the rows' slots and the tables' entries, then packs them."""

    def __init__(self, plan: Plan, keys: NDArray[np.uint64], spill: Spill) -> None:
        """Make room; nothing is read yet. `keys` are the sub-keys of the file to be made."""
        self.plan = plan
        self.keys = keys
        self.rows = Rows(plan, spill)
        self.filled = dict.fromkeys((str(kind) for kind in plan.types), 0)
        self.name_bits = np.zeros(NAME_BITS // 8, np.uint8)
        self.count = 0
        self._spill = spill
        self._parts = {name: Parts(spill) for name in TABLES}
        self._seen = np.zeros(SEEN, np.uint64)
        self._seen_count = np.zeros(1, np.int64)
        self._entries = new_entries(ENTRY_ROOM)
        self._tokens = new_tokens(3 * columns_kernel.CELL)
        self._scratch = new_scratch(words.table())
        self._window = np.zeros(8, np.uint64)
        self._recent = np.zeros(8, np.uint64)

    def add(self, rows: list[list[str]]) -> None:
        """Take the next rows; every row has one cell a column."""
        count = len(rows)
        slots = np.zeros((count, self.plan.width), np.uint32)
        sketch = np.zeros((count, k.SKETCH_BYTES), np.uint8)
        names = np.zeros((count, NAME_ROW), np.uint64)
        for at, cells in enumerate(zip(*rows, strict=True)):
            kind = self.plan.types[at]
            self.filled[str(kind)] += count - cells.count("")
            if kind in CLASSES:
                self._add_column(at, kind, cells, (slots, sketch, names))
        self._repeat(
            lambda done: name_pairs.pair_names(
                names[done:], self.count + done, count - done, ENTRY_ROOM, self._entries, self.keys
            ),
            count,
        )
        self.rows.add(slots, sketch)
        self.count += count

    def _add_column(
        self, at: int, kind: FieldType, cells: tuple[str, ...], into: tuple[Any, Any, Any]
    ) -> None:
        text = "\n".join(cells)
        if text.count("\n") != len(cells) - 1:
            text = "\n".join(" ".join(cell.splitlines()) for cell in cells)
        folded = fold(text.replace("\r", " "))
        ends = np.flatnonzero(folded.data[: folded.size] == ord("\n"))
        if len(ends) != len(cells) - 1:  # another line end than \n inside a cell
            folded = fold("\n".join(" ".join(cell.split()) for cell in cells))
            ends = np.flatnonzero(folded.data[: folded.size] == ord("\n"))
        bounds = np.concatenate(([0], ends + 1, [folded.size + 1])).astype(np.int64)
        class_, words_ = CLASSES[kind]
        self._make_room(len(cells) * max(1, words_))

        def read(done: int) -> int:
            slots, sketch, names = into
            column = Column(
                slots[done:], sketch[done:], names[done:], self._seen, self._seen_count,
                len(self._seen) - 1, self.name_bits, NAME_BITS - 1, self.plan.width,
                self.plan.first[at], words_, class_, self.count + done,
            )  # fmt: skip
            return int(
                columns_kernel.read_column(
                    folded.data,
                    bounds[done:],
                    self.count + done,
                    len(cells) - done,
                    ENTRY_ROOM,
                    self._tokens,
                    self._scratch,
                    column,
                    self._entries,
                    self._window,
                    self._recent,
                    self.keys,
                )
            )

        self._repeat(read, len(cells))

    def _make_room(self, words_met: int) -> None:
        """Let the set of words that were met take so many more, half of it staying free."""
        size = len(self._seen)
        while 2 * (int(self._seen_count[0]) + words_met) > size:
            size *= 4
        if size > len(self._seen):
            seen = np.zeros(size, np.uint64)
            packing.move_words(self._seen, seen)
            self._seen = seen

    def _repeat(self, work: Callable[[int], int], count: int) -> None:
        done = 0
        while done < count:
            done += work(done)
            if done < count:
                self._flush()

    def _flush(self) -> None:
        e: Entries = self._entries
        lists = (
            (e.exact_key, e.exact_value),
            (e.near_key, e.near_value),
            (e.word_key, e.word_value),
        )
        for at, (name, (key, value)) in enumerate(zip(TABLES, lists, strict=True)):
            self._parts[name].add(key[: e.held[at]], value[: e.held[at]])
        e.held[:] = 0

    def write(self, out: FingerprintWriter, progress: Progress) -> int:
        """Write every section; returns how many entries the tables have. The builder is used up."""
        self._flush()
        self._spill.ready()
        entries = 0
        for name in TABLES:
            told = partial(_tell, progress, f"sorting {name} keys")
            entries += write_table(out, name, self._parts[name], self.keys, self._spill, told)
        weights = self.rows.weights(partial(_tell, progress, "weighing values"))
        told = partial(_tell, progress, "enciphering the rows")
        out.section("rows", self.rows.records(self.keys, weights, told))
        out.section("name.bits", iter([self.name_bits]))
        return entries


def _tell(progress: Progress, what: str, done: int, total: int) -> None:
    progress(done, total, what)


def build(
    path: Path,
    key: LeakKey,
    output: Path,
    schema: Schema,
    *,
    name: str = "",
    progress: Progress = lambda _done, _all, _what: None,
) -> Built:
    """Fingerprint a leaked file; `progress` is told (done, in all, what goes on).

    The same file, schema, name and key give the same bytes. Raises LeakFileError when there is no
    data row or no column of a known type, SchemaError when the schema does not fit the file,
    OutputError when the output cannot be written; then what stood there stays.
    """
    began = time.monotonic()
    header = read_header(path, schema)
    plan = _plan(path, schema.types(header))
    progress(0, 1, "reading the file")
    origin = find_origin(path)
    salt = key.file_salt(_recipe(origin, schema))
    tally = Tally()
    with Spill(output) as spill, FingerprintWriter(output) as out:
        builder = Builder(plan, key.sub_keys(salt), spill)
        for chunk in _chunks(read_rows(path, schema, len(header), tally)):
            builder.add(chunk)
            progress(min(tally.bytes_read, origin.bytes), origin.bytes, "reading rows")
        _check_read(path, tally, origin)
        entries = builder.write(out, progress)
        facts = Facts(
            name=name or path.stem,
            key_id=key.id,
            salt=salt.hex(),
            rows=tally.rows,
            broken_rows=tally.broken,
            keys=entries,
            types=tuple(str(kind) for kind in plan.types),
            filled={kind: n for kind, n in builder.filled.items() if kind != FieldType.IGNORE},
            slot_column=plan.column,
            slot_role=plan.role,
            record_words=record_words(plan.width),
            source_bytes=origin.bytes,
        )
        progress(0, 1, "writing")
        size = out.finish(facts, key)
    return Built(
        tally.rows, tally.broken, tuple(tally.broken_rows), entries, size,
        time.monotonic() - began, key.id,
    )  # fmt: skip


def _plan(path: Path, types: list[FieldType]) -> Plan:
    if not any(kind in CLASSES for kind in types):
        raise LeakFileError(
            f"{path} has no column of a type that can be recognised again. "
            "Write a schema: `vigie leak inspect FILE > schema.toml`, mend it, pass it by --schema."
        )
    plan = plan_slots(types)
    if len(types) > MAX_COLUMNS or plan.width > MAX_SLOTS:
        raise LeakFileError(
            f"{path} has {len(types)} columns; at most {MAX_COLUMNS} can be fingerprinted, and "
            "fewer of names and addresses. Give columns the type ignore in a schema."
        )
    return plan


def _recipe(origin: Origin, schema: Schema) -> bytes:
    """What decides every hash and key stream of a file: the leaked bytes, how they are cut, and
    the program that reads them. Where one of these differs, so does the file's salt: no two files
    of different content share a key stream."""
    program = hashlib.blake2b(digest_size=32)
    for source in sorted(PACKAGE.rglob("*.py")):
        text = source.read_bytes()
        program.update(f"{source.relative_to(PACKAGE)} {len(text)} ".encode() + text)
    layout = hashlib.blake2b(schema.to_toml().encode("utf-8", "surrogatepass"), digest_size=32)
    return VERSION.to_bytes(4, "little") + origin.digest + layout.digest() + program.digest()


def _check_read(path: Path, tally: Tally, origin: Origin) -> None:
    if tally.rows == tally.broken:
        raise LeakFileError(
            f"{path} has no data row that can be read ({tally.broken} broken). "
            "Check delimiter and encoding with `vigie leak inspect`."
        )
    if tally.rows > MAX_ROWS:
        raise LeakFileError(f"{path} has {tally.rows} rows; at most {MAX_ROWS} can be numbered.")
    if find_state(path) != origin.state:
        raise LeakFileError(
            f"{path} was written to while it was read. Fingerprint a copy that nobody changes."
        )


def _chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
