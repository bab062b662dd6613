"""The node's jars are the pinned ones, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.elasticsearch_node import jars


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    """A folder with two jars that are pinned."""
    folder = tmp_path / "jars"
    folder.mkdir()
    lines = []
    for name in ("a-1.jar", "b-2.jar"):
        (folder / name).write_bytes(name.encode())
        lines.append(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}")
    (tmp_path / "jars.sha256").write_text("\n".join(lines) + "\n")
    return folder


def test_the_pinned_jars_are_taken(pinned: Path) -> None:
    jars.check(pinned, pinned.parent / "jars.sha256")


@pytest.mark.parametrize("what", ["changed", "missing", "more"])
def test_any_other_is_refused_by_name(pinned: Path, what: str) -> None:
    jar = pinned / ("c-3.jar" if what == "more" else "b-2.jar")
    if what == "missing":
        jar.unlink()
    else:
        jar.write_bytes(b"other")
    with pytest.raises(RuntimeError, match=jar.name):
        jars.check(pinned, pinned.parent / "jars.sha256")
