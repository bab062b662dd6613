"""Where one record can begin and end: the windows in which values may speak for one row.

A unit is a line, or one object or tuple of a line that holds several. A delimited unit is a
record by itself. Other units are drawn together (key: value lists, vertical lists, prose over
several lines) until a label or a kind of identifier comes again. Where several records share a
unit, a window lies about each identifier, from the one before it to the one behind it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel.units import KINDS, kind_number
from native.jit import inlined, inner, pointer

i64 = np.int64
u64 = np.uint64

LONG = 1600  # characters: a longer window is cut into overlapping ones
STRIDE = 600
WIDEST = 4000  # a delimited line may be this long, for its comment column
REACH = 800
MAX_LABELS = 64
POSTCODE = 4  # the kind of `kind_number`
REMARK = 600  # bytes of a line beside a row that may be an excerpt of its comment
FULL = 4  # tokens from which an unlabelled line may be a record of its own


class Windows(NamedTuple):
    """Struct of arrays: first byte and one past the last byte of each window."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]


def new_windows(capacity: int) -> Windows:
    """Room for `capacity` windows."""
    return Windows(np.empty(capacity, np.int64), np.empty(capacity, np.int64))


@inlined
def window_pointers(w):
    """The same struct over pointers."""
    return Windows(pointer(w.start), pointer(w.end))


@inner
def add_window(windows, n, room, start, end):
    """Append one window, or overlapping ones where it is long; returns the new count."""
    if end - start <= LONG:
        if n < room:
            windows.start[n] = start
            windows.end[n] = end
            n += 1
        return n
    at = start
    while at < end and n < room:
        windows.start[n] = at
        windows.end[n] = min(at + 2 * STRIDE, end)
        n += 1
        if at + 2 * STRIDE >= end:
            break
        at += STRIDE
    return n


@inner
def add_pivots(tokens, first, behind, number, start, end, windows, n, room):
    """Append a window about each identifier of one kind inside [start, end)."""
    before = start
    pivot = -1
    for t in range(first, behind):
        if kind_number(tokens.kind[t], tokens.aux[t], tokens.end[t] - tokens.start[t]) == number:
            if pivot >= 0 and tokens.start[t] >= tokens.end[pivot] and n < room:
                windows.start[n] = max(before, tokens.start[pivot] - REACH)
                windows.end[n] = min(i64(tokens.start[t]), tokens.end[pivot] + REACH)
                n += 1
                before = i64(tokens.end[pivot])
            pivot = t
    if pivot >= 0 and n < room:
        windows.start[n] = max(before, tokens.start[pivot] - REACH)
        windows.end[n] = min(end, tokens.end[pivot] + REACH)
        n += 1
    return n


@inner
def holds_identifier(units, u):
    """Whether a unit counts any identifier."""
    total = 0
    for number in range(KINDS):
        total += units.counts[u * KINDS + number]
    return total > 0


@inner
def is_remark(units, u):
    """Whether a unit is a line of words that may be said of the row beside it: a comment."""
    return (
        not units.strict[u]
        and units.label[u] == u64(0)
        and units.first[u + 1] - units.first[u] >= FULL
        and units.end[u] - units.start[u] <= REMARK
        and not holds_identifier(units, u)
    )


@inner
def add_remarks(units, n_units, u, windows, n, room):
    """Append windows of a row with the line before it or behind it, where that is a remark."""
    if n < room and u + 1 < n_units and is_remark(units, u + 1):
        windows.start[n] = units.start[u]
        windows.end[n] = units.end[u + 1]
        n += 1
    if n < room and u > 0 and is_remark(units, u - 1):
        windows.start[n] = units.start[u - 1]
        windows.end[n] = units.end[u]
        n += 1
    return n


@inner
def close_block(tokens, units, n_units, a, b, windows, n, room):
    """Append the windows of the units [a, b), which may be one record or several."""
    start, end = units.start[a], units.end[b - 1]
    repeated = -1
    for number in range(KINDS):
        total = 0
        for u in range(a, b):
            total += units.counts[u * KINDS + number]
        if number >= 3 and (number != POSTCODE or end - start <= LONG):
            continue  # in running text without identifiers, each postcode stands for a person
        if repeated < 0 and total > (1 if number < 2 else 3):
            repeated = number
    single = b == a + 1 and units.strict[a] and repeated < 0
    if single and end - start <= WIDEST:
        if n < room:
            windows.start[n] = start
            windows.end[n] = end
            n += 1
        return add_remarks(units, n_units, a, windows, n, room)
    n = add_window(windows, n, room, start, end)
    if repeated >= 0:
        n = add_pivots(
            tokens, units.first[a], units.first[b], repeated, start, end, windows, n, room
        )
    return n


@inner
def both_full(units, u):
    """Whether unit `u` and the one before it hold several tokens each and have no label."""
    return (
        units.label[u] == u64(0)
        and units.label[u - 1] == u64(0)
        and units.first[u + 1] - units.first[u] >= FULL
        and units.first[u] - units.first[u - 1] >= FULL
    )


@inner
def repeats(units, a, u):
    """Whether unit `u` brings an identifier again that units [a, u) hold: 1 to 5, or 0."""
    for number in range(KINDS):
        here = units.counts[u * KINDS + number]
        if here:
            total = 0
            for v in range(a, u):
                total += units.counts[v * KINDS + number]
            # Records hold several phones and dates, but one NIR; two lines in a row that
            # both hold one are two records.
            allowed = 0 if number == 0 else (1 if number == 1 else 2)
            if total > allowed or (total and number < 2):
                return number + 1
            if number >= 2 and units.counts[(u - 1) * KINDS + number] and both_full(units, u):
                return number + 1
    return 0


@inner
def has_label(labels, held, label):
    """Whether a label stands in the block already."""
    i = 0
    while i < held and labels[i] != label:
        i += 1
    return i < held


@inner
def keep_labels(units, a, u, labels):
    """Put the labels of the units [a, u) down; returns how many there are."""
    held = 0
    for v in range(a, u):
        if units.label[v] != u64(0) and held < MAX_LABELS:
            labels[held] = units.label[v]
            held += 1
    return held


@inner
def find_windows(tokens, units, n_units, labels, windows, room):
    """All windows of the text; returns how many."""
    n = 0
    a = 0
    held = 0
    blank = -1
    typed = -1
    for u in range(n_units):
        label = units.label[u]
        cut = -1
        again = u > a and label != u64(0) and has_label(labels, held, label)
        if u > a and (units.strict[u] or units.strict[u - 1] or again):
            cut = u
        elif u > a and repeats(units, a, u):
            cut = blank if blank > typed else typed + 1
            if cut <= a or cut > u:
                cut = u
        elif u > a and units.end[u] - units.start[a] > LONG:
            cut = max(a + 1, u - 6)
        if cut >= 0:
            # Units between the last identifier and this one may belong to either record.
            n = close_block(tokens, units, n_units, a, u, windows, n, room)
            a = cut
            held = keep_labels(units, a, u, labels)
            blank = -1
            typed = -1
        if label != u64(0) and held < MAX_LABELS:
            labels[held] = label
            held += 1
        if units.first[u] == units.first[u + 1]:
            blank = u
        if holds_identifier(units, u):
            typed = u
    return close_block(tokens, units, n_units, a, n_units, windows, n, room)
