"""`vigie scan` hashes what it reads where somebody asks for the hash, and only there: in the lines
of `--json`, and where the configuration names known copies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from matching.client import Asked, MatcherClient
from tests.extraction import samples
from tests.matching.disguises import LeakOnDisk
from vigie import cli, long_files, scan_inputs

LONG = b"une ligne sans personne\n" * 20_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file read in windows, a small one, one that is broken, and an archive."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(scan_inputs, "SCAN_BYTES", 300_000)
    monkeypatch.setattr(long_files.Windows.__init__, "__defaults__", (200_000, 8_000))
    made = tmp_path / "in"
    made.mkdir()
    (made / "a.txt").write_bytes(LONG)
    (made / "b.txt").write_bytes(b"rien")
    (made / "c.zip").write_bytes(samples.zipped({"a.txt": b"rien"})[:60])
    (made / "d.zip").write_bytes(samples.zipped({"e.txt": b"rien non plus"}))
    (made / "f.bin").write_bytes(b"PK\x03\x04" + bytes(400_000))  # packed, and too long
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The hashes that the matcher is told."""
    found: set[str] = set()
    scan, several = MatcherClient.scan, MatcherClient.scan_several

    def noting(
        client: MatcherClient, name: str, size: int, sha256: str, *more: Any, **how: Any
    ) -> Any:
        found.add(sha256)
        return scan(client, name, size, sha256, *more, **how)

    def noting_all(client: MatcherClient, asked: Sequence[Asked], **how: Any) -> Any:
        found.update(each.sha256 for each in asked)
        return several(client, asked, **how)

    monkeypatch.setattr(MatcherClient, "scan", noting)
    monkeypatch.setattr(MatcherClient, "scan_several", noting_all)
    return found


def scanned(*arguments: object) -> str:
    done = CliRunner().invoke(cli.build(), ["scan", *map(str, arguments)])
    assert done.exit_code == 3, done.output  # one file is broken
    return done.stdout


def hashes(folder: Path) -> set[str]:
    return {samples.sha256(path.read_bytes()) for path in folder.iterdir()}


def leak_of(leak: LeakOnDisk) -> tuple[str, ...]:
    return "--leak", str(leak.ref.file), "--key", str(leak.ref.key_file)


def test_a_table_takes_no_hashes(leak: LeakOnDisk, folder: Path, told: set[str]) -> None:
    scanned(folder, *leak_of(leak))
    assert told == {""}


def test_lines_of_json_tell_each(leak: LeakOnDisk, folder: Path, told: set[str]) -> None:
    lines = [json.loads(line) for line in scanned(folder, *leak_of(leak), "--json").splitlines()]
    assert hashes(folder) <= told
    by_name = {
        str(Path(each["document"]).relative_to(folder)).replace("!/", "!"): each.get("sha256")
        for each in lines
    }
    assert by_name["a.txt"] == samples.sha256(LONG)
    assert by_name["b.txt"] == samples.sha256(b"rien")
    assert by_name["d.zip!e.txt"] == samples.sha256(b"rien non plus")


@pytest.mark.parametrize("name", ["a.txt", "b.txt", "c.zip", "d.zip", "f.bin"])
def test_a_table_tells_of_a_known_copy(
    leak: LeakOnDisk, folder: Path, told: set[str], name: str, tmp_path: Path
) -> None:
    known = samples.sha256((folder / name).read_bytes())
    config = tmp_path / "vigie.toml"
    config.write_text(
        f'[storage]\npath = "{tmp_path / "var"}"\n'
        f'[[leak]]\nfile = "{leak.ref.file}"\nkey_file = "{leak.ref.key_file}"\n'
        f'files = ["{known}"]\n'
    )
    table = scanned(folder, "--config", config)
    assert hashes(folder) <= told
    (line,) = (line for line in table.splitlines() if "repost" in line)
    assert name in line
