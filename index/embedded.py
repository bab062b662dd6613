"""The embedded search index: SQLite FTS5 in a file of its own beside the record.

`index.db` is a symbolic link to the file in use, `index-N.db`. A rebuild fills another file and
swaps the link, so readers see the old index until the new one is whole.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from index import embedded_store as store
from index.documents import FACETS, SORTS, Digest
from index.embedded_query import Compiler, column
from index.errors import IndexUnavailable, WrongChoice
from index.query import DATES, Node, parse
from index.search import (
    INTERVALS,
    MAX_PAGE,
    Bucket,
    Document,
    Health,
    Refusal,
    SearchHit,
    SearchPage,
    Span,
    Summary,
    after_cursor,
    cursor,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Weeks begin on Monday; the epoch was a Thursday.
GROUPS = {
    "hour": "{0} / 3600000 * 3600000",
    "day": "{0} / 86400000 * 86400000",
    "week": "({0} + 259200000) / 604800000 * 604800000 - 259200000",
    "month": "CAST(strftime('%s', {0} / 1000, 'unixepoch', 'start of month') AS INTEGER) * 1000",
}


class EmbeddedIndex:
    """A search index in one file. Safe to share between threads and processes."""

    name = "embedded"
    batch = 500
    workers = 1

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file = ""

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """See SearchIndex."""
        with self._reading() as connection, _transaction(connection):
            return store.put_all(connection, documents)

    def search(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        sort: str = "first_seen",
        descending: bool = True,
        limit: int = 50,
        after: str = "",
    ) -> SearchPage:
        """See SearchIndex."""
        node = parse(query) if isinstance(query, str) else query
        limit = max(1, min(limit, MAX_PAGE))
        behind = after_cursor(sort, after) if after else None
        with self._reading() as connection:
            rows = _page(connection, node, kind, sort, descending, limit + 1, behind)
        hits = tuple(SearchHit(row[0], row[1], json.loads(row[3])) for row in rows[:limit])
        more = cursor(sort, rows[limit - 1][2], rows[limit - 1][1]) if len(rows) > limit else ""
        return SearchPage(hits, more)

    def scan(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        sort: str = "number",
        descending: bool = False,
    ) -> Iterator[SearchHit]:
        """See SearchIndex."""
        node = parse(query) if isinstance(query, str) else query
        # A connection of its own: its transaction is what keeps the list as it was.
        with self._shielded():
            connection = store.connect(self._settled())
        try:
            connection.execute("BEGIN")
            behind: tuple[float, int] | None = None
            while True:
                with self._shielded():
                    rows = _page(connection, node, kind, sort, descending, MAX_PAGE, behind)
                for row in rows:
                    yield SearchHit(row[0], row[1], json.loads(row[3]))
                if len(rows) < MAX_PAGE:
                    return
                behind = rows[-1][2], rows[-1][1]
        finally:
            connection.close()

    def count(self, query: str | Node = "", *, kind: str = "alert") -> int:
        """See SearchIndex."""
        with self._reading() as connection:
            source, values = _matching(connection, query, kind)
            found: int = connection.execute(
                f"SELECT count(*) FROM {source}",  # noqa: S608 - built from constants
                values,
            ).fetchone()[0]
            return found

    def facets(
        self, query: str | Node, names: Sequence[str], *, kind: str = "alert", size: int = 50
    ) -> dict[str, list[Bucket]]:
        """See SearchIndex."""
        for name in names:
            if name not in FACETS:
                raise WrongChoice(f"{name} cannot be counted; use one of {', '.join(FACETS)}.")
        found: dict[str, list[Bucket]] = {}
        with self._reading() as connection:
            source, values = _matching(connection, query, kind)
            for name in names:
                rows = connection.execute(
                    "SELECT v.shown, count(*) AS n FROM facet_value v JOIN facet f "  # noqa: S608
                    f"ON f.key = v.key WHERE v.kind = ? AND v.name = ? AND f.number IN "
                    f"(SELECT d.number FROM {source}) "
                    "GROUP BY v.shown ORDER BY n DESC, v.shown LIMIT ?",
                    [kind, name, *values, size],
                )
                found[name] = [Bucket(value, count) for value, count in rows]
        return found

    def histogram(
        self,
        query: str | Node = "",
        *,
        kind: str = "alert",
        field: str = "first_seen",
        interval: str = "day",
    ) -> list[Span]:
        """See SearchIndex."""
        if interval not in INTERVALS:
            raise WrongChoice(f"Counts over time go by {', '.join(INTERVALS)}, not {interval}.")
        name = f"d.{column(field, DATES)}"
        with self._reading() as connection:
            source, values = _matching(connection, query, kind)
            rows = connection.execute(
                f"SELECT {GROUPS[interval].format(name)} AS begins, count(*) "  # noqa: S608
                f"FROM {source} AND {name} IS NOT NULL GROUP BY begins ORDER BY begins",
                values,
            ).fetchall()
        return [Span(EPOCH + timedelta(milliseconds=begins), count) for begins, count in rows]

    def ids(self, kind: str) -> set[str]:
        """See SearchIndex."""
        with self._reading() as connection:
            rows = connection.execute("SELECT id FROM document WHERE kind = ?", (kind,))
            return {row[0] for row in rows}

    def refresh(self) -> None:
        """See SearchIndex; here everything is visible at once."""

    def health(self) -> Health:
        """See SearchIndex."""
        with self._reading() as connection:
            connection.execute("SELECT 1 FROM document LIMIT 1").fetchall()
            size = self._path.stat().st_size
        return Health("green", f"SQLite {sqlite3.sqlite_version}, {size / 1e6:.1f} MB")

    def begin_rebuild(self) -> EmbeddedRebuild:
        """See SearchIndex."""
        with self._lock, self._shielded():
            # Named before there is one, so that the new file is another. What is no index of
            # this layout is replaced by the swap.
            with suppress(sqlite3.DatabaseError):
                self._settled()
            return EmbeddedRebuild(self._path)

    def close(self) -> None:
        """See SearchIndex."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _settled(self) -> Path:
        """The file in use, the first one named when there is none yet."""
        if not self._path.is_symlink():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._path.exists():
                raise sqlite3.DatabaseError("it was made by another version")
            with suppress(FileExistsError):
                self._path.symlink_to(_other_name(self._path))
        return self._path.parent / self._path.readlink()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._shielded():
            try:
                file = self._settled()
                if self._connection is not None and self._file != file.name:
                    self._connection.close()
                    self._connection = None
                if self._connection is None:
                    self._connection, self._file = store.connect(file), file.name
                yield self._connection
            except (sqlite3.Error, OSError):
                self.close()
                raise

    @contextmanager
    def _shielded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise IndexUnavailable(
                f"The search index {self._path} cannot be used ({error}). It holds nothing of "
                "its own: remove the file, then run `vigie index rebuild`."
            ) from None


