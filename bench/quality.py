"""How well the matcher finds and how rarely it errs. Prints JSON, or a Markdown table.

The corpus is made anew each time from synthetic people: records in twenty disguises and in
combinations of them, among noise, and texts that look like the leak and are not. What a text holds
is counted by who wrote it (bench/corpus/evidence.py), not by the matcher.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.corpus.classes import CLASSES
from bench.corpus.evidence import Shares
from bench.corpus.measure import measure
from bench.corpus.people import World, make_world
from matching.build import build
from matching.fields import FieldType
from matching.inspect import inspect
from matching.keys import load_key, new_key
from matching.result import LeakRef
from matching.scan import Scanner
from matching.schema import Schema


def open_leak(world: World, folder: Path, blind: bool) -> Scanner:
    """The leak with all columns, or without its NIRs."""
    file, key = folder / ("blind.vfp" if blind else "leak.vfp"), folder / "leak.key"
    if not key.exists():
        new_key(key)
    if not file.exists():
        schema = inspect(world.csv)
        if blind:
            schema = without(schema, FieldType.NIR)
        build(world.csv, load_key(key), file, schema, name="quality")
    return Scanner(LeakRef(file, key))


def without(schema: Schema, kind: FieldType) -> Schema:
    """The schema with one kind of column ignored."""
    columns = tuple(
        (name, FieldType.IGNORE if each is kind else each) for name, each in schema.columns
    )
    return Schema(schema.encoding, schema.delimiter, schema.header, columns)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=491_000)
    parser.add_argument("--records", type=int, default=400, help="records planted in each class")
    parser.add_argument("--only", default="", help="classes whose name holds this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep leak and fingerprints here")
    parser.add_argument("--misses", type=Path, help="write what was missed here (synthetic text)")
    parser.add_argument("--no-blind", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(exist_ok=True)
        print(json.dumps(run(options, folder)))


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    world = make_world(folder, options.rows, 2021)
    scanner = open_leak(world, folder, blind=False)
    blind = None if options.no_blind else open_leak(world, folder, blind=True)
    shares = Shares(world.outside)
    found: dict[str, Any] = {"rows": options.rows, "classes": {}}
    misses: dict[str, Any] = {}
    for kind, make in CLASSES.items():
        if options.only in kind:
            began = time.perf_counter()
            draw = random.Random(f"{options.seed} {kind}")
            tally = measure(make, options.records, world, shares, scanner, blind, draw)
            found["classes"][kind] = tally.to_json()
            misses[kind] = tally.misses
            r, b, w, a = tally.recall, tally.recall_without_nir, tally.wrong, tally.alerted
            print(
                f"{kind:32} {r.hits}/{r.of} blind {b.hits}/{b.of} wrong {w.hits}/{w.of} "
                f"alert {a.hits}/{a.of} {time.perf_counter() - began:.1f}s",
                file=sys.stderr,
            )
    if options.misses:
        options.misses.write_text(json.dumps(misses, ensure_ascii=False, indent=1))
    return found


if __name__ == "__main__":
    main()
