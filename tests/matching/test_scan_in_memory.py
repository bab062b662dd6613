"""`vigie scan` says the same whether inputs pass in shared memory or over sockets."""

from __future__ import annotations

import gc
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.matching.disguises import LeakOnDisk
from vigie import cli, long_files, scan_inputs
from vigie.scan_inputs import SLOTS

SCAN_BYTES = 300_000


@pytest.fixture
def inputs(leak: LeakOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of every way through a scan."""
    monkeypatch.setattr(scan_inputs, "SCAN_BYTES", SCAN_BYTES)
    monkeypatch.setattr(long_files.Windows.__init__, "__defaults__", (200_000, 8_000))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    rows = [" | ".join(person.columns()) for person in leak.people[:12]]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(rows[0] + "\n" + "x" * 9_000)
    (folder / "b.txt").write_text("")
    (folder / "c.txt").write_text(rows[1] + "é", "latin-1")
    (folder / "d.txt").write_text("ligne sans rien\n" * 40_000 + rows[2])  # read in windows
    (folder / "e.txt").write_text("y" * (SCAN_BYTES - len(rows[3]) - 1) + "\n" + rows[3])
    with zipfile.ZipFile(folder / "f.zip", "w") as archive:
        archive.writestr("17.txt", rows[4])
    (folder / "g.bin").write_bytes(b"PK\x03\x04" + bytes(SCAN_BYTES))
    (folder / "h.txt").write_text(rows[5])
    return folder


def kept() -> list[str]:
    """What this process has of such memory."""
    links = (os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))  # noqa: PTH208
    mapped = Path("/proc/self/maps").read_text().splitlines()
    return [each for each in (*links, *mapped) if "memfd:vigie" in each]


def scanned(leak: LeakOnDisk, *paths: str, given: bytes = b"") -> list[dict[str, Any]]:
    asked = ["scan", *paths, "--leak", str(leak.ref.file), "--key", str(leak.ref.key_file),
             "--json", "--explain"]  # fmt: skip
    done = CliRunner().invoke(cli.build(), asked, input=given)
    assert done.exit_code in (0, 3), done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_where_there_is_no_memory_or_too_little_all_is_found(
    leak: LeakOnDisk, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(inputs), str(inputs / "d.txt"), str(inputs / "none.txt"), str(inputs / "a.txt")]
    found = scanned(leak, *paths)
    told = {Path(each["document"]).name: each for each in found}
    assert [told[name]["matches"][0]["row"] for name in ("a.txt", "c.txt", "d.txt", "e.txt")] == [
        0, 1, 2, 3
    ]  # fmt: skip
    assert told["17.txt"]["matches"][0]["row"] == 4
    assert "Unpack it" in told["g.bin"]["error"]
    assert told["none.txt"]["verdict"] == "error"
    gc.unfreeze()  # a scan has frozen what was there as it began: its process ends with it
    gc.collect()
    assert not kept()
    for slots in range(1, SLOTS):
        monkeypatch.setattr(scan_inputs, "SLOTS", slots)
        assert scanned(leak, *paths) == found
    monkeypatch.setattr("extraction.shared.made", lambda *_: None)
    assert scanned(leak, *paths) == found


@pytest.mark.parametrize("size", [0, 1, SCAN_BYTES, SCAN_BYTES + 1])
def test_standard_input_up_to_the_bound(leak: LeakOnDisk, inputs: Path, size: int) -> None:
    row = (inputs / "h.txt").read_bytes()
    given = row[:size] + b"\n" * (size - len(row))
    [found] = scanned(leak, "-", given=given)
    if size > SCAN_BYTES:
        assert "read from a pipe" in found["error"]
    else:
        assert found["bytes"] == size
        assert bool(found["matches"]) == (size > len(row))
