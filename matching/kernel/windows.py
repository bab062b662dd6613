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

from matching.kernel import kinds as k
from matching.kernel.jit import inlined, inner, pointer
from matching.kernel.shapes import is_digit, is_letter

i64 = np.int64
u64 = np.uint64

LONG = 1600  # characters: a longer window is cut into overlapping ones
STRIDE = 600
WIDEST = 4000  # a delimited line may be this long, for its comment column
REACH = 800
MAX_LABELS = 64
KINDS = 4  # NIR, e-mail, phone, date


class Units(NamedTuple):
    """Struct of arrays, one entry a unit; `counts` holds KINDS numbers each."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strict: NDArray[np.int64]
    label: NDArray[np.uint64]
    counts: NDArray[np.int64]
    first: NDArray[np.int64]


class Windows(NamedTuple):
    """Struct of arrays: first byte and one past the last byte of each window."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]


def new_units(capacity: int) -> Units:
    """Room for `capacity` units."""
    return Units(
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.uint64),
        np.empty(capacity * KINDS, np.int64),
        np.empty(capacity + 1, np.int64),
    )


def new_windows(capacity: int) -> Windows:
    """Room for `capacity` windows."""
    return Windows(np.empty(capacity, np.int64), np.empty(capacity, np.int64))


@inlined
def unit_pointers(u):
    """The same struct over pointers."""
    return Units(
        pointer(u.start),
        pointer(u.end),
        pointer(u.strict),
        pointer(u.label),
        pointer(u.counts),
        pointer(u.first),
    )


@inlined
def window_pointers(w):
    """The same struct over pointers."""
    return Windows(pointer(w.start), pointer(w.end))


@inner
def closes(f, i, end):
    """Whether an object or tuple ends at `i` and the next one of a list follows."""
    if f[i] == 125:
        opener = 123
    elif f[i] == 41:
        opener = 40
    else:
        return False
    j = i + 1
    comma = False
    while j < end and j < i + 12 and (f[j] == 32 or f[j] == 44 or f[j] == 10 or f[j] == 59):
        if f[j] == 44:
            comma = True
        j += 1
    return comma and f[j] == opener


@inner
def label_at(f, start, end):
    """A number for the label of "label: value" or "label = value", 0 where there is none."""
    i = start
    while i < end and i < start + 24 and not is_letter(f[i]) and not is_digit(f[i]):
        i += 1
    number = u64(0xCBF29CE484222325)
    j = i
    while j < end and j < i + 40 and f[j] != 58 and f[j] != 61 and f[j] != 10:
        if is_letter(f[j]):
            number = (number ^ u64(f[j])) * u64(0x100000001B3)
        j += 1
    if j >= end or j == i or (f[j] != 58 and f[j] != 61) or not is_letter(f[i]):
        return u64(0)
    return number | u64(1)


@inner
def is_delimited(f, start, end):
    """Whether a line looks like a row of delimited values."""
    semicolons, tabs, pipes, commas = 0, 0, 0, 0
    for i in range(start, end):
        c = f[i]
        if c == 59:
            semicolons += 1
        elif c == 9:
            tabs += 1
        elif c == 124:
            pipes += 1
        elif c == 44 and f[i + 1] != 32:
            commas += 1
    return semicolons >= 2 or tabs >= 2 or pipes >= 2 or commas >= 3


@inner
def find_units(f, start, end, units, room):
    """Cut the text into units; returns how many."""
    n = 0
    at = start
    i = start
    inside = False
    while i < end and n < room - 1:
        cut = closes(f, i, end)
        if f[i] == 10 or cut:
            units.start[n] = at
            units.end[n] = i
            units.strict[n] = 1 if cut or inside or is_delimited(f, at, i) else 0
            units.label[n] = label_at(f, at, i)
            n += 1
            at = i + 1
            inside = cut
        i += 1
    units.start[n] = at
    units.end[n] = end
    units.strict[n] = 1 if inside or is_delimited(f, at, end) else 0
    units.label[n] = label_at(f, at, end)
    return n + 1


@inlined
def kind_number(kind, aux):
    """0 to 3 for a sure NIR, e-mail, phone or date, -1 for all else."""
    if kind == k.NIR and aux == 1:
        return 0
    if kind == k.EMAIL:
        return 1
    if kind == k.PHONE and aux == 1:
        return 2
    if kind == k.DATE and aux > 0:
        return 3
    return -1


@inner
def count_kinds(tokens, count, units, n):
    """Count the identifiers of every unit and note its first token."""
    for u in range(n * KINDS):
        units.counts[u] = 0
    u = 0
    units.first[0] = 0
    behind = -1
    for t in range(count):
        while u < n - 1 and tokens.start[t] >= units.start[u + 1]:
            u += 1
            units.first[u] = t
        number = kind_number(tokens.kind[t], tokens.aux[t])
        if number >= 0 and tokens.start[t] >= behind:
            units.counts[u * KINDS + number] += 1
            behind = tokens.end[t]
    for rest in range(u + 1, n + 1):
        units.first[rest] = count


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
        if kind_number(tokens.kind[t], tokens.aux[t]) == number:
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
def close_block(tokens, units, a, b, windows, n, room):
    """Append the windows of the units [a, b), which may be one record or several."""
    start, end = units.start[a], units.end[b - 1]
    repeated = -1
    for number in range(3):
        total = 0
        for u in range(a, b):
            total += units.counts[u * KINDS + number]
        if repeated < 0 and total > (1 if number < 2 else 3):
            repeated = number
    single = b == a + 1 and units.strict[a] and repeated < 0
    if single and end - start <= WIDEST:
        if n < room:
            windows.start[n] = start
            windows.end[n] = end
            n += 1
        return n
    n = add_window(windows, n, room, start, end)
    if repeated >= 0:
        n = add_pivots(
            tokens, units.first[a], units.first[b], repeated, start, end, windows, n, room
        )
    return n


@inner
def repeats(units, a, u):
    """Whether unit `u` brings an identifier again that units [a, u) hold: 1 to 4, or 0."""
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
            if number >= 2 and u > a and units.counts[(u - 1) * KINDS + number]:
                others = 0
                for other in range(KINDS):
                    if other != number and units.counts[(u - 1) * KINDS + other]:
                        others += units.counts[u * KINDS + other]
                if others or number == 2 or total > allowed:
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
def holds_identifier(units, u):
    """Whether a unit counts any identifier."""
    total = 0
    for number in range(KINDS):
        total += units.counts[u * KINDS + number]
    return total > 0


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
            n = close_block(tokens, units, a, u, windows, n, room)
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
    return close_block(tokens, units, a, n_units, windows, n, room)
