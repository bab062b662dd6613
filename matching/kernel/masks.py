"""Masked and cut values in a window: 06 39 ** ** 34, j***u@example.org, J. M., M******u.

Also dates that no calendar holds (04/07/198, 24/08/2200), which are somebody's date with a slip.
They are looked for only in windows in which something else pointed to a row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel.shapes import date_at, group, is_digit, is_letter, separator
from native.jit import inlined, inner, pointer

i64 = np.int64

MOST = 48  # of one window
ROOM = 256  # of what stands around a hit
WIDTH = 18  # numbers kept of each
HIDDEN = -1
M_PHONE, M_NIR, M_MAIL, M_WORD, M_DATE = range(5)
# Numbers of M_MAIL: three letters from the head, three from the tail, begin of the domain (0 where
# it is hidden) and its end.
N_HEAD, N_TAIL, N_DOMAIN, N_DOMAIN_END = 0, 3, 6, 7


class Masks(NamedTuple):
    """Struct of arrays; `numbers` holds WIDTH entries each: digits, letters or parts of a date."""

    kind: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    numbers: NDArray[np.int64]


def new_masks() -> Masks:
    """Room for ROOM masked values, and whether initials were left out."""
    return Masks(
        np.zeros(ROOM, np.int64),
        np.zeros(ROOM + 1, np.int64),
        np.zeros(ROOM, np.int64),
        np.zeros(ROOM * WIDTH, np.int64),
    )


@inlined
def mask_pointers(m):
    """The same struct over pointers."""
    return Masks(pointer(m.kind), pointer(m.start), pointer(m.end), pointer(m.numbers))


@inlined
def is_star(c):
    """Whether a byte hides a character wherever it stands: * # ?"""
    return c == 42 or c == 35 or c == 63


@inlined
def before(f, i):
    """The byte before `i`; a line end before the first."""
    return f[i - 1] if i > 0 else np.uint8(10)


@inner
def hides(f, i):
    """Whether the byte at `i` hides one character: a star, an x, a low line, one of several dots.

    Between digits the x must not be part of a word.
    """
    c = f[i]
    if is_star(c):
        return True
    if c == 46 or c == 95:
        return before(f, i) == c or f[i + 1] == c
    if c == 120:
        left, right = before(f, i), f[i + 1]
        return (left == 120 or not is_letter(left)) and (right == 120 or not is_letter(right))
    return False


@inlined
def is_gap(c):
    """Whether a byte may stand between the groups of a number."""
    return c == 32 or c == 45 or c == 46 or c == 47 or c == 40 or c == 41


@inner
def national(f, i):
    """Where the national digits of +33 6… or 0033 6… begin, or `i`."""
    j = i
    if before(f, i) != 43:
        if f[i] != 48 or f[i + 1] != 48:
            return i
        j = i + 2
    if f[j] != 51 or f[j + 1] != 51:
        return i
    j += 2
    while is_gap(f[j]):
        j += 1
    if f[j] == 48:
        j += 1
        while is_gap(f[j]):
            j += 1
    return j


@inlined
def looks_like(c):
    """The digit that a letter is taken for, -1 for none."""
    if c == 111:
        return i64(0)
    if c == 105 or c == 108:
        return i64(1)
    if c == 122:
        return i64(2)
    if c == 115:
        return i64(5)
    return i64(8) if c == 98 else i64(-1)


@inlined
def is_figure(c):
    """Whether a byte may be a digit of a number: a digit, or a letter taken for one."""
    return is_digit(c) or looks_like(c) >= 0


@inner
def read_symbols(f, i, end, numbers, base, n):
    """Digits, letters taken for digits and hidden digits from `i` on, to numbers[base + n] on.

    Returns (count, hidden or guessed, behind).
    """
    hidden = 0
    behind = i
    j = i
    while j < end and n < WIDTH:
        if is_digit(f[j]):
            numbers[base + n] = i64(f[j]) - 48
        elif hides(f, j):
            numbers[base + n] = HIDDEN
            hidden += 1
        elif looks_like(f[j]) >= 0:
            numbers[base + n] = looks_like(f[j])
            hidden += 1
        else:
            gap = j
            while gap < j + 3 and gap < end and is_gap(f[gap]) and not hides(f, gap):
                gap += 1
            if gap == j or gap >= end or not (is_figure(f[gap]) or hides(f, gap)):
                break
            j = gap
            continue
        n += 1
        j += 1
        behind = j
    return n, hidden, behind


