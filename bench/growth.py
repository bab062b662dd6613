"""What twice the length costs, for texts made to be slow. Prints one JSON object.

Each text of HOSTILE is made with 4 MB (`--bytes`; more of what is read fast) and with twice that.
Either is extracted, and matched to its end against a leak of `--rows` made-up rows, five times in
turns. Told is the CPU time of the median and its ratio; below 2.2 the cost is that of the length.
Texts that point to rows take their words from that leak.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from extraction.layers import Limits
from extraction.read import extract
from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from vigie.demo.leak import generate, invent_rows

BOUND = 2.2
RUNS = 5
SHORTEST = 0.1  # seconds a text has to take
MOST_BYTES = 64_000_000  # what passes by at two gigabytes a second has to leave the caches behind
LIMITS = Limits(max_bytes=1 << 30, max_text=1 << 30, seconds=600.0)
PEOPLE = list(invent_rows(2_000, 1))  # not in the leak, but named after the same towns and names


def again(unit: str) -> Callable[[int], str]:
    """A text of so many characters that repeats one unit."""
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def drawn(words: list[str], gap: str) -> Callable[[int], str]:
    """A text of so many characters of words drawn again and again."""

    def make(size: int) -> str:
        draw = random.Random(size)
        found: list[str] = []
        length = 0
        while length < size:
            found.append(draw.choice(words))
            length += len(found[-1]) + len(gap)
        return gap.join(found)[:size]

    return make


PACKED: dict[str, str] = {
    "one class": "A", "hex": "0a ", "almost base64": "A" * 19 + " ",
    "base64 lines": "A" * 76 + "\n", "base64 of equals": "=", "ampersands": "&",
    "open entities": "&a", "form": "&a=", "percent": "%", "percent 2": "%2", "percent 20": "%20",
    "equals lines": "a" * 74 + "=\n", "backslashes": "\\", "escapes": "\\u00",
    "escapes whole": "\\u00e9", "open tags": "<p", "table cells": "<td>", "comments": "<!--",
    "doctype": "<!doctype html><p>", "mojibake": "Ã", "mojibake spaces": "Ã ", "box drawing": "├─",
    "zero width": "a\u200b", "nul": "\x00", "quoted": "=3D", "passwords": "mot de passe ",
    "quotes": "\"'", "json": '{"a":[', "names with hyphens": "Saint-Aubin-sur-Indre ",
}  # fmt: skip
TOKENS: dict[str, str] = {
    "digits": "1", "digits apart": "1 ", "phones": "0639981234 ", "phone pieces": "06 39 98 ",
    "dates": "14/03/1985 ", "years": "1985 ", "NIR pieces": "2 85 03 44 ", "masks": "06 39 ** ** ",
    "stars": "*", "at": "@", "at words": "a@", "e-mails": "a@b.fr ", "dots": ".", "blanks": " ",
    "lines": "\n", "initials": "J. M. ", "capitals": "MARTIN ", "streets": "12 rue des Lilas ",
    "ligatures": "œ", "marks": "e\u0301", "emoji": "\U0001f600 ",
}  # fmt: skip
HOSTILE: dict[str, Callable[[int], str]] = {
    **{name: again(unit) for name, unit in {**PACKED, **TOKENS}.items()},
    "surnames": drawn([row.surname for row in PEOPLE], " "),
    "towns": drawn([f"{row.postcode} {row.city}" for row in PEOPLE], "\n"),
    "other people": drawn(
        [f"{r.surname} {r.first_name} {r.city} {r.mobile}" for r in PEOPLE], "\n"
    ),
}


def of_the_leak(csv: Path) -> dict[str, Callable[[int], str]]:
    """Texts of one row, of many rows, and of two columns of them."""
    lines = csv.read_text("latin-1").splitlines()[1:]
    cells = [line.split(";") for line in lines]
    return {
        "one row again and again": again(lines[5] + "\n"),
        "rows": drawn(lines, "\n"),
        "rows in one line": drawn(lines, " "),
        "names of rows": drawn([f"{row[3]} {row[5]}" for row in cells if len(row) > 5], "\n"),
    }


def keep_memory() -> None:
    """Have the C library keep what it was given: from 32 MB on it asks the system anew each time,
    and a text of 64 MB would pay for pages that one of 32 MB finds in place."""
    libc = ctypes.CDLL(None)
    libc.mallopt(-4, 0)  # M_MMAP_MAX
    libc.mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def growth(
    work: Callable[[str], object], make: Callable[[int], str], size: int
) -> dict[str, float]:
    """Seconds for a text and what one of twice the length costs, medians of RUNS.

    What is read in no time is made longer first, for a few milliseconds have no ratio.
    """
    once = make(size)
    while cpu(functools.partial(work, once)) < SHORTEST and size < MOST_BYTES:
        size *= 2
        once = make(size)
    twice = make(2 * size)
    work(twice)
    times = [(cpu(lambda: work(once)), cpu(lambda: work(twice))) for _ in range(RUNS)]
    short, long = (median(column) for column in zip(*times, strict=True))
    return {"mb": size / 1e6, "s": round(short, 3), "ratio": round(long / short, 2)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--bytes", type=int, default=4_000_000)
    parser.add_argument("--only", default="", help="texts whose name holds this")
    asked = parser.parse_args()
    keep_memory()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv = folder / "leak.csv"
        generate(csv, rows=asked.rows)
        build(csv, new_key(folder / "key"), folder / "leak.vfp", inspect(csv))
        scanner = Scanner(LeakRef(folder / "leak.vfp", folder / "key"))
        scanner.file.check_all()  # no block is left to check while the clock runs
        scanner.warm_up()

        def scan(text: str) -> object:
            return scanner.scan("x", 1, "", [TextLayer("", text)], to_the_end=True)

        def read(text: str) -> object:
            return extract(text.encode("utf-8"), limits=LIMITS)

        found: dict[str, dict[str, dict[str, float]]] = {}
        for kind, make in {**HOSTILE, **of_the_leak(csv)}.items():
            if asked.only in kind:
                found[kind] = {
                    "extract": growth(read, make, asked.bytes),
                    "scan": growth(scan, make, asked.bytes),
                }
                print(kind, found[kind], file=sys.stderr, flush=True)
        scanner.close()
    worst = max(
        ((told[part]["ratio"], kind, part) for kind, told in found.items() for part in told),
        default=None,
    )
    over = [
        [kind, part]
        for kind, told in found.items()
        for part in told
        if told[part]["ratio"] >= BOUND
    ]
    print(json.dumps({"bytes": asked.bytes, "rows": asked.rows, "texts": found,
                      "worst": worst, "over": over}))  # fmt: skip


if __name__ == "__main__":
    main()
