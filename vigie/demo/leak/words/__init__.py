"""The word lists of the synthetic leak, as text files, and how they are read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def words(name: str) -> tuple[str, ...]:
    """Words of a list separated by blanks; `_` stands for a blank inside a word."""
    return tuple(word.replace("_", " ") for word in _read(name).split())


@cache
def groups(name: str) -> dict[str, str]:
    """A list of `label: rest of the line`."""
    found = {}
    for line in _read(name).splitlines():
        label, _, rest = line.partition(":")
        found[label] = rest.strip()
    return found


@cache
def lines(name: str) -> tuple[tuple[str, ...], ...]:
    """Lines split at blanks, comment lines left out."""
    return tuple(
        tuple(line.split()) for line in _read(name).splitlines() if line and line[0] != "#"
    )


def _read(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
