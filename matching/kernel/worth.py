"""Whether a row can be found in a region: what scoring would ask first, asked of more text.

A match has hits on its row and, all but a NIR or address, other values of the row beside them. What
is counted here is what any window about a hit can hold, and more; a region that is given up holds
no match (see `region.propose` and `evidence.evaluate`).
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import (
    I_NEAR,
    I_STAMP,
    MAX_TOKENS,
    SET_SIZE,
    fill_near,
    fill_set,
    glance,
    open_row,
)
from matching.kernel.jit import inlined, inner
from matching.kernel.masked import COMMENT_MOST
from matching.kernel.masks import ROOM
from matching.kernel.proposals import MUCH, NEAR_FROM
from matching.kernel.reading import tokenise
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.windows import LONG, WIDEST
from matching.kernel.worth_bounds import (
    AT_COMMENT,
    beside_bound,
    comment_bound,
    count_masks,
    is_named,
    words_bound,
)

i64 = np.int64

NEAR_BY = LONG + 100  # what speaks for one row lies no further apart, long lines aside
AHEAD = 1600  # more is read at once behind a hit, for the next one
LOCAL = 2 * (WIDEST + AHEAD) + LONG
COLUMNS = 3  # values of a row that a window has to show before a name, date or house is looked at
SLACK = 0.5
SURE = 30.0  # a text of which less than this is asked is read wherever any row is pointed to
JUDGED = 1024  # rows of names remembered as not speaking, where the same text is asked again
JUDGED_AT = 8  # where these begin in `bounds`
BOUNDS = JUDGED_AT + JUDGED


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
def read_near_by(f, size, at, end, chunks, local, bounds, scratch, desk, keys):
    """Read what one window with the bytes [at, end) may hold into `local` and the desk's set.

    `bounds` keeps (first byte, one past the last, count, how often read) for the next hit; returns
    False when there is more than a set holds.
    """
    if (
        bounds[2] >= 0
        and bounds[0] <= at - NEAR_BY
        and end + NEAR_BY <= bounds[1]
        and bounds[0] <= line_start(f, at)
        and line_end(f, end, size) <= bounds[1]
    ):
        return bounds[2] < MAX_TOKENS
    low = max(i64(0), min(at - NEAR_BY, line_start(f, at)))
    high = min(size, max(end + NEAR_BY, line_end(f, end, size)) + AHEAD)
    while low > 0 and (is_letter(f[low - 1]) or is_digit(f[low - 1])) and low > at - WIDEST - 64:
        low -= 1
    bounds[0] = low or i64(-NEAR_BY)
    bounds[1] = high if high < size else size + NEAR_BY
    count = tokenise(f, low, high, chunks, local, 2 * LOCAL + 64, scratch, keys)
    bounds[2] = count
    bounds[3] += 1
    fill_set(local, 0, count, low, high, desk)
    for t in range(count):
        desk.used[t] = 0
        desk.claimed[t] = 0
    desk.info[I_STAMP] = 1
    return count < MAX_TOKENS


@inner
def others_on_row(h, tokens, hits, n_hits):
    """How many hits a window may hold with hit `h` on the same row: (of its kind, of another kind,
    of another kind that is more than a name, date or house)."""
    same, other, strong = 0, 0, 0
    row, kind, token = hits.row[h], hits.kind[h], hits.token[h]
    at = tokens.start[token]
    for step in (-1, 1):
        g = h + step
        while 0 <= g < n_hits and abs(tokens.start[hits.token[g]] - at) <= WIDEST:
            if hits.row[g] == row:
                if hits.kind[g] != kind:
                    other += 1
                    strong += 0 if is_weak(hits.kind[g]) else 1
                elif hits.token[g] != token:
                    same += 1
            g += step
    return same, other, strong


@inlined
def is_weak(kind):
    """Whether a hit is of a kind that leads to a row only beside other values of it."""
    return kind == k.PAIR or kind == k.DATE or kind == k.STREET


@inner
def speaks_for_row(f, size, least, kind, exact, local, bounds, rows, desk, scratch, leak):
    """Whether what stands around a hit can lift the opened record to `least` bits.

    `exact`: the hit is no slip. Beside a whole name words with a slip are looked for from MUCH bits
    on (see `proposals.wants_near`).
    """
    low, high = max(i64(0), bounds[0]), min(bounds[1], size)
    count = bounds[2]
    beside = beside_bound(f, low, high, kind, exact, local, count, rows, desk, leak.keys)
    told = words_bound(0, beside, rows, local, desk)
    from_ = MUCH if kind == k.PAIR and is_named(rows, desk) else NEAR_FROM
    may = words_bound(1, beside, rows, local, desk)
    if told + COMMENT_MOST < from_ or may + COMMENT_MOST < least:
        return False
    quoted = max(0.0, comment_bound(local, count, rows, desk) - beside[AT_COMMENT])
    told += quoted
    may += quoted
    if told >= least or told < from_ or may < least:
        return told >= least
    if desk.info[I_NEAR] < 0:
        fill_near(f, local, 0, count, low, high, desk, scratch, leak)
    return desk.info[I_NEAR] >= SET_SIZE // 2 or (
        words_bound(2, beside, rows, local, desk) + quoted >= least
    )


@inner
def shows_enough(f, size, local, bounds, rows, desk):
    """Whether so many values of the opened record stand around a hit that a name, date or house
    may lead to it."""
    seen = glance(rows, local, desk)
    if seen >= COLUMNS or seen < COLUMNS - 1:
        return seen >= COLUMNS
    low, high = max(i64(0), bounds[0]), min(bounds[1], size)
    return count_masks(f, low, high, desk) > 0 or desk.masks.start[ROOM] > 0


@inner
def is_pointed_to(
    f, size, h, least, chunks, tokens, hits, n_hits, local, bounds, rows, desk, scratch, leak
):  # fmt: skip
    """Whether the row of hit `h` may reach `least` bits there."""
    _, other, strong = others_on_row(h, tokens, hits, n_hits)
    kind = hits.kind[h]
    if kind == k.NIR or kind == k.EMAIL or (hits.wide[h] and other) or (is_weak(kind) and strong):
        return True
    if hits.wide[h]:
        return False
    t = hits.token[h]
    at, end = i64(tokens.start[t]), i64(tokens.end[t])
    if not read_near_by(f, size, at, end, chunks, local, bounds, scratch, desk, leak.keys):
        return True
    # The same names come again and again: what was asked of the same text needs no second look.
    asked = (bounds[3] << 40) | hits.row[h]
    seat = JUDGED_AT + (hits.row[h] & (JUDGED - 1))
    if kind == k.PAIR and bounds[seat] == asked:
        return False
    if not open_row(rows, hits.row[h], desk.record, leak.keys, leak.missing):
        return True
    exact = hits.quality[h] == k.Q_EXACT
    speaks = (not is_weak(kind) or shows_enough(f, size, local, bounds, rows, desk)) and (
        speaks_for_row(f, size, least, kind, exact, local, bounds, rows, desk, scratch, leak)
    )
    if kind == k.PAIR and not speaks:
        bounds[seat] = asked
    return speaks


@inlined
def is_told(parts, n_parts, first, behind):
    """Whether every part that holds the bytes [first, behind) is worth reading already."""
    for p in range(n_parts):
        if parts[3 * p] <= first and behind <= parts[3 * p + 1] and parts[3 * p + 2] == 0:
            return False
    return True


@inner
def find_worth(
    f, size, at, parts, n_parts, least, chunks, tokens, hits, n_hits, local, bounds, rows, desk,
    scratch, leak,
):  # fmt: skip
    """Mark the parts of a region in which a row can reach `least` bits; asks for more than scoring
    does, never less.

    The region begins at byte `at` of the text, `parts` is what `screen.cut_parts` made and `bounds`
    working memory of BOUNDS numbers.
    """
    bounds[2] = -1
    for h in range(n_hits):
        token = hits.token[h]
        first, behind = at + tokens.start[token], at + tokens.end[token]
        if is_told(parts, n_parts, first, behind):
            continue
        if least >= SURE and not is_pointed_to(
            f, size, h, least - SLACK, chunks, tokens, hits, n_hits, local, bounds, rows, desk,
            scratch, leak,
        ):  # fmt: skip
            continue
        for p in range(n_parts):
            if parts[3 * p] <= first and behind <= parts[3 * p + 1]:
                parts[3 * p + 2] = 1
