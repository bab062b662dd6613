"""How many person-like records a text shows, whoever they are: the base of the overlap test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from matching.kernel.crowd import count_people
from matching.kernel.tokens import new_scratch
from matching.normalise import words
from matching.normalise.fold import Folded

_scratch = new_scratch(words.table())


def count(folded: Folded) -> int:
    """Groups of identifiers (NIR, phone, e-mail, birth date beside two words) in a text."""
    return int(count_people(folded.data, folded.size, _scratch, np.zeros(8, np.int64)))


def of_layers(names: Sequence[str], counts: Sequence[int]) -> int:
    """How many people a document shows in all, from the counts of its layers.

    A layer may be another view of the text around it (a page's markup and its visible text), and
    then the same people stand in both; so the depth that shows most people counts, not the sum of
    all depths. Layers of one depth stand beside each other and are added.
    """
    depths: dict[int, int] = {}
    for name, count in zip(names, counts, strict=True):
        depth = name.count(">") + 1 if name else 0
        depths[depth] = depths.get(depth, 0) + count
    return max(depths.values(), default=0)


LINES = 50_000  # lines of a text that are compared; the rest is taken to be like them
MARKS = b";|\t,"


def alike(folded: Folded, places: Iterable[int]) -> int:
    """How many lines of a text have the columns of the lines at `places`.

    A list of names and streets shows no identifier to count people by, but its lines are alike.
    """
    starts = list(places)
    if not starts:
        return 0
    text = bytes(folded.data[: folded.size])
    known = Counter(
        _columns(text[text.rfind(b"\n", 0, at) + 1 : _line_end(text, at)]) for at in starts
    )
    known.pop((0, 0), None)
    if not known:
        return 0
    wanted = known.most_common(1)[0][0]
    lines = text.split(b"\n", LINES)
    count = sum(_columns(line) == wanted for line in lines[:LINES])
    return count if len(lines) <= LINES else count * (text.count(b"\n") + 1) // LINES


def _line_end(text: bytes, at: int) -> int:
    end = text.find(b"\n", at)
    return end if end >= 0 else len(text)


def _columns(line: bytes) -> tuple[int, int]:
    """(how many, which) of the mark that divides a line, zeros where none stands twice."""
    count, mark = max((line.count(mark), -mark) for mark in MARKS)
    return (count, -mark) if count >= 2 else (0, 0)
