"""The fingerprint file: same bytes twice, no value in it, and never a crash on damaged ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from matching import fingerprint_file
from matching.build import build
from matching.errors import DamagedFileError, WrongKeyError
from matching.fingerprint_file import FingerprintFile
from matching.inspect import inspect
from matching.keys import load_key, new_key
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LeakOnDisk:
    folder = tmp_path_factory.mktemp("small")
    people = disguises.people(200, seed=3)
    csv = folder / "petit.csv"
    csv.write_text(
        "\n".join([";".join(disguises.HEADER), *(";".join(p.columns()) for p in people)]), "utf-8"
    )
    key = new_key(folder / "k")
    build(csv, key, folder / "petit.vfp", inspect(csv))
    return LeakOnDisk(people, csv, LeakRef(folder / "petit.vfp", folder / "k"))


def test_the_same_input_and_key_give_the_same_bytes(small: LeakOnDisk, tmp_path: Path) -> None:
    again = tmp_path / "petit.vfp"
    build(small.csv, load_key(small.ref.key_file), again, inspect(small.csv), name="petit")
    assert again.read_bytes() == small.ref.file.read_bytes()
    build(small.csv, new_key(tmp_path / "other"), again, inspect(small.csv), name="petit")
    assert again.read_bytes() != small.ref.file.read_bytes()


def test_no_value_of_the_leak_stands_in_the_file(small: LeakOnDisk) -> None:
    data = small.ref.file.read_bytes()
    for text in ("utf-8", "latin-1"):
        for person in small.people:
            for value in person.columns():
                if len(value) >= 5:
                    assert value.encode(text) not in data
                    assert value.lower().encode(text) not in data
    for name in disguises.HEADER:
        assert name == "MAIL" or name.encode() not in data or len(name) < 4


def test_equal_values_leave_no_equal_records(small: LeakOnDisk) -> None:
    opened = FingerprintFile(small.ref.file)
    rows = opened.array("rows")
    assert len({row.tobytes() for row in rows}) == len(rows)
    words = rows.reshape(-1)
    assert len(set(words.tolist())) > 0.999 * len(words)
    opened.close()


def test_a_wrong_key_is_told_at_once(small: LeakOnDisk, tmp_path: Path) -> None:
    new_key(tmp_path / "other")
    with pytest.raises(WrongKeyError, match="does not belong to"):
        Scanner(LeakRef(small.ref.file, tmp_path / "other"))


def _outcome(path: Path, small: LeakOnDisk, text: str) -> object:
    """What a scan with this file says: an error of ours, or its matches."""
    try:
        scanner = Scanner(LeakRef(path, small.ref.key_file))
    except DamagedFileError as error:
        return str(error)
    try:
        return scanner.scan("post", 1, "", [TextLayer("", text)]).matches
    except DamagedFileError as error:
        return str(error)


def test_any_flipped_byte_is_refused_or_touches_nothing_read(
    small: LeakOnDisk, tmp_path: Path
) -> None:
    whole = small.ref.file.read_bytes()
    text = "\n".join(";".join(person.columns()) for person in small.people[:20])
    draw = random.Random(11)
    bad = tmp_path / "bad.vfp"
    right = _outcome(small.ref.file, small, text)
    places = [*range(0, 40, 3), *(draw.randrange(40, len(whole)) for _ in range(60))]
    refused = 0
    for place in places:
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        found = _outcome(bad, small, text)
        refused += isinstance(found, str)
        assert found == right or isinstance(found, str)
    assert refused > len(places) // 2


def test_cut_and_foreign_files_are_refused(small: LeakOnDisk, tmp_path: Path) -> None:
    whole = small.ref.file.read_bytes()
    bad = tmp_path / "bad.vfp"
    cuts = (0, 7, 20, 100, 4096, len(whole) // 2, len(whole) - 4096)
    for data in (*(whole[:cut] for cut in cuts), b"PK\x03\x04" + whole, b"\0" * 5000):
        bad.write_bytes(data)
        with pytest.raises(DamagedFileError, match="vigie leak fingerprint"):
            FingerprintFile(bad)
    with pytest.raises(DamagedFileError, match="no fingerprint file at"):
        FingerprintFile(tmp_path / "none")


def test_a_later_version_is_named(small: LeakOnDisk, tmp_path: Path) -> None:
    whole = bytearray(small.ref.file.read_bytes())
    whole[8] = fingerprint_file.VERSION + 1
    (tmp_path / "bad.vfp").write_bytes(whole)
    with pytest.raises(DamagedFileError, match=f"version {fingerprint_file.VERSION + 1}"):
        FingerprintFile(tmp_path / "bad.vfp")


def test_a_failed_write_leaves_the_old_file(
    small: LeakOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "petit.vfp"
    target.write_bytes(b"before")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matching.fingerprint_file.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        build(small.csv, load_key(small.ref.key_file), target, inspect(small.csv))
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["petit.vfp"]
