"""How fast all of `vigie scan` is on files. Prints one JSON object.

Folders of ordinary files are scanned by the command itself: start, extraction, matching and
decision; each is large enough that starting is a small part. Beside it, in the same run,
ahocorasick_rs with the plain NIRs, phones and addresses of the same file reads the same files, its
automaton already built. Each folder is scanned as its user does it (`table`) and with `--json`,
whose every line names the SHA-256 of a document. Two ratios are told of each, by the clock (`vigie
scan` extracts one file while it matches another) and per CPU second; `start_s` and `start_cpu_s`
are what a scan of one empty file takes and are part of both. `apart` is what a second scan costs
that has started already and hashes nothing, by process (the command, the limited child, the
matcher), for a file and a byte. `bare_times_automaton` is the limit: the least that any scan must
do with each file, in one process that has started: read it, with `--json` hash it, decode it, fold
it and pass over it once (`bench.bare_pass`). `mixture` is as much of each of the four long texts.
Then: a whole repost, opening, the memory of a second scanner, and how much two scanning processes
read in the time of one, beside what two loops do that share nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from operator import sub
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ahocorasick_rs

from bench.bare_pass import BarePass
from bench.match_speed import dump_lines, log_lines, needles, prose, source_code
from extraction.layers import Limits
from extraction.sandbox import Sandbox
from extraction.shared import Shared
from matching.build import build
from matching.client import MatcherClient
from matching.inspect import inspect
from matching.keys import new_key
from matching.normalise.fold import Room, fold
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from vigie.commands.scan import SCAN_SECONDS
from vigie.demo.leak import generate
from vigie.scan_inputs import SCAN_BYTES, SLOTS, Ahead
from vigie.scan_judge import Judge

FILE = 8_000_000  # characters of one made file
TURNS = 100  # of a scanning process over one text, for a second or two
FILES = 4  # how many of them
FOLDER = 2_000_000_000  # bytes of a folder, in which each stands often: all are read and matched


def made(lines: Iterator[str]) -> str:
    """A text full of such lines."""
    found: list[str] = []
    size = 0
    while size < FILE:
        found.append(next(lines))
        size += len(found[-1])
    return "".join(found)


def filled(folder: Path, *texts: str) -> None:
    """A folder of so many bytes, whose files are these texts again and again."""
    folder.mkdir()
    first = [folder / f"{number}-0.txt" for number in range(len(texts))]
    for path, text in zip(first, texts, strict=True):
        path.write_text(text)
    size = sum(path.stat().st_size for path in first)
    for again in range(1, -(-FOLDER // size)):
        for number, path in enumerate(first):
            (folder / f"{number}-{again}.txt").hardlink_to(path)


def folders(root: Path) -> dict[str, Path]:
    """Folders of files of each kind."""
    found = {kind: root / kind for kind in ("logs", "dumps", "prose", "source")}
    logs, dumps = log_lines(random.Random(1)), dump_lines(random.Random(2))
    filled(found["logs"], *(made(logs) for _ in range(FILES)))
    filled(found["dumps"], *(made(dumps) for _ in range(FILES)))
    filled(found["prose"], prose())
    filled(found["source"], source_code())
    # As they lie on a disk: hundreds of small ones; and those of which each is a hard case.
    library = Path(sysconfig.get_paths()["stdlib"])
    paths = sorted(each for each in library.rglob("*.py") if "site-packages" not in each.parts)
    tests = [each for each in paths if {"test", "tests"} & set(each.parts)]
    copied(root / "small source files", sorted(set(paths) - set(tests)))
    copied(root / "tests of codecs and parsers", tests)
    found |= {each.name: each for each in root.iterdir() if each.name not in found}
    return found


def copied(folder: Path, paths: list[Path]) -> None:
    """A folder with copies of these files."""
    folder.mkdir()
    for number, path in enumerate(paths):
        (folder / f"{number}{path.suffix}").write_bytes(path.read_bytes())


def inside(folder: Path) -> list[Path]:
    """The files that a scan of a folder reads."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def scanned(
    target: Path, leak: LeakRef, *, json_lines: bool = True
) -> tuple[float, float, list[dict[str, Any]]]:
    """(seconds by the clock, CPU seconds, results) of the command, the latter from JSON alone."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "vigie.cli", "scan", str(target), *["--json"] * json_lines,
         "--leak", str(leak.file), "--key", str(leak.key_file)],
        stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    clock = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = done.stdout.splitlines() if json_lines else []
    return clock, used, [json.loads(line) for line in lines]


def searched(files: list[Path], automaton: Any) -> tuple[float, float]:
    """(seconds by the clock, CPU seconds) of the automaton over the same files."""
    began, used = time.perf_counter(), time.process_time()
    for path in files:
        automaton.find_matches_as_indexes(path.read_bytes())
    return time.perf_counter() - began, time.process_time() - used


def bare(files: list[Path], *, hashed: bool) -> float:
    """CPU seconds of the least that a scan must do with these files."""
    screen, room = BarePass(), Room()
    used = time.process_time()
    for path in files:
        body = path.read_bytes()
        if hashed:
            hashlib.sha256(body).hexdigest()
        body.decode("utf-8", "replace")
        room.clear()
        screen(fold(body, room))
    return time.process_time() - used


def compared(folder: Path, leak: LeakRef, automaton: Any) -> dict[str, Any]:
    """MB/s of both over one folder."""
    files = inside(folder)
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    plain_clock, plain_cpu = searched(files, automaton)
    found: dict[str, Any] = {
        "mb": round(megabytes, 1), "files": len(files),
        "automaton_mb_s": round(megabytes / plain_clock, 1),
        "automaton_mb_cpu_s": round(megabytes / plain_cpu, 1),
    }  # fmt: skip
    results: list[dict[str, Any]] = []
    for how, json_lines in (("table", False), ("json", True)):
        clock, cpu, results = scanned(folder, leak, json_lines=json_lines)
        least = bare(files, hashed=json_lines)
        found[how] = {
            "mb_s": round(megabytes / clock, 1), "mb_cpu_s": round(megabytes / cpu, 1),
            "times_automaton": round(plain_clock / clock, 2),
            "times_automaton_per_cpu_s": round(plain_cpu / cpu, 2),
            "bare_times_automaton": round(plain_cpu / least, 2),
        }  # fmt: skip
    alerts = sum(each["verdict"] in ("repost", "fragment") for each in results)
    return {**found, "apart": apart(folder, leak), "alerts": alerts}


def mixture(folders: dict[str, Any]) -> dict[str, Any]:
    """The ratios over as much of each long text."""
    texts = [folders[kind] for kind in ("logs", "dumps", "prose", "source")]

    def times(how: str, speed: str) -> float:
        automaton = sum(1 / float(each[f"automaton_{speed}"]) for each in texts)
        return round(automaton / sum(1 / float(each[how][speed]) for each in texts), 2)

    return {
        how: {
            "times_automaton": times(how, "mb_s"),
            "times_automaton_per_cpu_s": times(how, "mb_cpu_s"),
        }
        for how in ("table", "json")
    }


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


class Kept(Sandbox):
    """One whose child stays up when all is read, once it is to be kept."""

    kept = False

    def close(self) -> None:
        """As before, or only together with this process."""
        if not self.kept:
            super().close()


class InTurn:
    """Stands for the thread that reads ahead: nothing is read before it is asked for, so that no
    process works beside another, which would take from its speed."""

    def submit(self, call: Callable[..., Any], *arguments: Any) -> Later:
        """Later."""
        return Later(partial(call, *arguments))

    def shutdown(self, **_: bool) -> None:
        """There is nothing to wait for."""


class Later(NamedTuple):
    """What comes of a call that is made when it is asked for."""

    result: Callable[[], Any]


def apart(folder: Path, leak: LeakRef) -> dict[str, Any]:
    """CPU of each process over one folder, start-up and first looks into the leak's file aside."""
    files = inside(folder)
    limits = Limits(max_bytes=SCAN_BYTES, max_text=SCAN_BYTES, seconds=SCAN_SECONDS)
    shared = Shared(SLOTS, SCAN_BYTES)
    memory = shared.fd, shared.size
    with Kept(limits, shared, hashed=False) as box, MatcherClient([leak], shared=memory) as matcher:
        judge = Judge(matcher, every=False, explain=False, hashed=False)

        def scan() -> None:
            given = [(path.name, path) for path in files]
            inputs = Ahead(given, box, shared)
            inputs._reader = InTurn()  # type: ignore[assignment]  # noqa: SLF001
            with inputs as ahead:
                for batch in ahead:
                    for found in judge.inputs(batch, ahead):
                        json.dumps(found if isinstance(found, dict) else found.to_json())

        box.extract(b"%PDF-1.4\n%%EOF")  # with all readers: later there is no other child
        box.kept = True
        scan()
        before = time.process_time(), cpu_of(box.pid), cpu_of(matcher.pid)
        scan()
        behind = time.process_time(), cpu_of(box.pid), cpu_of(matcher.pid)
        box.kept = False
    used = dict(zip(("command", "child", "matcher"), map(sub, behind, before), strict=True))
    size = sum(path.stat().st_size for path in files)
    return {
        "ms_a_file": round(1e3 * sum(used.values()) / len(files), 2),
        "mb_cpu_s": round(size / 1e6 / sum(used.values()), 1),
        "ns_a_byte": {name: round(1e9 * cpu / size, 2) for name, cpu in used.items()},
    }


