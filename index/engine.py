"""The record's database: opened safely, at the newest schema, short transactions.

Every transaction begins with BEGIN IMMEDIATE: SQLAlchemy's and SQLite's deferred begin would
take the write lock only at the first write, where a second writer cannot wait any more and fails
at once. Readers ask for `reading`, which begins deferred and never blocks a writer.
No connection crosses a fork: a pool that finds itself in another process starts afresh.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError

from index.errors import CannotOpen

HEAD = "0013"
BUSY_SECONDS = 30
WAL_BYTES = 16 * 1024 * 1024
MIGRATION_LOCK = 0x5649_4749_45  # "VIGIE", PostgreSQL's advisory lock of the migrations


def open_record(url: str) -> Engine:
    """The record at `url`, created when it is missing and migrated to the newest schema.

    `sqlite:///PATH` or `postgresql+psycopg://…`. SQLite files get mode 0600, a folder that has
    to be made 0700. Raises CannotOpen.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise CannotOpen(
            "storage.database is no database address; write for example sqlite:///var/vigie.db."
        ) from None
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise CannotOpen(
            f"storage.database names {address.drivername}; the record is kept in SQLite "
            "(sqlite:///var/vigie.db) or PostgreSQL (postgresql+psycopg://…)."
        )
    try:
        return _open(address)
    except (SQLAlchemyError, OSError, sqlite3.Error) as error:
        # The driver's text names files and tables, never rows; statements hold parameters.
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise CannotOpen(
            f"The record at {address.render_as_string(hide_password=True)} cannot be opened: "
            f"{cause}. Look at its folder's rights and free space, or restore it from a backup."
        ) from None


def _open(address: URL) -> Engine:
    if address.get_backend_name() != "sqlite":
        engine = create_engine(address, pool_pre_ping=True, hide_parameters=True)
        _keep_in_process(engine)
        migrate(engine)
        return engine
    if not address.database or address.database == ":memory:":
        raise CannotOpen("The record needs a file; storage.database names none.")
    path = Path(address.database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        address, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True, pool_size=16
    )
    _prepare_sqlite(engine)
    _keep_in_process(engine)
    # Two processes that open a new record at once: one makes it, the other waits. The lock is on
    # the folder, so it leaves no file behind and ends with its process.
    with _folder_lock(path.parent):
        make_private(path)
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        migrate(engine)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: begun at once, committed at the end, rolled back on an error."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view that never blocks a writer; writing in it is an error."""
    with engine.connect().execution_options(vigie_reading=True) as connection, connection.begin():
        yield connection


def migrate(engine: Engine) -> None:
    """Bring the schema to HEAD in one transaction; raises CannotOpen for a newer record."""
    with reading(engine) as connection:
        version = _version(connection)
    if version == HEAD:
        return
    from alembic import command
    from alembic.script import ScriptDirectory

    config = migrations()
    script = ScriptDirectory.from_config(config)
    if version and version not in {revision.revision for revision in script.walk_revisions()}:
        raise CannotOpen(
            f"The record has schema {version}, which this Vigie does not know: it was written by "
            "a newer one. Install that version, or use another storage folder."
        )
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def migrations() -> Any:
    """Alembic's configuration, without a file of its own."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def checkpoint(engine: Engine) -> None:
    """Fold SQLite's write-ahead log into the file and empty it: old pages in it are gone."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # Transactions are begun by `_on_begin`, not by the driver's guess at the statement.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"journal_size_limit={WAL_BYTES}",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get("vigie_reading"):
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _keep_in_process(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(_connection: Any, record: Any) -> None:
        record.info["pid"] = os.getpid()

    @event.listens_for(engine, "checkout")
    def _on_checkout(_connection: Any, record: Any, proxy: Any) -> None:
        if record.info["pid"] != os.getpid():
            record.dbapi_connection = proxy.dbapi_connection = None
            raise DisconnectionError("the connection belongs to another process")


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def make_private(path: Path) -> None:
    """Make `path` a file for its owner alone; SQLite gives -wal and -shm the same mode."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)
