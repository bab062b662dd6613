"""Rows of SQLite files, from memory: SQLite writes a row's values without anything between."""

from __future__ import annotations

import sqlite3

from extraction.budget import Account
from extraction.office import Content

MAX_TABLES = 200
STEPS = 100_000


def read(untrusted_body: bytes, account: Account) -> Content:
    """One text a table, a line a row; never raises for hostile bytes.

    Only tables are read, by name; views and triggers of a hostile schema never run, and a query
    that does not end is stopped with the account's time.
    """
    content = Content()
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, account.limits.max_bytes)
        database.deserialize(untrusted_body)
        database.execute("pragma trusted_schema = off")
        database.execute("pragma cell_size_check = on")
        database.set_progress_handler(lambda: int(account.left() <= 0), STEPS)
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        listed = database.execute(
            "select name from sqlite_schema where type = 'table' and sql not like 'create virtual%'"
        ).fetchmany(MAX_TABLES)
        for (name,) in listed:
            _table(database, str(name), account, content)
    except (sqlite3.Error, UnicodeError, OverflowError, MemoryError):
        content.notes.append("the SQLite file is damaged; it was read up to the damage")
    finally:
        database.close()
    return content


def _table(database: sqlite3.Connection, name: str, account: Account, content: Content) -> None:
    quoted = name.replace('"', '""')
    lines: list[str] = []
    room = account.text
    try:
        for row in database.execute(f'select * from main."{quoted}"'):  # noqa: S608
            values = (value for value in row if not isinstance(value, bytes))
            line = "\t".join("" if value is None else str(value) for value in values)
            room -= len(line) + 1
            if room < 0:
                content.notes.append("the SQLite file holds more text than the bound; it was cut")
                break
            lines.append(line)
    finally:
        if lines:
            content.texts.append("\n".join(lines))
