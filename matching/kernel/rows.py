"""The row records of a leak: enciphered word by word, opened one at a time, some of them kept."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.siphash import siphash_here, siphash_number
from matching.kernel.table import BLOCK_SHIFT, need
from native.jit import inlined, inner, kernel, pointer
from native.vector import prefetch

u64 = np.uint64
i64 = np.int64

KEPT = 128  # records opened lately
ROWS_SECTION = 9
LINE = 8  # words of a line of the cache


class Rows(NamedTuple):
    """The row records and how to read them, and those opened lately: `kept` holds their records by
    the low bits of the row's number, `kept_row` that number plus one, or 0."""

    words: NDArray[np.uint64]
    ok: NDArray[np.uint8]
    n_rows: Any
    width: Any
    slots: Any
    slot_column: NDArray[np.int64]
    slot_role: NDArray[np.int64]
    column_class: NDArray[np.int64]
    columns: Any
    kept_row: NDArray[np.int64]
    kept: NDArray[np.uint64]


@inlined
def row_pointers(r):
    """The same struct over pointers."""
    return Rows(
        pointer(r.words),
        pointer(r.ok),
        r.n_rows,
        r.width,
        r.slots,
        pointer(r.slot_column),
        pointer(r.slot_role),
        pointer(r.column_class),
        r.columns,
        pointer(r.kept_row),
        pointer(r.kept),
    )


@inlined
def row_stream(row, word, keys):
    """The 64 bits that encipher one word of a row record."""
    return siphash_number((u64(row) << u64(10)) | u64(word), keys[2 * k.ROWS], keys[2 * k.ROWS + 1])


@inner
def open_row(rows, row, record, keys, missing):
    """Decipher the record of a row into `record`; False when there is none to be had yet."""
    if row < 0 or row >= rows.n_rows:
        return False
    seat = row & (KEPT - 1)
    kept = seat * rows.width
    if rows.kept_row[seat] == row + 1:
        for w in range(rows.width):
            record[w] = rows.kept[kept + w]
        return True
    first = (row * rows.width * 8) >> BLOCK_SHIFT
    last = ((row + 1) * rows.width * 8 - 1) >> BLOCK_SHIFT
    for block in range(first, last + 1):
        if not rows.ok[block]:
            need(missing, ROWS_SECTION, block)
            return False
    base = row * rows.width
    k0, k1 = keys[2 * k.ROWS], keys[2 * k.ROWS + 1]
    high = u64(row) << u64(10)
    for w in range(rows.width):
        record[w] = rows.words[base + w] ^ siphash_here(high | u64(w), k0, k1)
    for w in range(rows.width):
        rows.kept[kept + w] = record[w]
    rows.kept_row[seat] = row + 1
    return True


@inner
def warm_rows(hits, n_hits, rows):
    """Ask the memory for the records of the rows that hits point to: the misses of all overlap."""
    for h in range(n_hits):
        row = hits.row[h]
        if not hits.wide[h] and 0 <= row < rows.n_rows:
            for w in range(0, rows.width, LINE):
                prefetch(rows.words, row * rows.width + w)


@inner
def ask_rows(hits, n_hits, rows, missing):
    """Ask for all unchecked blocks of the rows that hits point to, at once."""
    size = rows.width * 8
    for h in range(n_hits):
        row = hits.row[h]
        if hits.wide[h] or row < 0 or row >= rows.n_rows:
            continue
        for block in range(
            (row * size) >> BLOCK_SHIFT, (((row + 1) * size - 1) >> BLOCK_SHIFT) + 1
        ):
            if not rows.ok[block]:
                need(missing, ROWS_SECTION, block)


@kernel
def decipher_row(words, row, keys, record):
    """Put the record of one row, deciphered, into `record` (uint64); its blocks must be checked
    already."""
    keys_ = pointer(keys)
    for w in range(words.shape[1]):
        record[w] = words[row, w] ^ row_stream(row, w, keys_)


def record_slots(
    words: NDArray[np.uint64], row: int, slots: int, keys: NDArray[np.uint64]
) -> NDArray[np.uint32]:
    """The first slots (uint32) of one row's record, deciphered; its blocks must be checked
    already."""
    record = np.empty(words.shape[1], np.uint64)
    decipher_row(words, row, keys, record)
    return record.view(np.uint32)[:slots]
