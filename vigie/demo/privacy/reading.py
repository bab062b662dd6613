"""The bytes of a file in every form a value may hide in: raw, unpacked, decoded, by table.

A database is read twice: raw with its journal, where deleted rows remain, and table by table
from a copy, where values that span pages are whole.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import io
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

CHUNK = 4 * 1024 * 1024
OVERLAP = 4 * 1024
MAX_UNPACKED = 512 * 1024 * 1024
MAX_DEPTH = 3
WINDOW = 300
SQLITE = b"SQLite format 3\x00"
WAL = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
GZIP = b"\x1f\x8b\x08"
ZIP = b"PK\x03\x04"
WIDE = re.compile(rb"\x00[\x20-\xff](?:\x00[\x20-\xff]){5,}")
BASE64 = re.compile(rb"[A-Za-z0-9+/_\-][A-Za-z0-9+/_\-]{15,}(?:\r?\n[A-Za-z0-9+/_\-]{4,})*={0,2}")
HEX = re.compile(rb"[0-9a-fA-F][0-9a-fA-F]{19,}")
PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")


class Unreadable(Exception):
    """A file cannot be read, so that nothing can be said of it."""


@dataclass(frozen=True, slots=True)
class View:
    """Bytes to search. `where` says how they came about, "" for the file as it is.

    `starts` and `places` map an offset in `data` to one in the file, or to a row of a table.
    `glued`: values of one record touch here.
    """

    where: str
    data: bytes
    glued: bool = False
    starts: tuple[int, ...] = (0,)
    places: tuple[int, ...] = (0,)
    exact: bool = True  # offsets inside a piece count on

    def place(self, offset: int) -> int:
        """The offset in the file, or the row, of an offset in `data`."""
        piece = bisect.bisect_right(self.starts, offset) - 1
        return self.places[piece] + (offset - self.starts[piece] if self.exact else 0)


def views_of(path: Path) -> Iterator[View]:
    """All views of a file; nothing when it has gone meanwhile; raises Unreadable."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
            glued = head == SQLITE or head[:4] in WAL or head[:8] == JOURNAL
            file.seek(0)
            yield from _chunks(file, "", glued)
        yield from _unpacked(path, head)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}): search as its owner") from None


def _unpacked(path: Path, head: bytes) -> Iterator[View]:
    if head == SQLITE:
        yield from _tables(path)
    elif head.startswith((GZIP, ZIP)):
        yield from _opened(path.read_bytes(), "", 1)


def _chunks(file: io.BufferedIOBase | io.BytesIO, where: str, glued: bool) -> Iterator[View]:
    base, kept = 0, b""
    while block := file.read(CHUNK):
        data = kept + block
        view = View(where, data, glued, (0,), (base,))
        yield view
        yield from _decoded(view)
        kept = data[-OVERLAP:]
        base += len(data) - len(kept)


