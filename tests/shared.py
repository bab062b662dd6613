"""What several workers of one run need is made by the first that asks; the others wait for it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` has filled, once in a run. Nobody may write into it."""
    base = factory.getbasetemp()
    # Each worker's folder lies in that of the run.
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, part = run / f"shared-{name}", run / f"shared-{name}.part"
    with (run / f"shared-{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(part, ignore_errors=True)  # of one that failed
            part.mkdir(0o700)
            make(part)
            part.rename(folder)
    return folder
