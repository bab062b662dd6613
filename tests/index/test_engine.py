"""The record opens safely, at the newest schema, and never crosses a fork."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from index import engine as engine_module
from index.engine import checkpoint, migrations, open_record, reading, writing
from index.errors import CannotOpen
from index.schema import Base

pytestmark = pytest.mark.usefixtures("migrations_run")


def test_migrated_schema_is_the_metadata(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_current_head() == engine_module.HEAD


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    record = open_record(f"sqlite:///{folder}/vigie.db")
    with writing(record) as connection:
        connection.execute(text("DELETE FROM act"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    record.dispose()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"vigie.db", "vigie.db-wal", "vigie.db-shm"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_pragmas_hold_on_every_connection(engine: Engine) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }
    with engine.connect() as first, engine.connect() as second:
        # A pragma cannot be read before its connection's transaction began; it stays the same.
        for connection in (
            first.execution_options(vigie_reading=True),
            second.execution_options(vigie_reading=True),
        ):
            found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted}
            assert found == wanted


def test_a_writer_takes_the_lock_at_its_begin(engine: Engine) -> None:
    """With a deferred begin both would read first, and the second to write would fail at once."""
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(5)
        with writing(engine) as connection:
            order.append("second")
            connection.execute(text("UPDATE lease SET token = token + 1"))

    thread = threading.Thread(target=second)
    thread.start()
    with writing(engine) as connection:
        inside.set()
        connection.execute(text("SELECT count(*) FROM lease")).scalar()
        time.sleep(0.3)
        order.append("first")
        connection.execute(text("UPDATE lease SET token = token + 1"))
    thread.join(10)
    assert order == ["first", "second"]


def test_a_reader_neither_waits_nor_makes_wait(engine: Engine) -> None:
    with writing(engine) as writer:
        began = time.monotonic()
        with reading(engine) as reader:
            assert reader.execute(text("SELECT count(*) FROM alert")).scalar() == 0
        assert time.monotonic() - began < 1
        writer.execute(text("DELETE FROM act"))


def test_a_newer_record_is_refused_in_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vigie.db"
    record = open_record(url)
    with writing(record) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    record.dispose()
    with pytest.raises(CannotOpen, match="newer"):
        open_record(url)


@pytest.mark.parametrize("content", [b"this is no database, not even nearly" * 200])
def test_a_foreign_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vigie.db"
    path.write_bytes(content)
    with pytest.raises(CannotOpen, match="cannot be opened"):
        open_record(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_bad_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match=r"storage\.database"):
        open_record("no address at all")
    with pytest.raises(CannotOpen, match="names none"):
        open_record("sqlite://")


def test_many_processes_open_a_new_record_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from index.engine import open_record, writing; from sqlalchemy import text\n"
        "e = open_record(sys.argv[1])\n"
        'with writing(e) as c: c.execute(text("INSERT INTO job '
        "(kind, source, asked_by, asked, outcome) VALUES ('x', '', 'y', '2026-01-01', '')\"))\n"
    )
    url = f"sqlite:///{tmp_path}/new/vigie.db"
    children = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(6)]
    assert [child.wait(60) for child in children] == [0] * 6
    record = open_record(url)
    with reading(record) as connection:
        assert connection.execute(text("SELECT count(*) FROM job")).scalar() == 6
    record.dispose()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_connection_is_not_used_across_a_fork(engine: Engine) -> None:
    with reading(engine) as connection:
        mine = id(connection.connection.dbapi_connection)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with reading(engine) as connection:
                theirs = id(connection.connection.dbapi_connection)
                count = connection.execute(text("SELECT count(*) FROM act")).scalar()
            os.write(write_end, f"{theirs != mine} {count}".encode())
        finally:
            os._exit(0)
    os.close(write_end)
    assert os.read(read_end, 100) == b"True 0"
    os.waitpid(child, 0)
    os.close(read_end)


def test_what_was_deleted_is_gone_from_the_files(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    record = open_record(f"sqlite:///{path}")
    marker = "marker-3f1c9d-" + "x" * 400
    insert = text(
        "INSERT INTO job (asked, kind, source, asked_by, outcome) VALUES (:t, 'w', 'x', '', :d)"
    )
    with writing(record) as connection:
        for _ in range(50):
            connection.execute(insert, {"t": "2026-01-01", "d": f'"{marker}"'})
    with writing(record) as connection:
        connection.execute(text("DELETE FROM job"))
    checkpoint(record)
    found = {p.name for p in tmp_path.iterdir() if marker[:13].encode() in p.read_bytes()}
    record.dispose()
    assert found == set()


def test_parameters_stay_out_of_errors(engine: Engine) -> None:
    with pytest.raises(OperationalError) as caught, writing(engine) as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "secret-value"})
    assert "secret-value" not in str(caught.value)


def test_foreign_keys_are_kept(engine: Engine) -> None:
    raw = sqlite3.IntegrityError
    with pytest.raises(Exception) as caught, writing(engine) as connection:  # noqa: PT011
        connection.execute(text("INSERT INTO alert_record (alert, row, bits) VALUES (99, 1, 1.0)"))
    assert isinstance(getattr(caught.value, "orig", None), raw)


@pytest.mark.parametrize("url", ["mysql://host/vigie", "oracle://host/vigie"])
def test_a_database_that_is_neither_sqlite_nor_postgresql_is_named(url: str) -> None:
    with pytest.raises(CannotOpen, match=f"storage.database names {url.split(':')[0]}"):
        open_record(url)
