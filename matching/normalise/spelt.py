"""Mail addresses spelt against harvesters: the signs that are meant are put in their stead."""

from __future__ import annotations

import numpy as np

from matching.kernel.spelt import ITEM, MOST, find_spelt
from matching.normalise.fold import Folded, Room, fold
from matching.result import InMemory

ROOM = 64 * MOST


def fold_text(untrusted_text: str | bytes | InMemory, room: Room | None = None) -> Folded:
    """`fold`, with addresses mended."""
    folded = fold(untrusted_text, room)
    mend(folded)
    return folded


def mend(folded: Folded) -> None:
    """Write name [at] host [dot] org, name chez host.org and the like as name@host.org.

    Spans still lead back to what stands in the text.
    """
    room = ROOM
    while True:
        out = np.empty(room, np.int64)
        count = int(find_spelt(folded.data, folded.size, out))
        if count >= 0:
            break
        room *= 8
    if count:
        folded.shorten(out[:count].reshape(-1, ITEM))
