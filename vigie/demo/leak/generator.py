"""A leak of invented people, the same bytes for the same number of rows and seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vigie.demo.leak.population import draw_population
from vigie.demo.leak.row import DELIMITER, ENCODING, HEADER, LINE_END, LeakRow
from vigie.demo.leak.writing import Writer

ROWS = 491_000
SEED = 2021


@dataclass(frozen=True, slots=True)
class LeakFacts:
    """What was written: `bytes` and `sha256` of the file, and its form."""

    path: Path
    rows: int
    bytes: int
    sha256: str
    encoding: str = ENCODING
    delimiter: str = DELIMITER
    header: tuple[str, ...] = HEADER


def generate(
    path: Path,
    rows: int = ROWS,
    seed: int = SEED,
    progress: Callable[[int], None] | None = None,
) -> LeakFacts:
    """Write a synthetic leak to `path`, mode 0600, over what stood there.

    `progress` is called with the number of rows written so far. The file appears under its
    name only when it is whole.
    """
    if rows < 0:
        raise ValueError("a leak has 0 rows or more")
    random = np.random.Generator(np.random.PCG64(seed))
    writer = Writer(random, draw_population(random, rows))
    digest = hashlib.sha256()
    written, size = 0, 0
    half = path.with_name(path.name + ".part")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    with half.open("wb") as file:
        size += _put(file.write, digest.update, DELIMITER.join(HEADER) + LINE_END)
        for count, text in writer.blocks():
            size += _put(file.write, digest.update, text)
            written += count
            if progress is not None:
                progress(written)
    half.replace(path)
    return LeakFacts(path, written, size, digest.hexdigest())


def invent_rows(rows: int, seed: int) -> list[LeakRow]:
    """People as `generate` writes them, without a file."""
    random = np.random.Generator(np.random.PCG64(seed))
    writer = Writer(random, draw_population(random, rows))
    return [
        LeakRow.from_line(line)
        for _, text in writer.blocks()
        for line in text.removesuffix(LINE_END).split(LINE_END)
    ]


def _put(write: Callable[[bytes], object], digest: Callable[[bytes], object], text: str) -> int:
    block = text.encode(ENCODING)
    write(block)
    digest(block)
    return len(block)
