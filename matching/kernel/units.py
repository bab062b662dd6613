"""Units of a text: lines, or the objects and tuples of a line that holds several."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.shapes import is_digit, is_letter
from native.jit import inlined, inner, pointer

i64 = np.int64
u64 = np.uint64

KINDS = 5  # NIR, e-mail, phone, date, postcode


class Units(NamedTuple):
    """Struct of arrays, one entry a unit; `counts` holds KINDS numbers each."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strict: NDArray[np.int64]
    label: NDArray[np.uint64]
    counts: NDArray[np.int64]
    first: NDArray[np.int64]


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


@inner
def is_tuple(f, i, start):
    """Whether the bracket closed at `i` holds several values: (36390), (at home) is prose."""
    j = i - 1
    while j >= start and j > i - 2000 and f[j] != 40 and f[j] != 10:
        if f[j] == 44 or f[j] == 39:
            return True
        j -= 1
    return False


@inner
def closes(f, i, start, end):
    """Whether an object or tuple ends at `i` and the next one of a list follows."""
    if f[i] == 125:
        opener = 123
    elif f[i] == 41 and is_tuple(f, i, start):
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
def is_property(f, start, end):
    """Whether a line begins with a label and its parameters, as in vCards: "adr;type=home:"."""
    i = start
    while i < end and is_letter(f[i]):
        i += 1
    if i == start:
        return False
    while i < end and f[i] == 59:
        named = False
        i += 1
        while i < end and (is_letter(f[i]) or is_digit(f[i]) or f[i] == 61 or f[i] == 45):
            named |= f[i] == 61
            i += 1
        if not named:
            return False
    return i < end and f[i] == 58


@inner
def is_delimited(f, start, end):
    """Whether a line looks like a row of delimited values."""
    if is_property(f, start, end):
        return False
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
        cut = closes(f, i, at, end)
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
def kind_number(kind, aux, size):
    """0 to 4 for a sure NIR, e-mail, phone, date or postcode, -1 for all else."""
    if kind == k.NIR and aux == 1:
        return 0
    if kind == k.EMAIL:
        return 1
    if kind == k.PHONE and aux == 1:
        return 2
    if kind == k.DATE and aux > 0:
        return 3
    if kind == k.NUMBER and size == 5 and aux > 0:
        return 4
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
        number = kind_number(tokens.kind[t], tokens.aux[t], tokens.end[t] - tokens.start[t])
        if number >= 0 and tokens.start[t] >= behind:
            units.counts[u * KINDS + number] += 1
            behind = tokens.end[t]
    for rest in range(u + 1, n + 1):
        units.first[rest] = count
