"""Compiles the kernels once, before tests that run beside each other would each do it.

python -m tests.compile_kernels
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from vigie.demo.leak import generate

ROWS = 200


def main() -> None:
    """A small leak, fingerprinted and found."""
    with tempfile.TemporaryDirectory() as name:
        csv, key, file = (Path(name) / each for each in ("leak.csv", "leak.key", "leak.vfp"))
        generate(csv, rows=ROWS)
        build(csv, new_key(key), file, inspect(csv))
        text = csv.read_text("latin-1")
        scanner = Scanner(LeakRef(file, key))
        found = scanner.scan("leak.csv", len(text), "", [TextLayer("", text)])
        assert found.verdict.raises_alert
        scanner.scan("post", 1, "", [TextLayer("", "12 rue des Lilas")])  # read in another way


if __name__ == "__main__":
    main()
