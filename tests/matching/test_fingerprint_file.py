"""The fingerprint file: what it holds, and that any altered byte ends in a refusal."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching import fingerprint_format as layout
from matching.build import build
from matching.errors import DamagedFileError, WrongKeyError
from matching.fingerprint_file import FingerprintFile
from matching.fingerprint_writer import FingerprintWriter
from matching.inspect import inspect
from matching.keys import LeakKey, load_key, new_key
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


@pytest.fixture
def opened(small: LeakOnDisk) -> Iterator[FingerprintFile]:
    found = FingerprintFile(small.ref.file)
    yield found
    found.close()


def text_of(small: LeakOnDisk) -> str:
    return "\n".join(";".join(person.columns()) for person in small.people[:20])


def outcome(path: Path, small: LeakOnDisk) -> object:
    """What a scan with this file says: an error of ours, or its matches."""
    try:
        scanner = Scanner(LeakRef(path, small.ref.key_file))
        found = scanner.scan("post", 1, "", [TextLayer("", text_of(small))]).matches
    except (DamagedFileError, WrongKeyError):
        return "refused"
    return found


def is_refused(path: Path, key: LeakKey) -> bool:
    """Whether reading the whole file is refused, by an error of ours and no other."""
    try:
        found = FingerprintFile(path)
        found.unlock(key, path)
        found.check_all()
    except (DamagedFileError, WrongKeyError):
        return True
    return False


def places(opened: FingerprintFile, draw: random.Random) -> list[int]:
    """Places in every region: prefix, first page, each section and its padding, JSON, hashes."""
    end = opened.size
    _, _, text, _, header = layout.FRONT.unpack(opened._front)
    found = [*range(layout.PREFIX), layout.PREFIX, layout.PAGE - 1]
    for at, size in opened._places.values():
        found += [at, at + size - 1, at + layout.padded(size) - 1]
        found += [draw.randrange(at, at + size) for _ in range(40)]
    found += [header, header + text - 1, header + text, end - 1]
    found += [draw.randrange(header, end) for _ in range(300)]
    return found


def test_any_flipped_byte_is_refused(
    small: LeakOnDisk, opened: FingerprintFile, tmp_path: Path
) -> None:
    draw = random.Random(11)
    whole = small.ref.file.read_bytes()
    key = load_key(small.ref.key_file)
    bad = tmp_path / "bad.vfp"
    bad.write_bytes(whole)
    assert not is_refused(bad, key)
    right = outcome(bad, small)
    assert right
    for number, place in enumerate(places(opened, draw)):
        flipped = whole[place] ^ (1 << draw.randrange(8))
        with bad.open("r+b") as file:
            file.seek(place)
            file.write(bytes([flipped]))
        assert is_refused(bad, key), place
        if number % 4 == 0:
            # A scan reads only the blocks it needs: it is refused, or sees nothing of the flip.
            assert outcome(bad, small) in ("refused", right), place
        with bad.open("r+b") as file:
            file.seek(place)
            file.write(whole[place : place + 1])
    assert not is_refused(bad, key)


def test_a_flip_in_what_a_scan_reads_is_refused_by_the_scan(
    small: LeakOnDisk, opened: FingerprintFile, tmp_path: Path
) -> None:
    whole = small.ref.file.read_bytes()
    for name in ("exact.starts", "exact.checks", "exact.values", "rows", "exact.bits", "name.bits"):
        at, size = opened._places[name]
        place = at + size // 2
        bad = tmp_path / "bad.vfp"
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert outcome(bad, small) == "refused", name


@pytest.mark.soak
def test_a_thousand_flips_at_random_are_refused_or_never_seen(
    small: LeakOnDisk, tmp_path: Path
) -> None:
    """Every scan of a file with a flipped bit is refused, or answers as the whole file does."""
    draw = random.Random(29)
    whole = small.ref.file.read_bytes()
    key = load_key(small.ref.key_file)
    bad = tmp_path / "bad.vfp"
    bad.write_bytes(whole)
    right = outcome(bad, small)
    for _ in range(1_000):
        place = draw.randrange(len(whole))
        with bad.open("r+b") as file:
            file.seek(place)
            file.write(bytes([whole[place] ^ (1 << draw.randrange(8))]))
        assert is_refused(bad, key), place
        assert outcome(bad, small) in ("refused", right), place
        with bad.open("r+b") as file:
            file.seek(place)
            file.write(whole[place : place + 1])


def test_cut_longer_and_foreign_files_are_refused(
    small: LeakOnDisk, opened: FingerprintFile, tmp_path: Path
) -> None:
    whole = small.ref.file.read_bytes()
    bad = tmp_path / "bad.vfp"
    borders = [at for at, _ in opened._places.values()]
    cuts = [0, 7, 20, layout.PREFIX, len(whole) // 2, len(whole) - layout.PAGE, len(whole) - 1]
    wrong = [*(whole[:cut] for cut in (*cuts, *borders)), b"PK\x03\x04" + whole, b"\0" * 5000]
    wrong += [whole + b"\0", whole + bytes(layout.PAGE), whole + whole]
    for data in wrong:
        bad.write_bytes(data)
        with pytest.raises(DamagedFileError, match="vigie leak fingerprint"):
            FingerprintFile(bad)
    with pytest.raises(DamagedFileError, match="no fingerprint file at"):
        FingerprintFile(tmp_path / "none")


def test_blocks_that_changed_places_are_refused(
    small: LeakOnDisk, opened: FingerprintFile, tmp_path: Path
) -> None:
    whole = small.ref.file.read_bytes()
    key = load_key(small.ref.key_file)
    page = layout.PAGE
    pages = [at // page for at, _ in opened._places.values()]
    bad = tmp_path / "bad.vfp"
    for one, other in zip(pages, [*pages[1:], pages[0]], strict=True):
        data = bytearray(whole)
        first, second = slice(one * page, (one + 1) * page), slice(other * page, (other + 1) * page)
        data[first], data[second] = whole[second], whole[first]
        bad.write_bytes(data)
        assert bytes(data) == whole or is_refused(bad, key)


def test_a_later_version_is_named(small: LeakOnDisk, tmp_path: Path) -> None:
    whole = bytearray(small.ref.file.read_bytes())
    whole[8] = layout.VERSION + 1
    (tmp_path / "bad.vfp").write_bytes(whole)
    with pytest.raises(DamagedFileError, match=f"version {layout.VERSION + 1}"):
        FingerprintFile(tmp_path / "bad.vfp")


def with_header(whole: bytes, change: Callable[[Any], None], tail: bytes | None = None) -> bytes:
    """The file with an altered header whose checksum was made right again, as anybody can."""
    front = whole[: layout.FRONT.size]
    magic, version, text, _, at = layout.FRONT.unpack(front)
    told = json.loads(whole[at : at + text])
    change(told)
    header = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    digests = whole[at + text :] if tail is None else tail
    front = layout.FRONT.pack(magic, version, len(header), len(digests) // layout.DIGEST, at)
    seal = whole[layout.PREFIX - 32 : layout.PREFIX]
    return (
        front + layout.checksum(front, seal, header + digests) + seal
        + whole[layout.PREFIX : at] + header + digests
    )  # fmt: skip


def test_without_the_key_nothing_can_be_forged(
    small: LeakOnDisk, opened: FingerprintFile, tmp_path: Path
) -> None:
    whole = bytearray(small.ref.file.read_bytes())
    at, size = opened._places["exact.values"]
    whole[at] ^= 1
    _, _, text, _, header = layout.FRONT.unpack(opened._front)
    tail = bytearray(whole[header + text :])
    place = opened._first_block["exact.values"] * layout.DIGEST
    tail[place : place + layout.DIGEST] = layout.digest(
        bytes(whole)[at : at + min(layout.BLOCK, layout.padded(size))]
    )
    forged = tmp_path / "forged.vfp"
    forged.write_bytes(with_header(bytes(whole), lambda _told: None, bytes(tail)))
    FingerprintFile(forged).check_all()  # every checksum is right
    with pytest.raises(DamagedFileError, match="does not hold its key"):
        Scanner(LeakRef(forged, small.ref.key_file))


ODD: tuple[Any, ...] = (
    None,
    -1,
    2**70,
    1.5,
    "x",
    "",
    [],
    [[]],
    {},
    {"nir": -1},
    True,
    [300],
    ["a"],
)


def header_of(whole: bytes) -> Any:
    """What the header of a file says."""
    _, _, text, _, at = layout.FRONT.unpack(whole[: layout.FRONT.size])
    return json.loads(whole[at : at + text])


def changed(part: str, name: str, odd: Any) -> Callable[[Any], None]:
    """Says something else in a header."""

    def change(header: Any) -> None:
        header[part][name] = odd

    return change


def test_facts_that_cannot_be_are_refused(small: LeakOnDisk, tmp_path: Path) -> None:
    whole = small.ref.file.read_bytes()
    facts = header_of(whole)["facts"]
    bad = tmp_path / "bad.vfp"
    key = load_key(small.ref.key_file)
    for name in facts:
        for odd in ODD:
            bad.write_bytes(with_header(whole, changed("facts", name, odd)))
            assert is_refused(bad, key)  # by `unlock` where such a file could be
        bad.write_bytes(with_header(whole, lambda header, name=name: header["facts"].pop(name)))  # type: ignore[misc]
        with pytest.raises(DamagedFileError, match="what cannot be"):
            FingerprintFile(bad)
    rows, words, slots = facts["rows"], facts["record_words"], len(facts["slot_column"])
    cannot: dict[str, tuple[Any, ...]] = {
        "rows": (rows - 1, rows + 1, 0, -1, 2**32, 1.5, True),
        "record_words": (words - 1, words + 1, 0, 1 << 20),
        "slot_column": ([len(facts["types"])] * slots, [-1] * slots, [0] * (slots - 2), [0, 0], []),
        "slot_role": ([layout.ROLES] * slots, [-1] * slots, [0] * (slots + 2), "0" * slots),
        "types": (["x"], ["nir"] * 65, [], "nir", [{}]),
        "filled": ({"x": 1}, {"nir": -1}, {"nir": "1"}, []),
        "salt": ("", "0" * 63, "g" * 64, facts["salt"].upper() + "0"),
        "key_id": ("", "x" * 16),
        "more": (1,),
    }
    for name, odds in cannot.items():
        for odd in odds:
            bad.write_bytes(with_header(whole, changed("facts", name, odd)))
            with pytest.raises(DamagedFileError, match="what cannot be"):
                FingerprintFile(bad)


def test_sections_that_cannot_be_are_refused(small: LeakOnDisk, tmp_path: Path) -> None:
    whole = small.ref.file.read_bytes()
    bad = tmp_path / "bad.vfp"
    for name, (at, size) in header_of(whole)["sections"].items():
        page = layout.PAGE
        places = ([at + page, size], [at - page, size], [0, size], [at + 8, size], [-at, size])
        sizes = ([at, size + 8], [at, size - 8], [at, size + page], [at, 0], [at, 2**61], [at, -8])
        for odd in (*ODD, *places, *sizes, [at], [at, size, 0], [str(at), size], [at, float(size)]):
            bad.write_bytes(with_header(whole, changed("sections", name, odd)))
            with pytest.raises(DamagedFileError, match="what cannot be"):
                FingerprintFile(bad)
        bad.write_bytes(with_header(whole, lambda header, name=name: header["sections"].pop(name)))  # type: ignore[misc]
        with pytest.raises(DamagedFileError, match="what cannot be"):
            FingerprintFile(bad)
    bad.write_bytes(with_header(whole, lambda _told: None, bytes(layout.DIGEST)))
    with pytest.raises(DamagedFileError, match="what cannot be"):
        FingerprintFile(bad)


def test_a_header_that_is_no_header_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.vfp"
    for text in (b"[" * 200_000, b"null", b'{"facts":', b"\xff\xfe", b'{"facts":[],"sections":{}}'):
        front = layout.FRONT.pack(layout.MAGIC, layout.VERSION, len(text), 0, layout.PAGE)
        seal = bytes(32)
        page = front + layout.checksum(front, seal, text) + seal
        bad.write_bytes(page + bytes(layout.PAGE - len(page)) + text)
        with pytest.raises(DamagedFileError, match="what cannot be"):
            FingerprintFile(bad)


WILD = """
import sys, numpy as np
from pathlib import Path
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
scanner = Scanner(LeakRef(Path(sys.argv[1]), Path(sys.argv[2])))
scanner.scan("post", 1, "", [TextLayer("", Path(sys.argv[3]).read_text())])
print("whole")
"""


@pytest.mark.parametrize("table", layout.TABLES)
def test_offsets_and_rows_from_outside_their_bounds_crash_nothing(
    small: LeakOnDisk, opened: FingerprintFile, tmp_path: Path, table: str
) -> None:
    """A file with a right seal and wild content could only be made by a holder of the key."""
    key = load_key(small.ref.key_file)
    draw = np.random.default_rng(5)
    wild = tmp_path / "wild.vfp"
    with FingerprintWriter(wild) as out:
        for name in layout.SECTIONS:
            array = opened.array(name)
            if name in (f"{table}.starts", f"{table}.values"):
                array = draw.integers(0, 1 << 32, len(array), np.uint32)
                array[::3] = np.arange(0, len(array), 3) % (len(array) * 2)
            elif name.endswith(".bits"):
                array = np.full_like(array, 255)  # every value is looked up
            out.section(name, iter([array]))
        out.finish(opened.facts, key)
    (tmp_path / "post.txt").write_text(text_of(small))
    ran = subprocess.run(
        [sys.executable, "-c", WILD, wild, small.ref.key_file, tmp_path / "post.txt"],
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout.strip()) == (0, b"whole"), ran.stderr.decode()


def test_a_wrong_key_is_told_at_once(small: LeakOnDisk, tmp_path: Path) -> None:
    new_key(tmp_path / "other")
    with pytest.raises(WrongKeyError, match="does not belong to"):
        Scanner(LeakRef(small.ref.file, tmp_path / "other"))


def test_no_value_of_the_leak_stands_in_the_file(small: LeakOnDisk) -> None:
    data = small.ref.file.read_bytes()
    values = {value for person in small.people for value in person.columns() if len(value) >= 5}
    forms = {form for value in values for form in (value, value.lower())}
    # Most people share a town or an insurer, and most letters are the same in both encodings.
    written = {form.encode(text) for form in forms for text in ("utf-8", "latin-1")}
    found = [each for each in written if each in data]
    # Five bytes of a file that looks like noise are a postcode once in some hundred runs.
    assert [each for each in found if len(each) >= 8] == []
    assert len(found) <= 1
    for name in disguises.HEADER:
        assert name == "MAIL" or name.encode() not in data or len(name) < 4


def test_equal_values_leave_no_equal_records(opened: FingerprintFile) -> None:
    rows = opened.array("rows").reshape(opened.facts.rows, -1)
    assert len({row.tobytes() for row in rows}) == len(rows)
    words = rows.reshape(-1)
    assert len(set(words.tolist())) > 0.999 * len(words)


def test_the_sections_fill_the_file_without_gaps(opened: FingerprintFile) -> None:
    _, _, text, blocks, header = layout.FRONT.unpack(opened._front)
    at = layout.PAGE
    for start, size in sorted(opened._places.values()):
        assert start == at
        at += layout.padded(size)
    assert at == header
    assert struct.calcsize("<8sIIQQ") == layout.FRONT.size
    assert opened.size == header + text + layout.DIGEST * blocks
