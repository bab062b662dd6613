"""Every act is chained in its own transaction; nothing gets into the log by another door."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import IntegrityError

from index import chain
from index.accounts import AccountStore
from index.custody import enter
from index.engine import migrations, open_record, reading, writing
from index.schema import Act, CustodyHead

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def relink(engine: Engine) -> None:
    """Walk the chain by its definition; an assertion names the entry that does not fit."""
    with reading(engine) as connection:
        head = connection.execute(select(CustodyHead.log, CustodyHead.seq, CustodyHead.link)).one()
        link, seq = chain.genesis(head.log), 0
        for row in connection.execute(select(Act.__table__).order_by(Act.seq)):
            seq += 1
            told = chain.content(
                seq=seq, at=row.at, who=row.who, what=row.what, item=row.subject,
                detail=row.detail,
                reason_sha256=chain.reason_digest(row.reason, row.reason_salt),
            )  # fmt: skip
            assert row.seq == seq
            assert row.digest == chain.digest(told, row.salt), f"entry {seq}"
            link = chain.link(link, seq, row.digest)
            assert row.link == link, f"entry {seq}"
        assert (head.seq, head.link) == (seq, link)


def test_acts_are_chained_with_what_they_tell_of(engine: Engine) -> None:
    with writing(engine) as connection:
        first = enter(
            connection, at=AT, who="jeanne", what="view", item="alert:3", reason="é\0\ud800"
        )
        second = enter(connection, at=AT, who="vigie", what="x", detail={"n": 1, "l": ["a", None]})
    AccountStore(engine).record_act("jeanne", "view", "alert:4")
    with suppress(RuntimeError), writing(engine) as connection:
        enter(connection, at=AT, who="jeanne", what="lost")
        raise RuntimeError
    assert (first, second) == (1, 2)
    relink(engine)
    with reading(engine) as connection:
        assert connection.scalar(select(CustodyHead.seq)) == 3


def test_a_row_beside_the_door_is_refused(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO act (at, who, what, subject, detail, reason) "
                "VALUES ('2026-01-01', 'w', 'x', '', '{}', '')"
            )
        )


@pytest.mark.parametrize(
    "statement", ["DELETE FROM act WHERE seq = 1", "UPDATE act SET who = 'other' WHERE seq = 1"]
)
def test_an_entry_is_neither_changed_nor_removed(engine: Engine, statement: str) -> None:
    with writing(engine) as connection:
        enter(connection, at=AT, who="jeanne", what="view")
    with pytest.raises(IntegrityError, match="append-only"), writing(engine) as connection:
        connection.execute(text(statement))


def test_writers_at_once_make_one_chain(engine: Engine) -> None:
    def write(name: str) -> None:
        for _ in range(20):
            with writing(engine) as connection:
                enter(connection, at=AT, who=name, what="view")

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    relink(engine)
    with reading(engine) as connection:
        assert connection.scalar(select(CustodyHead.seq)) == 80


@pytest.mark.parametrize("value", [1.5, {"é": 1}, object()])
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        chain.canonical({"a": value})


def test_acts_of_an_older_record_are_chained_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    old = create_engine(f"sqlite:///{path}")
    config = migrations()
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    old.dispose()
    with sqlite3.connect(path) as plain:
        plain.execute(
            "INSERT INTO act (at, who, what, subject, detail) VALUES "
            "('2026-01-01 10:00:00.000000', 'jeanne', 'decide', 'alert:1', "
            """'{"to": "confirmed", "reason": "ours", "share": 0.5}')"""
        )
        plain.execute(
            "INSERT INTO capture (source, location, location_key, content_key, title, path, "
            "fetched_at, status, content_type, charset, peer, rendered, bytes, sha256, sealed) "
            "VALUES ('s', 'l', x'00', x'00', '', '[]', '2026-01-01', 200, '', '', '', 0, 1, '', '')"
        )
        plain.execute(
            "INSERT INTO hit (capture, leak, verdict, records, review_records, candidates, chance,"
            " matches, snippets, notes, created) "
            "VALUES (1, 'l', 'fragment', 1, 0, 1, 0.0, '[]', '[]', '[]', '2026-01-01')"
        )
    plain.close()
    record = open_record(f"sqlite:///{path}")
    relink(record)
    with reading(record) as connection:
        act = connection.execute(select(Act.reason, Act.detail)).one()
        assert (act.reason, act.detail) == ("ours", {"to": "confirmed", "share": "0.5"})
        assert connection.execute(text("SELECT count(*) FROM hit")).scalar() == 1
    record.dispose()
