"""Processors that a kernel is compiled for other than the one at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from llvmlite import binding


def without_wide_instructions(ways: list[str], folder: Path) -> dict[str, str]:
    """What tells a process to compile for a plain processor, or with `tables` for one with AVX2
    and nothing wider. What it compiles is kept apart, in `folder`."""
    if "tables" in ways and not binding.get_host_cpu_features().get("avx2"):
        pytest.skip("lanes are only moved by tables where there is AVX2")
    name = "haswell" if "tables" in ways else "generic"
    return {"NUMBA_CPU_NAME": name, "NUMBA_CACHE_DIR": str(folder)}
