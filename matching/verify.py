"""A second look at the best candidates, by other means: RapidFuzz on hashed tokens.

The kernel counts fields as it finds them; here the row's hashes and the hashes of the text
between the match's first and last field are compared as whole sequences. Hashes go in as
`array('Q')`: lists would pass through Python's hash(), which folds values 2^61-1 apart together,
and a list never equals an array. Sorted sequences make the comparison order-free.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matching.kernel.kinds import Q_EXACT, Q_SOME

Field = tuple[str, int, int, int, float]


def as_tokens(hashes: NDArray[np.uint32]) -> array[int]:
    """Hashes in ascending order; 0 stands for an empty slot and is left out.

    Doubles stay: a patient and a doctor of one surname are two fields with one hash.
    """
    ordered = np.sort(hashes[hashes != 0])
    return array("Q", ordered.astype("<u8").tobytes())


def holds(row: NDArray[np.uint32], text: NDArray[np.uint32], fields: Sequence[Field]) -> bool:
    """Whether the text shares as many of the row's hashes as it has fields recognised exactly.

    `row` are the slots of the opened record, `text` the low halves of the token keys.
    """
    from rapidfuzz.distance import LCSseq  # few texts name anybody: it takes 10 ms to load

    exact = len({(field[1], field[2]) for field in fields if field[3] in (Q_EXACT, Q_SOME)})
    return int(LCSseq.similarity(as_tokens(row), as_tokens(text))) >= exact
