"""Writes the texts of the golden tests: a sample of each class, each hard negative, ordinary text.

    python bench/golden.py tests/matching/golden

The texts are made from a small leak of invented people, the same bytes each time; which row was
planted stands in planted.json. What the matcher says of them is for tests/matching/test_golden.py.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.corpus import directories, ordinary
from bench.corpus.classes import CLASSES
from bench.corpus.evidence import Shares, bits, view
from bench.corpus.lists import LISTS, Country, country
from bench.corpus.people import World, make_world

ROWS, SEED, STRANGERS = 2_000, 2021, 12_000
SAMPLES = 2  # texts of each class
ENOUGH = 64.0  # bits that each planted record holds
LONGEST = 16_000  # characters of a list, where one of 30 is as short
SHAPES = ("csv", "vcards", "titles", "two lines", "html table", "json array", "mixed")
Text = tuple[str, str, int | None]  # name of the file, text, planted row


def slug(kind: str) -> str:
    """A kind as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")


def classes(world: World) -> Iterator[Text]:
    """SAMPLES records of each class."""
    shares = Shares(world.outside)
    for kind, make in CLASSES.items():
        draw = random.Random(f"golden {kind}")
        number = 0
        while number < SAMPLES:
            person = world.draw(draw)
            text, shown = make(draw, person)
            if bits([each for each in shown if view(each, person)], person, shares) < ENOUGH:
                continue
            number += 1
            yield f"class-{slug(kind)}-{number}", text, person.row


def lists(of: Country) -> Iterator[Text]:
    """One list of each kind, a short one."""
    for kind, make in LISTS.items():
        draw = random.Random(f"golden {kind}")
        texts = [make(draw, of)[0] for _ in range(30)]
        short = [text for text in texts if len(text) <= LONGEST]
        yield f"list-{slug(kind)}", short[0] if short else min(texts, key=len), None


def shapes(of: Country) -> Iterator[Text]:
    """Directories of strangers, and rows of the leak cut to the same columns."""
    for shape in SHAPES:
        draw = random.Random(f"golden {shape}")
        strangers = directories.written(shape, of.strangers(draw, 80))
        yield f"strangers-{slug(shape)}", strangers, None
        rows = draw.sample(of.world.inside, 40)
        yield f"repost-{slug(shape)}", directories.written(shape, rows), None


def plain() -> Iterator[Text]:
    """Ordinary text of each kind."""
    for kind, make in ordinary.KINDS.items():
        yield f"ordinary-{slug(kind)}", next(make(random.Random(kind), 4_000))[1].decode(), None


def main() -> None:
    """Write the texts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        world = make_world(Path(name), ROWS, SEED, STRANGERS)
    of = country(world, 10)
    planted: dict[str, int] = {}
    for text_name, text, row in (*classes(world), *lists(of), *shapes(of), *plain()):
        (folder / f"{text_name}.txt").write_bytes(text.encode("utf-8", "replace"))
        if row is not None:
            planted[text_name] = row
    facts = {"rows": ROWS, "seed": SEED, "planted": planted}
    (folder / "planted.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
