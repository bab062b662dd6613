"""A build gives the whole file or nothing, the same bytes each time, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.build import build
from matching.errors import LeakFileError, OutputError
from matching.fields import FieldType
from matching.fingerprint_file import FingerprintFile
from matching.fingerprint_writer import FingerprintWriter
from matching.inspect import inspect
from matching.keys import LeakKey, load_key, new_key
from matching.schema import Schema
from matching.spill import Parts, Spill
from tests.matching import disguises


def write_leak(path: Path, rows: int = 200, seed: int = 3) -> None:
    people = disguises.people(rows, seed=seed)
    text = [";".join(disguises.HEADER), *(";".join(person.columns()) for person in people)]
    path.write_text("\n".join(text), "utf-8")


@pytest.fixture
def leak(tmp_path: Path) -> Path:
    write_leak(tmp_path / "leak.csv")
    new_key(tmp_path / "k")
    return tmp_path / "leak.csv"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_same_input_and_key_give_the_same_bytes(leak: Path, tmp_path: Path) -> None:
    key, schema = load_key(tmp_path / "k"), inspect(leak)
    one, two = tmp_path / "one.vfp", tmp_path / "two.vfp"
    build(leak, key, one, schema, name="leak")
    build(leak, key, two, schema, name="leak")
    assert one.read_bytes() == two.read_bytes()
    build(leak, LeakKey(bytes(32)), two, schema, name="leak")
    assert one.read_bytes() != two.read_bytes()
    assert stat.S_IMODE(one.stat().st_mode) == 0o600


KILLED = """
import os, signal, sys
from pathlib import Path
from matching.build import build
from matching.inspect import inspect
from matching.keys import load_key
leak, folder, stage = Path(sys.argv[1]), Path(sys.argv[1]).parent, sys.argv[2]
def tell(done, total, what):
    if what == stage:
        os.kill(os.getpid(), signal.SIGKILL)
