"""A command that is forked does what one does that is started (tests/commands.py)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where commands run: a configuration without a record, and a key."""
    (tmp_path / "vigie.toml").write_text('[storage]\npath = "var"\n')
    commands.vigie("key", "new", "k", cwd=tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "stdin", "status"),
    [
        (("--help",), b"", 0),
        (("scan", "--no-such-option"), b"", 2),
        (("key", "new", "k"), b"", 4),
        (("user", "add", "jeanne", "--config", "vigie.toml"), b"\n", 2),
        (("leak", "info", b"\xff\xe9"), b"", 4),
        (("alerts",), b"", 4),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_it_says_and_ends_as_a_started_one(
    folder: Path, words: tuple[str | bytes, ...], stdin: bytes, status: int
) -> None:
    env = {"COLUMNS": "70", "VIGIE_CONFIG": "elsewhere.toml"}
    started = subprocess.run(
        [sys.executable, "-m", "vigie.cli", *words], input=stdin, capture_output=True, cwd=folder,
        env={**os.environ, **env}, check=False,
    )  # fmt: skip
    for _ in range(2):  # the second finds loaded what the first had to load
        forked = commands.vigie(*words, stdin=stdin, cwd=folder, env=env)
        said = (forked.returncode, forked.stdout, forked.stderr)
        assert said == (started.returncode, started.stdout, started.stderr)
    assert started.returncode == status
    assert started.stdout + started.stderr


def test_what_one_changes_the_next_does_not_see(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        done = commands.vigie("alerts", cwd=folder, env={"VIGIE_CONFIG": f"{folder.name}.toml"})
        assert f"{folder.name}.toml" in done.stderr.decode()
    assert b"at vigie.toml" in commands.vigie("alerts", cwd=second).stderr


def test_one_that_does_not_end_is_killed(folder: Path) -> None:
    config = folder / "served.toml"
    config.write_text('[storage]\npath = "var"\n[review]\nport = 0\n')
    done = commands.vigie("serve", "--config", config, cwd=folder, timeout=4)
    assert done.returncode == -signal.SIGKILL
    assert commands.vigie("key", "new", "another", cwd=folder).returncode == 0
