"""While `vigie scan` works a terminal shows how far it is."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.matching.disguises import LeakOnDisk


@pytest.mark.parametrize("lines", [True, False], ids=["json", "table"])
def test_a_bar_on_the_terminal_leaves_the_results_alone(
    leak: LeakOnDisk, tmp_path: Path, lines: bool
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("rien")
    ours, theirs = pty.openpty()
    asked = ["scan", str(tmp_path / "0.txt"), str(tmp_path / "1.txt"), "none", "--leak",
             str(leak.ref.file), "--key", str(leak.ref.key_file), *["--json"] * lines]  # fmt: skip
    environ = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-m", "vigie.cli", *asked], env=environ, stdout=subprocess.PIPE,
        stderr=theirs, check=False, timeout=120,
    )  # fmt: skip
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 3
    assert "3/3" in shown
    if lines:
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [each["verdict"] for each in told] == ["none", "none", "error"]
    else:
        assert b"1.txt" in done.stdout
        assert "none: " in shown
