"""docs/hostile-inputs.md as data: each number's guards, tests and what is still to come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "docs" / "hostile-inputs.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
PLACE = re.compile(r"`([\w/.]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """One hostile input."""

    number: int
    guards: tuple[str, ...]  # files and folders
    tests: tuple[tuple[str, str], ...]  # (file under tests/, function)
    to_come: bool


def rows() -> list[Row]:
    """All rows of the register, in their order."""
    return [
        Row(
            int(number),
            tuple(PLACE.findall(guards)),
            tuple(TEST.findall(shown)),
            "come with " in shown or "comes with " in shown,
        )
        for number, _, guards, shown in ROW.findall(REGISTER.read_text())
    ]
