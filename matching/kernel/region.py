"""One region of text, from folded bytes to accepted matches: the kernel that scanning calls."""

from __future__ import annotations

import numpy as np

from matching.kernel.bench import (
    FIELDS,
    MAX_HITS,
    MAX_MATCHES,
    REGION,
    leak_pointers,
    match_pointers,
    proposal_pointers,
    seat_pointers,
)
from matching.kernel.desk import (
    I_CONFLICTS,
    I_DENSE,
    I_STAMP,
    desk_pointers,
    fill_set,
)
from matching.kernel.evidence import evaluate, grade_words
from matching.kernel.hits import ANYWHERE, find_hits, hit_pointers
from matching.kernel.proposals import CLEAR, NEAR_FROM, NEVER, bounds, propose, sort_proposals
from matching.kernel.reading import tokenise
from matching.kernel.rows import row_pointers, warm_rows
from matching.kernel.tokens import (
    scratch_pointers,
    token_pointers,
)
from matching.kernel.units import count_kinds, find_units, unit_pointers
from matching.kernel.windows import find_windows, window_pointers
from native.jit import inner, kernel, pointer

i64 = np.int64
f64 = np.float64

ALONE, TIED, LEADS = range(3)  # no other row explains the same as well; one that does; the first
AS_WELL = 2.0  # bits: one letter's slip decides no more between members of a household
SURE_REVIEW = 30.0  # below, all that several blocks say of one row is told


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
def shares_places(m, n, desk, columns):
    """Whether most of what the desk shows of a row is what match `n` rests on too."""
    shared, count = 0, 0
    for c in range(columns):
        if desk.bits[c] > 0.0:
            count += 1
            for at in range(n * FIELDS, n * FIELDS + m.fields[n]):
                if m.start[at] == desk.start[c]:
                    shared += 1
                    break
    return 2 * shared > count


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

    A row that explains the same tokens about as well as the one just accepted is told as tied.
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
        if known and review >= SURE_REVIEW:
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
        n = store(m, n, row, bits, ALONE, start, desk, records)
        leader = n - 1
        stamp = desk.info[I_STAMP]
        q = p
        while q < proposals and n < MAX_MATCHES and q < p + 6:
            other = out.order[q]
            if out.window[other] != w or out.bits[other] < bits - AS_WELL:
                break
            again = evaluate(
                f, out.row[other], tokens, first, behind, start, end, hits, low, high, near,
                records, desk, scratch, leak,
            )  # fmt: skip
            near_by = abs(again - bits) <= AS_WELL and shares_places(
                m, leader, desk, records.columns
            )
            if out.row[other] != row and near_by:
                n = store(m, n, out.row[other], again, TIED, start, desk, records)
                m.tied[leader] = LEADS
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
    n_tokens, n_hits = 0, 0
    dense = bench.desk.info[I_DENSE] != 0
    for pass_ in range(2):
        # Password-like runs are read only where something else was found, or lately was.
        with_chunks = chunks and (dense or pass_ == 1)
        if pass_ == 1 and (n_hits == 0 or dense or not chunks):
            break
        n_tokens = tokenise(
            bytes_, start, end, with_chunks, tokens, len(bench.tokens.kind), scratch, keys.keys
        )
        n_hits = find_hits(
            bytes_, tokens, n_tokens, hits, MAX_HITS, ANYWHERE, shingles, scratch,
            pointer(bench.ring), pointer(bench.shingle), pointer(bench.wide), keys,
        )  # fmt: skip
        if keys.missing[0]:
            return 0, n_hits, n_tokens
    bench.desk.info[I_DENSE] = 1 if n_hits else 0
    if n_hits == 0:
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
    warm_rows(hits, n_hits, rows)
    n_units = find_units(bytes_, start, end, units, REGION + 1)
    count_kinds(tokens, n_tokens, units, n_units)
    n_windows = find_windows(tokens, units, n_units, pointer(bench.labels), windows, REGION)
    proposals = propose(
        bytes_, tokens, units, n_units, windows, n_windows, hits, n_hits, review,
        pointer(bench.rows), pointer(bench.scores), pointer(bench.wants),
        seat_pointers(bench.seats), rows, desk, scratch, keys, out,
    )  # fmt: skip
    if proposals == 0 or keys.missing[0]:
        return 0, n_hits, n_tokens
    found = settle(
        bytes_, tokens, units, n_units, windows, hits, n_hits, review, rows, desk, scratch,
        keys, out, proposals, matches,
    )  # fmt: skip
    return found, n_hits, n_tokens
