"""The phrases of ordinary posts, read from phrases.txt."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random


@cache
def listed(label: str) -> tuple[str, ...]:
    """The phrases of one label; raises KeyError for a label the file does not have."""
    return _all()[label]


def pick(label: str, random: Random) -> str:
    """One phrase of a label."""
    return random.choice(listed(label))


@cache
def themes(language: str) -> tuple[str, ...]:
    """The chatter labels of "fr" or "en"."""
    apart = ("titles", "recette")
    return tuple(
        label
        for label in _all()
        if label.startswith(f"{language}.") and label.split(".")[1] not in apart
    )


@cache
def _all() -> dict[str, tuple[str, ...]]:
    text = (Path(__file__).parent / "phrases.txt").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        label, _, rest = line.partition(": ")
        found[label] = tuple(rest.split("|"))
    return found
