"""veraPDF as a process: fetched once by Maven into the user's cache, every jar pinned."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.elasticsearch_node.jars import check

HERE = Path(__file__).parent
NO_PROGRAMS = "Java or Maven is not installed"
NO_JARS = "the jars of veraPDF cannot be fetched here"
MAIN = "org.verapdf.apps.GreenfieldCliWrapper"


def failing(files: Sequence[Path]) -> list[str]:
    """The names of those files that are not PDF/A-3b; skips where veraPDF cannot be had."""
    jars = _jars()
    done = subprocess.run(
        ["java", "-cp", f"{jars}/*", MAIN, "--format", "text", "-f", "3b", *files],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    told = [line.split(" ") for line in done.stdout.splitlines() if line[:4] in ("PASS", "FAIL")]
    assert len(told) == len(files), done.stderr[-500:]
    return [Path(line[1]).name for line in told if line[0] == "FAIL"]


def _jars() -> Path:
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip(NO_PROGRAMS)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vigie"
    base.mkdir(parents=True, exist_ok=True)
    folder = base / "verapdf-1.28.2"
    with (base / ".verapdf.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=base) as work:
                shutil.copy(HERE / "pom.xml", work)
                command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=j"]
                done = subprocess.run(
                    command, cwd=work, capture_output=True, timeout=600, check=False
                )
                made = Path(work) / "j"
                if done.returncode or not made.is_dir():
                    pytest.skip(NO_JARS)
                check(made, HERE / "jars.sha256")
                made.rename(folder)
    check(folder, HERE / "jars.sha256")
    return folder
