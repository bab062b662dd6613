"""A run in which a test is skipped for a reason nobody expects does not pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import EXPECTED

ROOT = Path(__file__).parents[2]
CONFTEST = """
from tests.skips import Skips
def pytest_configure(config):
    config.pluginmanager.register(Skips())
"""


def run(folder: Path, test: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_runs.py").write_text("def test_runs():\n    pass\n")
    (folder / "test_it.py").write_text(f"import pytest\n{test}")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", folder, "-c", "/dev/null",
         "-p", "no:cacheprovider", folder],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        # Other plugins have no part in this and take most of the start.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip


def test_a_run_without_skips_passes_and_says_how_many_ran(tmp_path: Path) -> None:
    done = run(tmp_path, '@pytest.mark.xfail(reason="known")\ndef test_it():\n    assert False')
    assert done.returncode == 0, done.stdout
    assert "1 tests ran: 1 passed, 0 failed; 0 skipped" in done.stdout


@pytest.mark.parametrize(
    "test",
    [
        '@pytest.mark.skip(reason="no moon")\ndef test_it():\n    pass',
        'def test_it():\n    pytest.skip("no moon")',
        'pytest.skip("no moon", allow_module_level=True)',
        'pytest.importorskip("no_moon", reason="no moon")',
        '@pytest.fixture\ndef it():\n    pytest.skip("no moon")\ndef test_it(it):\n    pass',
    ],
)
def test_an_unexpected_skip_fails_the_run(tmp_path: Path, test: str) -> None:
    done = run(tmp_path, test)
    assert done.returncode == 1, done.stdout
    assert "Unexpected skip: no moon" in done.stdout


def test_an_expected_one_does_not(tmp_path: Path) -> None:
    (reason,) = EXPECTED & {"libarchive is not installed"}
    done = run(tmp_path, f"def test_it():\n    pytest.skip({reason!r})")
    assert done.returncode == 0, done.stdout
    assert "1 skipped, 0 of the reasons unexpected" in done.stdout


def test_a_failure_stays_one(tmp_path: Path) -> None:
    done = run(tmp_path, "def test_it():\n    assert False")
    assert done.returncode == 1
    assert "1 failed" in done.stdout


def test_this_very_run_is_watched(pytestconfig: pytest.Config) -> None:
    names = [type(plugin).__name__ for plugin in pytestconfig.pluginmanager.get_plugins()]
    assert "Skips" in names
