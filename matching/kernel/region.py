"""One region of text, from folded bytes to accepted matches: the kernel that scanning calls."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.bench import (
    CANDIDATES,
    FIELDS,
    MAX_HITS,
    MAX_MATCHES,
    MAX_PROPOSALS,
    REGION,
    SEAT,
    leak_pointers,
    match_pointers,
    proposal_pointers,
    seat_pointers,
)
from matching.kernel.desk import (
    I_CLOCK,
    I_CONFLICTS,
    I_DENSE,
    I_STAMP,
    desk_pointers,
    fill_set,
    glance,
    open_row,
    row_pointers,
)
from matching.kernel.evidence import evaluate, grade_words
from matching.kernel.hits import find_hits, hit_pointers, wide_pointers
from matching.kernel.jit import inlined, inner, kernel, pointer
from matching.kernel.reading import tokenise
from matching.kernel.table import find, in_bits, value_at
from matching.kernel.tokens import (
    scratch_pointers,
    token_pointers,
)
from matching.kernel.units import count_kinds, find_units, unit_pointers
from matching.kernel.windows import find_windows, window_pointers
from matching.siphash import join, siphash_number

i64 = np.int64
f64 = np.float64

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
def at_home(tokens, first, behind, start, end, wide, rows, n, leak):
    """Add the rows behind a common name in the window joined to a house or postcode there."""
    for w in range(wide.held[0]):
        t = wide.token[w]
        if t < first or t >= behind or tokens.start[t] < start or tokens.end[t] > end:
            continue
        for p in range(first, behind):
            place = tokens.kind[p] == k.STREET or (
                tokens.kind[p] == k.NUMBER and tokens.end[p] - tokens.start[p] == 5
            )
            if not place or tokens.start[p] < start or tokens.end[p] > end:
                continue
            key = siphash_number(
                join(wide.key[w], tokens.key[p]), leak.keys[2 * k.HOME], leak.keys[2 * k.HOME + 1]
            )
            if not in_bits(leak.exact_bits, leak.exact_mask, key):
                continue
            low, high = find(leak.exact, key, leak.missing)
            for entry in range(low, high):
                row = value_at(leak.exact, entry, leak.keys)
                i = 0
                while i < n and rows[i] != row:
                    i += 1
                if i == n and n < CANDIDATES:
                    rows[n] = row
                    n += 1
    return n


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
    wide,
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
        if low == high and wide.held[0] == 0:
            continue
        desk.info[I_CLOCK] += 1
        count = candidates(tokens, hits, low, high, start, end, seats, desk.info[I_CLOCK], rows)
        plain = count
        count = at_home(tokens, first, behind, start, end, wide, rows, count, leak)
        if count == 0:
            continue
        fill_set(tokens, first, behind, start, end, desk)
        best = 0.0
        for c in range(count):
            scores[c] = 0.0
            wants[c] = 0
            if (
                c < plain
                and weak_only(rows[c], seats, desk.info[I_CLOCK])
                and open_row(records, rows[c], desk.record, leak.keys, leak.missing)
                and glance(records, tokens, desk) < 3
            ):
                continue
            scores[c] = evaluate(
                f, rows[c], tokens, first, behind, start, end, hits, low, high, NEVER, records,
                desk, scratch, leak,
            )  # fmt: skip
            wants[c] = 1 if wants_near(scores[c], desk) else 0
            best = max(best, scores[c])
        for c in range(count):
            bits = scores[c]
            if best < CLEAR and wants[c]:
                bits = evaluate(
                    f, rows[c], tokens, first, behind, start, end, hits, low, high, NEAR_FROM,
                    records, desk, scratch, leak,
                )  # fmt: skip
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


@inner
def store(m, n, row, bits, tied, start, desk, records):
    """Write one accepted match with its fields."""
    grade_words(records, desk)
    columns = records.columns
    m.row[n] = row
    m.bits[n] = bits
    m.tied[n] = tied
    m.conflicts[n] = desk.info[I_CONFLICTS]
    m.window_start[n] = start
    count = 0
    for c in range(columns):
        if desk.bits[c] > 0.0 and count < FIELDS:
            at = n * FIELDS + count
            m.column[at] = c
            m.start[at] = desk.start[c]
            m.end[at] = desk.end[c]
            m.quality[at] = desk.quality[c]
            m.worth[at] = desk.bits[c]
            count += 1
    m.fields[n] = count
    return n + 1


@inner
def settle(
    f,
    tokens,
    units,
    n_units,
    windows,
    hits,
    n_hits,
    review,
    records,
    desk,
    scratch,
    leak,
    out,
    proposals,
    m,
):
    """Accept proposals from the strongest down; what one explains cannot speak for another.

    A row that explains the same tokens as well as the one just accepted is told as tied.
    """
    sort_proposals(out, proposals)
    n = 0
    last_window = i64(-1)
    p = 0
    while p < proposals and n < MAX_MATCHES:
        item = out.order[p]
        row, w = out.row[item], out.window[item]
        start, end = windows.start[w], windows.end[w]
        first, behind, low, high = bounds(units, n_units, hits, n_hits, start, end)
        known = False
        for done in range(n - 1, max(-1, n - 400), -1):
            if m.row[done] == row:
                known = True
                break
        p += 1
        if known:
            continue
        if w != last_window:
            fill_set(tokens, first, behind, start, end, desk)
            last_window = w
        near = NEAR_FROM if out.bits[item] < CLEAR else NEVER
        bits = evaluate(
            f, row, tokens, first, behind, start, end, hits, low, high, near, records, desk,
            scratch, leak,
        )  # fmt: skip
        if bits < review:
            continue
        n = store(m, n, row, bits, 0, start, desk, records)
        stamp = desk.info[I_STAMP]
        q = p
        while q < proposals and n < MAX_MATCHES and q < p + 6:
            other = out.order[q]
            if out.window[other] != w or out.bits[other] < bits - 0.01:
                break
            again = evaluate(
                f, out.row[other], tokens, first, behind, start, end, hits, low, high, near,
                records, desk, scratch, leak,
            )  # fmt: skip
            if out.row[other] != row and abs(again - bits) < 0.01:
                n = store(m, n, out.row[other], again, 1, start, desk, records)
            q += 1
        for t in range(first, behind):
            if desk.used[t] >= stamp:
                desk.claimed[t] = 1
    return n


@kernel
def scan_region(f, start, end, chunks, shingles, review, leak, records, bench):
    """Match `f[start:end]` against one leak; returns (matches, hits, tokens).

    When `leak.missing[0]` is not 0 afterwards, blocks have to be checked and the call repeated.
    """
    keys = leak_pointers(leak)
    tokens = token_pointers(bench.tokens)
    scratch = scratch_pointers(bench.scratch)
    hits = hit_pointers(bench.hits)
    bytes_ = pointer(f)
    keys.missing[0] = 0
    wide = wide_pointers(bench.wide)
    n_tokens, n_hits = 0, 0
    dense = bench.desk.info[I_DENSE] != 0
    for pass_ in range(2):
        # Password-like runs are read only where something else was found, or lately was.
        with_chunks = chunks and (dense or pass_ == 1)
        if pass_ == 1 and (n_hits + wide.held[0] == 0 or dense or not chunks):
            break
        n_tokens = tokenise(
            bytes_, start, end, with_chunks, tokens, len(bench.tokens.kind), scratch, keys.keys
        )
        n_hits = find_hits(
            bytes_, tokens, n_tokens, hits, MAX_HITS, shingles, scratch, pointer(bench.ring),
            pointer(bench.shingle), wide, keys,
        )  # fmt: skip
        if keys.missing[0]:
            return 0, n_hits, n_tokens
    bench.desk.info[I_DENSE] = 1 if n_hits else 0
    if n_hits + wide.held[0] == 0:
        return 0, n_hits, n_tokens
    units = unit_pointers(bench.units)
    windows = window_pointers(bench.windows)
    desk = desk_pointers(bench.desk)
    rows = row_pointers(records)
    out = proposal_pointers(bench.proposals)
    matches = match_pointers(bench.matches)
    for t in range(n_tokens):
        desk.claimed[t] = 0
        desk.used[t] = 0
    desk.info[I_STAMP] = 0
    n_units = find_units(bytes_, start, end, units, REGION + 1)
    count_kinds(tokens, n_tokens, units, n_units)
    n_windows = find_windows(tokens, units, n_units, pointer(bench.labels), windows, REGION)
    proposals = propose(
        bytes_, tokens, units, n_units, windows, n_windows, hits, n_hits, review,
        pointer(bench.rows), pointer(bench.scores), pointer(bench.wants),
        seat_pointers(bench.seats), wide, rows, desk, scratch.bytes, keys, out,
    )  # fmt: skip
    if proposals == 0 or keys.missing[0]:
        return 0, n_hits, n_tokens
    found = settle(
        bytes_, tokens, units, n_units, windows, hits, n_hits, review, rows, desk, scratch.bytes,
        keys, out, proposals, matches,
    )  # fmt: skip
    return found, n_hits, n_tokens
