"""Whether a row can be found in a region: what scoring would ask first, asked of more text.

A match has hits on its row and, all but a NIR or address, other values of the row beside them. What
is counted here is what any window about a hit can hold, and more; a region that is given up holds
no match (see `region.propose` and `evidence.evaluate`).
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import I_DATES, I_MASKS, I_NEAR, SET_SIZE
from matching.kernel.glimpse import glimpse
from matching.kernel.judged import question, seat_of, tag_of
from matching.kernel.masks import ROOM
from matching.kernel.proposals import MUCH, NEAR_FROM
from matching.kernel.quotes import has_comment, most_quoted, quote_bound
from matching.kernel.rows import ask_rows, open_row, warm_rows
from matching.kernel.scattered import (
    AT_SLIPS,
    P_ASKED,
    P_FRESH,
    note_place,
    tell_beside,
    tell_names,
)
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.slips import find_slips
from matching.kernel.windows import LONG, WIDEST
from matching.kernel.worth_bounds import (
    ANYWHERE,
    AT_COMMENT,
    beside_bound,
    count_masks,
    find_shown,
    is_far_below,
    is_named,
    lift_of,
    words_bound,
)
from matching.kernel.worth_reach import crowded_bound, measure
from native.jit import inlined, inner

i64 = np.int64
u64 = np.uint64

NEAR_BY = LONG + 100  # what speaks for one row lies no further apart, long lines aside
AHEAD = 2000  # so much more is seen at once behind a hit, as far as others stand there
APART = 1200  # two between which more stands are seen apart
LOCAL = 2 * (WIDEST + AHEAD) + LONG
COLUMNS = 3  # values of a row that a window has to show before a name, date or house is looked at
SLACK = 0.5
SURE = 30.0  # a text of which less than this is asked is read wherever any row is pointed to
# Places in `bounds`: what was turned to last, how many numbers and addresses stand there, whether
# it was and could be seen, its tag, the bytes for which that was asked last, and how often another
# stretch was turned to.
B_LOW, B_HIGH, B_COUNT, B_TAG, B_STATE, B_AT, B_END, B_LOOK = range(8)
B_KINDS = 8  # from here on of what kinds hits are on rows that share a seat, a bit for each
SEATS = 256
BOUNDS = B_KINDS + SEATS
NOTHING, UNSEEN, TOO_MUCH, SEEN = range(4)
# What a place may say of a row: nothing at all, what is asked for, or less than that.
SILENT, ENOUGH, LITTLE = range(3)


@inner
def line_start(f, at):
    """The start of the line around `at`, at most WIDEST bytes before it."""
    i = at
    while i > 0 and at - i < WIDEST and f[i - 1] != 10:
        i -= 1
    return i


@inner
def line_end(f, at, size):
    """The end of the line around `at`, at most WIDEST bytes behind it."""
    i = at
    while i < size and i - at < WIDEST and f[i] != 10:
        i += 1
    return i


@inner
def low_of(f, at):
    """The first byte that one window with byte `at` may hold."""
    return max(i64(0), min(at - NEAR_BY, line_start(f, at)))


@inner
def high_of(f, end, size):
    """One past the last byte that one window with the byte before `end` may hold."""
    return min(size, max(end + NEAR_BY, line_end(f, end, size)))


@inner
def last_near_by(h, tokens, hits, n_hits):
    """One past the last byte of the last hit that is seen together with hit `h`."""
    end = i64(tokens.end[hits.token[h]])
    most = end + AHEAD
    while h + 1 < n_hits:
        h += 1
        t = hits.token[h]
        if tokens.start[t] > end + APART or tokens.end[t] > most:
            break
        end = max(end, i64(tokens.end[t]))
    return end


@inner
def turn_to(f, size, at, end, bounds, h, tokens, hits, n_hits, keys):
    """Settle which bytes are seen for hit `h` at [at, end), what one window with it may hold and
    with those right behind it; those seen last when they hold what one with it may hold."""
    if bounds[B_AT] == at and bounds[B_END] == end:
        return
    bounds[B_AT], bounds[B_END] = at, end
    if (
        bounds[B_STATE] != NOTHING
        and bounds[B_LOW] <= at - NEAR_BY
        and end + NEAR_BY <= bounds[B_HIGH]
        and bounds[B_LOW] <= line_start(f, at)
        and line_end(f, end, size) <= bounds[B_HIGH]
    ):
        return
    low = low_of(f, at)
    high = high_of(f, last_near_by(h, tokens, hits, n_hits), size)
    while low > 0 and (is_letter(f[low - 1]) or is_digit(f[low - 1])) and low > at - WIDEST - 64:
        low -= 1
    bounds[B_LOW] = low or i64(-NEAR_BY)
    bounds[B_HIGH] = high if high < size else size + NEAR_BY
    bounds[B_TAG] = i64(tag_of(f, low, high, keys))
    bounds[B_STATE] = UNSEEN
    bounds[B_LOOK] += 1


@inner
def look_near_by(f, size, words, lengths, local, bounds, g, sieve, scratch, desk, leak):
    """See what stands in the bytes turned to, as a set and with numbers and addresses in `local`;
    False when there is too much."""
    if bounds[B_STATE] != UNSEEN:
        return bounds[B_STATE] != TOO_MUCH
    low, high = max(i64(0), bounds[B_LOW]), min(size, bounds[B_HIGH])
    count = glimpse(f, words, low, high, lengths, local, 2 * LOCAL + 64, g, sieve, scratch, leak)
    bounds[B_COUNT] = count
    bounds[B_STATE] = TOO_MUCH if count < 0 else SEEN
    desk.info[I_MASKS] = desk.info[I_NEAR] = -1
    desk.info[I_DATES] = 0
    for t in range(count):
        desk.info[I_DATES] += i64(local.kind[t] == k.DATE and local.aux[t] > 0)
    return count >= 0


@inner
def note_kinds(hits, n_hits, bounds):
    """Note of which kinds the hits on each row are, as `others_on_row` asks."""
    for seat in range(SEATS):
        bounds[B_KINDS + seat] = 0
    for h in range(n_hits):
        bounds[B_KINDS + (hits.row[h] & (SEATS - 1))] |= i64(1) << i64(hits.kind[h])


@inner
def others_on_row(h, tokens, hits, n_hits, bounds):
    """How many hits of another kind a window may hold with hit `h` on the same row, and how many of
    them are more than a name, date or house."""
    other, strong = 0, 0
    row, kind = hits.row[h], hits.kind[h]
    if bounds[B_KINDS + (row & (SEATS - 1))] == i64(1) << i64(kind):
        return other, strong
    at = tokens.start[hits.token[h]]
    for step in (-1, 1):
        g = h + step
        while 0 <= g < n_hits and abs(tokens.start[hits.token[g]] - at) <= WIDEST:
            if hits.row[g] == row and hits.kind[g] != kind:
                other += 1
                strong += 0 if is_weak(hits.kind[g]) else 1
            g += step
    return other, strong


@inlined
def is_weak(kind):
    """Whether a hit is of a kind that leads to a row only beside other values of it."""
    return kind == k.PAIR or kind == k.DATE or kind == k.STREET


@inner
def quoted_here(f, local, bounds, rows, g, sieve, scratch, desk):
    """The most that words around a hit say for the opened record's comment."""
    count = bounds[B_COUNT]
    if not has_comment(rows, desk) or most_quoted(f, local, count, g, sieve, scratch) == 0.0:
        return 0.0
    return quote_bound(f, local, count, rows, g, sieve, scratch, desk)


