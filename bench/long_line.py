"""A text of a single line, longer than one window: is all of it read, and in how much memory?

Prints one JSON object. Source code without its line ends fills `--size` bytes; a row of the leak is
planted within 400 bytes of the beginning and of the end of every window, so that each stands across
an edge or close to one. `vigie scan --all` reads the file, and the memory of its processes is
looked at five times a second: `own` is what belongs to the process alone, the mapped fingerprint
file not counted. Three tenths of the size are read first, for comparison.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.corpus.people import Person, World
from bench.quality import kept_or_made
from matching.result import LeakRef
from vigie.long_files import OVERLAP, WINDOW

NEAR = 400  # bytes from a row's first byte to the edge, at most
STEP = 8_000_000  # bytes written at once
LOOK = 0.2  # seconds


def code() -> bytes:
    """Source code in one line."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = b" ".join(path.read_bytes() for path in sorted(root.glob("*.py")))
    return b" ".join(found.split()).decode("utf-8", "ignore").encode()


def places(size: int, draw: random.Random) -> Iterator[int]:
    """Where rows go: about each edge, far enough from each other."""
    for start in range(0, size, WINDOW - OVERLAP):
        for edge in (start, start + WINDOW):
            at = edge + draw.randint(-NEAR, NEAR)
            if NEAR < at < size - 2 * NEAR:
                yield at


def written(path: Path, size: int, world: World) -> dict[int, Person]:
    """Write the line; which person stands at which byte."""
    draw = random.Random(size)
    told = [each for each in world.inside[:200_000] if each.nir and each.born and each.phone]
    planted = {at: draw.choice(told) for at in sorted(places(size, draw))}
    filler = code()
    with path.open("wb") as file:
        for at, person in [*planted.items(), (size, None)]:
            while file.tell() < at:
                file.write(filler[: min(STEP, at - file.tell())])
            if person is not None:
                file.write(f" {' | '.join(person.cells)} ".encode())
    return planted


def role(pid: int) -> str:
    """Which of the three a process is."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    if b"\0matching\0" in command:
        return "matcher"
    return "command" if b"vigie.cli" in command else "limited child"


def memory(pid: int) -> dict[str, int]:
    """Megabytes of a process: `own` and resident in all."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    told = dict(line.split(":", 1) for line in lines if line.startswith(("RssAnon", "VmRSS")))
    number = {name: int(value.split()[0]) // 1024 for name, value in told.items()}
    return {"own": number["RssAnon"], "resident": number["VmRSS"]}


def family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from family(int(child))


def scanned(path: Path, leak: LeakRef) -> tuple[dict[str, Any], dict[str, dict[str, int]], float]:
    """The result, the peaks of each process, and seconds."""
    peaks: dict[str, dict[str, int]] = {}
    began = time.perf_counter()
    with tempfile.TemporaryFile() as answer:
        run = subprocess.Popen(
            [sys.executable, "-m", "vigie.cli", "scan", str(path), "--json", "--all",
             "--leak", str(leak.file), "--key", str(leak.key_file)],
            stdout=answer, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while run.poll() is None:
            try:
                for pid in family(run.pid):
                    seen, peak = memory(pid), peaks.setdefault(role(pid), {})
                    for name, value in seen.items():
                        peak[name] = max(value, peak.get(name, 0))
            except (OSError, KeyError):
                pass  # it ended meanwhile
            time.sleep(LOOK)
        seconds = time.perf_counter() - began
        answer.seek(0)
        return json.loads(answer.read()), peaks, seconds


def measure(size: int, folder: Path, world: World, leak: LeakRef) -> dict[str, Any]:
    """Write, read and remove a line."""
    path = folder / "line.txt"
    planted = written(path, size, world)
    try:
        result, peaks, seconds = scanned(path, leak)
    finally:
        path.unlink()
    rows = {match["row"] for match in result["matches"]}
    missed = {at: person.row for at, person in planted.items() if person.row not in rows}
    return {
        "bytes": result["bytes"], "seconds": round(seconds, 1), "verdict": result["verdict"],
        "planted": len(planted), "missed": missed, "notes": result["notes"],
        "wrong": len(rows - {person.row for person in planted.values()}), "peak_mb": peaks,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000_000)
    parser.add_argument("--rows", type=int, default=491_000)
    parser.add_argument("--leak", type=Path, help="folder of bench/quality.py")
    options = parser.parse_args()
    sizes = (options.size * 3 // 10, options.size)
    with (
        tempfile.TemporaryDirectory() as name,
        kept_or_made(options.leak, options.rows) as (world, leak),
    ):
        found = [measure(size, Path(name), world, leak) for size in sizes]
    print(json.dumps({"less": found[0], "whole": found[1]}))


if __name__ == "__main__":
    main()
