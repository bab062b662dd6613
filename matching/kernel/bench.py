"""All working memory of one scanner, and its pointers for the kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel.desk import (
    Desk,
    new_desk,
)
from matching.kernel.hits import RING_FULL, WIDES, Hits, Leak, new_hits
from matching.kernel.table import table_pointers
from matching.kernel.tokens import (
    Scratch,
    Tokens,
    new_scratch,
    new_tokens,
)
from matching.kernel.units import Units, new_units
from matching.kernel.windows import Windows, new_windows
from native.jit import inlined, pointer

i64 = np.int64
f64 = np.float64

REGION = 32 * 1024  # bytes of folded text a region holds at most
SIFTED = 48 * 1024  # and what is sifted at once: more was no faster
PART = 8 * 1024  # bytes that are read whole at once, where something stands in them
PARTS = 32  # of one region at most
MAX_HITS = 200_000
MAX_PROPOSALS = 20_000
MAX_MATCHES = 8_192
FIELDS = 24  # columns of one match that are told
CANDIDATES = 1024  # distinct rows evaluated in one window
SEAT = 1 << 14  # places for rows that hits in one window point to


class Proposals(NamedTuple):
    """Rows that reached the review threshold in some window, before claims are settled."""

    row: NDArray[np.int64]
    window: NDArray[np.int64]
    bits: NDArray[np.float64]
    order: NDArray[np.int64]


class Matches(NamedTuple):
    """Accepted matches; `column`, `start`, `end`, `quality` hold FIELDS entries a match.

    `tied` is 1 for a row that explains the very tokens an accepted one explains, as well.
    """

    row: NDArray[np.int64]
    bits: NDArray[np.float64]
    fields: NDArray[np.int64]
    conflicts: NDArray[np.int64]
    tied: NDArray[np.int64]
    window_start: NDArray[np.int64]
    column: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    quality: NDArray[np.int64]
    worth: NDArray[np.float64]


class Seats(NamedTuple):
    """A hash set of the rows that a window's hits point to, with the kinds of hit as a mask.

    A seat is taken when its stamp is that of the window.
    """

    row: NDArray[np.int64]
    kinds: NDArray[np.int64]
    stamp: NDArray[np.int64]


class Bench(NamedTuple):
    """All working memory of one scanner."""

    tokens: Tokens
    scratch: Scratch
    hits: Hits
    units: Units
    windows: Windows
    desk: Desk
    proposals: Proposals
    matches: Matches
    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    wants: NDArray[np.int64]
    seats: Seats
    wide: NDArray[np.uint64]
    ring: NDArray[np.int64]
    shingle: NDArray[np.uint64]
    labels: NDArray[np.uint64]


def new_bench(words: tuple[NDArray[np.uint64], NDArray[np.uint8]], record_words: int) -> Bench:
    """Working memory for regions of REGION bytes."""
    capacity = max(3 * REGION, 2 * SIFTED) + 64
    return Bench(
        new_tokens(capacity),
        new_scratch(words),
        new_hits(MAX_HITS),
        new_units(REGION + 2),
        new_windows(REGION),
        new_desk(capacity, record_words),
        Proposals(
            np.empty(MAX_PROPOSALS, np.int64),
            np.empty(MAX_PROPOSALS, np.int64),
            np.empty(MAX_PROPOSALS, np.float64),
            np.empty(MAX_PROPOSALS, np.int64),
        ),
        Matches(
            np.empty(MAX_MATCHES, np.int64),
            np.empty(MAX_MATCHES, np.float64),
            np.empty(MAX_MATCHES, np.int64),
            np.empty(MAX_MATCHES, np.int64),
            np.empty(MAX_MATCHES, np.int64),
            np.empty(MAX_MATCHES, np.int64),
            np.empty(MAX_MATCHES * FIELDS, np.int64),
            np.empty(MAX_MATCHES * FIELDS, np.int64),
            np.empty(MAX_MATCHES * FIELDS, np.int64),
            np.empty(MAX_MATCHES * FIELDS, np.int64),
            np.empty(MAX_MATCHES * FIELDS, np.float64),
        ),
        np.empty(CANDIDATES, np.int64),
        np.empty(CANDIDATES, np.float64),
        np.zeros(CANDIDATES, np.int64),
        Seats(np.zeros(SEAT, np.int64), np.zeros(SEAT, np.int64), np.zeros(SEAT, np.int64)),
        np.zeros(WIDES, np.uint64),
        np.zeros(RING_FULL, np.int64),
        np.zeros(8, np.uint64),
        np.zeros(128, np.uint64),
    )


@inlined
def leak_pointers(p):
    """The same struct over pointers."""
    return Leak(
        table_pointers(p.exact),
        table_pointers(p.near),
        table_pointers(p.words),
        pointer(p.exact_bits),
        p.exact_mask,
        pointer(p.name_bits),
        p.name_mask,
        pointer(p.keys),
        pointer(p.missing),
        p.lengths,
    )


@inlined
def match_pointers(m):
    """The same struct over pointers."""
    return Matches(
        pointer(m.row),
        pointer(m.bits),
        pointer(m.fields),
        pointer(m.conflicts),
        pointer(m.tied),
        pointer(m.window_start),
        pointer(m.column),
        pointer(m.start),
        pointer(m.end),
        pointer(m.quality),
        pointer(m.worth),
    )


@inlined
def proposal_pointers(p):
    """The same struct over pointers."""
    return Proposals(pointer(p.row), pointer(p.window), pointer(p.bits), pointer(p.order))


@inlined
def seat_pointers(p):
    """The same struct over pointers."""
    return Seats(pointer(p.row), pointer(p.kinds), pointer(p.stamp))