class EmbeddedRebuild:
    """See Rebuild: another file beside the one in use."""

    workers = 1

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.parent / _other_name(path)
        # It is made safe on disk once, in `swap`; a file of an ended rebuild is overwritten.
        _remove(self._file)
        self._connection = store.connect(self._file, durable=False)
        self._swapped = False

    def write(self, documents: Sequence[Document]) -> Sequence[Refusal]:
        """See Rebuild."""
        with _transaction(self._connection):
            return store.put_all(self._connection, documents)

    def summary(self, kind: str, seen: Callable[[int], None] = lambda _number: None) -> Summary:
        """See Rebuild."""
        digest = Digest()
        rows = self._connection.execute("SELECT id, body FROM document WHERE kind = ?", (kind,))
        while found := rows.fetchmany(MAX_PAGE):
            digest.add_all((row[0], json.loads(row[1])) for row in found)
            seen(len(found))
        return Summary(digest.count, digest.value)

    def swap(self) -> None:
        """See Rebuild."""
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        before = self._path.parent / self._path.readlink() if self._path.is_symlink() else None
        link = self._path.with_suffix(".link")
        link.unlink(missing_ok=True)
        link.symlink_to(self._file.name)
        link.replace(self._path)
        self._swapped = True
        if before is not None and before != self._file:
            # Whoever has it open goes on reading it until the next question.
            _remove(before)

    def discard(self) -> None:
        """See Rebuild."""
        if not self._swapped:
            self._connection.close()
            _remove(self._file)


def _matching(
    connection: sqlite3.Connection, query: str | Node, kind: str
) -> tuple[str, list[object]]:
    """`FROM …` of all documents `d` that fit."""
    node = parse(query) if isinstance(query, str) else query
    compiler = Compiler(connection, kind)
    condition, driver = compiler.condition(node), compiler.driver(node)
    where, values = f"d.kind = ? AND {condition.text}", [kind, *condition.values]
    if driver is None:
        return f"document d WHERE {where}", values
    source = f"({driver.text}) AS few CROSS JOIN document d ON d.number = few.number"
    return f"{source} WHERE {where}", [*driver.values, *values]


def _page(
    connection: sqlite3.Connection,
    node: Node,
    kind: str,
    sort: str,
    descending: bool,
    limit: int,
    behind: tuple[float, int] | None,
) -> list[tuple[str, int, float, str]]:
    name = f"d.{column(sort, SORTS)}"
    source, values = _matching(connection, node, kind)
    sign, word = ("<", "DESC") if descending else (">", "ASC")
    if behind is not None:
        source += f" AND ({name}, d.ordinal) {sign} (?, ?)"
        values += list(behind)
    # Bodies are fetched of the page alone: sorted along, they would be most of the work.
    found = (
        f"SELECT d.number FROM {source} "  # noqa: S608 - constants
        f"ORDER BY {name} {word}, d.ordinal {word} LIMIT ?"
    )
    statement = (
        f"SELECT d.id, d.ordinal, {name}, d.body FROM ({found}) AS page "  # noqa: S608
        "CROSS JOIN document d ON d.number = page.number "
        f"ORDER BY {name} {word}, d.ordinal {word}"
    )
    return connection.execute(statement, [*values, limit]).fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _other_name(path: Path) -> str:
    """The file's next name: one more than the one in use."""
    present = path.readlink().name if path.is_symlink() else ""
    found = re.search(r"-(\d+)\.db$", present)
    return f"{path.stem}-{int(found[1]) + 1 if found else 1}.db"


def _remove(file: Path) -> None:
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        (file.parent / name).unlink(missing_ok=True)