def _opened(data: bytes, where: str, depth: int) -> Iterator[View]:
    """What is inside a gzip stream or a zip archive."""
    if depth > MAX_DEPTH:
        return
    inside: list[tuple[str, bytes]] = []
    if data.startswith(GZIP):
        inside.append((f"{where}gzip", _gunzip(data)))
    elif data.startswith(ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for number, member in enumerate(archive.infolist()):
                    with archive.open(member) as file:
                        inside.append((f"{where}zip member {number}", file.read(MAX_UNPACKED)))
        except (zipfile.BadZipFile, RuntimeError, zlib.error, NotImplementedError):
            pass  # no whole archive: its raw bytes have been searched
    for name, unpacked in inside:
        yield from _chunks(io.BytesIO(unpacked), name, glued=False)
        yield from _opened(unpacked, f"{name} > ", depth + 1)


def _gunzip(data: bytes) -> bytes:
    """What can be read of a stream, also of a cut one."""
    stream = zlib.decompressobj(wbits=31)
    try:
        return stream.decompress(data, MAX_UNPACKED)
    except zlib.error:
        return b""


def _decoded(view: View) -> Iterator[View]:
    """The view's texts in two-byte characters, base64, hex, percent and JSON escapes, undone."""
    yield from _pieces(view, "utf-16", _wide(view.data))
    yield from _pieces(view, "base64", _base64(view.data))
    yield from _pieces(view, "hex", _hex(view.data))
    yield from _pieces(view, "percent", _windows(view.data, PERCENT, unquote_to_bytes))
    yield from _pieces(view, "escapes", _windows(view.data, ESCAPE, _unescaped))


def _pieces(view: View, name: str, pieces: Iterator[tuple[int, bytes]]) -> Iterator[View]:
    starts, places, parts, size = [], [], [], 0
    for at, piece in pieces:
        starts.append(size)
        places.append(view.place(at))
        parts.append(piece)
        size += len(piece) + 1
    if parts:
        where = f"{view.where} > {name}" if view.where else name
        data = b"\n".join(parts)
        yield View(where, data, view.glued, tuple(starts), tuple(places), exact=False)


def _wide(data: bytes) -> Iterator[tuple[int, bytes]]:
    for hit in WIDE.finditer(data):
        start = max(0, hit.start() - 1)  # little-endian: the first letter stands before its zero
        yield start, data[start : hit.end()].replace(b"\x00", b"")


def _base64(data: bytes) -> Iterator[tuple[int, bytes]]:
    for hit in BASE64.finditer(data):
        run = re.sub(rb"[\r\n=]", b"", hit[0]).translate(bytes.maketrans(b"-_", b"+/"))
        run = run[: len(run) - 1] if len(run) % 4 == 1 else run
        try:
            piece = base64.b64decode(run + b"=" * (-len(run) % 4))
        except (binascii.Error, ValueError):
            continue
        yield hit.start(), _gunzip(piece) if piece.startswith(GZIP) else piece


def _hex(data: bytes) -> Iterator[tuple[int, bytes]]:
    for hit in HEX.finditer(data):
        digits = hit[0].decode("ascii")
        yield hit.start(), bytes.fromhex(digits[: len(digits) // 2 * 2])


def _windows(
    data: bytes, mark: re.Pattern[bytes], undo: Callable[[bytes], bytes]
) -> Iterator[tuple[int, bytes]]:
    start = end = -1
    for hit in mark.finditer(data):
        if start < 0 or hit.start() - WINDOW > end:
            if start >= 0:
                yield start, undo(data[start:end])
            start = max(0, hit.start() - WINDOW)
        end = hit.end() + WINDOW
    if start >= 0:
        yield start, undo(data[start:end])


def _unescaped(data: bytes) -> bytes:
    def letter(hit: re.Match[bytes]) -> bytes:
        return chr(int(hit[0].removeprefix(b"\\u").decode("ascii"), base=16)).encode(
            "utf-8", "ignore"
        )

    return ESCAPE.sub(letter, data)


def _tables(path: Path) -> Iterator[View]:
    """Every table of a database and the terms of its text indexes, read from a copy."""
    with tempfile.TemporaryDirectory(prefix="vigie-search-") as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(path, copy)
        wal = path.with_name(path.name + "-wal")
        if wal.exists():
            shutil.copyfile(wal, copy.with_name("copy.db-wal"))
        with closing(sqlite3.connect(copy)) as record:
            record.text_factory = bytes
            try:
                yield from _read_tables(record)
            except sqlite3.DatabaseError:
                return  # no whole database: its raw bytes have been searched


def _read_tables(record: sqlite3.Connection) -> Iterator[View]:
    listed = record.execute("select name, sql from sqlite_master where type = 'table'").fetchall()
    for number, (raw_name, raw_sql) in enumerate(listed):
        name = raw_name.decode("utf-8", "replace")
        quoted = '"' + name.replace('"', '""') + '"'
        if b"fts5" in (raw_sql or b"").lower():
            literal = name.replace("'", "''")
            record.execute(
                f"create virtual table temp.terms{number} using fts5vocab(main, '{literal}', 'row')"
            )
            terms = f"select term from temp.terms{number}"  # noqa: S608 - a number of ours
            yield from _rows(record, terms, f"terms of {name}")
        try:
            yield from _rows(record, f"select * from {quoted}", f"table {name}")  # noqa: S608
        except sqlite3.OperationalError:
            continue  # a virtual table of a module that is not here; its shadow tables are read


def _rows(record: sqlite3.Connection, query: str, where: str) -> Iterator[View]:
    parts: list[bytes] = []
    starts: list[int] = []
    places: list[int] = []
    size = 0
    for number, row in enumerate(record.execute(query)):
        part = b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
        starts.append(size)
        places.append(number)
        parts.append(part)
        size += len(part) + 1
        if size > CHUNK:
            yield from _table_view(where, parts, starts, places)
            parts, starts, places, size = [], [], [], 0
    if parts:
        yield from _table_view(where, parts, starts, places)


def _table_view(
    where: str, parts: list[bytes], starts: list[int], places: list[int]
) -> Iterator[View]:
    data = b"\n".join(parts)
    view = View(where, data, False, tuple(starts), tuple(places), exact=False)
    yield view
    yield from _decoded(view)
