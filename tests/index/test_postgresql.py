"""The record on a real PostgreSQL: the same schema, and a custody log that only grows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from evidence.custody.verify import verify_log
from evidence.keeping import deletion
from evidence.keeping.deletion import Folders
from evidence.keeping.rules import Rules
from index.alerts import AlertStore
from index.base import Base
from index.engine import migrations, open_record, reading, writing
from index.schema import Act, Capture
from tests.evidence.seeding import seed_alert
from tests.index.postgres import postgres


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres() as found:
        yield found


@pytest.fixture
def record(address: str) -> Iterator[Engine]:
    """An empty record."""
    engine = open_record(address)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def test_migrated_schema_is_the_metadata(record: Engine) -> None:
    with reading(record) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM act",
        "DELETE FROM act WHERE seq = 1",
        "UPDATE act SET who = 'somebody'",
        "UPDATE act SET reason = ''",
        "UPDATE act SET seq = seq + 100, erased = now()",
        "UPDATE act SET link = digest, erased = now()",
        "TRUNCATE act",
        "TRUNCATE act CASCADE",
    ],
)
def test_the_custody_log_only_grows(record: Engine, statement: str) -> None:
    seed_alert(record)
    with reading(record) as connection:
        before = connection.execute(select(Act.__table__).order_by(Act.seq)).all()
    assert before
    with pytest.raises(DBAPIError, match="append-only"), writing(record) as connection:
        connection.execute(text(statement))
    with reading(record) as connection:
        assert connection.execute(select(Act.__table__).order_by(Act.seq)).all() == before
    assert verify_log(record, []).failed == []


def test_the_words_of_an_entry_may_be_erased_and_the_chain_holds(record: Engine) -> None:
    seed_alert(record)
    with writing(record) as connection:
        connection.execute(
            text("UPDATE act SET who = '', detail = '{}', reason = '', erased = now()")
        )
    assert verify_log(record, []).failed == []


def test_what_is_deleted_leaves_a_log_that_verifies(record: Engine, tmp_path: Path) -> None:
    seed_alert(record, sealed=f"2026-11/{'ab' * 32}.age")
    AlertStore(record).decide(1, "dismissed", "autre liste", "jeanne", 1)
    folders = Folders(tmp_path / "originals", tmp_path / "evidence")
    gone = deletion.run(record, folders, Rules(), datetime.now(UTC) + timedelta(days=2))
    assert (gone.originals, gone.certificate is not None) == (1, True)
    with reading(record) as connection:
        assert connection.scalar(select(Capture.original_deleted)) is not None
    assert verify_log(record, []).failed == []


def test_the_guards_go_with_their_migration(record: Engine) -> None:
    seed_alert(record)
    config = migrations()
    with writing(record) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0012")
        assert connection.execute(text("DELETE FROM act")).rowcount > 0
        connection.rollback()
