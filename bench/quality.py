"""How well the matcher finds and how rarely it errs. Prints JSON; --table writes Markdown.

The corpus is made anew each time from synthetic people: records in twenty disguises and in
combinations of them, among noise, and texts that look like the leak and are not. What a text holds
is counted by who wrote it (bench/corpus/evidence.py), not by the matcher.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.corpus.classes import CLASSES
from bench.corpus.evidence import Shares
from bench.corpus.lists import LISTS, REPOSTS, country
from bench.corpus.measure import Share, measure, scan
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


@contextlib.contextmanager
def kept_or_made(folder: Path | None, rows: int = 491_000) -> Iterator[tuple[World, LeakRef]]:
    """People and leak in a folder, made where they are missing; without one, in one that goes."""
    with tempfile.TemporaryDirectory() as name:
        kept = folder or Path(name)
        kept.mkdir(exist_ok=True)
        world = make_world(kept, rows, 2021)
        open_leak(world, kept, blind=False).close()
        yield world, LeakRef(kept / "leak.vfp", kept / "leak.key")


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
    parser.add_argument("--lists", type=int, default=150, help="lists of each kind")
    parser.add_argument("--table", type=Path, help="write the figures as Markdown here")
    parser.add_argument("--only", default="", help="classes whose name holds this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep leak and fingerprints here")
    parser.add_argument("--misses", type=Path, help="write what was missed here (synthetic text)")
    parser.add_argument("--no-blind", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(exist_ok=True)
        found = run(options, folder)
        if options.table:
            options.table.write_text(table(found) + "\n", "utf-8")
        print(json.dumps(found))


def run_lists(
    options: argparse.Namespace, world: World, scanner: Scanner
) -> dict[str, dict[str, Any]]:
    """Alerts on lists that look like the leak, all false, and on REPOSTS, all due.

    `recognised` of `known` people are told.
    """
    found: dict[str, dict[str, Any]] = {}
    people = country(world)
    for kind, make in {**LISTS, **REPOSTS}.items():
        if options.only not in kind:
            continue
        draw = random.Random(f"{options.seed} {kind}")
        alerts, verdicts, known, told = Share(), Counter[str](), 0, 0
        for _ in range(options.lists):
            text, shared = make(draw, people)
            result = scan(scanner, text)
            alerts.add(result.verdict.raises_alert)
            verdicts[str(result.verdict)] += 1
            known += shared
            told += result.records
        found[kind] = {
            "alerts": alerts.to_json(),
            "verdicts": dict(verdicts),
            "known": known,
            "recognised": told,
        }
        print(f"{kind:38} alerts {alerts.hits}/{alerts.of} {dict(verdicts)}", file=sys.stderr)
    return found


def table(found: dict[str, Any]) -> str:
    """The figures as two Markdown tables; shares in per cent with their 95 % intervals."""
    lines = [
        "| class | recall | without NIR | wrong rows | alerted from 60 bits |",
        "|---|---|---|---|---|",
    ]
    names = ("recall", "recall_without_nir", "wrong_rows_at_alert_strength", "alerted_from_60_bits")
    for kind, told in found["classes"].items():
        lines.append(f"| {kind} | " + " | ".join(_cell(told[name]) for name in names) + " |")
    lines += ["", "| list | alerts | verdicts |", "|---|---|---|"]
    for kind, told in found["lists"].items():
        verdicts = ", ".join(f"{name} {count}" for name, count in sorted(told["verdicts"].items()))
        lines.append(f"| {kind} | {_cell(told['alerts'])} | {verdicts} |")
    return "\n".join(lines)


def _cell(share: dict[str, Any]) -> str:
    if not share["of"]:
        return ""
    low, high = (100 * end for end in share["ci95"])
    return f"{100 * share['share']:.2f} % ({low:.2f} to {high:.2f}, n={share['of']})"


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
    found["lists"] = run_lists(options, world, scanner)
    if options.misses:
        options.misses.write_text(json.dumps(misses, ensure_ascii=False, indent=1))
    return found


if __name__ == "__main__":
    main()
