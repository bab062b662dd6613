"""Whether several places of a text may say together what none says alone.

A short text is read from fewer bits on than count for a row, so that what its blocks say of one row
can be put together (`matching.blocks`). Most have no such row, and are not read at all: each place
is bounded as if it were alone (`worth`), and here is kept what the places say at most of each row,
column by column. What one place says is bounded over all that was looked at with it, so that only a
row with two such looks can be more than was seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel.glimpse import SLOTS
from matching.kernel.rows import open_row
from matching.kernel.worth_bounds import ANYWHERE, AT_BIRTH, AT_FIRST, AT_SURNAME, words_bound
from native.jit import inlined, inner, pointer

f64 = np.float64
i64 = np.int64
u64 = np.uint64

ROWS = 1024  # places of the table; half of them are used
MIX = 0x9E3779B97F4A7C15
WORDS = SLOTS // 64  # that tell which slots are shown
# Places in `beside`: what stands in a value's stead, for each of `worth_bounds.LIFTED`; what words
# of the comment say; what words with a slip add, of all looks together.
AT_QUOTED, AT_SLIPS = 7, 8
BESIDE = 9
# Places in Scattered.info: whether it is asked for, whether a row may be more than was seen or
# there were too many, how many rows are held, whether the last look showed something new.
P_ASKED, P_FOUND, P_HELD, P_FRESH = range(4)


class Scattered(NamedTuple):
    """Rows (plus one, 0 is an empty place) of which something was seen, in which look and where;
    whether there were many looks, which of their slots are shown, the most that stands beside.

    `last` is what stands beside the row looked at last; `least` what places have to say together.
    """

    row: NDArray[np.int64]
    look: NDArray[np.int64]
    place: NDArray[np.int64]
    many: NDArray[np.int64]
    shown: NDArray[np.uint64]
    beside: NDArray[np.float64]
    last: NDArray[np.float64]
    least: NDArray[np.float64]
    info: NDArray[np.int64]


def new_scattered() -> Scattered:
    """Nothing is asked for."""
    return Scattered(
        np.zeros(ROWS, i64), np.zeros(ROWS, i64), np.zeros(ROWS, i64), np.zeros(ROWS, i64),
        np.zeros(ROWS * WORDS, u64), np.zeros(ROWS * BESIDE), np.zeros(BESIDE), np.zeros(1),
        np.zeros(4, i64),
    )  # fmt: skip


def begin(s: Scattered, least: float | None) -> None:
    """Forget the rows of the text before. `least` bits several places have to say together; None
    asks for nothing."""
    if s.info[P_HELD]:
        s.row[:] = 0
    s.info[:] = 0
    s.info[P_ASKED] = least is not None
    s.least[0] = least or 0.0


@inlined
def scattered_pointers(s):
    """The same struct over pointers."""
    return Scattered(
        pointer(s.row), pointer(s.look), pointer(s.place), pointer(s.many), pointer(s.shown),
        pointer(s.beside), pointer(s.last), pointer(s.least), pointer(s.info),
    )  # fmt: skip


@inlined
def tell_names(dates, quoted, letters, s):
    """Keep what dates with a slip, a quotation and letters may say in the stead of values of the
    row looked at last."""
    for at in range(BESIDE):
        s.last[at] = 0.0
    s.last[AT_BIRTH], s.last[AT_QUOTED] = dates, quoted
    s.last[AT_FIRST] = s.last[AT_SURNAME] = letters
    s.info[P_FRESH] = 1


@inlined
def tell_beside(beside, quoted, s):
    """Keep what stands in the stead of values of the row looked at last (`beside_bound`)."""
    for at in range(len(beside)):
        s.last[at] = beside[at]
    s.last[AT_QUOTED], s.last[AT_SLIPS] = quoted, 0.0
    s.info[P_FRESH] = 1


@inner
def note_place(row, look, place, g, s):
    """Note that a hit at byte `place` of the text may say something of a row, of which `g.shown`
    tells what stands there unless the same was seen before (not P_FRESH)."""
    seat = i64((u64(row) * u64(MIX)) >> u64(32)) & (ROWS - 1)
    while s.row[seat] and s.row[seat] != row + 1:
        seat = (seat + 1) & (ROWS - 1)
    if s.row[seat] == 0:
        s.row[seat], s.look[seat], s.place[seat], s.many[seat] = row + 1, look, place, 0
        s.info[P_HELD] += 1
        if 2 * s.info[P_HELD] > ROWS:
            s.info[P_FOUND] = 1
        for word in range(WORDS):
            s.shown[seat * WORDS + word] = u64(0)
        for at in range(BESIDE):
            s.beside[seat * BESIDE + at] = 0.0
    elif s.look[seat] != look and s.place[seat] != place:
        s.many[seat] = 1
    if s.info[P_FRESH]:
        for word in range(WORDS):
            s.shown[seat * WORDS + word] |= g.shown[word]
        for at in range(AT_SLIPS):
            s.beside[seat * BESIDE + at] = max(s.beside[seat * BESIDE + at], s.last[at])
        s.beside[seat * BESIDE + AT_SLIPS] += s.last[AT_SLIPS]


@inner
def add_up(rows, g, desk, leak, s):
    """Look whether what all places say of a row that was seen at several may be enough together."""
    if s.info[P_FOUND] or s.info[P_HELD] == 0:
        return
    for seat in range(ROWS):
        if s.row[seat] == 0 or s.many[seat] == 0:
            continue
        if not open_row(rows, s.row[seat] - 1, desk.record, leak.keys, leak.missing):
            s.info[P_FOUND] = 1
            return
        for word in range(WORDS):
            g.shown[word] = s.shown[seat * WORDS + word]
        b = seat * BESIDE
        beside = (
            s.beside[b], s.beside[b + 1], s.beside[b + 2], s.beside[b + 3], s.beside[b + 4],
            s.beside[b + 5], s.beside[b + 6],
        )  # fmt: skip
        most = words_bound(0, ANYWHERE, beside, rows, g, desk)
        most += s.beside[b + AT_QUOTED] + s.beside[b + AT_SLIPS]
        if most >= s.least[0]:
            s.info[P_FOUND] = 1
            return
