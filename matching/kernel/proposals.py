"""Which rows are worth a look in which window, and how strongly each speaks there."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.against import conflicts
from matching.kernel.bench import CANDIDATES, MAX_PROPOSALS, SEAT
from matching.kernel.desk import I_CLOCK, I_MASKS, fill_set, glance
from matching.kernel.evidence import speaks
from matching.kernel.masks import MOST, find_masks
from matching.kernel.rows import open_row
from native.jit import inlined, inner

i64 = np.int64

CHOSEN = 1 << 40  # marks a seat whose row is a candidate
NEAR_FROM = 8.0  # bits from which words with a slip are looked for
MUCH = 26.0  # bits from which they are looked for though the name is whole
CLEAR = 80.0  # a window in which a row has this much needs no such look
NEVER = 1e9


@inner
def unit_of(units, n_units, at):
    """The unit that holds byte `at`, by halving."""
    low, high = 0, n_units - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if units.start[middle] <= at:
            low = middle
        else:
            high = middle - 1
    return low


@inner
def bounds(units, n_units, hits, n_hits, start, end):
    """(first token, behind, first hit, behind) of the units that a window touches."""
    first = units.first[unit_of(units, n_units, start)]
    behind = units.first[unit_of(units, n_units, max(start, end - 1)) + 1]
    low, high = 0, n_hits
    while low < high:
        middle = (low + high) >> 1
        if hits.token[middle] < first:
            low = middle + 1
        else:
            high = middle
    h = low
    while h < n_hits and hits.token[h] < behind:
        h += 1
    return first, behind, low, h


@inner
def candidates(tokens, hits, low, high, start, end, seats, stamp, rows):
    """The rows worth a look: one narrow hit in the window, or hits of two kinds.

    Returns how many; equal rows come once.
    """
    n = 0
    taken = 0
    for h in range(low, high):
        t = hits.token[h]
        if tokens.start[t] < start or tokens.end[t] > end:
            continue
        row = hits.row[h]
        seat = (row * 0x9E3779B1) & (SEAT - 1)
        while seats.stamp[seat] == stamp and seats.row[seat] != row:
            seat = (seat + 1) & (SEAT - 1)
        if seats.stamp[seat] != stamp:
            if taken > SEAT // 2:
                continue
            taken += 1
            seats.stamp[seat] = stamp
            seats.row[seat] = row
            seats.kinds[seat] = 0
        before = seats.kinds[seat]
        after = before | (1 << i64(hits.kind[h]))
        if before & CHOSEN == 0 and n < CANDIDATES:
            if not hits.wide[h] or after & (after - 1):
                after |= CHOSEN
                rows[n] = row
                n += 1
        else:
            after |= before & CHOSEN
        seats.kinds[seat] = after
    return n


@inner
def weak_only(row, seats, stamp):
    """Whether nothing but a name, a date or a house led to a row."""
    seat = (row * 0x9E3779B1) & (SEAT - 1)
    while seats.stamp[seat] == stamp and seats.row[seat] != row:
        seat = (seat + 1) & (SEAT - 1)
    weak = CHOSEN | (1 << k.PAIR) | (1 << k.DATE) | (1 << k.STREET)
    return seats.stamp[seat] == stamp and (seats.kinds[seat] & ~weak) == 0


@inner
def wants_near(bits, desk):
    """Whether words with a slip could lift the row just evaluated: something speaks for it, and
    either its name is not whole yet or much else is there."""
    b = desk.by_class
    named = (b[k.C_SURNAME] > 0.0 and b[k.C_FIRST] > 0.0) or b[k.C_FULL] >= 14.0
    return bits >= MUCH or (bits >= NEAR_FROM and not named)


@inner
def propose(
    f,
    tokens,
    units,
    n_units,
    windows,
    n_windows,
    hits,
    n_hits,
    review,
    rows,
    scores,
    wants,
    seats,
    records,
    desk,
    scratch,
    leak,
    out,
):
    """Evaluate every candidate in every window; returns how many reached `review` bits."""
    n = 0
    for w in range(n_windows):
        start, end = windows.start[w], windows.end[w]
        first, behind, low, high = bounds(units, n_units, hits, n_hits, start, end)
        if low == high:
            continue
        desk.info[I_CLOCK] += 1
        count = candidates(tokens, hits, low, high, start, end, seats, desk.info[I_CLOCK], rows)
        if count == 0:
            continue
        fill_set(tokens, first, behind, start, end, desk)
        desk.info[I_MASKS] = find_masks(f, start, end, desk.masks, MOST, True)
        masked = desk.info[I_MASKS] > 0
        best = 0.0
        for c in range(count):
            scores[c] = 0.0
            wants[c] = 0
            if (
                weak_only(rows[c], seats, desk.info[I_CLOCK])
                and open_row(records, rows[c], desk.record, leak.keys, leak.missing)
                and glance(records, tokens, desk) < (2 if masked else 3)
            ):
                continue
            scores[c] = speaks(
                f, rows[c], tokens, first, behind, start, end, hits, low, high, NEVER, records,
                desk, scratch, leak,
            )  # fmt: skip
            # What speaks against a row is dear to find, and no news where too little speaks for it.
            if scores[c] >= review or wants_near(scores[c], desk):
                scores[c] -= conflicts(f, tokens, start, end, hits, low, high, records, desk)
            wants[c] = 1 if wants_near(scores[c], desk) else 0
            best = max(best, scores[c])
        for c in range(count):
            bits = scores[c]
            if best < CLEAR and wants[c]:
                bits = speaks(
                    f, rows[c], tokens, first, behind, start, end, hits, low, high, NEAR_FROM,
                    records, desk, scratch, leak,
                )  # fmt: skip
                if bits >= review:
                    bits -= conflicts(f, tokens, start, end, hits, low, high, records, desk)
            if bits >= review and n < MAX_PROPOSALS:
                out.row[n] = rows[c]
                out.window[n] = w
                out.bits[n] = bits
                n += 1
    return n


@inner
def sort_proposals(out, n):
    """Order proposals by bits, the strongest first (heap sort; equal bits by position)."""
    for i in range(n):
        out.order[i] = i
    for phase in range(2):
        count = n
        top = n // 2 - 1 if phase == 0 else n - 1
        while top >= (0 if phase == 0 else 1):
            if phase == 0:
                root = top
            else:
                out.order[0], out.order[top] = out.order[top], out.order[0]
                count = top
                root = 0
            while 2 * root + 1 < count:
                child = 2 * root + 1
                if child + 1 < count and weaker(out, out.order[child + 1], out.order[child]):
                    child += 1
                if weaker(out, out.order[child], out.order[root]):
                    out.order[root], out.order[child] = out.order[child], out.order[root]
                    root = child
                else:
                    break
            top -= 1


@inlined
def weaker(out, a, b):
    """Whether proposal `a` comes after proposal `b`."""
    if out.bits[a] != out.bits[b]:
        return out.bits[a] < out.bits[b]
    return a > b
