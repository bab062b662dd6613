"""How much a window of text speaks for one row: the sum of log2(m/u) over its fields.

A row record holds a 32-bit keyed hash and a weight per value (a slot). The record is opened
with the row's key stream, each hash is looked for among the window's tokens, and what is found
is summed by column, then by class, with what hangs together counted once.
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.against import conflicts, is_whole
from matching.kernel.desk import (
    I_NEAR,
    I_STAMP,
    I_WORDS,
    credit,
    fill_near,
    seek,
    seek_near,
)
from matching.kernel.masked import match_comment, match_masks, sketch_of, year_bits
from matching.kernel.pieces import P_BIRTH, birth_part, birth_piece
from matching.kernel.rows import open_row
from native.jit import inlined, inner

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
f64 = np.float64

NEAR_COST = 7.0  # bits a slip in a number or address costs: log2 of its neighbourhood
WORD_NEAR_COST = 5.0
NIR_TELLS_BIRTH = 10.0  # bits of a birth date that its NIR holds already (year and month)
ADDRESS_TELLS_NAME = 1.0  # e-mail addresses are often made of the name
LOCAL_BESIDE_NAME = 8.0
LOCAL_BESIDE_SURNAME = 14.0  # no more than the first name it repeats would add
SURNAME_MOST = 17.0  # a household shares it, of however many rare words it is made
PRIVATE = 6.0  # a NIR or policy number beside its person stands in hardly any public text
SHINGLE_BITS = 14.0


@inlined
def may_double(kind):
    """Whether values of a class are sometimes made of another column's value."""
    return kind == k.C_PASSWORD or kind == k.C_INSURER_NUMBER or kind == k.C_DATE


@inner
def overlaps(rows, t, tokens, desk):
    """Whether a token's text speaks for another column already: a birth date as a password."""
    for c in range(rows.columns):
        if desk.bits[c] > 0.0 and tokens.start[t] < desk.end[c] and desk.start[c] < tokens.end[t]:
            return True
    return False


@inlined
def kind_of(role, column_class):
    """The kind of the tokens that a slot is made of (`columns.read_cell`)."""
    if role == k.R_WORD or role == k.R_JOINED:
        return k.WORD
    if role == k.R_LOCAL:
        return k.LOCAL
    if column_class == k.C_NIR:
        return k.NIR
    if column_class == k.C_PHONE:
        return k.PHONE
    if column_class == k.C_EMAIL:
        return k.EMAIL
    if column_class == k.C_BIRTH or column_class == k.C_DATE:
        return k.DATE
    if column_class == k.C_PASSWORD:
        return k.CHUNK
    return k.NUMBER  # of a house, a postcode, an insurer's number


@inner
def match_slots(rows, tokens, crowd, desk):
    """Find the slots of the opened record among the window's tokens."""
    stamp = desk.info[I_STAMP]
    weights = rows.slots * 4
    for s in range(rows.slots):
        desk.slot_token[s] = -1
        sig = desk.record32[s]
        if sig == 0:
            continue
        role = rows.slot_role[s]
        column = rows.slot_column[s]
        if (role == k.R_JOINED or role == k.R_LOCAL) and desk.bits[column] > 0.0:
            continue
        t = seek(sig, kind_of(role, rows.column_class[column]), tokens, desk)
        if t < 0:
            continue
        if may_double(rows.column_class[column]) and overlaps(rows, t, tokens, desk):
            continue
        desk.slot_token[s] = t
        desk.used[t] = stamp
        weight = desk.record8[weights + s] / k.QUARTER_BITS
        if role == k.R_WORD or role == k.R_HOUSE:
            weight = max(0.0, weight - crowd)
        quality = k.Q_LOCAL if role == k.R_LOCAL else k.Q_EXACT
        credit(column, weight, tokens.start[t], tokens.end[t], quality, desk)


@inner
def match_near_slots(rows, tokens, crowd, desk):
    """Find the words that did not match exactly among the near ones."""
    weights = rows.slots * 4
    for s in range(rows.slots):
        number = rows.column_class[rows.slot_column[s]] == k.C_INSURER_NUMBER
        if (rows.slot_role[s] != k.R_WORD and not number) or desk.slot_token[s] >= 0:
            continue
        sig = desk.record32[s]
        weight = desk.record8[weights + s] / k.QUARTER_BITS - WORD_NEAR_COST - crowd
        if sig == 0 or weight <= 0.5:
            continue
        t = seek_near(sig, desk)
        if t >= 0:
            desk.slot_token[s] = t
            desk.used[t] = desk.info[I_STAMP]
            credit(rows.slot_column[s], weight, tokens.start[t], tokens.end[t], k.Q_NEAR, desk)


