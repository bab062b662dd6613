"""A large leak: how long its fingerprint file takes, how much memory, and what it costs a scan.

Prints one JSON object. `--rows` rows (10 million unless told otherwise) are made, fingerprinted and
scanned beside a leak of `--beside` rows; each build and each scan is a process of its own, so that
peak memory is its own. Ratios compare processes of one run. Takes 2.5 KB of disk a row for the
while, and on two cores about a minute for each million of rows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

ROUNDS = 3
ROW_BYTES = 2500  # of disk: leaked file, what is put aside, fingerprint file
TEXT = 12_000_000  # characters of ordinary text
WARM = 40_000_000  # characters read before anything is timed: every block is checked by then

BUILD = """
import json, resource, sys, time
from pathlib import Path
from matching.build import build
from matching.inspect import inspect
from matching.keys import load_key
leak, key, output = map(Path, sys.argv[1:4])
began = time.perf_counter()
made = build(leak, load_key(key), output, inspect(leak))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"rows": made.rows, "keys": made.keys, "bytes": made.bytes,
                  "seconds": round(time.perf_counter() - began, 1), "peak_rss": peak}))
"""

SCAN = """
import json, sys, time
from pathlib import Path
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
leak, key, text, warm = map(Path, sys.argv[1:5])
began = time.perf_counter()
scanner = Scanner(LeakRef(leak, key))
opened = time.perf_counter() - began
read = text.read_text("utf-8")
for part in (warm.read_text("utf-8"), read):
    scanner.scan("warm", 1, "", [TextLayer("", part)])
began = time.process_time()
found = scanner.scan("text", 1, "", [TextLayer("", read)])
seconds = time.process_time() - began
private = sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup")
              if line.startswith("Private_Dirty"))
print(json.dumps({"open_s": opened, "mb_s": len(read.encode()) / 1e6 / seconds,
                  "records": found.records, "private_dirty": private * 1024}))
"""


def child(program: str, *arguments: Path) -> dict[str, Any]:
    """What a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def ordinary(size: int, skip: int) -> str:
    """Source code, the standard library's own, from its `skip`-th character on."""
    texts: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        texts.append(path.read_text("utf-8", "replace"))
        if sum(map(len, texts)) > skip + size:
            break
    return "".join(texts)[skip : skip + size]


def make(rows: int, folder: Path) -> dict[str, Any]:
    """Generate a leak, fingerprint it, drop the leak; what the build took."""
    from vigie.demo.leak import generate

    leak = folder / f"{rows}.csv"
    generate(leak, rows=rows)
    told = child(BUILD, leak, folder / "key", folder / f"{rows}.vfp")
    told["leak_bytes"] = leak.stat().st_size
    leak.unlink()
    return told


def compare(large: Path, small: Path, folder: Path) -> dict[str, Any]:
    """Scan the same text against both, in turns; `scan_ratio` is the speed of large over small."""
    text, warm = folder / "text", folder / "warm"
    text.write_text(ordinary(TEXT, WARM), "utf-8")
    warm.write_text(ordinary(WARM, 0), "utf-8")
    told: dict[str, list[dict[str, Any]]] = {"small": [], "large": []}
    for _ in range(ROUNDS):
        for name, leak in (("small", small), ("large", large)):
            told[name].append(child(SCAN, leak, folder / "key", text, warm))
    speed = {name: statistics.median(each["mb_s"] for each in told[name]) for name in told}
    return {
        "scan_mb_s": {name: round(value, 1) for name, value in speed.items()},
        "scan_ratio": round(speed["large"] / speed["small"], 3),
        "open_s": {name: round(min(each["open_s"] for each in told[name]), 3) for name in told},
        "private_dirty": {name: max(each["private_dirty"] for each in told[name]) for name in told},
        "records": {name: told[name][0]["records"] for name in told},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--beside", type=int, default=491_000)
    parser.add_argument("--folder", type=Path, help="where the large files go for the while")
    told = parser.parse_args()
    from matching.keys import new_key

    free = shutil.disk_usage(told.folder or tempfile.gettempdir()).free
    if free < told.rows * ROW_BYTES:
        need = told.rows * ROW_BYTES // 10**9
        print(json.dumps({"left_out": f"{need} GB of disk are needed; --folder names a place"}))
        return
    with tempfile.TemporaryDirectory(dir=told.folder) as name:
        folder = Path(name)
        new_key(folder / "key")
        found: dict[str, Any] = {"cpus": os.cpu_count()}
        found["small"] = make(told.beside, folder)
        found["large"] = make(told.rows, folder)
        found |= compare(folder / f"{told.rows}.vfp", folder / f"{told.beside}.vfp", folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