@inner
def speaks_for_row(
    f, size, least, kind, exact, local, bounds, scattered, g, sieve, rows, desk, scratch, leak
):  # fmt: skip
    """Whether what stands around a hit can lift the opened record to `least` bits.

    `exact`: the hit is no slip. Beside a whole name words with a slip are looked for from MUCH bits
    on (see `proposals.wants_near`). Where `scattered` asks, it hears what is said for the record.
    """
    low, high = max(i64(0), bounds[B_LOW]), min(bounds[B_HIGH], size)
    beside = beside_bound(
        f, low, high, kind, exact, local, bounds[B_COUNT], sieve, rows, desk, leak.keys
    )
    told = words_bound(0, ANYWHERE, beside, rows, g, desk)
    from_ = MUCH if kind == k.PAIR and is_named(rows, desk) else NEAR_FROM
    if scattered.info[P_ASKED]:
        return speaks_beside(
            f, least, from_, told, beside, local, bounds, scattered, g, sieve, rows, desk, scratch,
            leak,
        )  # fmt: skip
    quoted = 0.0
    if has_comment(rows, desk):
        quoted = most_quoted(f, local, bounds[B_COUNT], g, sieve, scratch)
    if told + quoted < from_:
        return False
    may = words_bound(1, ANYWHERE, beside, rows, g, desk)
    if may + quoted < least:
        return False
    if quoted > 0.0:
        quoted = quote_bound(f, local, bounds[B_COUNT], rows, g, sieve, scratch, desk)
        quoted = max(0.0, quoted - beside[AT_COMMENT])
    if told + quoted < from_ or may + quoted < least:
        return False
    count = bounds[B_COUNT]
    measure(f, bounds[B_AT], local, count, rows, g, sieve, desk)
    told = crowded_bound(0, beside, rows, g, desk) + quoted
    if told >= least or told < from_:
        return told >= least
    if desk.info[I_NEAR] < 0:
        find_slips(f, local, count, g, sieve, desk, scratch, leak)
    if desk.info[I_NEAR] >= SET_SIZE // 2:
        return True
    if words_bound(2, ANYWHERE, beside, rows, g, desk) + quoted < least:
        return False
    return crowded_bound(2, beside, rows, g, desk) + quoted >= least


