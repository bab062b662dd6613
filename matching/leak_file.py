"""Reading a leaked file row by row: mixed encodings, stray quotes and broken rows included."""

from __future__ import annotations

import codecs
import csv
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from matching.errors import LeakFileError
from matching.schema import Schema

MAX_FIELD = 1 << 20
MAX_LINE = 4 << 20  # characters; a longer line is one broken row
LISTED = 1000  # broken rows listed by number; all are counted
FALLBACK = "vigie-cp1252"


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are no valid UTF-8 as Windows-1252, as files pasted together hold them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    untrusted_bytes = error.object[error.start : error.end]
    return untrusted_bytes.decode("cp1252", "replace").replace("\ufffd", " "), error.end


codecs.register_error(FALLBACK, _as_cp1252)


@dataclass(slots=True)
class Tally:
    """What was met while reading: numbers only. Row numbers count data rows from 0; `bytes_read`
    is where the file has been read to, now and then."""

    rows: int = 0
    broken: int = 0
    broken_rows: list[int] = field(default_factory=list)
    bytes_read: int = 0


def refuse_streams(path: Path) -> None:
    """Raise LeakFileError for a pipe, socket or device, for which opening may wait for ever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise LeakFileError(
            f"{path} is no file but a pipe or device. A leaked file is read several times: save "
            "it, and name that file."
        )


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as text; a byte order mark is skipped, bytes of another encoding are kept legible.

    Raises LeakFileError when the file is missing or cannot be read.
    """
    refuse_streams(path)
    name = codecs.lookup(encoding).name
    errors = FALLBACK if name in ("utf-8", "utf-8-sig") else "replace"
    try:
        return path.open(
            encoding="utf-8-sig" if name == "utf-8" else encoding, errors=errors, newline=""
        )
    except FileNotFoundError:
        raise LeakFileError(f"There is no file at {path}.") from None
    except OSError as error:
        raise LeakFileError(f"{path} cannot be read: {error.strerror}.") from None


@dataclass(frozen=True, slots=True)
class Origin:
    """Which bytes a file held: its digest, and what tells that it was written to since."""

    digest: bytes
    bytes: int
    state: tuple[int, int, int]


def find_origin(path: Path) -> Origin:
    """Digest a whole file; raises LeakFileError when it is missing or cannot be read."""
    refuse_streams(path)
    try:
        with path.open("rb") as file:
            state = _state(os.fstat(file.fileno()))
            digest = hashlib.file_digest(file, hashlib.blake2b).digest()
    except FileNotFoundError:
        raise LeakFileError(f"There is no file at {path}.") from None
    except OSError as error:
        raise LeakFileError(f"{path} cannot be read: {error.strerror}.") from None
    return Origin(digest, state[1], state)


def find_state(path: Path) -> tuple[int, int, int] | None:
    """What `Origin.state` was if nobody wrote to the file since; None when it is gone."""
    try:
        return _state(path.stat())
    except OSError:
        return None


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def reader(lines: Iterator[str] | TextIO, delimiter: str, quoted: bool) -> Iterator[list[str]]:
    """Rows of fields; `quoted` False takes quotes as ordinary characters."""
    csv.field_size_limit(MAX_FIELD)
    return csv.reader(
        lines,
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=False,
    )


def read_header(path: Path, schema: Schema) -> list[str]:
    """The header's names, or positions where there is none; raises LeakFileError on no row."""
    with open_text(path, schema.encoding) as file:
        for row in _safely(reader(_without_nul(file), schema.delimiter, schema.quoted)):
            if row and any(cell.strip() for cell in row):
                return row if schema.header else [str(at) for at in range(len(row))]
    raise LeakFileError(f"{path} holds no row at all; name the leaked file itself.")


def read_rows(path: Path, schema: Schema, width: int, tally: Tally) -> Iterator[list[str]]:
    """Every data row with `width` fields; a broken one comes as empty fields and is counted.

    Broken rows keep their number, so that row numbers are positions in the file.
    """
    empty = [""] * width
    with open_text(path, schema.encoding) as file:
        rows = _safely(reader(_without_nul(file), schema.delimiter, schema.quoted))
        started = not schema.header
        for row in rows:
            if tally.rows % 4096 == 0:
                tally.bytes_read = file.buffer.tell()
            if not row or (len(row) == 1 and not row[0].strip() and width > 1):
                continue
            if not started:
                started = True
                continue
            fitting = _fit(row, width)
            if fitting is None:
                tally.broken += 1
                if len(tally.broken_rows) < LISTED:
                    tally.broken_rows.append(tally.rows)
            tally.rows += 1
            yield empty if fitting is None else fitting


def _fit(row: list[str], width: int) -> list[str] | None:
    if len(row) == width:
        return row
    if len(row) > width and not any(cell.strip() for cell in row[width:]):
        return row[:width]
    return None


def _without_nul(file: TextIO) -> Iterator[str]:
    """Lines; of one that has no end only the first MAX_LINE characters, so that memory is flat."""
    while untrusted_line := file.readline(MAX_LINE):
        if len(untrusted_line) == MAX_LINE:
            more = untrusted_line
            while len(more) == MAX_LINE and more[-1] not in "\r\n":
                more = file.readline(MAX_LINE)
        yield untrusted_line.replace("\0", "") if "\0" in untrusted_line else untrusted_line


def _safely(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Rows; one that the csv module refuses (a field without end) becomes a broken row."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield ["", "", ""] * 1000
