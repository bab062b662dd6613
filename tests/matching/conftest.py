"""One leak of invented people, fingerprinted once in a run, for every test of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef, ScanResult, TextLayer
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk
from tests.shared import once

PEOPLE = 6000


@pytest.fixture(scope="session")
def leak(tmp_path_factory: pytest.TempPathFactory) -> LeakOnDisk:
    people = disguises.people(PEOPLE, seed=1)

    def make(folder: Path) -> None:
        csv = folder / "fuite.csv"
        rows = [";".join(disguises.HEADER), *(";".join(person.columns()) for person in people)]
        csv.write_text("\n".join(rows) + "\n", "latin-1")
        key = new_key(folder / "leak.key")
        build(csv, key, folder / "leak.vfp", inspect(csv), name="fuite")

    folder = once(tmp_path_factory, "leak", make)
    files = LeakRef(folder / "leak.vfp", folder / "leak.key")
    return LeakOnDisk(people, folder / "fuite.csv", files)


@pytest.fixture(scope="session")
def scanner(leak: LeakOnDisk) -> Iterator[Scanner]:
    opened = Scanner(leak.ref)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def scan(scanner: Scanner) -> Callable[[str], ScanResult]:
    def run(text: str) -> ScanResult:
        return scanner.scan("post", len(text), "", [TextLayer("", text)])

    return run
