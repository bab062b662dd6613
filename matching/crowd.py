"""How many person-like records a text shows, whoever they are: the base of the overlap test."""

from __future__ import annotations

from collections.abc import Sequence

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
