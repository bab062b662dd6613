"""The embedded index's tables and how documents go into them.

A document's words lie in `document.searched`, of which FTS5 keeps only the index; each value
that can be asked for or counted stands once in `facet_value`; `facet` says which documents have
it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from index import words as folding
from index.documents import facet_values
from index.engine import BUSY_SECONDS, make_private
from index.query import DATES, NUMBERS
from index.search import Document, Refusal

LAYOUT = 3
COLUMNS = (
    "id", "version", "kind", "ordinal", "alert", "case_number", "records", "bits", "found_after",
    "gone_after", "first_seen", "last_seen", "posted", "gone", "searched", "body",
)  # fmt: skip
# What lists are sorted by, and what ranges are asked of.
INDEXED = ("ordinal", "first_seen", "last_seen", "posted", "records", "bits", "alert",
           "case_number")  # fmt: skip
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS document (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
    kind TEXT NOT NULL, ordinal INTEGER NOT NULL, alert INTEGER, case_number INTEGER,
    records INTEGER, bits REAL, found_after REAL, gone_after REAL, first_seen INTEGER,
    last_seen INTEGER, posted INTEGER, gone INTEGER, searched TEXT NOT NULL, body TEXT NOT NULL);
{
    "".join(
        f"CREATE INDEX IF NOT EXISTS by_{name} ON document (kind, {name}, ordinal);"
        for name in INDEXED
    )
}
CREATE TABLE IF NOT EXISTS facet_value (
    key INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    shown TEXT NOT NULL, UNIQUE (kind, name, value, shown));
CREATE TABLE IF NOT EXISTS facet (
    key INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    searched, content = 'document', content_rowid = 'number', tokenize = 'ascii');
"""
# What an index of an older layout lacks; its documents have none of it either.
LATER = {
    2: "ALTER TABLE document ADD COLUMN gone_after REAL;"
       "ALTER TABLE document ADD COLUMN gone INTEGER;",
}  # fmt: skip
PUT = (
    f"INSERT INTO document ({', '.join(COLUMNS)}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join('?' * len(COLUMNS))})"
)
CHANGE = f"UPDATE document SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE number = ?"  # noqa: S608


def connect(path: Path, *, durable: bool = True) -> sqlite3.Connection:
    """A connection to the file, made when it is missing; raises sqlite3.Error or OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_private(path)
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, durable=durable)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, *, durable: bool) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    # The record is the truth; losing the last moments of the index to a power cut would show as
    # missing documents, so commits are durable here as well.
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA cache_size=-65536")
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    if layout not in (0, *LATER, LAYOUT):
        raise sqlite3.DatabaseError("it was made by another version")
    if layout != LAYOUT:
        _renew(connection)


def _renew(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another process may have been first.
        layout = connection.execute("PRAGMA user_version").fetchone()[0]
        missing = SCHEMA if layout == 0 else LATER.get(layout, "")
        for statement in missing.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={LAYOUT}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def put_all(connection: sqlite3.Connection, documents: Iterable[Document]) -> list[Refusal]:
    """Write documents in the transaction that is open; what is no document of ours is refused."""
    refused, keys = [], dict[tuple[str, str, str], int]()
    for document in documents:
        try:
            row, own = _row(document)
        except (ValueError, KeyError, TypeError):
            refused.append(
                Refusal(document.id, "the document lacks a field of the index", permanent=True)
            )
            continue
        _put(connection, document, row, own, keys)
    return refused


def _put(
    connection: sqlite3.Connection,
    document: Document,
    row: list[Any],
    own: dict[str, Any],
    keys: dict[tuple[str, str, str], int],
) -> None:
    known = connection.execute(
        "SELECT number, version, kind, searched, body FROM document WHERE id = ?", (document.id,)
    ).fetchone()
    if known and (known[1] >= document.version or known[2] == "hit"):
        return
    if known:
        number = known[0]
        connection.execute(
            "INSERT INTO words (words, rowid, searched) VALUES ('delete', ?, ?)", (number, known[3])
        )
        before = json.loads(known[4])["vigie"]
        for name, shown in facet_values(before):
            connection.execute(
                "DELETE FROM facet WHERE key = ? AND number = ?",
                (_key(connection, before["kind"], name, shown, keys), number),
            )
        connection.execute(CHANGE, (*row, number))
    else:
        number = connection.execute(PUT, row).lastrowid
    connection.execute("INSERT INTO words (rowid, searched) VALUES (?, ?)", (number, row[-2]))
    connection.executemany(
        "INSERT OR IGNORE INTO facet VALUES (?, ?)",
        [
            (_key(connection, own["kind"], name, shown, keys), number)
            for name, shown in facet_values(own)
        ],
    )


def _row(document: Document) -> tuple[list[Any], dict[str, Any]]:
    own = document.body["vigie"]
    times = {name: _milliseconds(own.get(name)) for name in DATES}
    values = {
        "id": document.id,
        "version": document.version,
        "ordinal": own["number"],
        "case_number": own.get("case"),
        "body": document.text,
        "kind": own["kind"],
        "searched": own["words"],
        **{name: own.get(name) for name in NUMBERS if name != "case"},
        **times,
    }
    return [values[name] for name in COLUMNS], own


def _key(
    connection: sqlite3.Connection,
    kind: str,
    name: str,
    shown: str,
    keys: dict[tuple[str, str, str], int],
) -> int:
    found = keys.get((kind, name, shown))
    if found is None:
        row = (kind, name, folding.fold(shown), shown)
        connection.execute(
            "INSERT OR IGNORE INTO facet_value (kind, name, value, shown) VALUES (?, ?, ?, ?)", row
        )
        found = connection.execute(
            "SELECT key FROM facet_value WHERE kind = ? AND name = ? AND value = ? AND shown = ?",
            row,
        ).fetchone()[0]
        keys[kind, name, shown] = found
    return found


def _milliseconds(stamp: str | None) -> int | None:
    return None if stamp is None else round(datetime.fromisoformat(stamp).timestamp() * 1000)
