"""`vigie custody …` as a person runs it, with a real authority."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.evidence.tsa import TimeStampServer
from vigie.cli import build
from vigie.config import load
from vigie.wiring import open_record


@pytest.fixture
def config(tmp_path: Path, tsa: TimeStampServer) -> Path:
    file = tmp_path / "vigie.toml"
    file.write_text(
        "[[evidence.authority]]\n"
        'name = "essai"\n'
        f'url = "http://127.0.0.1:{tsa.port}/tsr"\n'
        f'roots = "{tsa.root.certificate_file}"\n'
        'allow_addresses = ["127.0.0.0/8"]\n'
    )
    with open_record(load(file)) as record:
        record.sources.add("paste", {"start": ["https://paste.example/"]}, "jeanne")
    return file


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build(), [str(one) for one in arguments])
    return result.exit_code, result.output


def test_stamp_checkpoint_export_verify(config: Path, tmp_path: Path) -> None:
    assert run("custody", "stamp", "--config", config)[0] == 0
    held = tmp_path / "held.json"
    status, told = run("custody", "checkpoint", "-o", held, "--to", "Me Martin", "--config", config)
    assert (status, "1 time stamps" in told) == (0, True)
    journal = tmp_path / "journal.jsonl"
    again = ("custody", "export", "-o", journal, "--reason", "contrôle", "--config", config)
    assert run(*again)[0] == 0
    assert "contrôle" in journal.read_text("utf-8").splitlines()[-2]
    assert run(*again)[0] == 4  # nothing is overwritten
    status, told = run("custody", "verify", "--checkpoint", held, "--json", "--config", config)
    report = json.loads(told)
    assert (status, report["failed"], report["stamps"]) == (0, [], 1)
    assert run("custody", "renew", "--config", config) == (0, "Nothing has to be renewed.\n")


def test_a_failed_stamp_is_said_and_is_no_stamp(config: Path, tsa: TimeStampServer) -> None:
    tsa.fault = "nonce"
    status, told = run("custody", "stamp", "--config", config)
    assert (status, "essai: not time-stamped" in told) == (1, True)
    status, told = run("custody", "verify", "--config", config)
    assert (status, "0 time stamps hold" in told, "not time-stamped" in told) == (0, True, True)


def test_a_log_that_lost_an_entry_fails(config: Path) -> None:
    from sqlalchemy import text

    from index.engine import writing

    with open_record(load(config)) as record, writing(record.engine) as connection:
        connection.execute(text("DROP TRIGGER act_stays"))
        connection.execute(text("DELETE FROM act WHERE seq = 1"))
    status, told = run("custody", "verify", "--config", config)
    assert (status, "entry 1" in told) == (1, True)
