"""Mail addresses spelt against harvesters: the signs that are meant are put in their stead."""

from __future__ import annotations

import numpy as np

from matching.kernel.spelt import ITEM, MOST, find_spelt, fold_and_find
from matching.normalise.fold import Bytes, Folded, Room, Told, fold, size_and_tables
from matching.result import InMemory

ROOM = 64 * MOST


def fold_text(untrusted_text: str | bytes | InMemory, room: Room | None = None) -> Folded:
    """`fold`, with addresses mended."""
    out = np.empty(ROOM, np.int64)
    count = 0

    def run(padded: Bytes, into: Bytes) -> Told:
        nonlocal count
        told = np.zeros(4, np.int64)
        size, *given = size_and_tables(padded)
        count = int(fold_and_find(padded, size, into, *given, told, out))
        return told

    folded = fold(untrusted_text, room, run)
    if count < 0:
        mend(folded, 8 * ROOM)
    elif count:
        folded.shorten(out[:count].reshape(-1, ITEM))
    return folded


def mend(folded: Folded, room: int = ROOM) -> None:
    """Write name [at] host [dot] org, name chez host.org and the like as name@host.org.

    Spans still lead back to what stands in the text. `room` is how many numbers there is room for
    at first.
    """
    while True:
        out = np.empty(room, np.int64)
        count = int(find_spelt(folded.data, folded.size, out))
        if count >= 0:
            break
        room *= 8
    if count:
        folded.shorten(out[:count].reshape(-1, ITEM))
