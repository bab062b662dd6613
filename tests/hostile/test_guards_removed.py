"""A guard taken out of a copy of the program turns a test red (hostile input 43)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.guards import GUARDS, Guard
from tests.hostile.register import ROOT

# As pytest ends: all passed, some failed. Everything else says nothing about a guard.
PASSED, FAILED = 0, 1
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", ".*", "build", "*.egg-info", "node_modules")
KERNELS = [Path(room, "kernel/__pycache__") for room in ("extraction", "matching")]

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program and its tests in another folder, compiled kernels included."""
    target = tmp_path_factory.mktemp("guards") / "vigie"
    shutil.copytree(ROOT, target, ignore=LEFT_BEHIND)
    for place in KERNELS:
        for folder in (ROOT / place).glob("kernels-*"):
            shutil.copytree(folder, target / place / folder.name)
            (target / place / folder.name).chmod(0o700)
    return target


def run(copy: Path, *tests: str) -> tuple[int, str]:
    """How pytest ends in the copy, and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--tb=short", "-n0", "-p", "no:cacheprovider",
         *(f"tests/{test}" for test in tests)],
        cwd=copy, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout[-4_000:]


def test_with_all_guards_the_copy_passes(copy: Path) -> None:
    status, said = run(copy, *dict.fromkeys(guard.test for guard in GUARDS))
    assert status == PASSED, said


@pytest.mark.parametrize("guard", GUARDS, ids=lambda each: f"{each.number}-{each.file}")
def test_without_its_guard_a_test_fails(copy: Path, guard: Guard) -> None:
    whole = ROOT / guard.file
    source = whole.read_text()
    assert source.count(guard.code) == 1
    (copy / guard.file).write_text(source.replace(guard.code, guard.gone))
    try:
        status, said = run(copy, guard.test)
    finally:
        shutil.copy2(whole, copy / guard.file)
    assert status == FAILED, said