@inner
def speaks_beside(
    f, least, from_, told, beside, local, bounds, scattered, g, sieve, rows, desk, scratch, leak
):  # fmt: skip
    """`speaks_for_row` where several windows may say it together: how many words one of them has
    takes nothing off, and `scattered` hears all there is."""
    quoted = quoted_here(f, local, bounds, rows, g, sieve, scratch, desk)
    quoted = max(0.0, quoted - beside[AT_COMMENT])
    tell_beside(beside, quoted, scattered)
    if told + quoted < from_ or told + quoted >= least:
        return told + quoted >= least
    if desk.info[I_NEAR] < 0:
        find_slips(f, local, bounds[B_COUNT], g, sieve, desk, scratch, leak)
    if desk.info[I_NEAR] >= SET_SIZE // 2:
        return True
    may = words_bound(2, ANYWHERE, beside, rows, g, desk)
    scattered.last[AT_SLIPS] = may - told
    return may + quoted >= least


@inner
def shows_enough(f, size, seen, bounds, sieve, desk):
    """Whether values in `seen` columns of the opened record around a hit are so many that a name,
    date or house may lead to it."""
    if seen >= COLUMNS or seen < COLUMNS - 1:
        return seen >= COLUMNS
    low, high = max(i64(0), bounds[B_LOW]), min(bounds[B_HIGH], size)
    return count_masks(f, low, high, sieve, desk) > 0 or desk.masks.start[ROOM] > 0


@inner
def is_no_more(f, size, local, bounds, scattered, g, sieve, rows, desk, scratch):
    """Whether the names of the opened record stand there with so little that they cannot reach the
    bits from which anything else is looked for (see `speaks_for_row`): most names in ordinary text.
    """
    low, high = max(i64(0), bounds[B_LOW]), min(bounds[B_HIGH], size)
    lifted, letters = lift_of(f, low, high, sieve, desk)
    quoted = 0.0
    if has_comment(rows, desk):
        quoted = most_quoted(f, local, bounds[B_COUNT], g, sieve, scratch)
    below = is_far_below(MUCH, lifted + quoted, letters, rows, g, desk)
    if below and scattered.info[P_ASKED]:
        quoted = quoted_here(f, local, bounds, rows, g, sieve, scratch, desk)
        tell_names(lifted, quoted, letters, scattered)
    return below


