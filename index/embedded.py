"""The embedded search index: SQLite FTS5 in a file of its own beside the record.

Words are folded (case and accents). Everything a user types is bound or quoted, so nothing in
it is an operator but what the short grammar of `parse` knows.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.engine import BUSY_SECONDS, make_private
from index.errors import IndexUnavailable
from index.search import Document, Refusal, SearchHit

LAYOUT = 1
FACETS = ("kind", "alert", "case", "leak", "source", "verdict", "status", "fields")
TEXTS = ("title", "location", "also", "source", "leak", "verdict", "status", "fields")
MAX_TERMS = 32
SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facet (
    number INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (name, value, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS facet_number ON facet (number);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    text, tokenize = 'unicode61 remove_diacritics 2');
"""


@dataclass(frozen=True, slots=True)
class Query:
    """A query taken apart: words for the text, exact values for fields."""

    match: str
    facets: tuple[tuple[str, str], ...]


def parse(untrusted_query: str) -> Query:
    """Words, "phrases", prefix* and field:value, all of which have to fit."""
    terms: list[str] = []
    facets: list[tuple[str, str]] = []
    pattern = r'(?:(\w+):)?(?:"([^"]*)"|(\S+))'
    for name, phrase, word in re.findall(pattern, untrusted_query[:2000].replace("\0", " "))[
        :MAX_TERMS
    ]:
        value = phrase or word
        if name.casefold() in FACETS:
            facets.append((name.casefold(), value.casefold()))
            continue
        text = f"{name}:{value}" if name else value
        quoted = '"' + text.rstrip("*").replace('"', " ") + '"'
        if re.search(r"\w", quoted):
            terms.append(quoted + ("*" if word.endswith("*") else ""))
    return Query(" AND ".join(terms), tuple(facets))


class EmbeddedIndex:
    """A search index in one file. Safe to share between threads and processes."""

    name = "embedded"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """See SearchIndex."""
        refused = []
        with self._transaction() as connection:
            for document in documents:
                try:
                    body = json.dumps(document.body, ensure_ascii=False)
                except (TypeError, ValueError):
                    refused.append(Refusal(document.id, "the document is no JSON", permanent=True))
                    continue
                _put(connection, document, body)
        return refused

    def replace_all(self, documents: Iterable[Document]) -> int:
        """See SearchIndex."""
        count = 0
        with self._transaction() as connection:
            for table in ("words", "facet", "document"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own three names
            for document in documents:
                _put(connection, document, json.dumps(document.body, ensure_ascii=False))
                count += 1
        return count

    def search(self, query: str, limit: int = 50) -> list[SearchHit]:
        """See SearchIndex."""
        parsed = parse(query)
        where, values = [], []
        for name, value in parsed.facets:
            where.append(
                "d.number IN (SELECT number FROM facet WHERE facet.name = ? AND value = ?)"
            )
            values += [name, value]
        if parsed.match:
            source = "words JOIN document d ON d.number = words.rowid"
            where.append("words MATCH ?")
            values.append(parsed.match)
            score, order = "-bm25(words)", "bm25(words), d.number DESC"
        else:
            source, score, order = "document d", "0.0", "d.number DESC"
        statement = (
            f"SELECT d.id, {score}, d.body FROM {source} "  # noqa: S608 - built from constants
            f"WHERE {' AND '.join(where) or '1'} ORDER BY {order} LIMIT ?"
        )
        with self._reading() as connection:
            rows = connection.execute(statement, [*values, max(1, min(limit, 1000))]).fetchall()
        return [SearchHit(row[0], float(row[1]), json.loads(row[2])) for row in rows]

    def ids(self) -> set[str]:
        """See SearchIndex."""
        with self._reading() as connection:
            return {row[0] for row in connection.execute("SELECT id FROM document")}

    def close(self) -> None:
        """See SearchIndex."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _connect(self._path)
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                raise IndexUnavailable(
                    f"The search index {self._path} cannot be used ({error}). It holds nothing of "
                    "its own: remove the file, then run `vigie index rebuild`."
                ) from None


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_private(path)
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode=WAL")
    # The record is the truth; losing the last moments of the index to a power cut would show as
    # missing documents, so commits are durable here as well.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    if connection.execute("PRAGMA user_version").fetchone()[0] not in (0, LAYOUT):
        connection.close()
        raise sqlite3.DatabaseError("it was made by another version")
    connection.executescript(f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA user_version={LAYOUT};COMMIT;")
    return connection


def _put(connection: sqlite3.Connection, document: Document, body: str) -> None:
    row = connection.execute(
        "SELECT number, version FROM document WHERE id = ?", (document.id,)
    ).fetchone()
    if row and row[1] > document.version:
        return
    if row:
        number = row[0]
        connection.execute("DELETE FROM words WHERE rowid = ?", (number,))
        connection.execute("DELETE FROM facet WHERE number = ?", (number,))
        connection.execute(
            "UPDATE document SET version = ?, body = ? WHERE number = ?",
            (document.version, body, number),
        )
    else:
        number = connection.execute(
            "INSERT INTO document (id, version, body) VALUES (?, ?, ?)",
            (document.id, document.version, body),
        ).lastrowid
    text = "\n".join(value for name in TEXTS for value in _values(document, name))
    connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, text))
    connection.executemany(
        "INSERT OR IGNORE INTO facet VALUES (?, ?, ?)",
        [(number, name, value.casefold()) for name in FACETS for value in _values(document, name)],
    )


def _values(document: Document, name: str) -> list[str]:
    value = document.body.get(name, "")
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
