"""How fast the matcher works: building, opening, scanning. Prints one JSON object.

Figures are of one core and one run; compare ratios, not machines. The leak is the demo's, with
`--rows` rows (50,000 unless told otherwise; 491,000 for the real size). Where ahocorasick_rs is
installed, it gets the plain NIRs, phones and addresses of the same file, and the same texts.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import random
import resource
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from vigie.demo.leak import generate, invent_rows

TEXT = 6_000_000  # characters of each kind of text


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """The shortest of some runs, in CPU seconds of this process."""
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def source_code() -> str:
    """The standard library's own text."""
    texts: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        texts.append(path.read_text("utf-8", "replace"))
        if sum(map(len, texts)) > TEXT:
            break
    return "".join(texts)[:TEXT]


def log_lines(draw: random.Random) -> Iterator[str]:
    """Lines as a web server writes them."""
    while True:
        yield (
            f"2024-0{draw.randint(1, 9)}-1{draw.randint(0, 9)} 12:{draw.randint(10, 59)}:07 INFO "
            f"10.0.{draw.randint(0, 255)}.{draw.randint(0, 255)} GET /api/v1/items/"
            f"{draw.randint(1, 10**9)}?page={draw.randint(1, 99)} 200 {draw.randint(1, 99999)}\n"
        )


def filled(lines: Iterator[str]) -> str:
    """TEXT characters of such lines."""
    found: list[str] = []
    size = 0
    while size < TEXT:
        line = next(lines)
        found.append(line)
        size += len(line)
    return "".join(found)


def directory() -> Iterator[str]:
    """Other people's names, streets and phones."""
    seed = 1000
    while True:
        for row in invent_rows(2000, seed):
            home = f"{row.street} {row.postcode} {row.city}"
            yield f"{row.surname} {row.first_name}, {home} {row.mobile}\n"
        seed += 1


def needles(csv: Path) -> list[bytes]:
    """The plain NIRs, phones and addresses of the leak."""
    found: set[bytes] = set()
    with csv.open("rb") as file:
        names = next(file).strip().split(b";")
        columns = [
            names.index(name) for name in (b"NUM_SECU", b"TEL_FIXE", b"TEL_PORTABLE", b"EMAIL")
        ]
        for line in file:
            cells = line.rstrip(b"\r\n").split(b";")
            found.update(cells[column] for column in columns if column < len(cells))
    found.discard(b"")
    return sorted(found)


def automaton_speed(csv: Path, texts: dict[str, str]) -> dict[str, float]:
    """MB/s of an Aho-Corasick automaton over the same texts; empty where there is none."""
    if not importlib.util.find_spec("ahocorasick_rs"):
        return {}
    automaton = importlib.import_module("ahocorasick_rs").BytesAhoCorasick(needles(csv))
    found: dict[str, float] = {}
    for kind, text in texts.items():
        body = text.encode()
        passed = seconds(lambda body=body: automaton.find_matches_as_indexes(body))  # type: ignore[misc]
        found[kind] = round(len(text) / 1e6 / passed, 1)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv = folder / "leak.csv"
        generate(csv, rows=rows)
        key = new_key(folder / "key")
        schema = inspect(csv)
        began = time.perf_counter()
        built = build(csv, key, folder / "leak.vfp", schema)
        found: dict[str, Any] = {
            "rows": rows,
            "build_s": round(time.perf_counter() - began, 2),
            "build_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "file_bytes": built.bytes,
            "keys": built.keys,
        }
        ref = LeakRef(folder / "leak.vfp", folder / "key")
        found["open_s"] = round(seconds(lambda: Scanner(ref).close()), 4)
        scanner = Scanner(ref)
        whole = csv.read_text("latin-1")
        scanner.scan("warm", 1, "", [TextLayer("", whole[:200_000])])
        texts = {
            "source code": source_code(),
            "logs": filled(log_lines(random.Random(1))),
            "directory of other people": filled(directory()),
            "the leak itself": whole[:TEXT],
        }
        found["scan_mb_s"] = {
            kind: round(
                len(text)
                / 1e6
                / seconds(lambda text=text: scanner.scan("d", 1, "", [TextLayer("", text)])),  # type: ignore[misc]
                1,
            )
            for kind, text in texts.items()
        }
        plain = automaton_speed(csv, texts)
        found["automaton_mb_s"] = plain
        found["times_automaton"] = {
            kind: round(found["scan_mb_s"][kind] / speed, 2) for kind, speed in plain.items()
        }
        began = time.perf_counter()
        result = scanner.scan("whole", 1, "", [TextLayer("", whole)])
        found["whole_leak"] = {
            "s": round(time.perf_counter() - began, 2),
            "verdict": result.verdict,
            "records": result.records,
        }
        scanner.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
