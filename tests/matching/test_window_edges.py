"""Texts of one line or in windows: what stands across any edge is found as elsewhere."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from matching.kernel.bench import REGION
from matching.result import Match, ScanResult, TextLayer, Verdict
from matching.scan import Scanner
from tests.matching.disguises import LeakOnDisk
from vigie import cli, long_files, scan_inputs
from vigie.long_files import Windows

FILLER = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor "
NOTHING = FILLER.replace(" ", "")
slow = partial(settings, deadline=None, derandomize=True)


def line(offset: int, record: str, filler: str, size: int) -> str:
    """One line of `size` characters with a record at an offset."""
    whole = filler * (size // len(filler) + 2)
    return f"{whole[: offset - 1]} {record} {whole[:size]}"[:size]


def rows(scanner: Scanner, text: str) -> dict[int, float]:
    found = scanner.scan("x", 1, "", [TextLayer("", text)])
    return {match.row: match.bits for match in found.matches}


@pytest.mark.parametrize(
    "filler", [FILLER, NOTHING, "é" * 70 + " "], ids=["words", "no blanks", "accents"]
)
@slow(max_examples=40)
@given(shift=st.integers(-3_500, 400), number=st.integers(0, 5_999))
def test_a_record_across_the_edge_of_a_region_of_one_long_line(
    scanner: Scanner, leak: LeakOnDisk, filler: str, shift: int, number: int
) -> None:
    record = " | ".join(leak.people[number].columns())
    size = 12 * REGION  # too long for blocks to be put together
    beside = rows(scanner, line(REGION // 2, record, filler, size))
    across = rows(scanner, line(REGION + shift, record, filler, size))
    assert beside[number] >= 52
    assert across.keys() == beside.keys()
    # A filler word that is cut short beside the record may be worth a bit or two to it.
    assert abs(across[number] - beside[number]) < 5


@slow(max_examples=100)
@given(
    shift=st.integers(-300, 50), number=st.integers(0, 5_999), edge=st.sampled_from([12, 16]),
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16-le"]),
)  # fmt: skip
def test_a_record_across_the_edge_of_a_window(
    scanner: Scanner, leak: LeakOnDisk, shift: int, number: int, edge: int, encoding: str
) -> None:
    record = " | ".join(leak.people[number].columns())
    window, overlap = 16 * 1024, 4 * 1024  # the second begins at 12 K, the first ends at 16 K
    text = line(edge * 1024 // len("a".encode(encoding)) + shift, record, FILLER, 30_000)
    found: dict[int, float] = {}
    for _, body in Windows(io.BytesIO(text.encode(encoding)), window, overlap):
        assert len(body) <= window
        told = rows(scanner, body.decode(encoding, "replace"))
        found |= {row: max(bits, found.get(row, 0)) for row, bits in told.items()}
    # A word that the edge cuts short beside the record may be worth a bit or two to it.
    assert abs(found[number] - rows(scanner, text)[number]) < 5


@given(
    data=st.binary(max_size=400) | st.text(max_size=150).map(str.encode),
    window=st.integers(12, 60), overlap=st.integers(4, 11),
)  # fmt: skip
def test_windows_hold_every_byte(data: bytes, window: int, overlap: int) -> None:
    windows = Windows(io.BytesIO(data), window, overlap)
    covered = 0
    for start, body in windows:
        # Up to three bytes are the rest of a character.
        assert start <= max(0, covered - overlap) + 3
        assert data[start : start + len(body)] == body
        assert len(body) <= window
        covered = max(covered, start + len(body))
    assert covered == windows.size == len(data)


@given(st.text(min_size=1, max_size=200), st.integers(12, 60))
def test_windows_begin_with_whole_characters(text: str, window: int) -> None:
    data = text.encode("utf-8", "replace")
    for start, body in Windows(io.BytesIO(data), window, 4):
        if b"\0" not in data:
            assert not body or not 0x80 <= body[0] < 0xC0
        assert start == 0 or len(body) > 0


def part(verdict: Verdict, *told: int, notes: tuple[str, ...] = ()) -> ScanResult:
    matches = tuple(Match("leak", row, 60.0, ("nir",), ((0, 6),)) for row in told)
    return ScanResult("x", 1, "", verdict, len(told), 0, len(told) + 1, 0.5, matches, notes)


def test_rows_of_two_windows_count_once_and_fragments_add_up() -> None:
    from matching.long_text import Whole

    whole = Whole(1_000)
    for first in range(0, 9, 3):
        whole.add(part(Verdict.FRAGMENT, *range(first, first + 4)))
    found = whole.result("x", 3, "aa")
    assert (found.records, len(found.matches), found.verdict) == (10, 10, Verdict.REPOST)
    few = Whole(2)
    for row in range(9):
        few.add(part(Verdict.FRAGMENT, row))
    assert few.result("x", 3, "aa").verdict is Verdict.FRAGMENT
    assert len(few.result("x", 3, "aa").matches) == 2


def test_a_file_over_the_bound_is_read_in_windows(
    leak: LeakOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_inputs, "SCAN_BYTES", 300_000)
    monkeypatch.setattr(long_files.Windows.__init__, "__defaults__", (200_000, 8_000))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    people = [" | ".join(person.columns()) for person in leak.people[:12]]
    text = line(192_000 - 60, people[0], FILLER, 384_000)
    text = line(384_000 - 60, people[1], text, 700_000)
    file = tmp_path / "long.txt"
    file.write_text(text, "latin-1")
    packed = tmp_path / "long.bin"
    packed.write_bytes(b"PK\x03\x04" + bytes(400_000))
    asked = ["scan", str(file), str(packed), "--leak", str(leak.ref.file),
             "--key", str(leak.ref.key_file), "--json", "--explain"]  # fmt: skip
    done = CliRunner().invoke(cli.build(), asked)
    assert done.exit_code == 3, done.output
    found, error = (json.loads(line) for line in done.stdout.splitlines())
    assert found["bytes"] == file.stat().st_size
    assert found["verdict"] == "fragment"
    assert {match["row"] for match in found["matches"]} == {0, 1}
    assert all(match["layer"].startswith("byte ") for match in found["matches"])
    assert "read in 4 windows" in found["notes"][0]
    assert error["verdict"] == "error"
    assert "Unpack it" in error["error"]
