"""Whether a row can be found in a region: what scoring would ask first, asked of more text.

A match has hits on its row and, all but a NIR or address, other values of the row beside them. What
is counted here is what any window about a hit can hold, and more; a region that is given up holds
no match (see `region.propose` and `evidence.evaluate`).
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import (
    I_DATES,
    I_MASKS,
    I_NEAR,
    I_STAMP,
    MAX_TOKENS,
    SET_SIZE,
    fill_near,
    fill_set,
    glance,
    open_row,
    seek_near,
)
from matching.kernel.evidence import WORD_NEAR_COST, sum_classes, total
from matching.kernel.jit import inlined, inner
from matching.kernel.masked import (
    COMMENT_MOST,
    birth_bits,
    follow,
    mail_bits,
    name_bits,
    nir_bits,
    phone_bits,
    sketch_of,
    tells,
)
from matching.kernel.masks import M_DATE, M_MAIL, M_NIR, M_PHONE, M_WORD, WIDTH, find_masks
from matching.kernel.masks import MOST as MOST_MASKS
from matching.kernel.pieces import (
    COMMENT_WORDS,
    P_BIRTH,
    P_COMMENT,
    P_FIRST,
    P_SURNAMES,
    birth_part,
    piece,
    word_piece,
)
from matching.kernel.proposals import MUCH, NEAR_FROM
from matching.kernel.reading import tokenise
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.windows import LONG, WIDEST

u64 = np.uint64
u32 = np.uint32
i64 = np.int64

NEAR_BY = LONG + 100  # what speaks for one row lies no further apart, long lines aside
AHEAD = 1600  # more is read at once behind a hit, for the next one
LOCAL = 2 * (WIDEST + AHEAD) + LONG
COLUMNS = 3  # values of a row that a window has to show before a name, date or house is looked at
CHAIN = 4  # words of a comment in a row that count
SLACK = 0.5
SURE = 30.0  # a text of which less than this is asked is read wherever any row is pointed to
JUDGED = 1024  # rows of names remembered as not speaking, where the same text is asked again
JUDGED_AT = 8  # where these begin in `bounds`
BOUNDS = JUDGED_AT + JUDGED
BIRTH_PARTS = 14.0  # two parts of a birth date
NEAR_NUMBER = 20.0  # a phone or address with a slip
ALL = 36.0


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
def quotes_comment(local, count, rows, desk):
    """Whether words follow each other as in the opened record's comment."""
    at = sketch_of(rows) + P_COMMENT
    if desk.record8[at + CHAIN - 1] == 0:
        return False
    for begin in range(count):
        if not tells(begin, local, 0, 1 << 40):
            continue
        wanted = word_piece(local.key[begin])
        for p in range(COMMENT_WORDS):
            if desk.record8[at + p] == wanted and chain_from(at, p, begin, local, count, desk):
                return True
    return False


@inner
def chain_from(at, p, begin, local, count, desk):
    """Whether CHAIN words follow each other from piece `p` and token `begin` on."""
    chain, gap, place = 1, 0, i64(p)
    t = begin + 1
    while t < count and gap <= 2:
        if tells(t, local, 0, 1 << 40):
            found = follow(at, place, word_piece(local.key[t]), chain, desk)
            if found >= 0:
                chain += 1
                gap = 0
                place = found
                if chain >= CHAIN:
                    return True
            else:
                gap += 1
        t += 1
    return False


@inlined
def count_masks(f, low, high, desk):
    """How many masked values f[low:high], what the desk's set was filled from, shows."""
    if desk.info[I_MASKS] < 0:
        desk.info[I_MASKS] = find_masks(f, low, high, desk.masks)
    return desk.info[I_MASKS]


@inner
def dates_bound(local, count, rows, desk, keys):
    """The most that a date around a hit can say for a birth date with a slip: two parts agree."""
    at = sketch_of(rows) + P_BIRTH
    if desk.info[I_DATES] == 0 or desk.record8[at] == 0:
        return 0.0
    for t in range(count):
        date = i64(local.aux[t])
        if local.kind[t] != k.DATE or date <= 0:
            continue
        same = 0
        for part in range(3):
            wanted = piece(birth_part(date, part), P_BIRTH + part, keys)
            same += 1 if desk.record8[at + part] == wanted else 0
        if same >= 2:
            return BIRTH_PARTS
    return 0.0