@inner
def hit_worth(kind, shared):
    """(class, bits) of what only a hit shows; `shared` is how many rows have a phrase."""
    if kind == k.SHINGLE:
        # Five words of a stock phrase say less than five words of one comment.
        return k.C_COMMENT, SHINGLE_BITS - 2.0 * np.log2(f64(shared))
    if kind == k.NIR:
        return k.C_NIR, 36.0 - NEAR_COST - 1.0
    if kind == k.PHONE:
        return k.C_PHONE, 27.0 - NEAR_COST
    return k.C_EMAIL, 26.0 - NEAR_COST


@inner
def match_hits(row, hits, hit_first, hit_behind, tokens, start, end, rows, desk):
    """Credit what only a hit shows: a number or address with a slip, a piece of a comment."""
    for h in range(hit_first, hit_behind):
        if hits.row[h] != row:
            continue
        t = i64(hits.token[h])
        phrase = hits.kind[h] == k.SHINGLE
        if tokens.start[t] < start or tokens.end[t] > end or desk.claimed[t]:
            continue
        if not phrase and (hits.quality[h] != k.Q_NEAR or desk.used[t] == desk.info[I_STAMP]):
            continue
        wanted, worth = hit_worth(hits.kind[h], hits.quality[h])
        credit_hit(t, wanted, worth, phrase, tokens, rows, desk)


@inner
def credit_hit(t, wanted, worth, phrase, tokens, rows, desk):
    """Credit the first column of a class, if nothing but a phrase stands there yet."""
    for c in range(rows.columns):
        if rows.column_class[c] == wanted and (desk.bits[c] == 0.0 or phrase):
            if desk.bits[c] > 0.0:
                worth *= 0.5  # it shares words with the one before
            worth = min(worth, 36.0 - desk.bits[c])
            if worth > 0.0:
                desk.used[t] = desk.info[I_STAMP]
                quality = k.Q_PART if phrase else k.Q_NEAR
                credit(c, worth, tokens.start[t], tokens.end[t], quality, desk)
            return


@inner
def match_birth_parts(rows, tokens, first, behind, start, end, desk, keys):
    """Credit a birth date of which day, month or year differs by a slip: two parts agree."""
    at = sketch_of(rows) + P_BIRTH
    for c in range(rows.columns):
        if rows.column_class[c] != k.C_BIRTH:
            continue
        if desk.bits[c] > 0.0 or desk.record8[at] == 0:
            return
        for t in range(first, behind):
            if tokens.kind[t] != k.DATE or tokens.start[t] < start or tokens.end[t] > end:
                continue
            date = i64(tokens.aux[t])
            if date <= 0 or desk.claimed[t] or desk.used[t] == desk.info[I_STAMP]:
                continue
            same = 0
            bits = 0.0
            for part in range(3):
                value = birth_part(date, part)
                if desk.record8[at + part] == birth_piece(value, part, desk.births, keys):
                    same += 1
                    bits += 4.5 if part == 0 else (3.3 if part == 1 else 5.5)
            if same == 2:
                if desk.record8[at + 2] != birth_piece(birth_part(date, 2), 2, desk.births, keys):
                    bits += year_bits(birth_part(date, 2), at, desk, keys)
                if bits > desk.bits[c] + 4.0:
                    credit(c, bits - 3.0, tokens.start[t], tokens.end[t], k.Q_DATE_PARTS, desk)


@inner
def grade_words(rows, desk):
    """Mark the columns of several words of which only some were found."""
    for c in range(rows.columns):
        if desk.bits[c] > 0.0 and desk.quality[c] == k.Q_EXACT and not is_whole(c, rows, desk):
            desk.quality[c] = k.Q_SOME


@inner
def is_house_alone(column, rows, desk):
    """Whether of a street with words nothing but its number was found: in a log every other word
    is such a number."""
    words = False
    for s in range(rows.slots):
        if rows.slot_column[s] != column or rows.slot_role[s] == k.R_HOUSE:
            continue
        if desk.slot_token[s] >= 0:
            return False
        words |= desk.record32[s] != 0
    return words


@inner
def leave_houses(rows, desk):
    """Tell nothing of streets of which a number alone was found."""
    for c in range(rows.columns):
        if rows.column_class[c] == k.C_STREET and desk.by_class[k.C_STREET] == 0.0:
            desk.bits[c] = 0.0