@inner
def spread(numbers, base, n):
    """Lay the digits before and behind one run of masks of any length over ten places.

    Returns whether that can be done: four to eight digits in all, a zero first.
    """
    head, tail = 0, 0
    while head < n and numbers[base + head] != HIDDEN:
        head += 1
    while tail < n - head and numbers[base + n - 1 - tail] != HIDDEN:
        tail += 1
    if head + tail < 4 or head + tail > 8 or (head and numbers[base] != 0):
        return False
    for t in range(head, n - tail):
        if numbers[base + t] != HIDDEN:
            return False
    step = 1 if n >= 10 else -1
    t = 0 if step == 1 else tail - 1
    for _ in range(tail):
        numbers[base + 10 - tail + t] = numbers[base + n - tail + t]
        t += step
    for t in range(head, 10 - tail):
        numbers[base + t] = HIDDEN
    return True


@inner
def masked_number(f, i, end, m, n):
    """Keep the masked phone or NIR at `i`; returns (count, position behind it, or `i`)."""
    base = n * WIDTH
    first = national(f, i)
    m.numbers[base] = 0
    size, hidden, behind = read_symbols(f, first, end, m.numbers, base, 0 if first == i else 1)
    if hidden < 1 or size - hidden < 3 or (behind < end and is_letter(f[behind])):
        return n, i
    if size == 13 or size == 15:
        return put(m, n, M_NIR, i, behind), behind
    if size == 10 or (size >= 5 and spread(m.numbers, base, size)):
        return put(m, n, M_PHONE, i, behind), behind
    return n, i


@inlined
def put(m, n, kind, start, end):
    """Close one entry; returns the new count."""
    m.kind[n] = kind
    m.start[n] = start
    m.end[n] = end
    return n + 1


@inlined
def is_local(c):
    """Whether a byte may stand before the at sign of an address."""
    return is_letter(c) or is_digit(c) or c == 46 or c == 95 or c == 45 or c == 43


@inlined
def is_mail_mask(f, i):
    """Whether the byte at `i` hides letters of an address: a star, one of two dots, of three x."""
    c = f[i]
    if is_star(c):
        return True
    if c == 46:
        return before(f, i) == 46 or f[i + 1] == 46 or f[i + 1] == 64
    return c == 120 and before(f, i) == 120 and f[i + 1] == 120


@inner
def masked_mail(f, at, start, end, m, n):
    """Keep the masked address about the at sign at `at`; returns the count."""
    first = at
    while first > start and at - first < 80 and (is_local(f[first - 1]) or is_star(f[first - 1])):
        first -= 1
    head = first
    while head < at and not is_mail_mask(f, head) and not (f[head] == 120 and f[head + 1] == 120):
        head += 1
    if head == at:
        return n
    tail = at
    while tail > head and not is_mail_mask(f, tail - 1) and f[tail - 1] != 120:
        tail -= 1
    base = n * WIDTH
    for letter in range(3):
        m.numbers[base + N_HEAD + letter] = i64(f[first + letter]) if letter < head - first else 0
        m.numbers[base + N_TAIL + letter] = i64(f[at - 1 - letter]) if letter < at - tail else 0
    stop = at + 1
    while stop < end and (
        is_letter(f[stop]) or is_digit(f[stop]) or f[stop] == 46 or f[stop] == 45
    ):
        stop += 1
    whole = not is_star(f[stop])
    while stop > at and not is_letter(f[stop - 1]):
        stop -= 1
    m.numbers[base + N_DOMAIN] = at + 1 if whole and stop > at + 3 else 0
    m.numbers[base + N_DOMAIN_END] = stop
    if head == first and at == tail and m.numbers[base + N_DOMAIN] == 0:
        return n
    return put(m, n, M_MAIL, first, max(stop, at + 1))


