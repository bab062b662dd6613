"""How many bits each value of each row is worth: log2(1/u), u from population and background.

The leak's own counts are only drawn upon to make a value worth less (a city half the patients
live in), never more than what is known of the population allows: a value's count, without the
row itself, is shrunk towards the prior of its type.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matching.fields import WORTH, FieldType
from matching.kernel.kinds import QUARTER_BITS, R_HOUSE, R_LOCAL

STRENGTH = 20_000.0  # how many observed rows the prior counts for


def worth_name(kind: FieldType, role: int) -> str:
    """Which entry of WORTH a slot follows."""
    if role == R_HOUSE:
        return "street_number"
    if role == R_LOCAL:
        return "local"
    return str(kind)


def quarter_bits(counts: NDArray[np.uint32], rows: int, name: str) -> NDArray[np.uint8]:
    """What a value is worth that so many of `rows` rows have (each 1 or more), in quarter bits."""
    worth = WORTH[name]
    count = counts.astype(np.float64)
    if worth.unique:
        bits = worth.prior - np.log2(count)
    else:
        frequency = (count - 1.0 + STRENGTH * 2.0**-worth.prior) / (rows + STRENGTH)
        bits = np.clip(-np.log2(frequency), worth.least, worth.ceiling)
    return np.clip(np.round(bits * QUARTER_BITS), 1, 255).astype(np.uint8)
