"""Leaked files that were made to do harm: packed bombs, links, lines without an end."""

from __future__ import annotations

import gzip
import json
import os
import struct
import sys
import tracemalloc
import zipfile
from pathlib import Path
from random import Random

import pytest

from matching.build import build
from matching.errors import LeakFileError
from matching.fields import FieldType
from matching.fingerprint_format import MAGIC
from matching.inspect import inspect
from matching.keys import new_key
from matching.layout import find_encoding
from matching.leak_file import MAX_LINE, Tally, find_origin, open_text, read_rows
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from matching.schema import Schema
from tests.matching import disguises

SCHEMA = Schema("utf-8", ";", True, (("a", FieldType.NIR), ("b", FieldType.COMMENT)))


def test_packed_files_are_refused_and_never_unpacked(tmp_path: Path) -> None:
    """A bomb costs nothing: what is packed is told by its first bytes."""
    bomb = tmp_path / "leak.csv.gz"
    with gzip.open(bomb, "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    sheet = tmp_path / "leak.xlsx"
    with zipfile.ZipFile(sheet, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../outside.csv", "a;b\n1;2\n" * 1000)
    before = sorted(tmp_path.parent.rglob("*"))
    for path in (bomb, sheet):
        tracemalloc.start()
        with pytest.raises(LeakFileError, match="never unpacked here"):
            inspect(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16 << 20
    assert sorted(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("name", ["random", "words", "executable", "fingerprints"])
def test_what_is_no_text_is_no_table(tmp_path: Path, name: str) -> None:
    path = tmp_path / "fuite.csv"
    path.write_bytes(
        {
            "random": lambda: Random(7).randbytes(300_000),
            "words": lambda: b"".join(struct.pack("<IH", n, n % 7) for n in range(50_000)),
            "executable": lambda: Path(sys.executable).resolve().read_bytes()[:500_000],
            "fingerprints": lambda: MAGIC + Random(8).randbytes(50_000),
        }[name]()
    )
    with pytest.raises(LeakFileError) as caught:
        inspect(path)
    said = str(caught.value)
    assert said.startswith(f"{path} is ")
    assert ("vigie leak info" if name == "fingerprints" else "Save the table as CSV") in said


PEOPLE = [{"nom": "DUPRÉ", "prenom": "Zoé"}, {"nom": "MARTIN", "prenom": "Léo"}]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("".join(json.dumps(one) + "\n" for one in PEOPLE), "JSON Lines"),
        ("".join(json.dumps(list(one.values())) + "\n" for one in PEOPLE), "JSON Lines"),
        (json.dumps(PEOPLE), "JSON"),
        (json.dumps(PEOPLE, indent=2), "JSON"),
        (json.dumps({"patients": PEOPLE}, indent=2), "JSON"),
    ],
)
def test_json_is_no_table_and_none_of_its_values_a_header(
    tmp_path: Path, text: str, form: str
) -> None:
    path = tmp_path / "fuite.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LeakFileError, match=f"is {form} and is not read as a table") as caught:
        inspect(path)
    assert "DUPR" not in str(caught.value)
    assert "Save it as CSV" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "nom;prenom\n",
        'nom;note\nDUPRÉ;{"a": 1}\nMARTIN;[2]\n',
        "DUPRÉ;[1]\n",
        "nom;prenom\nDUPRÉ;Zo\x00é\n\x0b\x0c;\n",
    ],
)
def test_tables_that_hold_something_like_it_are_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "fuite.csv"
    path.write_text(text, encoding="utf-8")
    assert inspect(path).delimiter == ";"


def test_an_output_that_is_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    people = disguises.people(30, seed=5)
    leak = tmp_path / "leak.csv"
    rows = [";".join(disguises.HEADER), *(";".join(person.columns()) for person in people)]
    leak.write_text("\n".join(rows), "utf-8")
    canary = tmp_path / "elsewhere" / "canary"
    canary.parent.mkdir()
    canary.write_text("unchanged")
    output = tmp_path / "leak.vfp"
    output.symlink_to(canary)
    build(leak, new_key(tmp_path / "k"), output, inspect(leak))
    assert canary.read_text() == "unchanged"
    assert list(canary.parent.iterdir()) == [canary]
    assert not output.is_symlink()


def test_a_line_without_an_end_is_one_broken_row_and_costs_no_memory(tmp_path: Path) -> None:
    leak = tmp_path / "leak.csv"
    with leak.open("w") as file:
        file.write("a;b\n1;one\n2;")
        for _ in range(12):
            file.write("x;" * (MAX_LINE // 2))
        file.write("\n3;three\n")
    tally = Tally()
    tracemalloc.start()
    rows = [row[1] for row in read_rows(leak, SCHEMA, 2, tally)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == ["one", "", "three"]
    assert (tally.rows, tally.broken, tally.broken_rows) == (3, 1, [1])
    # The pieces of such a line are cells of one character, each an object of its own.
    assert peak < 40 * MAX_LINE


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_line_as_long_as_is_read_at_once_is_not_cut(tmp_path: Path, end: str) -> None:
    leak = tmp_path / "leak.csv"
    for size in range(MAX_LINE - 3, MAX_LINE + 1):
        wide = "2;two" + ";" * (size - 5)  # empty cells too many are let pass
        leak.write_text(f"a;b{end}{wide}{end}3;three{end}", newline="")
        assert [row[1] for row in read_rows(leak, SCHEMA, 2, Tally())] == ["two", "three"]


def test_the_encoding_of_one_long_line_is_found_block_by_block(tmp_path: Path) -> None:
    leak = tmp_path / "leak.csv"
    leak.write_bytes(b"x" * (12 << 20) + "é".encode() * 1000)
    tracemalloc.start()
    assert find_encoding(leak, b"x" * 4096) == "utf-8"
    assert tracemalloc.get_traced_memory()[1] < 6 << 20
    tracemalloc.stop()
    leak.write_bytes(b"x" * ((1 << 20) - 1) + "é".encode() + b"x" * 100)
    assert find_encoding(leak, b"xxxx") == "utf-8"


def test_rows_behind_a_hostile_line_keep_their_numbers(tmp_path: Path) -> None:
    people = disguises.people(40, seed=6)
    lines = [";".join(disguises.HEADER), *(";".join(person.columns()) for person in people)]
    lines.insert(11, '"' + "x" * (3 * MAX_LINE))
    leak = tmp_path / "leak.csv"
    leak.write_text("\n".join(lines), "utf-8")
    key = new_key(tmp_path / "k")
    schema = inspect(leak)
    build(leak, key, tmp_path / "leak.vfp", schema)
    scanner = Scanner(LeakRef(tmp_path / "leak.vfp", tmp_path / "k"))
    (found,) = scanner.scan("post", 1, "", [TextLayer("", ";".join(people[30].columns()))]).matches
    assert found.row == 31
    scanner.close()


@pytest.mark.parametrize(
    "text",
    ["<?xml version='1.0'?>\n<rows><row/></rows>", "\ufeff\n<!DOCTYPE html><p>a;b", "<TABLE><tr>"],
)
def test_a_page_is_no_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "fuite.csv"
    path.write_text(text)
    with pytest.raises(LeakFileError, match="HTML or XML"):
        inspect(path)


def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "fuite"
    os.mkfifo(path)
    with pytest.raises(LeakFileError, match="pipe or device"):
        inspect(path)
    with pytest.raises(LeakFileError, match="pipe or device"):
        find_origin(path)
    with pytest.raises(LeakFileError, match="pipe or device"):
        open_text(path, "utf-8")