@inner
def masks_bound(f, low, high, rows, desk, keys):
    """The most that masked values in f[low:high] can say for the opened record."""
    count = count_masks(f, low, high, desk)
    if count == 0:
        return 0.0
    if count >= MOST_MASKS:
        return ALL
    sketch = sketch_of(rows)
    phone, nir, mail, birth, first, surname = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for e in range(count):
        kind = desk.masks.kind[e]
        base = e * WIDTH
        if kind == M_WORD:
            first = max(first, name_bits(base, sketch + P_FIRST, desk, keys))
            surname = max(surname, name_bits(base, sketch + P_SURNAMES, desk, keys))
            surname = max(surname, name_bits(base, sketch + P_SURNAMES + 2, desk, keys))
        elif kind == M_PHONE:
            phone = max(phone, phone_bits(base, sketch, desk, keys))
        elif kind == M_NIR:
            nir = max(nir, nir_bits(base, sketch, desk, keys))
        elif kind == M_MAIL:
            mail = max(mail, mail_bits(f, base, sketch, desk, keys))
        elif kind == M_DATE:
            birth = max(birth, birth_bits(base, sketch, desk, keys))
    return phone + nir + mail + birth + first + surname


@inner
def words_bound(near, rows, local, desk):
    """The most that the words and numbers around a hit can say for the opened record.

    `near` 0: as they stand; 1: as if every word not there stood there with a slip; 2: with the
    slips that `fill_near` found.
    """
    weights = rows.slots * 4
    for c in range(rows.columns):
        desk.bits[c] = 0.0
    for s in range(rows.slots):
        desk.slot_token[s] = -1
        sig = desk.record32[s]
        if sig == 0:
            continue
        worth = desk.record8[weights + s] / k.QUARTER_BITS
        if not is_shown(sig, local, desk):
            worth -= WORD_NEAR_COST
            may = rows.slot_role[s] == k.R_WORD or (
                rows.column_class[rows.slot_column[s]] == k.C_INSURER_NUMBER
            )
            if worth <= 0.0 or near == 0 or not may or (near == 2 and seek_near(sig, desk) < 0):
                continue
        desk.slot_token[s] = 0
        desk.bits[rows.slot_column[s]] += worth
    sum_classes(rows, desk)
    # Doctor and laboratory count less beside a place, and the window may not show that place.
    care = desk.by_class[k.C_DOCTOR] + desk.by_class[k.C_LABORATORY]
    return total(desk) + 0.3 * min(16.0, care)


@inner
def is_shown(sig, local, desk):
    """Whether a value stands in the set of what was read."""
    p = i64(sig) & (SET_SIZE - 1)
    while desk.place[p]:
        if u32(local.key[desk.place[p] - 1] & u64(0xFFFFFFFF)) == sig:
            return True
        p = (p + 1) & (SET_SIZE - 1)
    return False


@inner
def speaks_for_row(f, size, least, near_kind, pair, local, bounds, rows, desk, scratch, leak):
    """Whether what stands around a hit can lift the opened record to `least` bits.

    `pair`: the hit is a whole name; then words with a slip are looked for from MUCH bits on (see
    `proposals.wants_near`).
    """
    low, high = max(i64(0), bounds[0]), min(bounds[1], size)
    beside = near_kind + dates_bound(local, bounds[2], rows, desk, leak.keys)
    beside += masks_bound(f, low, high, rows, desk, leak.keys)
    if words_bound(1, rows, local, desk) + beside + COMMENT_MOST < least:
        return False
    if quotes_comment(local, bounds[2], rows, desk):
        beside += COMMENT_MOST
    told = words_bound(0, rows, local, desk) + beside
    if told >= least or told < NEAR_FROM or (pair and told < MUCH):
        return told >= least
    if words_bound(1, rows, local, desk) + beside < least:
        return False
    if desk.info[I_NEAR] < 0:
        fill_near(f, local, 0, bounds[2], low, high, desk, scratch, leak)
    return desk.info[I_NEAR] >= SET_SIZE // 2 or (
        words_bound(2, rows, local, desk) + beside >= least
    )


@inner
def shows_enough(f, size, local, bounds, rows, desk):
    """Whether so many values of the opened record stand around a hit that a name, date or house
    may lead to it."""
    seen = glance(rows, local, desk)
    if seen >= COLUMNS or seen < COLUMNS - 1:
        return seen >= COLUMNS
    return count_masks(f, max(i64(0), bounds[0]), min(bounds[1], size), desk) > 0


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
    near_kind = 0.0
    if kind == k.SHINGLE:
        near_kind = ALL
    elif hits.quality[h] != k.Q_EXACT:
        near_kind = NEAR_NUMBER
    speaks = (not is_weak(kind) or shows_enough(f, size, local, bounds, rows, desk)) and (
        speaks_for_row(
            f, size, least, near_kind, kind == k.PAIR, local, bounds, rows, desk, scratch,
            leak,
        )
    )  # fmt: skip
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
