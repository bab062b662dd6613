"""What a scan loads before it reads its first byte: nothing that only others need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from tests.matching import disguises

ROOT = Path(__file__).resolve().parents[2]
# Each takes ten milliseconds to seconds.
HEAVY = frozenset(
    {"numba", "llvmlite", "numpy", "scipy", "pydantic", "rich", "structlog", "cryptography",
     "sqlalchemy", "backports", "rapidfuzz", "charset_normalizer", "statistics"}
)  # fmt: skip


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small leak, its key and a text."""
    folder = tmp_path_factory.mktemp("leak")
    csv = folder / "leak.csv"
    rows = [one.columns() for one in disguises.people(60, seed=5)]
    csv.write_text("\n".join(map(";".join, [disguises.HEADER, *rows])) + "\n", "latin-1")
    build(csv, new_key(folder / "leak.key"), folder / "leak.vfp", inspect(csv))
    (folder / "text.txt").write_text("Nobody's name stands in it.\n")
    return folder


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The packages that a Python process loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "state")},
    )  # fmt: skip
    names = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line)
    return {name.partition(".")[0] for name in names}


def test_the_command_loads_what_it_needs(leak: Path) -> None:
    found = loaded(
        leak, "-m", "vigie.cli", "scan", str(leak / "text.txt"), "--json",
        "--leak", str(leak / "leak.vfp"), "--key", str(leak / "leak.key"),
    )  # fmt: skip
    assert {"typer", "vigie", "matching", "extraction"} <= found
    assert found & HEAVY == set()


def test_the_limited_child_loads_what_it_needs(leak: Path) -> None:
    code = "from extraction import child, readers; readers.import_some()"
    # Compressed texts are read there.
    assert loaded(leak, "-c", code) & HEAVY == {"numpy", "backports"}


def test_the_matcher_loads_what_it_needs(leak: Path) -> None:
    code = """
import sys
from pathlib import Path
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
import matching.service
scanner = Scanner(LeakRef(Path(sys.argv[1]), Path(sys.argv[2])))
scanner.warm_up()
scanner.scan("p", 1, "", [TextLayer("", "Nobody's name stands in it.\\n")])
"""
    given = str(leak / "leak.vfp"), str(leak / "leak.key")
    loaded(leak, "-c", code, *given)  # what it takes is compiled now
    assert loaded(leak, "-c", code, *given) & HEAVY == {"numpy"}


def test_kernels_are_loaded_when_they_are_called(leak: Path) -> None:
    code = """
import gc
import sys
from pathlib import Path
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from native.jit import Kernel
scanner = Scanner(LeakRef(Path(sys.argv[1]), Path(sys.argv[2])))
def called():
    return sorted(one.__name__ for one in gc.get_objects() if type(one) is Kernel and one._loaded)
print(*called())
scanner.scan("p", 1, "", [TextLayer("", "Nobody's name stands in it.\\n")])
print(*called())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, leak / "leak.vfp", leak / "leak.key"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    opened, scanned = done.stdout.splitlines()
    assert opened == "fold_array known_lengths siphash_array"
    more = {"fold_and_find", "mend_lines", "read_on", "shows_word"}
    assert set(scanned.split()) - set(opened.split()) == more
