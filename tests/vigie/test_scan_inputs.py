"""What `vigie scan` looks at: everything it was given, and nothing is passed over in silence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from vigie.scan_inputs import inputs, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "inside.txt").write_text("x")
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "c.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def close(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to list a folder; the tests may run as root, whom no mode keeps out."""
    really: Any = os.scandir

    def refused(at: Any) -> Any:
        if Path(at) == path:
            raise PermissionError(13, "Permission denied", str(at))
        return really(at)

    monkeypatch.setattr(os, "scandir", refused)


def test_a_folder_gives_its_plain_files_in_order(folder: Path) -> None:
    expected = [folder / "a.txt", folder / "b" / "inside.txt", folder / "c.txt"]
    assert list(inputs([str(folder)])) == [(str(path), path) for path in expected]


@pytest.mark.parametrize("given", [".", "b"])
def test_a_folder_that_cannot_be_listed_is_an_input_that_cannot_be_read(
    folder: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(folder / "b", monkeypatch)
    found = list(inputs([str(folder / given)]))
    assert (str(folder / "b"), folder / "b") in found
    with pytest.raises(OSError, match=r"directory|denied"):
        read(folder / "b")


def test_a_name_that_no_file_can_have_is_told_when_it_is_read() -> None:
    name = "a" * 5000
    assert list(inputs([name])) == [(name, Path(name))]
    with pytest.raises(OSError, match="too long"):
        read(Path(name))