@inner
def is_pointed_to(
    f, size, h, least, words, lengths, tokens, hits, n_hits, local, bounds, judged, scattered, g,
    sieve, rows, desk, scratch, leak,
):  # fmt: skip
    """What is said there of the row of hit `h`: ENOUGH where it may reach `least` bits."""
    scattered.info[P_FRESH] = 0
    other, strong = others_on_row(h, tokens, hits, n_hits, bounds)
    kind = hits.kind[h]
    exact = hits.quality[h] == k.Q_EXACT
    # What windows with two of them say is asked of each, so `beside_bound` sees either one; but two
    # that do not stand there themselves add up.
    if kind == k.NIR or kind == k.EMAIL or (hits.wide[h] and other) or (not exact and strong):
        return ENOUGH
    if hits.wide[h]:
        return SILENT
    t = hits.token[h]
    at, end = i64(tokens.start[t]), i64(tokens.end[t])
    turn_to(f, size, at, end, bounds, h, tokens, hits, n_hits, leak.keys)
    asked = question(u64(bounds[B_TAG]), hits.row[h], kind, exact)
    if judged[seat_of(asked)] == asked:
        return SILENT
    if judged[seat_of(asked)] == ~asked:
        return LITTLE
    if not look_near_by(
        f, size, words, lengths, local, bounds, g, sieve, scratch, desk, leak
    ) or not open_row(rows, hits.row[h], desk.record, leak.keys, leak.missing):
        return ENOUGH
    seen = find_shown(rows, g, desk)
    if is_weak(kind) and not shows_enough(f, size, seen, bounds, sieve, desk):
        judged[seat_of(asked)] = asked
        return SILENT
    no_more = kind == k.PAIR and is_no_more(
        f, size, local, bounds, scattered, g, sieve, rows, desk, scratch
    )
    if not no_more and speaks_for_row(
        f, size, least, kind, exact, local, bounds, scattered, g, sieve, rows, desk, scratch, leak
    ):
        return ENOUGH
    if not leak.missing[0]:
        judged[seat_of(asked)] = ~asked
    return LITTLE


@inlined
def is_told(parts, n_parts, first, behind):
    """Whether every part that holds the bytes [first, behind) is worth reading already."""
    for p in range(n_parts):
        if parts[3 * p] <= first and behind <= parts[3 * p + 1] and parts[3 * p + 2] == 0:
            return False
    return True


@inner
def find_worth(
    f, size, at, parts, n_parts, least, words, lengths, tokens, hits, n_hits, local, bounds, judged,
    scattered, g, sieve, rows, desk, scratch, leak,
):  # fmt: skip
    """Mark the parts of a region in which a row can reach `least` bits; asks for more than scoring
    does, never less.

    The region begins at byte `at` of the text and has so many `words` in the sieve, `parts` is what
    `screen.cut_parts` made and `bounds` working memory of BOUNDS numbers. `scattered` hears of rows
    of which a place says less, if it asks.
    """
    bounds[B_STATE] = NOTHING
    bounds[B_AT] = -1
    ask_rows(hits, n_hits, rows, leak.missing)
    if leak.missing[0]:
        return
    warm_rows(hits, n_hits, rows)
    note_kinds(hits, n_hits, bounds)
    last, told = i64(-1), False
    first, behind = i64(0), i64(0)
    for h in range(n_hits):
        token = i64(hits.token[h])
        if token != last:
            last, first, behind = token, at + i64(tokens.start[token]), at + i64(tokens.end[token])
            told = is_told(parts, n_parts, first, behind)
        if told:
            continue
        if least >= SURE:
            said = is_pointed_to(
                f, size, h, least - SLACK, words, lengths, tokens, hits, n_hits, local, bounds,
                judged, scattered, g, sieve, rows, desk, scratch, leak,
            )  # fmt: skip
            if said == LITTLE and scattered.info[P_ASKED]:
                note_place(hits.row[h], bounds[B_LOOK], first, g, scattered)
            if said != ENOUGH:
                continue
        told = True
        for p in range(n_parts):
            if parts[3 * p] <= first and behind <= parts[3 * p + 1]:
                parts[3 * p + 2] = 1
