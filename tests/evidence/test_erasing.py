"""The words of an entry can be erased; the log holds, and what it stands on cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from evidence.custody.journal import lines
from evidence.custody.verify import verify_log
from evidence.errors import EvidenceError
from evidence.keeping import holds
from evidence.keeping.erasing import erase
from index.alerts import AlertStore
from index.engine import reading
from index.errors import NotFound
from index.leases import utc_now
from index.schema import Act, Alert
from tests.evidence.seeding import seed_alert
from vigie.cli import build
from vigie.config import load
from vigie.wiring import open_record

NAME = "Zephirine QUENOUILLE"


def decided(engine: Engine) -> int:
    """A decision whose reason names a person; its entry."""
    seed_alert(engine)
    AlertStore(engine).decide(1, "confirmed", f"{NAME} y est", "jeanne", 1)
    with reading(engine) as connection:
        return int(connection.scalar(select(Act.seq).where(Act.what == "decide")) or 0)


def row(engine: Engine, seq: int) -> Any:
    with reading(engine) as connection:
        return connection.execute(select(Act.__table__).where(Act.seq == seq)).one()


def test_the_words_go_everywhere_and_the_log_holds(engine: Engine) -> None:
    seq = decided(engine)
    before = row(engine, seq)
    number = erase(engine, seq, "dpo", "article 17", utc_now())
    after = row(engine, seq)
    assert (after.who, after.detail, after.reason, after.salt, after.reason_salt) == (
        "", {}, "", b"", b"",
    )  # fmt: skip
    assert (after.seq, after.digest, after.link) == (before.seq, before.digest, before.link)
    with reading(engine) as connection:
        journal = "\n".join(lines(connection))
        assert connection.scalar(select(Alert.reason)) == ""
    assert NAME not in journal
    assert verify_log(engine, []).failed == []
    told = row(engine, number)
    assert (told.what, told.subject, told.who, told.reason) == (
        "erase", f"entry:{seq}", "dpo", "article 17",
    )  # fmt: skip


def test_what_the_log_needs_or_a_hold_keeps_stays(engine: Engine) -> None:
    seq = decided(engine)
    hold = holds.place(engine, 1, "instance en cours", "jeanne", utc_now())
    with pytest.raises(EvidenceError, match="legal hold"):
        erase(engine, seq, "dpo", "article 17", utc_now())
    holds.release(engine, hold, "fin de l’instance", "jeanne", utc_now())
    with pytest.raises(EvidenceError, match="needs a reason"):
        erase(engine, seq, "dpo", " ", utc_now())
    number = erase(engine, seq, "dpo", "article 17", utc_now())
    with pytest.raises(EvidenceError, match="erased already"):
        erase(engine, seq, "dpo", "article 17", utc_now())
    with pytest.raises(EvidenceError, match="checks of the log need it"):
        erase(engine, number, "dpo", "article 17", utc_now())
    with pytest.raises(NotFound, match="no entry 999"):
        erase(engine, 999, "dpo", "article 17", utc_now())


def test_as_a_command(tmp_path: Path) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text("")
    with open_record(load(config)) as record:
        seq = decided(record.engine)
    done = CliRunner().invoke(
        build(), ["custody", "erase", str(seq), "--reason", "article 17", "--config", str(config)]
    )
    assert (done.exit_code, f"Entry {seq} is erased" in done.stdout) == (0, True)
    verified = CliRunner().invoke(build(), ["custody", "verify", "--config", str(config)])
    assert verified.exit_code == 0
