"""`vigie scan` reads and judges small files together: each gets the line it gets alone."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extraction.sandbox import Sandbox
from extraction.shared import Shared
from matching.client import Asked, MatcherClient
from matching.errors import DamagedFileError
from matching.result import ScanResult
from tests.extraction import samples
from tests.matching.disguises import LeakOnDisk
from vigie import cli, scan_inputs, scan_judge
from vigie.scan_inputs import SMALL, read_small


@pytest.fixture
def folder(leak: LeakOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small files of every kind, and between them one that is not small."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    rows = [" | ".join(person.columns()) for person in leak.people[:12]]
    made = tmp_path / "in"
    made.mkdir()
    for number, row in enumerate(rows[:6]):
        (made / f"a{number}.txt").write_text(f"{row}\n" + "texte ordinaire\n" * number)
    (made / "b-empty").write_bytes(b"")
    (made / "c-broken.zip").write_bytes(samples.zipped({"a.txt": rows[0]})[:60])
    (made / "d-many.zip").write_bytes(samples.zipped({"1.txt": rows[6], "2.txt": "rien"}))
    (made / "e-large.txt").write_text("une ligne\n" * SMALL + rows[7])
    (made / "f-locked.zip").write_bytes(samples.locked_zip({"x.txt": rows[8].encode()}, "sesame"))
    (made / "g.txt").write_text("le mot de passe est sesame")
    (made / "h.pdf").write_bytes(samples.pdf())
    (made / "i.txt").write_text(rows[9])
    return made


def scanned(leak: LeakOnDisk, *arguments: str) -> list[dict[str, Any]]:
    asked = ["scan", *arguments, "--leak", str(leak.ref.file), "--key", str(leak.ref.key_file)]
    done = CliRunner().invoke(cli.build(), [*asked, "--json"])
    assert done.exit_code in (0, 3), done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("how", [(), ("--all", "--explain")], ids=["plain", "all"])
def test_each_gets_the_line_it_gets_alone(
    leak: LeakOnDisk,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: tuple[str, ...],
) -> None:
    together: list[int] = []
    real = Sandbox.several

    def several(box: Sandbox, given: Sequence[Any]) -> Any:
        together.append(len(given))
        return real(box, given)

    monkeypatch.setattr(Sandbox, "several", several)
    paths = str(folder), str(folder / "none.txt"), str(folder / "a0.txt")
    found = scanned(leak, *paths, *how)
    assert together == [9, 4, 1]
    names = [each["document"].removeprefix(f"{folder}/") for each in found]
    assert names == [*sorted(names[:-2]), "none.txt", "a0.txt"]
    rows = [each["matches"][0]["row"] for each in found if each.get("matches")]
    assert rows == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    for number in (1, 2, 5):
        monkeypatch.setattr(scan_inputs, "TOGETHER", number)
        monkeypatch.setattr(scan_judge, "TOGETHER", number)
        assert scanned(leak, *paths, *how) == found


def test_those_before_a_failure_are_told(
    leak: LeakOnDisk,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = MatcherClient.scan

    def fail(*_: object, **__: object) -> list[tuple[ScanResult, ...]]:
        raise DamagedFileError("one of them met a damaged place")

    def scan(client: MatcherClient, document: str, *told: Any, **how: Any) -> Any:
        if document.endswith("a3.txt"):
            raise DamagedFileError("a damaged place")
        return real(client, document, *told, **how)

    monkeypatch.setattr(MatcherClient, "scan_several", fail)
    monkeypatch.setattr(MatcherClient, "scan", scan)
    asked = ["scan", str(folder), "--leak", str(leak.ref.file), "--key", str(leak.ref.key_file)]
    done = CliRunner().invoke(cli.build(), [*asked, "--json"])
    assert isinstance(done.exception, DamagedFileError)
    told = [json.loads(line)["document"][-6:] for line in done.stdout.splitlines()]
    assert told == ["a0.txt", "a1.txt", "a2.txt"]


def test_several_are_judged_as_each_alone(leak: LeakOnDisk) -> None:
    from matching.result import TextLayer

    asked = [
        Asked(f"{number}", number, "00", [TextLayer("", " ".join(person.columns())),
                                          TextLayer("base64", "é" * number)][: number % 3])
        for number, person in enumerate(leak.people[:9])
    ]  # fmt: skip
    with MatcherClient([leak.ref, leak.ref]) as matcher:
        found = matcher.scan_several(asked, all_matches=True)
        assert found == [matcher.scan(*each, all_matches=True) for each in asked]
        assert matcher.scan_several([]) == []
    assert sum(bool(each[0].matches) for each in found) == 6


def test_what_is_no_small_file_is_left_to_be_read_alone(tmp_path: Path) -> None:
    memory = Shared(1, 3 * SMALL)
    slot = memory.take()
    assert slot
    small, large, pipe = tmp_path / "small", tmp_path / "large", tmp_path / "pipe"
    small.write_bytes(b"x" * SMALL)
    large.write_bytes(b"x" * (SMALL + 1))
    os.mkfifo(pipe)
    first = read_small(small, slot, 0)
    assert first
    assert bytes(first) == b"x" * SMALL
    second = read_small(small, slot, slot.behind(first))
    assert second
    assert (bytes(second), bytes(first)) == (b"x" * SMALL, b"x" * SMALL)
    for path in (large, pipe, tmp_path, tmp_path / "none", None):
        assert read_small(path, slot, 0) is None
    assert read_small(small, slot, 2 * SMALL + 129) is None, "no room"
    # Files of the kernel's tell no size before they are read.
    assert read_small(Path("/proc/self/status"), slot, 0) is not None
    memory.close()
