"""Do bits mean log2 odds? Predicted against observed, as a table and an SVG. Prints JSON.

Texts about one person each are scanned: half of them about people of the leak, half about
strangers, in the same disguises. Of every row a text speaks for it is known whether it is the
text's person. With half of the texts planted and R rows, the odds that a row is right are
2^bits / (2 R); in steps of bits the share that was right is set against them.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.corpus.classes import CLASSES
from bench.corpus.evidence import view
from bench.corpus.measure import Share, rightful
from bench.corpus.people import World
from bench.quality import kept_or_made
from extraction.read import extract
from matching.result import TextLayer
from matching.scan import Scanner

FROM, TO, STEP = 12, 72, 4  # bits of the first bin, of the last, and how wide each is
LEFT_OUT = (
    "1 verbatim",
    "18 encoded",
    "encoded",
    "17 split",
    "split",
)  # whole rows, and texts of several windows
WIDE, HIGH, EDGE = 720, 480, 60  # the picture, in pixels
LOW, TOP = -16.0, 24.0  # log2 odds at its edges


def count(world: World, scanner: Scanner, texts: int, seed: int) -> dict[int, Share]:
    """How many rows of each bin were right."""
    bins: dict[int, Share] = defaultdict(Share)
    makers = [make for kind, make in CLASSES.items() if not kind.startswith(LEFT_OUT)]
    draw = random.Random(seed)
    for number in range(texts):
        inside = number % 2 == 0
        person = draw.choice(world.inside if inside else world.outside)
        text, shown = draw.choice(makers)(draw, person)
        shown = [each for each in shown if view(each, person)]
        body = text.encode("utf-8", "replace")
        layers = [TextLayer(a.name, a.text) for a in extract(body, name="post.txt").layers]
        strong = scanner.scan("post", len(body), "", layers, all_matches=True).matches
        rows = {each.row: each.bits for each in (*scanner.weak(layers, FROM, 10**6), *strong)}
        for row, bits in rows.items():
            at = min(TO, int(bits) // STEP * STEP)
            bins[at].add(inside and rightful(row, person, shown, world))
    return dict(sorted(bins.items()))


def told(bins: dict[int, Share], rows: int) -> list[dict[str, Any]]:
    """Each bin: log2 odds as predicted at its middle, and as observed with a 95 % interval."""
    prior = math.log2(2 * rows)
    found = []
    for at, share in bins.items():
        low, high = (odds(end) for end in share.to_json()["ci95"])
        found.append({
            "bits": [at, at + STEP], "rows": share.of, "right": share.hits,
            "predicted": round(at + STEP / 2 - prior, 1),
            "observed": round(odds((share.hits + 0.5) / (share.of + 1)), 1),
            "ci95": [round(low, 1), round(high, 1)],
        })  # fmt: skip
    return found


def odds(share: float) -> float:
    """log2 odds of a share, within what the picture shows."""
    if share <= 0.0:
        return LOW
    return TOP if share >= 1.0 else max(LOW, min(TOP, math.log2(share / (1.0 - share))))


def x(value: float) -> float:
    """From log2 odds to pixels across."""
    return EDGE + (value - LOW) / (TOP - LOW) * (WIDE - 2 * EDGE)


def y(value: float) -> float:
    """From log2 odds to pixels down."""
    return HIGH - EDGE - (value - LOW) / (TOP - LOW) * (HIGH - 2 * EDGE)


def picture(found: list[dict[str, Any]], rows: int) -> str:
    """The bins as points with their intervals, the diagonal, the thresholds."""
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" role="img" '
            'font-family="sans-serif" font-size="13">'
        ),
        "<title>Calibration: predicted against observed log2 odds that a row is right</title>",
        f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>',
    ]
    for tick in range(int(LOW), int(TOP) + 1, 4):
        parts += [
            (
                f'<path d="M{x(tick):.0f} {y(LOW):.0f}V{y(TOP):.0f}M{x(LOW):.0f} {y(tick):.0f}'
                f'H{x(TOP):.0f}" stroke="#e4e4e4"/>'
            ),
            f'<text x="{x(tick):.0f}" y="{y(LOW) + 18:.0f}" text-anchor="middle">{tick}</text>',
            f'<text x="{x(LOW) - 8:.0f}" y="{y(tick) + 4:.0f}" text-anchor="end">{tick}</text>',
        ]
    parts.append(
        f'<path d="M{x(LOW):.0f} {y(LOW):.0f}L{x(TOP):.0f} {y(TOP):.0f}" stroke="#888" '
        'stroke-dasharray="5 4"/>'
    )
    for name, bits in (("review", 35), ("alert", 52)):
        at = bits - math.log2(2 * rows)
        if at < TOP:
            parts.append(
                f'<path d="M{x(at):.0f} {y(LOW):.0f}V{y(TOP):.0f}" stroke="#b33" />'
                f'<text x="{x(at) + 4:.0f}" y="{y(TOP) + 14:.0f}" fill="#b33">{name}, {bits}</text>'
            )
    for each in found:
        if each["predicted"] > TOP:
            continue  # no run is long enough to see them err; the table has them
        at = x(max(LOW, each["predicted"]))
        low, high = each["ci95"]
        parts.append(
            f'<path d="M{at:.0f} {y(low):.0f}V{y(high):.0f}" stroke="#157" stroke-width="2"/>'
            f'<circle cx="{at:.0f}" cy="{y(max(LOW, min(TOP, each["observed"]))):.0f}" r="4" '
            'fill="#157"/>'
        )
    parts += [
        (
            f'<text x="{WIDE / 2:.0f}" y="{HIGH - 12}" text-anchor="middle">'
            "predicted log2 odds: bits - log2(2 x rows)</text>"
        ),
        (
            f'<text transform="translate(16 {HIGH / 2:.0f}) rotate(-90)" text-anchor="middle">'
            "observed log2 odds, 95 % interval</text>"
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def table(found: list[dict[str, Any]]) -> str:
    """The bins in Markdown."""
    lines = ["| bits | rows | right | predicted | observed | 95 % |", "|---|---|---|---|---|---|"]
    for each in found:
        low, high = each["bits"]
        name = f"{low} and more" if low >= TO else f"{low} to {high}"
        ends = " to ".join(str(end) for end in each["ci95"])
        lines.append(
            f"| {name} | {each['rows']} | {each['right']} | {each['predicted']} | "
            f"{each['observed']} | {ends} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, draw and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--leak", type=Path, help="folder of bench/quality.py")
    parser.add_argument("--rows", type=int, default=491_000)
    parser.add_argument("--texts", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--svg", type=Path, help="write the picture here")
    parser.add_argument("--table", type=Path, help="write the table as Markdown here")
    options = parser.parse_args()
    with kept_or_made(options.leak, options.rows) as (world, leak):
        counts = count(world, Scanner(leak), options.texts, options.seed)
    found = told(counts, options.rows)
    if options.svg:
        options.svg.write_text(picture(found, options.rows), "utf-8")
    if options.table:
        options.table.write_text(table(found) + "\n", "utf-8")
    print(json.dumps({"texts": options.texts, "rows": options.rows, "bins": found}))


if __name__ == "__main__":
    main()
