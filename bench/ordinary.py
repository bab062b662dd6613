"""False alerts on ordinary text: reads what lies on this machine and counts what the matcher says.

Prints JSON: bytes read, verdicts, and how many rows reach 12, 14, … bits a gigabyte. Nobody of
the leak stands in such text, so every row is a chance agreement, and how their number falls with
the bits tells how many to expect where none was seen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.corpus import ordinary
from bench.quality import kept_or_made
from extraction.errors import ExtractionError
from extraction.layers import Limits
from extraction.read import extract
from matching.result import ScanResult, TextLayer
from matching.scan import Scanner

STEP = 2  # bits from one count to the next
FROM = 12
PIECE = 4_000_000  # bytes of one document
LIMITS = Limits()
ENDINGS = {
    "source code": "py c h cc cpp hpp rs go js mjs ts java pl pm rb sh tcl lua el sql",
    "markup and data": "html htm xml svg json yaml yml toml css csv map po",
    "prose": "txt md rst tex texi 1 3 5 7 8 copyright changelog",
}


def files(folders: list[Path], draw: random.Random) -> Iterator[tuple[str, bytes]]:
    """Every readable file below some folders, in an order drawn at random."""
    paths = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and 0 < path.stat().st_size <= PIECE
    ]
    draw.shuffle(paths)
    for path in paths:
        try:
            yield path.name, path.read_bytes()
        except OSError:
            continue


def texts(body: bytes, name: str) -> list[TextLayer]:
    """The layers of a file; none of one that cannot be read."""
    try:
        return [
            TextLayer(each.name, each.text)
            for each in extract(body, name=name, limits=LIMITS, shallow=True).layers
        ]
    except ExtractionError:
        return []


def kind_of(name: str, body: bytes) -> str:
    """What a body is, by its name and first bytes; "" for programs and pictures."""
    if b"\0" in body[:4096]:
        return ""
    ending = name.lower().rpartition(".")[2]
    return next(
        (kind for kind, endings in ENDINGS.items() if ending in endings.split()), "other text"
    )


def told(name: str, digest: bytes, result: ScanResult) -> dict[str, Any]:
    """An alert, so that it can be looked into."""
    rows = [(m.row, round(m.bits, 1), m.fields, m.spans) for m in result.matches[:5]]
    return {"name": name, "sha256": digest.hex(), "verdict": str(result.verdict), "rows": rows}


def count(
    scanner: Scanner, bodies: Iterator[tuple[str, bytes]], most: int, tail_every: int
) -> dict[str, Any]:
    """Scan until `most` bytes of text are read; of one text in `tail_every` weak rows are counted
    too. What was read once is not read again; programs and pictures are left out."""
    verdicts: Counter[str] = Counter()
    weak: Counter[int] = Counter()
    read, looked, number = 0, 0, 0
    kinds: Counter[str] = Counter()
    seen: set[bytes] = set()
    alerts: list[dict[str, Any]] = []
    began = time.process_time()
    for name, body in bodies:
        if read >= most:
            break
        digest = hashlib.sha256(body).digest()
        if digest in seen:
            continue
        seen.add(digest)
        kind = kind_of(name, body)
        layers = texts(body, name) if kind else []
        if not layers:
            continue
        number += 1
        kinds[kind] += len(body)
        read += len(body)
        result = scanner.scan(name, len(body), digest.hex(), layers)
        verdicts[str(result.verdict)] += 1
        if result.verdict.raises_alert:
            alerts.append(told(name, digest, result))
            print(json.dumps(alerts[-1]), file=sys.stderr, flush=True)
        if number % tail_every == 0:
            looked += len(body)
            for match in (*scanner.weak(layers, FROM, 1_000_000), *result.matches):
                weak[int(match.bits) // STEP * STEP] += 1
    rows = {
        bits: sum(n for at, n in weak.items() if at >= bits) / (looked / 1e9)
        for bits in range(FROM, 60, STEP)
        if looked
    }
    return {
        "documents": number,
        "bytes": read,
        "kinds": dict(kinds.most_common()),
        "cpu_s": round(time.process_time() - began, 1),
        "verdicts": dict(verdicts),
        "alerts": alerts,
        "tail_bytes": looked,
        "rows_per_gb_from_bits": rows,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leak", type=Path, help="folder of bench/quality.py")
    parser.add_argument("--folders", type=Path, nargs="*", default=[Path("/usr")])
    parser.add_argument("--files", type=int, default=1_500_000_000, help="bytes of text in files")
    parser.add_argument("--made", type=int, default=200_000_000, help="bytes of each made text")
    parser.add_argument(
        "--listed", type=int, default=50_000_000, help="of directories, the slowest"
    )
    parser.add_argument("--tail-every", type=int, default=10)
    options = parser.parse_args()
    with kept_or_made(options.leak) as (_world, leak):
        print(json.dumps(measure(options, Scanner(leak))))


def measure(options: argparse.Namespace, scanner: Scanner) -> dict[str, Any]:
    """Read files, then each made kind; what was counted, by kind."""
    draw = random.Random(1)
    body = files(options.folders, draw)
    found = {"files": count(scanner, body, options.files, options.tail_every)}
    print(json.dumps(found), file=sys.stderr, flush=True)
    for kind, make in ordinary.KINDS.items():
        most = options.listed if kind.startswith("directories") else options.made
        bodies = make(random.Random(kind), PIECE // 4)
        found[kind] = count(scanner, bodies, most, options.tail_every)
        print(json.dumps({kind: found[kind]}), file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