@inner
def sum_classes(rows, desk):
    """Bits of each class from its columns: the best, and what a further one adds."""
    whole_address = False
    for c in range(k.CLASSES):
        desk.by_class[c] = 0.0
    for c in range(rows.columns):
        kind = rows.column_class[c]
        if kind < 0 or desk.bits[c] == 0.0:
            continue
        if kind == k.C_STREET and is_house_alone(c, rows, desk):
            continue
        if kind == k.C_CITY:
            # SAINT alone is no city.
            part = 1.0 if is_whole(c, rows, desk) else 0.3
            desk.by_class[kind] = max(desk.by_class[kind], min(12.6, desk.bits[c]) * part)
            continue
        whole_address |= kind == k.C_EMAIL and desk.quality[c] != k.Q_LOCAL
        if kind == k.C_PHONE or kind == k.C_EMAIL or kind == k.C_DATE:
            # A second phone of the same person is worth less than the first.
            best = max(desk.by_class[kind], desk.bits[c])
            other = min(desk.by_class[kind], desk.bits[c])
            desk.by_class[kind] = best + 0.5 * other
        else:
            desk.by_class[kind] = max(desk.by_class[kind], desk.bits[c])
    b = desk.by_class
    if not whole_address and (b[k.C_SURNAME] > 0.0 or b[k.C_FIRST] > 0.0):
        # At another host, the part before the at sign repeats the name.
        both = b[k.C_SURNAME] > 0.0 and b[k.C_FIRST] > 0.0
        most = LOCAL_BESIDE_NAME if both else LOCAL_BESIDE_SURNAME
        b[k.C_EMAIL] = min(b[k.C_EMAIL], most)


@inner
def total(desk):
    """The sum over classes, with what hangs together counted once."""
    b = desk.by_class
    name = min(28.0, min(SURNAME_MOST, b[k.C_SURNAME]) + b[k.C_FIRST])
    name = max(name, min(28.0, b[k.C_FULL]))
    birth = b[k.C_BIRTH]
    if b[k.C_NIR] > 0.0 and birth > 0.0:
        birth = max(birth - NIR_TELLS_BIRTH, 1.0)
    email = b[k.C_EMAIL]
    if email > 0.0 and name > 10.0:
        email = max(email - ADDRESS_TELLS_NAME, 10.0)
    postcode, city = b[k.C_POSTCODE], b[k.C_CITY]
    # A postcode tells the city, and a street hardly lies in two cities of one postcode.
    place = max(postcode, city) + (2.0 if postcode > 0.0 and city > 0.0 else 0.0)
    street = min(20.0, b[k.C_STREET])
    care = min(16.0, b[k.C_DOCTOR] + b[k.C_LABORATORY])
    if place > 0.0:
        care *= 0.7  # doctor and laboratory are near the home
    insured = min(30.0, b[k.C_INSURER] + b[k.C_INSURER_NUMBER])
    private = max(b[k.C_NIR], b[k.C_INSURER_NUMBER])
    beside = name + birth + b[k.C_PHONE] + email + street
    bonus = PRIVATE if private >= 20.0 and beside >= 8.0 else 0.0
    return (
        bonus + b[k.C_NIR] + name + birth + b[k.C_PHONE] + email + street + place + care + insured
        + min(22.0, b[k.C_DATE]) + min(22.0, b[k.C_PASSWORD]) + b[k.C_COMMENT]
    )  # fmt: skip


@inlined
def crowd_of(words):
    """What so many words of a window take off each: the more there are, the likelier one of them
    agrees by chance."""
    crowd = 0.0
    while words > 12:
        crowd += 0.5
        words >>= 1
    return crowd


@inner
def speaks(
    f, row, tokens, first, behind, start, end, hits, hit_first, hit_behind, near_from, rows, desk,
    scratch, leak,
):  # fmt: skip
    """Bits that the window [start, end) holds for a row; the desk shows them by column.

    `near_from` is the sum from which words one slip away are looked for too. What speaks against
    the row is not taken off: `evaluate` does, at a cost.
    """
    if not open_row(rows, row, desk.record, leak.keys, leak.missing):
        return 0.0
    info = desk.info
    info[I_STAMP] += 1
    for c in range(rows.columns):
        desk.bits[c] = 0.0
    crowd = crowd_of(info[I_WORDS])
    match_slots(rows, tokens, crowd, desk)
    match_hits(row, hits, hit_first, hit_behind, tokens, start, end, rows, desk)
    match_birth_parts(rows, tokens, first, behind, start, end, desk, leak.keys)
    match_masks(f, start, end, rows, desk, leak.keys)
    match_comment(f, tokens, first, behind, start, end, rows, desk)
    sum_classes(rows, desk)
    bits = total(desk)
    if bits >= near_from:
        if info[I_NEAR] < 0:
            fill_near(f, tokens, first, behind, start, end, desk, scratch, leak)
        match_near_slots(rows, tokens, crowd, desk)
        sum_classes(rows, desk)
        bits = total(desk)
    leave_houses(rows, desk)
    return bits


@inner
def evaluate(
    f, row, tokens, first, behind, start, end, hits, hit_first, hit_behind, near_from, rows, desk,
    scratch, leak,
):  # fmt: skip
    """What `speaks` for a row, less what speaks against it."""
    bits = speaks(
        f, row, tokens, first, behind, start, end, hits, hit_first, hit_behind, near_from, rows,
        desk, scratch, leak,
    )  # fmt: skip
    return bits - conflicts(f, tokens, start, end, hits, hit_first, hit_behind, rows, desk)
