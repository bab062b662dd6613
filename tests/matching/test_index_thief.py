"""Who has the fingerprint file without its key: no hash of a value that can be tried is in it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from matching.build import build
from matching.fingerprint_file import FingerprintFile
from matching.inspect import inspect
from matching.kernel import kinds as k
from matching.kernel.siphash import siphash_array
from matching.keys import LeakKey, new_key
from matching.result import LeakRef
from matching.scan import Scanner
from tests.matching import disguises

PEOPLE = disguises.people(400, seed=17)
ZERO = np.uint64(0)


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FingerprintFile]:
    folder = tmp_path_factory.mktemp("stolen")
    leak = folder / "leak.csv"
    rows = [";".join(disguises.HEADER), *(";".join(person.columns()) for person in PEOPLE)]
    leak.write_text("\n".join(rows), "utf-8")
    build(leak, new_key(folder / "k"), folder / "leak.vfp", inspect(leak))
    file = FingerprintFile(folder / "leak.vfp")
    yield file
    file.close()


def numbers(value: bytes) -> Iterator[int]:
    """Every number of 64 bits that a bare hash of a value gives."""
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s"):
        digest = hashlib.new(name, value, usedforsecurity=False).digest()
        yield int.from_bytes(digest[:8], "little")
        yield int.from_bytes(digest[:8], "big")
        yield int.from_bytes(digest[-8:], "little")
    yield int(siphash_array(np.frombuffer(value, np.uint8), ZERO, ZERO))
    yield zlib.crc32(value) << 32 | zlib.crc32(value)


def holds(file: FingerprintFile, number: int) -> bool:
    """Whether a table has this key: in its bucket stands its check."""
    for table in ("exact", "near", "words"):
        starts, checks = file.array(f"{table}.starts"), file.array(f"{table}.checks")
        bucket = number >> (64 - (len(starts) - 1).bit_length() + 1)
        if number & 0xFFFFFFFF in checks[starts[bucket] : starts[bucket + 1]]:
            return True
    return False


def tried(file: FingerprintFile, hashed: Callable[[bytes], Iterator[int]]) -> int:
    """How many values of the leak a dictionary attack with these hashes finds."""
    return sum(
        any(holds(file, number) for number in hashed(value.encode()))
        for person in PEOPLE
        for value in {*person.columns(), person.nir, person.phone, person.surname.lower()}
        if len(value) >= 4
    )


def test_a_dictionary_of_bare_hashes_finds_nobody(stolen: FingerprintFile) -> None:
    assert tried(stolen, numbers) == 0


def test_the_attack_itself_works_with_the_key(stolen: FingerprintFile) -> None:
    """What the file says to a holder of the key: the threat model counts on it."""
    keys = LeakKey(bytes.fromhex((stolen.path.parent / "k").read_text().strip())).sub_keys(
        bytes.fromhex(stolen.facts.salt)
    )

    def is_in(kind: int, digits: str) -> bool:
        packed = 1
        for digit in digits:
            packed = packed * 12 + int(digit)
        value = np.frombuffer(packed.to_bytes(8, "little"), np.uint8)
        return holds(stolen, int(siphash_array(value, *keys[kind])))

    found = sum(is_in(k.PHONE, person.phone[1:]) for person in PEOPLE)
    assert found > 0.9 * len(PEOPLE)


def test_no_scanner_opens_without_the_key(stolen: FingerprintFile, tmp_path: Path) -> None:
    from matching.errors import MatchingError

    with pytest.raises(MatchingError):
        Scanner(LeakRef(stolen.path, tmp_path / "none"))
