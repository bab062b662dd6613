"""Groups of identifiers in a text: what is told of documents in which nobody was recognised."""

from __future__ import annotations

import numpy as np

from matching.kernel.crowd import count_people
from matching.kernel.tokens import new_scratch
from matching.normalise import words
from matching.normalise.fold import Folded

_scratch = new_scratch(words.table())


def count(folded: Folded) -> int:
    """Groups of identifiers (NIR, phone, e-mail, birth date beside two words) in a text."""
    return int(count_people(folded.data, folded.size, _scratch, np.zeros(8, np.int64)))