def private_mb() -> float:
    """Memory of this process that no file stands behind."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def worker(leak: LeakRef, text: str, begin: Barrier, told: Queue[tuple[float, float]]) -> None:
    """One scanning process: seconds it took, private memory that a scanner adds."""
    bare = private_mb()
    scanner = Scanner(leak)
    layers = [TextLayer("", text)]
    scanner.scan("warm", 1, "", layers)
    begin.wait()
    began = time.perf_counter()
    for _ in range(TURNS):
        scanner.scan("x", 1, "", layers)
    told.put((time.perf_counter() - began, private_mb() - bare))


def at_once(count: int, leak: LeakRef, text: str) -> tuple[float, float]:
    """(seconds of the slowest, private MB of the last) of so many processes side by side."""
    context = multiprocessing.get_context("spawn")
    begin, told = context.Barrier(count), context.Queue()
    workers = [context.Process(target=worker, args=(leak, text, begin, told)) for _ in range(count)]
    for each in workers:
        each.start()
    times = [told.get() for _ in workers]
    for each in workers:
        each.join()
    return max(seconds for seconds, _ in times), max(memory for _, memory in times)


def hashing(begin: Barrier, told: Queue[float]) -> None:
    """What two processes can at most be to one here: a loop that shares nothing with another."""
    block = bytes(1 << 20)
    begin.wait()
    began = time.perf_counter()
    for _ in range(1000):
        hashlib.blake2b(block).digest()
    told.put(time.perf_counter() - began)


def two_of_the_machine() -> float:
    """How many times one such loop two get done in the same time."""
    context = multiprocessing.get_context("spawn")
    slowest: list[float] = []
    for count in (1, 2):
        begin, told = context.Barrier(count), context.Queue()
        loops = [context.Process(target=hashing, args=(begin, told)) for _ in range(count)]
        for each in loops:
            each.start()
        slowest.append(max(told.get() for _ in loops))
        for each in loops:
            each.join()
    return round(2 * slowest[0] / slowest[1], 2)


def opening(leak: LeakRef) -> list[float]:
    """Seconds to open, the first with what loading the first kernels takes, and the next."""
    found = []
    for _ in range(3):
        began = time.perf_counter()
        Scanner(leak).close()
        found.append(round(time.perf_counter() - began, 3))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        os.environ["XDG_STATE_HOME"] = str(root / "state")
        csv = root / "leak.csv"
        generate(csv, rows=asked.rows)
        built = build(csv, new_key(root / "key"), root / "leak.vfp", inspect(csv))
        leak = LeakRef(root / "leak.vfp", root / "key")
        found: dict[str, Any] = {"rows": asked.rows, "file_bytes": built.bytes}
        found["open_s"] = opening(leak)
        empty, repost = root / "empty.txt", root / "repost.txt"
        empty.write_bytes(b"")
        repost.write_bytes(csv.read_bytes().replace(b";", b"|"))
        scanned(empty, leak)
        clock, used, _ = scanned(empty, leak)
        found["start_s"], found["start_cpu_s"] = round(clock, 2), round(used, 2)
        clock, _, results = scanned(repost, leak)
        found["repost"] = {
            "mb": round(repost.stat().st_size / 1e6, 1), "s": round(clock, 2),
            "verdict": results[0]["verdict"], "notes": results[0]["notes"],
        }  # fmt: skip
        text = source_code()
        alone, memory = at_once(1, leak, text)
        both, _ = at_once(2, leak, text)
        found["two_processes_times_one"] = round(2 * alone / both, 2)
        found["two_bare_loops_times_one"] = two_of_the_machine()
        found["second_scanner_private_mb"] = round(memory)
        automaton = ahocorasick_rs.BytesAhoCorasick(needles(csv))
        (root / "files").mkdir()
        found["folders"] = {
            kind: compared(folder, leak, automaton)
            for kind, folder in folders(root / "files").items()
        }
        found["mixture"] = mixture(found["folders"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