@inlined
def is_edge(c):
    """Whether a byte is neither letter nor digit nor part of a word."""
    return not is_letter(c) and not is_digit(c) and c != 64 and c != 39


@inner
def masked_word(f, i, end, m, n):
    """Keep an initial (J.) or a word with hidden letters (M******u) that begins at `i`.

    Returns (count, position to go on from).
    """
    j = i
    while j < end and is_letter(f[j]):
        j += 1
    size = j - i
    stars = j
    while stars < end and (is_star(f[stars]) or (f[stars] == 46 and f[stars + 1] == 46)):
        stars += 1
    if stars > j and f[stars] == 46:
        stars += 1
    base = n * WIDTH
    m.numbers[base] = i64(f[i])
    m.numbers[base + 1] = 0
    m.numbers[base + 2] = size
    if stars > j and size <= 3:
        k = stars
        while k < end and is_letter(f[k]):
            k += 1
        if f[k] == 64 or is_star(f[k]):
            return n, max(k, j)
        m.numbers[base + 1] = i64(f[k - 1]) if k > stars else 0
        return put(m, n, M_WORD, i, k), k
    if (
        size == 1
        and is_edge(f[j])
        and (f[j] == 46 or is_mark(f[j]))
        and (f[j] == 46 or is_mark(before(f, i)))
    ):
        return put(m, n, M_WORD, i, j), j
    return n, j


@inlined
def is_mark(c):
    """Whether a byte divides cells: ; , | tab, quotes or a line end."""
    return c == 59 or c == 44 or c == 124 or c == 9 or c == 34 or c == 10


@inner
def odd_date(f, i, m, n):
    """Keep what is written like a date and is none; returns (count, position behind, or `i`)."""
    end, first, _ = date_at(f, i)
    if first:
        return n, end
    size_a, a = group(f, i)
    j = separator(f, i + size_a)
    if size_a > 4 or j == i + size_a or f[j - 1] == 32:
        return n, i
    size_b, b = group(f, j)
    k = separator(f, j + size_b)
    if size_b < 1 or size_b > 3 or k == j + size_b or f[k - 1] == 32:
        return n, i
    size_c, c = group(f, k)
    if size_c < 1 or size_c > 5 or size_a + size_b + size_c < 5 or a < 0 or b < 0 or c < 0:
        return n, i
    base = n * WIDTH
    year_first = size_a > 2 and size_c <= 2
    m.numbers[base] = c if year_first else a
    m.numbers[base + 1] = b
    m.numbers[base + 2] = a if year_first else c
    return put(m, n, M_DATE, i, k + size_c), k + size_c


@inner
def mask_at(f, i, start, end, initials, m, n):
    """Keep what is masked at `i` in [start, end); returns (count, position to go on from)."""
    c = f[i]
    open_ = i == start or is_edge(f[i - 1])
    if open_ and (is_digit(c) or hides(f, i) or (is_figure(c) and is_figure(f[i + 1]))):
        n, behind = masked_number(f, i, end, m, n)
        if behind == i and is_digit(c):
            n, behind = odd_date(f, i, m, n)
        if behind > i:
            return n, behind
    if c == 64:
        return masked_mail(f, i, start, end, m, n), i + 1
    if is_letter(c) and open_:
        held = n
        n, behind = masked_word(f, i, end, m, n)
        if not initials and n > held and behind == i + 1:
            n = held
            m.start[ROOM] = 1
        return n, max(i + 1, behind)
    i += 1
    if is_digit(c):
        while i < end and (is_digit(f[i]) or is_letter(f[i])):
            i += 1
    return n, i


@inner
def find_masks(f, start, end, m, most, initials):
    """Everything masked in [start, end), at most `most`; returns how many.

    `initials` says whether single letters (J.) are kept; `m.start[ROOM]` is 1 where some were not.
    """
    m.start[ROOM] = 0
    n = 0
    i = start
    while i < end and n < most:
        n, i = mask_at(f, i, start, end, initials, m, n)
    return n
