"""A new SQLite record in one step: the migrations run once for a process, and what they made is
written into every further one. Hundreds of tests begin with a new record, and each step of
Alembic's costs it more than the test does. Tests of the record itself run the migrations."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, insert

from index import chain
from index import engine as records
from index.engine import open_record, reading, writing
from index.evidence_schema import CustodyHead

HEAD_OF_LOG = f'INSERT INTO "{CustodyHead.__tablename__}" '


class QuickRecords:
    """Stands for `index.engine.migrate`: the record that it makes in `folder` is the pattern."""

    def __init__(self, folder: Path) -> None:
        self._migrate: Callable[[Engine], None] = records.migrate
        file = folder / "pattern.db"
        open_record(f"sqlite:///{file}").dispose()
        with closing(sqlite3.connect(file)) as connection:
            # Between the two statements of its transaction, which is ours here.
            made = list(connection.iterdump())[1:-1]
        # Each record has a custody log of its own.
        self._statements = [one for one in made if not one.startswith(HEAD_OF_LOG)]

    def migrate(self, engine: Engine) -> None:
        """Fill a new SQLite record; any other one is brought to the newest schema as ever."""
        if engine.dialect.name != "sqlite" or _has_tables(engine):
            self._migrate(engine)
            return
        with writing(engine) as connection:
            for statement in self._statements:
                connection.exec_driver_sql(statement)
            log = secrets.token_hex(16)
            connection.execute(insert(CustodyHead).values(log=log, seq=0, link=chain.genesis(log)))


def _has_tables(engine: Engine) -> bool:
    with reading(engine) as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    return bool(found)
