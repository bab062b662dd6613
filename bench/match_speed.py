"""How fast the matcher works: building, opening, scanning. Prints one JSON object.

Figures are of one core and one run; compare ratios, not machines. The leak is the demo's, with
`--rows` rows (50,000 unless told otherwise; 491,000 for the real size). ahocorasick_rs gets the
plain NIRs, phones and addresses of the same file, and the same texts. Three speeds are told of each
text: `sift`, what is done to every byte (folded bytes to marked places, look-ups and the judgement
of regions); `kernel`, with the regions read whole; `scan`, with folding, counting and the verdict.
Two limits are told beside them: `bare`, the least any screen must do (`bench.bare_pass`), and how
fast a core reads memory at all, `memory_mb_s`. `mixture` is all ordinary texts together:
their bytes over the sum of the times.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ahocorasick_rs
import numpy as np

from bench.bare_pass import BarePass
from matching import decide
from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.normalise.fold import fold
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from vigie.demo.leak import generate, invent_rows

TEXT = 6_000_000  # characters of each kind of text


def seconds(*works: Callable[[], Any], times: int = 3) -> list[float]:
    """The shortest of some runs of each, in CPU seconds of this process; they take turns, so that
    what else the machine does falls on all alike."""
    best = [float("inf")] * len(works)
    for _ in range(times):
        for number, work in enumerate(works):
            began = time.process_time()
            work()
            best[number] = min(best[number], time.process_time() - began)
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


def prose() -> str:
    """Licences, manuals and descriptions of what is installed here, as far as there are any."""
    texts: list[str] = []
    roots = (Path("/usr/share/doc"), Path(sysconfig.get_paths()["purelib"]))
    for root in roots:
        for pattern in ("copyright", "METADATA", "*.rst", "*.txt"):
            for path in sorted(root.rglob(pattern)):
                if sum(map(len, texts)) > TEXT:
                    break
                if path.is_file():
                    texts.append(path.read_text("utf-8", "replace"))
    return "".join(texts)[:TEXT]


def dump_lines(draw: random.Random) -> Iterator[str]:
    """Rows of a shop's orders as pg_dump writes them, without any person."""
    while True:
        state = draw.choice(("paid", "open", "sent"))
        yield (
            f"{draw.randint(1, 10**7)}\tSKU-{draw.randint(1, 9999):05d}\t{draw.randint(1, 40)}\t"
            f"{draw.random() * 90:.2f}\t{state}\t2024-0{draw.randint(1, 9)}-1{draw.randint(0, 9)} "
            f"08:{draw.randint(10, 59)}:{draw.randint(10, 59)}.{draw.randint(0, 10**6):06d}\t\\N\n"
        )


ORDINARY = ("source code", "logs", "prose", "dumps")
PARTS = ("automaton", "bare", "sift", "kernel", "scan", "memory")


def text_times(scanner: Scanner, automaton: Any, text: str) -> tuple[float, ...]:
    """Megabytes of one text, and seconds that each of PARTS takes over it."""
    body, folded = text.encode(), fold(text)
    array = np.frombuffer(body, np.uint8)[: len(body) // 8 * 8].view(np.uint64)
    bare = BarePass()

    def sift() -> None:
        for _ in scanner.regions.worth_reading(folded, decide.REVIEW):
            pass

    taken = seconds(
        lambda: automaton.find_matches_as_indexes(body),
        lambda: bare(folded),
        sift,
        # The kernel alone: no part of a scan that others call.
        lambda: scanner._scan_text(folded, 0),  # noqa: SLF001
        lambda: scanner.scan("d", 1, "", [TextLayer("", body)]),  # as extraction gives it
        array.sum,
    )
    return len(body) / 1e6, *taken


def speeds(megabytes: float, *taken: float) -> dict[str, float]:
    """MB/s of each of PARTS, and the ratios."""
    told = {part: megabytes / each for part, each in zip(PARTS, taken, strict=True)}
    found = {f"{part}_mb_s": round(each, 1) for part, each in told.items()}
    for part in ("bare", "sift", "kernel", "scan"):
        found[f"{part}_times_automaton"] = round(told[part] / told["automaton"], 2)
    found["kernel_share_of_bare"] = round(told["kernel"] / told["bare"], 3)
    return found


def made(folder: Path, rows: int) -> dict[str, Any]:
    """Make the leak, its key and its fingerprint file in a folder; tells what that took."""
    csv = folder / "leak.csv"
    generate(csv, rows=rows)
    key = new_key(folder / "key")
    schema = inspect(csv)
    began = time.perf_counter()
    built = build(csv, key, folder / "leak.vfp", schema)
    return {
        "rows": rows,
        "build_s": round(time.perf_counter() - began, 2),
        "build_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "file_bytes": built.bytes,
        "keys": built.keys,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--leak", type=Path, help="folder to make the leak in, or find it in")
    parser.add_argument("--ordinary", action="store_true", help="no directory and no leak as text")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = asked.leak or Path(name)
        csv = folder / "leak.csv"
        found = {} if (folder / "leak.vfp").exists() else made(folder, asked.rows)
        ref = LeakRef(folder / "leak.vfp", folder / "key")
        found["open_s"] = round(seconds(lambda: Scanner(ref).close())[0], 4)
        scanner = Scanner(ref)
        whole = csv.read_text("latin-1")
        scanner.scan("warm", 1, "", [TextLayer("", whole[:200_000])])
        texts = {
            "source code": source_code(),
            "logs": filled(log_lines(random.Random(1))),
            "prose": prose(),
            "dumps": filled(dump_lines(random.Random(2))),
        }
        if not asked.ordinary:
            texts["directory of other people"] = filled(directory())[: TEXT // 6]
            texts["the leak itself"] = whole[: TEXT // 6]
        automaton = ahocorasick_rs.BytesAhoCorasick(needles(csv))
        times = {kind: text_times(scanner, automaton, text) for kind, text in texts.items() if text}
        found["texts"] = {kind: speeds(*each) for kind, each in times.items()}
        ordinary = [each for kind, each in times.items() if kind in ORDINARY]
        found["mixture"] = speeds(*map(sum, zip(*ordinary, strict=True)))
        if not asked.ordinary:
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
