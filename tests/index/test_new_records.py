"""What tests begin with is what the migrations make, to the last trigger and row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from index import chain
from index.engine import open_record
from tests.new_records import HEAD_OF_LOG, QuickRecords


def everything(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        settings = [
            f"{name} {connection.execute(f'PRAGMA {name}').fetchone()}"
            for name in ("journal_mode", "encoding", "page_size", "auto_vacuum", "user_version")
        ]
        made = [one for one in connection.iterdump() if not one.startswith(HEAD_OF_LOG)]
        return [*settings, *made]


def logs(file: Path) -> list[tuple[str, int, bytes]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT log, seq, link FROM custody_head").fetchall()


def test_a_quick_record_is_a_migrated_one(
    tmp_path: Path, migrations_run: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_record(f"sqlite:///{tmp_path}/migrated.db").dispose()
    quick = QuickRecords(tmp_path)
    monkeypatch.setattr("index.engine.migrate", quick.migrate)
    for name in ("quick", "second"):
        open_record(f"sqlite:///{tmp_path}/{name}.db").dispose()
    assert everything(tmp_path / "quick.db") == everything(tmp_path / "migrated.db")
    assert any("CREATE TRIGGER" in statement for statement in everything(tmp_path / "quick.db"))
    # But for the custody log, of which each record begins one of its own, as a migrated one does.
    begun = [logs(tmp_path / f"{name}.db") for name in ("migrated", "quick", "second")]
    assert len({log for [(log, _, _)] in begun}) == 3
    assert all((seq, link) == (0, chain.genesis(log)) for [(log, seq, link)] in begun)


def test_one_that_has_tables_is_migrated(
    tmp_path: Path, migrations_run: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = QuickRecords(tmp_path)
    migrated: list[Engine] = []
    monkeypatch.setattr(quick, "_migrate", migrated.append)
    monkeypatch.setattr("index.engine.migrate", quick.migrate)
    open_record(f"sqlite:///{tmp_path}/new.db").dispose()
    assert not migrated
    with closing(sqlite3.connect(tmp_path / "older.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    open_record(f"sqlite:///{tmp_path}/older.db").dispose()
    assert len(migrated) == 1
