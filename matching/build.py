"""From a leaked file to its fingerprint file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching import fingerprint_file
from matching.errors import LeakFileError
from matching.fields import FieldType
from matching.fingerprint_file import Facts
from matching.kernel import columns as columns_kernel
from matching.kernel import kinds as k
from matching.kernel import name_pairs, packing
from matching.kernel.entries import NAME_ROW, SEEN, Column, Entries, new_entries
from matching.kernel.tokens import new_scratch, new_tokens
from matching.keys import LeakKey
from matching.leak_file import Tally, read_header, read_rows
from matching.normalise import words
from matching.normalise.fold import fold
from matching.schema import Schema
from matching.weights import weigh, worth_name

CHUNK = 20_000  # rows read at a time
ENTRY_ROOM = 1_000_000
NAME_BITS = 1 << 23
CAPS = {"exact": 48, "near": 128, "words": 64}
DOMAINS = {"exact": 0, "near": 1, "words": 2}

CLASSES: dict[FieldType, tuple[int, int]] = {  # class, word slots
    FieldType.NIR: (k.C_NIR, 0),
    FieldType.NAME: (k.C_FULL, 4),
    FieldType.SURNAME: (k.C_SURNAME, 3),
    FieldType.FIRST_NAME: (k.C_FIRST, 3),
    FieldType.FULL_NAME: (k.C_FULL, 4),
    FieldType.BIRTH_DATE: (k.C_BIRTH, 0),
    FieldType.PHONE: (k.C_PHONE, 0),
    FieldType.EMAIL: (k.C_EMAIL, 0),
    FieldType.STREET: (k.C_STREET, 3),
    FieldType.POSTCODE: (k.C_POSTCODE, 0),
    FieldType.CITY: (k.C_CITY, 2),
    FieldType.INSURER: (k.C_INSURER, 2),
    FieldType.INSURER_NUMBER: (k.C_INSURER_NUMBER, 0),
    FieldType.DOCTOR: (k.C_DOCTOR, 3),
    FieldType.LABORATORY: (k.C_LABORATORY, 3),
    FieldType.DATE: (k.C_DATE, 0),
    FieldType.PASSWORD: (k.C_PASSWORD, 0),
    FieldType.COMMENT: (k.C_COMMENT, 0),
}


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


@dataclass(frozen=True, slots=True)
class Plan:
    """Which column fills which slots."""

    types: tuple[FieldType, ...]
    first: tuple[int, ...]
    column: tuple[int, ...]
    role: tuple[int, ...]


def plan_slots(types: list[FieldType]) -> Plan:
    """Give every column its slots, by type."""
    first: list[int] = []
    column: list[int] = []
    role: list[int] = []
    for at, kind in enumerate(types):
        first.append(len(role))
        roles = _roles(kind)
        role += roles
        column += [at] * len(roles)
    if len(role) % 2:
        role.append(k.R_VALUE)
        column.append(len(types) - 1)
    return Plan(tuple(types), tuple(first), tuple(column), tuple(role))


def _roles(kind: FieldType) -> list[int]:
    if kind not in CLASSES:
        return []
    _, words_ = CLASSES[kind]
    if words_:
        house = [k.R_HOUSE] if kind is FieldType.STREET else []
        return [k.R_WORD] * words_ + [k.R_JOINED] + house
    if kind is FieldType.EMAIL:
        return [k.R_VALUE, k.R_LOCAL]
    if kind in (FieldType.PHONE, FieldType.BIRTH_DATE, FieldType.DATE):
        return [k.R_VALUE, k.R_VALUE]
    return [] if kind is FieldType.COMMENT else [k.R_VALUE]


class Builder:
    """Collects the rows' slots and the tables' entries, then packs them."""

    def __init__(self, plan: Plan, key: LeakKey) -> None:
        """Make room; nothing is read yet."""
        self.plan = plan
        self.keys: NDArray[np.uint64] = key.sub_keys()
        self.width = max(2, len(plan.role))
        self.slots: list[NDArray[np.uint32]] = []
        self.sketches: list[NDArray[np.uint8]] = []
        self.filled = dict.fromkeys((str(kind) for kind in plan.types), 0)
        self.name_bits = np.zeros(NAME_BITS // 8, np.uint8)
        self.rows = 0
        self._seen = np.zeros(SEEN, np.uint64)
        self._seen_count = np.zeros(1, np.int64)
        self._entries = new_entries(ENTRY_ROOM)
        self._lists: dict[str, list[tuple[Any, Any]]] = {name: [] for name in CAPS}
        self._tokens = new_tokens(3 * columns_kernel.CELL)
        self._scratch = new_scratch(words.table())
        self._window = np.zeros(8, np.uint64)
        self._recent = np.zeros(8, np.uint64)

    def add(self, rows: list[list[str]]) -> None:
        """Take the next rows; every row has one cell a column."""
        count = len(rows)
        slots = np.zeros((count, self.width), np.uint32)
        sketch = np.zeros((count, k.SKETCH_BYTES), np.uint8)
        names = np.zeros((count, NAME_ROW), np.uint64)
        for at, cells in enumerate(zip(*rows, strict=True)):
            kind = self.plan.types[at]
            self.filled[str(kind)] += count - cells.count("")
            if kind in CLASSES:
                self._add_column(at, kind, cells, (slots, sketch, names))
        self._repeat(
            lambda done: name_pairs.pair_names(
                names[done:], self.rows + done, count - done, ENTRY_ROOM, self._entries, self.keys
            ),
            count,
        )
        self.slots.append(slots)
        self.sketches.append(sketch)
        self.rows += count

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

        def read(done: int) -> int:
            slots, sketch, names = into
            column = Column(
                slots[done:], sketch[done:], names[done:], self._seen, self._seen_count,
                self.name_bits, NAME_BITS - 1, self.width, self.plan.first[at], words_, class_,
                self.rows + done,
            )  # fmt: skip
            return int(
                columns_kernel.read_column(
                    folded.data,
                    bounds[done:],
                    self.rows + done,
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

    def _repeat(self, work: Callable[[int], int], count: int) -> None:
        done = 0
        while done < count:
            done += work(done)
            if done < count:
                self._flush()

    def _flush(self) -> None:
        e: Entries = self._entries
        for at, (name, key, value) in enumerate(
            (
                ("exact", e.exact_key, e.exact_value),
                ("near", e.near_key, e.near_value),
                ("words", e.word_key, e.word_value),
            )
        ):
            self._lists[name].append((key[: e.held[at]].copy(), value[: e.held[at]].copy()))
        e.held[:] = 0

    def sections(self, step: Callable[[str], None]) -> dict[str, NDArray[Any]]:
        """All sections of the file; the builder is used up."""
        self._flush()
        made: dict[str, NDArray[Any]] = {"name.bits": self.name_bits}
        for name in CAPS:
            step(f"sorting {name} keys")
            made.update(self._table(name))
        step("enciphering the rows")
        made["rows"] = self._records()
        return made

    def _table(self, name: str) -> dict[str, NDArray[Any]]:
        keys = np.concatenate([key for key, _ in self._lists[name]])
        values = np.concatenate([value for _, value in self._lists.pop(name)])
        width = int(np.clip(np.ceil(np.log2(max(2, len(keys)))), 10, 26))
        starts = np.zeros((1 << width) + 1, np.uint32)
        checks = np.empty(len(keys), np.uint32)
        ordered = np.empty(len(keys), np.uint32)
        packing.sort_entries(keys, values, 64 - width, starts, checks, ordered)
        stay = packing.squeeze(starts, checks, ordered, CAPS[name])
        made: dict[str, NDArray[Any]] = {}
        if name == "exact":
            size = int(np.clip(np.ceil(np.log2(max(2, len(keys)) * 12)), 13, 34))
            bits = np.zeros((1 << size) // 8, np.uint8)
            packing.fill_bits(keys, bits)
            made["exact.bits"] = bits
        ordered = ordered[:stay].copy()
        packing.encipher_values(ordered, DOMAINS[name], self.keys)
        made |= {f"{name}.starts": starts, f"{name}.checks": checks[:stay].copy()}
        made[f"{name}.values"] = ordered
        return made

    def _records(self) -> NDArray[np.uint64]:
        slots = np.concatenate(self.slots)
        self.slots.clear()
        weights = np.zeros(slots.shape, np.uint8)
        for at, kind in enumerate(self.plan.types):
            for role in set(_roles(kind)):
                wanted = [
                    slot
                    for slot, (column, role_) in enumerate(
                        zip(self.plan.column, self.plan.role, strict=True)
                    )
                    if column == at and role_ == role
                ]
                weights[:, wanted] = weigh(slots[:, wanted], worth_name(kind, role))
        body = self.width * 5
        size = body + -body % 8 + k.SKETCH_BYTES
        records = np.zeros((self.rows, size), np.uint8)
        records[:, : self.width * 4] = slots.view(np.uint8).reshape(self.rows, -1)
        records[:, self.width * 4 : body] = weights
        records[:, size - k.SKETCH_BYTES :] = np.concatenate(self.sketches)
        whole = records.view(np.uint64)
        packing.encipher_rows(whole, 0, self.keys)
        return whole


def build(
    path: Path,
    key: LeakKey,
    output: Path,
    schema: Schema,
    *,
    name: str = "",
    progress: Callable[[int, int, str], None] = lambda _done, _all, _what: None,
) -> Built:
    """Fingerprint a leaked file; `progress` is told (bytes done, bytes in all, what goes on).

    Raises LeakFileError when there is no data row or no column of a known type, SchemaError when
    the schema does not fit the file.
    """
    began = time.monotonic()
    header = read_header(path, schema)
    types = schema.types(header)
    if not any(kind in CLASSES for kind in types):
        raise LeakFileError(
            f"{path} has no column of a type that can be recognised again. "
            "Write a schema: `vigie leak inspect FILE > schema.toml`, mend it, pass it by --schema."
        )
    if len(types) > 64:
        raise LeakFileError(f"{path} has {len(types)} columns; at most 64 can be fingerprinted.")
    builder = Builder(plan_slots(types), key)
    tally = Tally()
    total = path.stat().st_size
    rows = read_rows(path, schema, len(header), tally)
    read = 0
    for chunk in _chunks(rows):
        builder.add(chunk)
        # Characters and delimiters come near enough to the bytes read.
        read += sum(len(cell) for row in chunk for cell in row) + len(chunk) * (len(header) + 1)
        progress(min(read, total), total, "reading rows")
    if tally.rows == tally.broken:
        raise LeakFileError(
            f"{path} has no data row that can be read ({tally.broken} broken). "
            "Check delimiter and encoding with `vigie leak inspect`."
        )
    sections = builder.sections(lambda what: progress(total, total, what))
    counted = {kind: n for kind, n in builder.filled.items() if kind != FieldType.IGNORE}
    keys = sum(len(sections[f"{table}.values"]) for table in CAPS)
    facts = Facts(
        name=name or path.stem,
        key_id=key.id,
        rows=tally.rows,
        broken_rows=tally.broken,
        keys=keys,
        types=tuple(str(kind) for kind in types),
        filled=counted,
        slot_column=builder.plan.column,
        slot_role=builder.plan.role,
        record_words=sections["rows"].shape[1],
        source_bytes=total,
    )
    progress(total, total, "writing")
    size = fingerprint_file.write(output, facts, sections)
    return Built(
        tally.rows, tally.broken, tuple(tally.broken_rows), keys, size,
        time.monotonic() - began, key.id,
    )  # fmt: skip


def _chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
