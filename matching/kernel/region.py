"""One region of text, from folded bytes to accepted matches: the kernel that scanning calls."""

from __future__ import annotations

import numpy as np

from matching.kernel.bench import (
    CANDIDATES,
    FIELDS,
    MAX_HITS,
    MAX_MATCHES,
    MAX_PROPOSALS,
    REGION,
    leak_pointers,
    match_pointers,
    proposal_pointers,
)
from matching.kernel.desk import (
    I_CONFLICTS,
    I_STAMP,
    desk_pointers,
    fill_set,
    row_pointers,
)
from matching.kernel.evidence import evaluate
from matching.kernel.hits import find_hits, hit_pointers
from matching.kernel.jit import inlined, inner, kernel, pointer
from matching.kernel.reading import tokenise
from matching.kernel.tokens import (
    scratch_pointers,
    token_pointers,
)
from matching.kernel.units import count_kinds, find_units, unit_pointers
from matching.kernel.windows import find_windows, window_pointers

i64 = np.int64
f64 = np.float64

NEAR_FROM = 11.0  # bits from which words with a slip are looked for
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
def candidates(tokens, hits, low, high, start, end, rows):
    """The distinct rows that hits inside the window point to; returns how many."""
    n = 0
    for h in range(low, high):
        t = hits.token[h]
        if tokens.start[t] < start or tokens.end[t] > end:
            continue
        row = hits.row[h]
        known = False
        for i in range(n - 1, -1, -1):
            if rows[i] == row:
                known = True
                break
        if not known and n < CANDIDATES:
            rows[n] = row
            n += 1
    return n


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
        count = candidates(tokens, hits, low, high, start, end, rows)
        if count == 0:
            continue
        fill_set(tokens, first, behind, start, end, desk)
        best = 0.0
        for c in range(count):
            scores[c] = evaluate(
                f, rows[c], tokens, first, behind, start, end, hits, low, high, NEVER, records,
                desk, scratch, leak,
            )  # fmt: skip
            best = max(best, scores[c])
        for c in range(count):
            bits = scores[c]
            if best < CLEAR and bits >= NEAR_FROM - 6.0:
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
def store(m, n, row, bits, tied, start, desk, columns):
    """Write one accepted match with its fields."""
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
        n = store(m, n, row, bits, 0, start, desk, records.columns)
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
                n = store(m, n, out.row[other], again, 1, start, desk, records.columns)
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
    n_tokens = tokenise(
        bytes_, start, end, chunks, tokens, len(bench.tokens.kind), scratch, keys.keys
    )
    n_hits = find_hits(
        bytes_, tokens, n_tokens, hits, MAX_HITS, shingles, scratch, pointer(bench.ring),
        pointer(bench.shingle), keys,
    )  # fmt: skip
    if n_hits == 0 or keys.missing[0]:
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
        pointer(bench.rows), pointer(bench.scores), rows, desk, scratch.bytes, keys, out,
    )  # fmt: skip
    if proposals == 0 or keys.missing[0]:
        return 0, n_hits, n_tokens
    found = settle(
        bytes_, tokens, units, n_units, windows, hits, n_hits, review, rows, desk, scratch.bytes,
        keys, out, proposals, matches,
    )  # fmt: skip
    return found, n_hits, n_tokens
