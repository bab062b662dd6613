"""The most that what stands around a hit can say for the opened record: each part of a score, asked
of more text than any window holds.

Classes are taken at their best: a window shows a value, or what stands in its stead, never both.
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import I_DATES, I_MASKS, seek_near
from matching.kernel.evidence import (
    NEAR_COST,
    NIR_TELLS_BIRTH,
    SURNAME_MOST,
    WORD_NEAR_COST,
    crowd_of,
    sum_classes,
    total,
)
from matching.kernel.glimpse import G_MASK, SLOTS, holds
from matching.kernel.lanes import seated
from matching.kernel.mask_places import find_sifted_masks
from matching.kernel.masked import (
    LETTER_BITS,
    birth_bits,
    mail_bits,
    name_bits,
    nir_bits,
    phone_bits,
    sketch_of,
    year_bits,
)
from matching.kernel.masks import M_DATE, M_MAIL, M_NIR, M_PHONE, M_WORD, ROOM, WIDTH
from matching.kernel.pieces import (
    P_BIRTH,
    P_FIRST,
    P_SURNAMES,
    birth_part,
    birth_piece,
)
from native.jit import inlined, inner
from native.vector import count_ones, trailing_zeros

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

BIRTH_BITS = (4.5, 3.3, 5.5)  # day, month, year
SLIP = 3.0  # what one of them that differs takes off
NEAR_NUMBER = 26.0 - NEAR_COST  # an address with a slip (`evidence.hit_worth`)
ALL = 36.0
ANYWHERE = 1 << 20  # words: more than any window has
# Classes of which something else may stand in the value's stead.
LIFTED = (k.C_PHONE, k.C_NIR, k.C_EMAIL, k.C_BIRTH, k.C_FIRST, k.C_SURNAME, k.C_COMMENT)
AT_BIRTH, AT_FIRST, AT_SURNAME, AT_COMMENT = 3, 4, 5, 6
DATES = 2 * (BIRTH_BITS[0] + BIRTH_BITS[2])  # two that differ by one part each
BESIDE = 0.3 * 16.0 + 2.0  # what a city takes off doctor and laboratory, and a postcode adds
NAMED = (1 << k.C_SURNAME) | (1 << k.C_FIRST)
LEADING = (
    (1 << k.C_NIR) | (1 << k.C_BIRTH) | (1 << k.C_PHONE) | (1 << k.C_EMAIL)
    | (1 << k.C_INSURER_NUMBER)
)  # fmt: skip
CARE = (1 << k.C_DOCTOR) | (1 << k.C_LABORATORY) | (1 << k.C_POSTCODE) | (1 << k.C_CITY)


@inner
def find_shown(rows, g, desk):
    """Which slots of the opened record a glimpse shows, into `g.shown`; returns of how many columns
    they are."""
    seen = u64(0)
    for word in range(SLOTS // 64):
        g.shown[word] = u64(0)
    for s in range(0, rows.slots, 16):
        told = seated(g.seats, g.info[G_MASK], desk.record32, s)
        there = (u64(1) << u64(min(16, rows.slots - s))) - u64(1)
        found, others = told & there, (told >> u64(16)) & there
        while others:
            t = trailing_zeros(others)
            others &= others - u64(1)
            found |= u64(holds(g, desk.record32[s + t])) << u64(t)
        g.shown[s >> 6] |= found << u64(s & 63)
        while found:
            seen |= u64(1) << u64(rows.slot_column[s + trailing_zeros(found)])
            found &= found - u64(1)
    return count_ones(seen)


@inlined
def is_shown(s, g):
    """Whether the value of slot `s` is among them."""
    return (g.shown[s >> 6] >> u64(s & 63)) & u64(1) != u64(0)


@inner
def is_far_below(asked, lifted, letters, rows, g, desk):
    """Whether the values shown (`find_shown`) stay below `asked` bits whatever else stands there,
    when the opened record's names, in two columns, are among them.

    `lifted` is the most that dates with a slip and a comment may add, `letters` what letters may
    say in a name's stead. Weights are summed without any of the deductions of `evidence.total`;
    what that adds for some classes is asked of the whole bound.
    """
    weights = rows.slots * 4
    quarters, classes = i64(0), i64(0)
    first, surname = i64(0), i64(0)
    for word in range(SLOTS // 64):
        shown = g.shown[word]
        while shown:
            s = 64 * word + trailing_zeros(shown)
            shown &= shown - u64(1)
            weight = i64(desk.record8[weights + s])
            kind = rows.column_class[rows.slot_column[s]]
            quarters += weight
            classes |= i64(1) << max(kind, i64(0))
            if kind == k.C_FIRST:
                first = max(first, weight)
            elif kind == k.C_SURNAME:
                surname = max(surname, weight)
    if classes & NAMED != NAMED or classes & LEADING:
        return False
    most = quarters / k.QUARTER_BITS + lifted
    most += max(0.0, letters - first / k.QUARTER_BITS)
    most += max(0.0, letters - surname / k.QUARTER_BITS)
    return most + (BESIDE if classes & CARE else 0.0) < asked


@inner
def lift_of(f, low, high, s, desk):
    """(what dates with a slip, what letters in a name's stead) in f[low:high], what was looked at
    last, may say for any row; the first is more than any bound where a number is masked."""
    lifted = DATES if desk.info[I_DATES] else 0.0
    masks = count_masks(f, low, high, s, desk)
    letters = LETTER_BITS if desk.masks.start[ROOM] else 0.0
    for e in range(min(masks, ROOM)):
        letters = 2 * LETTER_BITS
        if desk.masks.kind[e] != M_WORD:
            return ALL, letters
    return (ALL if masks >= ROOM else lifted), letters


@inlined
def count_masks(f, low, high, s, desk):
    """How many masked values f[low:high], what was looked at last, shows; of initials
    `masks.start[ROOM]` tells."""
    if desk.info[I_MASKS] < 0:
        desk.info[I_MASKS] = find_sifted_masks(f, low, high, desk.masks, ROOM, s)
    return desk.info[I_MASKS]


@inner
def dates_bound(local, count, rows, desk, keys):
    """The most that dates around a hit can say for a birth date with a slip: two parts agree.

    A second one adds to it where it says more than the first (`evidence.match_birth_parts`).
    """
    at = sketch_of(rows) + P_BIRTH
    best, other = 0.0, 0.0
    if desk.info[I_DATES] == 0 or desk.record8[at] == 0:
        return 0.0
    for t in range(count):
        date = i64(local.aux[t])
        if local.kind[t] != k.DATE or date <= 0:
            continue
        same, bits = 0, 0.0
        for part in range(3):
            value = birth_part(date, part)
            if desk.record8[at + part] == birth_piece(value, part, desk.births, keys):
                same += 1
                bits += BIRTH_BITS[part]
            elif part == 2:
                bits += year_bits(birth_part(date, 2), at, desk, keys)
        if same < 2:
            continue
        if bits > best:
            best, other = bits, best
        elif bits < best:
            other = max(other, bits)
    return max(0.0, best - SLIP) + max(0.0, other - SLIP)


@inner
def beside_bound(f, low, high, kind, exact, local, count, s, rows, desk, keys):
    """The most that masked values in f[low:high], dates with a slip and a hit of this kind can say
    for the opened record where its value does not stand itself, for each of LIFTED."""
    sketch = sketch_of(rows)
    phone, nir, mail, comment = 0.0, 0.0, 0.0, 0.0
    birth = dates_bound(local, count, rows, desk, keys)
    if kind == k.SHINGLE:
        comment = ALL
    elif not exact:
        mail = NEAR_NUMBER
    masks = count_masks(f, low, high, s, desk)
    first = LETTER_BITS if desk.masks.start[ROOM] else 0.0
    surname = first
    if masks >= ROOM:
        return ALL, ALL, ALL, ALL, ALL, ALL, comment
    for e in range(masks):
        masked = desk.masks.kind[e]
        base = e * WIDTH
        if masked == M_WORD:
            first = max(first, name_bits(base, sketch + P_FIRST, desk, keys))
            surname = max(surname, name_bits(base, sketch + P_SURNAMES, desk, keys))
            surname = max(surname, name_bits(base, sketch + P_SURNAMES + 2, desk, keys))
        elif masked == M_PHONE:
            phone = max(phone, phone_bits(base, sketch, desk, keys))
        elif masked == M_NIR:
            nir = max(nir, nir_bits(base, sketch, desk, keys))
        elif masked == M_MAIL:
            mail = max(mail, mail_bits(f, base, sketch, desk, keys))
        elif masked == M_DATE:
            birth = max(birth, birth_bits(base, sketch, desk, keys))
    return phone, nir, mail, birth, first, surname, comment


@inlined
def slots_in(word, rows):
    """A bit for each slot of the rows among 64 from `64 * word` on."""
    count = rows.slots - 64 * word
    if count >= 64:
        return ~u64(0)
    return (u64(1) << u64(count)) - u64(1) if count > 0 else u64(0)


@inner
def address_alone(rows, desk):
    """What an address says more where a window does not show the name that it repeats."""
    mail = 0.0
    for c in range(rows.columns):
        if rows.column_class[c] == k.C_EMAIL:
            mail += desk.bits[c]
    b = desk.by_class
    return mail - max(b[k.C_FULL], min(SURNAME_MOST, b[k.C_SURNAME]) + b[k.C_FIRST])


@inlined
def slot_bound(s, near, reach, crowd, rows, g, desk):
    """What slot `s` may say, as `words_bound` asks; less than 0 where nothing shows it."""
    role = rows.slot_role[s]
    worth = desk.record8[rows.slots * 4 + s] / k.QUARTER_BITS
    if role == k.R_WORD or role == k.R_HOUSE:
        worth -= crowd
    if is_shown(s, g) and (reach == ANYWHERE or g.far[s] <= reach):
        return max(0.0, worth)
    may = role == k.R_WORD or rows.column_class[rows.slot_column[s]] == k.C_INSURER_NUMBER
    sig = desk.record32[s]
    if near == 0 or sig == 0 or not may or worth <= WORD_NEAR_COST:
        return -1.0
    return worth - WORD_NEAR_COST if near == 1 or seek_near(sig, desk) >= 0 else -1.0


@inner
def words_bound(near, reach, beside, rows, g, desk):
    """The most that is said for the opened record by the words and numbers around a hit, and in
    their stead by what `beside` tells of LIFTED.

    `near` 0: as they stand (`find_shown`); 1: as if every word not there stood there with a slip;
    2: with the slips that `find_slips` found. `reach`: only words for which a window has no more
    words than that (`worth_reach.measure`), and each counts less as it does in such a window.
    """
    crowd = crowd_of(reach) if reach < ANYWHERE else 0.0
    for c in range(rows.columns):
        desk.bits[c] = 0.0
        desk.quality[c] = k.Q_EXACT
    for s in range(rows.slots):
        desk.slot_token[s] = -1
    for word in range(SLOTS // 64):
        left = g.shown[word] if near == 0 else slots_in(word, rows)
        while left:
            s = 64 * word + trailing_zeros(left)
            left &= left - u64(1)
            role, column = rows.slot_role[s], rows.slot_column[s]
            worth = slot_bound(s, near, reach, crowd, rows, g, desk)
            if worth < 0.0:
                continue
            desk.slot_token[s] = 0
            if role == k.R_LOCAL and desk.bits[column] == 0.0:
                desk.quality[column] = k.Q_LOCAL  # it repeats the name (`sum_classes`)
            if role == k.R_LOCAL or (role == k.R_JOINED and near == 0):
                # It counts in the others' stead; beside words with a slip it does not.
                desk.bits[column] = max(desk.bits[column], worth)
            else:
                desk.bits[column] += worth
    sum_classes(rows, desk)
    b = desk.by_class
    b[k.C_EMAIL] = max(b[k.C_EMAIL], address_alone(rows, desk))
    for at in range(len(LIFTED)):
        b[LIFTED[at]] = max(b[LIFTED[at]], beside[at])
    # Doctor and laboratory count less beside a place, a birth date less beside a NIR, and the
    # window may not show the other.
    apart = 0.3 * min(16.0, b[k.C_DOCTOR] + b[k.C_LABORATORY])
    if b[k.C_NIR] > 0.0:
        apart += max(0.0, min(NIR_TELLS_BIRTH, b[k.C_BIRTH]) - b[k.C_NIR])
    return total(desk) + apart


@inner
def is_named(rows, desk):
    """Whether words of a whole name were found, as `proposals.wants_near` sees it."""
    first, surname, full = 0.0, 0.0, 0.0
    for c in range(rows.columns):
        kind = rows.column_class[c]
        if kind == k.C_FIRST:
            first = max(first, desk.bits[c])
        elif kind == k.C_SURNAME:
            surname = max(surname, desk.bits[c])
        elif kind == k.C_FULL:
            full = max(full, desk.bits[c])
    return (surname > 0.0 and first > 0.0) or full >= 14.0
