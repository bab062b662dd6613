"""What workers share is made once, and whole (tests/shared.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import once


def test_it_is_made_once(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        (folder / "file").write_text("whole")
        made.append(folder)

    folders = [once(tmp_path_factory, f"once-{tmp_path.name}", make) for _ in range(3)]
    assert len(made) == len(set(folders)) == 1
    assert (folders[0] / "file").read_text() == "whole"


def test_what_failed_is_made_anew(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        once(tmp_path_factory, f"failed-{tmp_path.name}", fail)
    folder = once(tmp_path_factory, f"failed-{tmp_path.name}", lambda _: None)
    assert list(folder.iterdir()) == []
