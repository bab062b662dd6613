"""`vigie index status` and `rebuild` as an operator meets them."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from bench.corpus.hits import fill
from index.engine import open_record
from index.schema import Outbox
from tests import commands
from vigie.cli import build
from vigie.progress import duration

HITS = 30


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose record has hits that wait for the index."""
    engine = open_record(f"sqlite:///{tmp_path}/store/vigie.db")
    fill(engine, HITS)
    engine.dispose()
    path = tmp_path / "vigie.toml"
    path.write_text('[storage]\npath = "store"\n')
    return path


def run(*arguments: str) -> tuple[int, str]:
    """A command's exit status and what it said."""
    done = CliRunner().invoke(build(), ["index", *arguments])
    return done.exit_code, done.output


def test_status_before_and_after_a_rebuild(config: Path) -> None:
    code, said = run("status", "--config", str(config))
    assert code == 0
    assert "33 missing, 0 too many, 33 on their way" in said
    assert "The oldest has waited" in said
    assert "days, since 2024-01-01" in said
    assert run("rebuild", "--config", str(config)) == (
        0, "The index holds 3 alerts and 30 hits, the same as the record.\n",
    )  # fmt: skip
    code, said = run("status", "--config", str(config))
    assert code == 0
    assert "33 documents for 3 alerts and 30 hits; 0 missing, 0 too many, 0 on their way" in said


def test_an_index_that_is_away_is_one_sentence(config: Path) -> None:
    with config.open("a") as file:
        file.write('[elasticsearch]\nurl = ["http://127.0.0.1:9", "http://localhost:9"]\n')
    done = commands.as_text(commands.vigie("index", "status", "--config", config))
    assert done.returncode == 4
    said = done.stderr.splitlines()
    assert len(said) == 1
    assert said[0].startswith("vigie: The index does not answer: Elasticsearch cannot be reached")
    # What it cannot know it does not say.
    assert "missing" not in done.stdout
    assert "unreachable; 33 documents wait, 0 are put aside." in done.stdout


def test_ctrl_c_ends_a_rebuild_and_changes_nothing(config: Path) -> None:
    engine = open_record(f"sqlite:///{config.parent}/store/vigie.db")
    terminal, side = pty.openpty()
    command = [sys.executable, "-c", SLOW, "index", "rebuild", "--config", str(config)]
    process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side)
    os.close(side)
    said = b""
    while b"13/33" not in said:
        said += os.read(terminal, 65536)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    while process.poll() is None and time.monotonic() < began + 60:
        try:
            said += os.read(terminal, 65536)
        except OSError:
            break
    assert process.wait(60) == 4
    os.close(terminal)
    assert b"stopped; the index in use is as it was" in said
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Outbox)) == 33
    engine.dispose()
    code, said_now = run("status", "--config", str(config), "--json")
    assert code == 0
    assert json.loads(said_now)["missing"] == 33
    assert len(list((config.parent / "store").glob("index-*.db"))) == 1


# The command with small steps that take a while.
SLOW = """
import sys, time
from index import rebuild
from index.embedded import EmbeddedRebuild
from vigie.cli import main
rebuild.CHUNK = 10
write = EmbeddedRebuild.write
EmbeddedRebuild.write = lambda self, documents: (time.sleep(1), write(self, documents))[1]
main()
"""


def test_durations_are_for_people() -> None:
    told = [duration(seconds) for seconds in (0, 41.4, 119, 600, 7800, 86400 * 5)]
    assert told == ["0 s", "41 s", "119 s", "10 min", "2 h 10 min", "5 days"]
