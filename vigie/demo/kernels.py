"""Compiles every kernel before somebody waits for it: python -m vigie.demo.kernels

A small invented leak is fingerprinted and found. The two kernels that take longest are compiled
beside each other; who needs one of them meanwhile waits for it (native.compiled.turn).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from extraction.marks import Marks
from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from vigie.demo.leak import generate

ROWS = 200
SCREENED, THOROUGH = "nothing of note", "12 rue des Lilas"  # texts that are read in one way each


def main() -> int:
    """Compile all; the exit status."""
    if len(sys.argv) == 3:
        screen(LeakRef(Path(sys.argv[1]), Path(sys.argv[2])))
        return 0
    Marks(SCREENED.encode())
    with tempfile.TemporaryDirectory() as name:
        csv, key, file = (Path(name) / each for each in ("leak.csv", "leak.key", "leak.vfp"))
        generate(csv, rows=ROWS)
        build(csv, new_key(key), file, inspect(csv))
        beside = [sys.executable, "-m", "vigie.demo.kernels", str(file), str(key)]
        with subprocess.Popen(beside) as other:
            scanner = Scanner(LeakRef(file, key))
            scanner.scan("post", 1, "", [TextLayer("", THOROUGH)])
        text = csv.read_text("latin-1")
        found = scanner.scan("leak.csv", len(text), "", [TextLayer("", text)])
        return other.returncode or int(not found.verdict.raises_alert)


def screen(leak: LeakRef) -> None:
    """Read a text in which nobody is found."""
    Scanner(leak).scan("post", 1, "", [TextLayer("", SCREENED)])


if __name__ == "__main__":
    sys.exit(main())
