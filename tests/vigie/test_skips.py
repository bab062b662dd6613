"""A test skipped for a reason that nobody expects fails the run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent.parent / "conftest.py"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("pass", 0, ""),
        ('pytest.skip("libarchive is not installed")', 0, "skipped, as may be"),
        ('pytest.skip("I was tired")', 1, "SKIPPED UNEXPECTEDLY"),
        ('pytest.xfail("known")', 0, ""),
        ("assert False", 1, ""),
    ],
    ids=["passed", "expected", "unexpected", "xfail", "failed"],
)
def test_the_status_of_a_run(tmp_path: Path, body: str, status: int, said: str) -> None:
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_one.py").write_text(f"import pytest\n\n\ndef test_one():\n    {body}\n")
    ended = _run(tmp_path)
    assert ended.returncode == status, ended.stdout
    assert said in ended.stdout


def test_a_file_skipped_as_a_whole(tmp_path: Path) -> None:
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_one.py").write_text(
        'import pytest\n\npytest.skip("no wish to", allow_module_level=True)\n'
    )
    (tmp_path / "test_two.py").write_text("def test_two():\n    pass\n")
    ended = _run(tmp_path)
    assert ended.returncode == 1, ended.stdout
    assert "SKIPPED UNEXPECTEDLY" in ended.stdout


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(folder), str(folder)],
        capture_output=True, text=True, timeout=120, check=False, cwd=folder,
    )  # fmt: skip
