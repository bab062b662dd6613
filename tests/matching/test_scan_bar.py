"""While `vigie scan` works a terminal shows how far it is."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.matching.disguises import LeakOnDisk


def read_all(terminal: int) -> str:
    """What came to a terminal whose other side is closed."""
    parts: list[bytes] = []
    with contextlib.suppress(OSError):  # as Linux says that nothing more comes
        while part := os.read(terminal, 100_000):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


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
    with ThreadPoolExecutor(1) as reader:  # a terminal that nobody reads holds the command up
        shown_later = reader.submit(read_all, ours)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "vigie.cli", *asked], env=environ, stdout=subprocess.PIPE,
                stderr=theirs, check=False, timeout=300,
            )  # fmt: skip
        finally:
            os.close(theirs)
        shown = shown_later.result()
    assert done.returncode == 3
    assert "3/3" in shown
    if lines:
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [each["verdict"] for each in told] == ["none", "none", "error"]
    else:
        assert b"1.txt" in done.stdout
        assert "none: " in shown