build(leak, load_key(folder / "k"), folder / "leak.vfp", inspect(leak), progress=tell)
"""


@pytest.mark.parametrize("stage", ["reading rows", "sorting near keys", "writing"])
def test_a_killed_build_leaves_the_old_file_and_its_part_goes_at_the_next(
    leak: Path, tmp_path: Path, stage: str
) -> None:
    target = tmp_path / "leak.vfp"
    target.write_bytes(b"before")
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, leak, stage], capture_output=True, check=False
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()
    assert target.read_bytes() == b"before"
    left = [name for name in names(tmp_path) if name not in ("k", "leak.csv", "leak.vfp")]
    assert len(left) == 1  # the part file: what was put aside has no name
    assert stat.S_IMODE((tmp_path / left[0]).stat().st_mode) == 0o600
    build(leak, load_key(tmp_path / "k"), target, inspect(leak))
    assert names(tmp_path) == ["k", "leak.csv", "leak.vfp"]
    FingerprintFile(target).check_all()


def test_a_build_that_goes_on_keeps_its_part_file(tmp_path: Path) -> None:
    target = tmp_path / "leak.vfp"
    with FingerprintWriter(target):
        (part,) = names(tmp_path)
        with FingerprintWriter(target):
            assert part in names(tmp_path)
            assert len(names(tmp_path)) == 2
    assert names(tmp_path) == []


def test_a_full_disk_leaves_the_old_file_and_a_sentence(leak: Path, tmp_path: Path) -> None:
    target = tmp_path / "leak.vfp"
    target.write_bytes(b"before")
    key, schema = load_key(tmp_path / "k"), inspect(leak)
    build(leak, key, tmp_path / "other.vfp", schema)  # kernels are compiled
    (tmp_path / "other.vfp").unlink()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for limit in (0, 100_000, 600_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises(OutputError, match=r"cannot be written: .*free space there"):
                build(leak, key, target, schema)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert target.read_bytes() == b"before"
        assert names(tmp_path) == ["k", "leak.csv", "leak.vfp"]
    signal.signal(signal.SIGXFSZ, ignored)


def test_a_folder_that_is_not_there_is_a_sentence(leak: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        build(leak, load_key(tmp_path / "k"), tmp_path / "no" / "leak.vfp", inspect(leak))


def test_a_file_that_changes_while_it_is_read_is_refused(leak: Path, tmp_path: Path) -> None:
    def change(_done: int, _total: int, what: str) -> None:
        if what == "reading rows":
            with leak.open("a") as file:
                file.write("\n")

    with pytest.raises(LeakFileError, match="written to while it was read"):
        build(leak, load_key(tmp_path / "k"), tmp_path / "o.vfp", inspect(leak), progress=change)
    assert names(tmp_path) == ["k", "leak.csv"]


def test_a_leak_of_comments_alone_can_be_fingerprinted(tmp_path: Path) -> None:
    leak = tmp_path / "leak.csv"
    leak.write_text("vu ce matin à jeun, veine difficile à piquer\n" * 3)
    schema = Schema("utf-8", "|", False, (("0", FieldType.COMMENT),))
    build(leak, new_key(tmp_path / "k"), tmp_path / "leak.vfp", schema)
    FingerprintFile(tmp_path / "leak.vfp").check_all()


def shared(one: FingerprintFile, other: FingerprintFile, name: str) -> float:
    """How much of a section stands in the same place of both files, zeros left aside."""
    size = min(len(one.array(name)), len(other.array(name)))
    a, b = one.array(name)[:size], other.array(name)[:size]
    return float(np.mean(a == b))


@pytest.mark.parametrize("other", ["a row more", "another schema"])
def test_two_files_of_one_key_share_neither_stream_nor_hashes(
    leak: Path, tmp_path: Path, other: str
) -> None:
    key, schema = load_key(tmp_path / "k"), inspect(leak)
    build(leak, key, tmp_path / "one.vfp", schema)
    text = leak.read_text("utf-8")
    if other == "a row more":
        leak.write_text(text + "\n" + text.splitlines()[1], "utf-8")
        build(leak, key, tmp_path / "two.vfp", schema)
    else:
        columns = tuple(
            (name, FieldType.IGNORE if kind is FieldType.PHONE else kind)
            for name, kind in schema.columns
        )
        build(leak, key, tmp_path / "two.vfp", replace(schema, columns=columns))
    one, two = FingerprintFile(tmp_path / "one.vfp"), FingerprintFile(tmp_path / "two.vfp")
    assert one.facts.salt != two.facts.salt
    for name in ("rows", "exact.values", "near.values", "words.values"):
        assert shared(one, two, name) < 0.001, name
    for name in ("exact.checks", "near.checks", "words.checks"):
        both = np.intersect1d(one.array(name), two.array(name))
        assert len(both) < 0.01 * len(one.array(name)), name


def test_a_salt_says_nothing_without_the_key(leak: Path, tmp_path: Path) -> None:
    one, two = LeakKey(bytes(32)), LeakKey(b"\1" * 32)
    assert one.file_salt(b"leak") == one.file_salt(b"leak")
    assert one.file_salt(b"leak") != two.file_salt(b"leak")


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_what_is_put_aside_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("spill")
    with Spill(folder / "out.vfp") as spill:
        numbers = [spill.put(np.frombuffer(each, np.uint8)) for each in data]
        spill.ready()
        assert [spill.get(number, np.uint8).tobytes() for number in reversed(numbers)] == data[::-1]


def test_what_is_put_aside_is_enciphered_and_has_no_name(tmp_path: Path) -> None:
    with Spill(tmp_path / "out.vfp") as spill:
        array = np.arange(4096, dtype=np.uint64)
        spill.put(array)
        spill.put(array)
        spill.ready()
        assert names(tmp_path) == []
        file = Path(f"/proc/self/fd/{spill._file.fileno()}")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        held = file.read_bytes()
        first, second = np.frombuffer(held, np.uint64).reshape(2, -1)
        assert not np.isin(first, array).any()
        assert not (first == second).any()  # no key stream twice


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1)), max_size=60))
def test_entries_come_back_part_by_part(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("spill")
    with Spill(folder / "out.vfp") as spill:
        parts = Parts(spill)
        for run in (entries[:20], entries[20:]):
            parts.add(
                np.array([key for key, _ in run], np.uint64),
                np.array([value for _, value in run], np.uint32),
            )
        spill.ready()
        found: list[tuple[int, int]] = []
        for number in range(256):
            keys, values = parts.part(number)
            assert all(key >> 56 == number for key in keys.tolist())
            found += zip(keys.tolist(), values.tolist(), strict=True)
        assert sorted(found) == sorted(entries)
        assert parts.size == len(entries)


def test_no_temporary_file_is_open_to_others(leak: Path, tmp_path: Path) -> None:
    seen: list[int] = []

    def look(_done: int, _total: int, _what: str) -> None:
        seen.extend(
            stat.S_IMODE(handle.stat().st_mode)
            for handle in Path("/proc/self/fd").iterdir()
            if handle.exists() and handle.resolve().parent == tmp_path
        )

    umask = os.umask(0)
    try:
        build(leak, load_key(tmp_path / "k"), tmp_path / "o.vfp", inspect(leak), progress=look)
    finally:
        os.umask(umask)
    assert set(seen) == {0o600}
