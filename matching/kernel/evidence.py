"""How much a window of text speaks for one row: the sum of log2(m/u) over its fields.

A row record holds a 32-bit keyed hash and a weight per value (a slot). The record is opened
with the row's key stream, each hash is looked for among the window's tokens, and what is found
is summed by column, then by class, with what hangs together counted once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.jit import inlined, inner, pointer
from matching.kernel.table import BLOCK_SHIFT, find, need, value_at
from matching.siphash import siphash_bytes, siphash_number

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
f64 = np.float64

SET_SIZE = 8192  # places in the window's hash set; a window has at most 2,500 tokens
MAX_TOKENS = 2500
MAX_COLUMNS = 64
NEAR_COST = 7.0  # bits a slip in a number or address costs: log2 of its neighbourhood
WORD_NEAR_COST = 5.0
NIR_TELLS_BIRTH = 10.0  # bits of a birth date that its NIR holds already (year and month)
ADDRESS_TELLS_NAME = 2.0  # e-mail addresses are often made of the name
OTHER_PERSON = 24.0  # first name missing and birth date or NIR different: a relative, a homonym
PRIVATE = 6.0  # a NIR or policy number beside its person stands in hardly any public text
ROWS_SECTION = 9


class Rows(NamedTuple):
    """The row records and how to read them."""

    words: NDArray[np.uint64]
    ok: NDArray[np.uint8]
    n_rows: Any
    width: Any
    slots: Any
    slot_column: NDArray[np.int64]
    slot_role: NDArray[np.int64]
    column_class: NDArray[np.int64]
    columns: Any


class Desk(NamedTuple):
    """Working memory of one evaluation. The record is one memory seen three ways."""

    record: NDArray[np.uint64]
    record32: NDArray[np.uint32]
    record8: NDArray[np.uint8]
    place: NDArray[np.int32]  # hash set of the window: token + 1, 0 is empty
    chain: NDArray[np.int32]  # next token of the same hash
    near_key: NDArray[np.uint32]
    near_token: NDArray[np.int32]
    used: NDArray[np.int64]  # stamp of the evaluation that took a token
    claimed: NDArray[np.uint8]  # tokens that an accepted record explains
    bits: NDArray[np.float64]  # per column
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    quality: NDArray[np.int64]
    slot_token: NDArray[np.int32]
    by_class: NDArray[np.float64]
    info: NDArray[np.int64]


# Places in Desk.info.
I_STAMP, I_WORDS, I_NEAR, I_DATES, I_NIRS, I_PHONES, I_EMAILS, I_CONFLICTS = range(8)


def new_desk(tokens: int, record_words: int) -> Desk:
    """Working memory for regions of at most `tokens` tokens."""
    record = np.zeros(record_words, np.uint64)
    return Desk(
        record,
        record.view(np.uint32),
        record.view(np.uint8),
        np.zeros(SET_SIZE, np.int32),
        np.zeros(tokens, np.int32),
        np.zeros(SET_SIZE, np.uint32),
        np.zeros(SET_SIZE, np.int32),
        np.zeros(tokens, np.int64),
        np.zeros(tokens, np.uint8),
        np.zeros(MAX_COLUMNS, np.float64),
        np.zeros(MAX_COLUMNS, np.int64),
        np.zeros(MAX_COLUMNS, np.int64),
        np.zeros(MAX_COLUMNS, np.int64),
        np.zeros(256, np.int32),
        np.zeros(k.CLASSES, np.float64),
        np.zeros(16, np.int64),
    )


@inlined
def desk_pointers(d):
    """The same struct over pointers."""
    return Desk(
        pointer(d.record),
        pointer(d.record32),
        pointer(d.record8),
        pointer(d.place),
        pointer(d.chain),
        pointer(d.near_key),
        pointer(d.near_token),
        pointer(d.used),
        pointer(d.claimed),
        pointer(d.bits),
        pointer(d.start),
        pointer(d.end),
        pointer(d.quality),
        pointer(d.slot_token),
        pointer(d.by_class),
        pointer(d.info),
    )


@inlined
def row_pointers(r):
    """The same struct over pointers."""
    return Rows(
        pointer(r.words),
        pointer(r.ok),
        r.n_rows,
        r.width,
        r.slots,
        pointer(r.slot_column),
        pointer(r.slot_role),
        pointer(r.column_class),
        r.columns,
    )


@inlined
def row_stream(row, word, keys):
    """The 64 bits that encipher one word of a row record."""
    return siphash_number((u64(row) << u64(10)) | u64(word), keys[2 * k.ROWS], keys[2 * k.ROWS + 1])


@inner
def open_row(rows, row, record, keys, missing):
    """Decipher the record of a row into `record`; False when there is none to be had yet."""
    if row < 0 or row >= rows.n_rows:
        return False
    first = (row * rows.width * 8) >> BLOCK_SHIFT
    last = ((row + 1) * rows.width * 8 - 1) >> BLOCK_SHIFT
    for block in range(first, last + 1):
        if not rows.ok[block]:
            need(missing, ROWS_SECTION, block)
            return False
    base = row * rows.width
    for w in range(rows.width):
        record[w] = rows.words[base + w] ^ row_stream(row, w, keys)
    return True


@inner
def fill_set(tokens, first, behind, start, end, desk):
    """Put the tokens inside [start, end) into the window's set and count their kinds."""
    for p in range(SET_SIZE):
        desk.place[p] = 0
    info = desk.info
    for p in range(1, 8):
        info[p] = 0
    info[I_NEAR] = -1
    count = 0
    # From the last to the first, so that a chain runs in reading order.
    for t in range(behind - 1, first - 1, -1):
        if tokens.start[t] < start or tokens.end[t] > end or count >= MAX_TOKENS:
            continue
        count += 1
        sig = u32(tokens.key[t] & u64(0xFFFFFFFF))
        p = i64(sig) & (SET_SIZE - 1)
        while desk.place[p] and u32(tokens.key[desk.place[p] - 1] & u64(0xFFFFFFFF)) != sig:
            p = (p + 1) & (SET_SIZE - 1)
        desk.chain[t] = desk.place[p] - 1
        desk.place[p] = t + 1
        kind = tokens.kind[t]
        if kind == k.WORD and tokens.aux[t] >= 0:
            info[I_WORDS] += 1
        elif kind == k.DATE and tokens.aux[t] > 0:
            info[I_DATES] += 1
        elif kind == k.NIR and tokens.aux[t]:
            info[I_NIRS] += 1
        elif kind == k.PHONE and tokens.aux[t]:
            info[I_PHONES] += 1
        elif kind == k.EMAIL:
            info[I_EMAILS] += 1
    return count


@inner
def seek(sig, tokens, desk):
    """The first free token with this hash, -1 for none."""
    p = i64(sig) & (SET_SIZE - 1)
    while desk.place[p]:
        t = desk.place[p] - 1
        if u32(tokens.key[t] & u64(0xFFFFFFFF)) == sig:
            while t >= 0 and (desk.used[t] == desk.info[I_STAMP] or desk.claimed[t]):
                t = desk.chain[t]
            return i64(t)
        p = (p + 1) & (SET_SIZE - 1)
    return i64(-1)


@inner
def put_near(sig, t, desk, count):
    """Add one neighbour of a token to the set of near words; returns the new count."""
    if count >= SET_SIZE // 2:
        return count
    p = i64(sig) & (SET_SIZE - 1)
    while desk.near_token[p]:
        if desk.near_key[p] == sig:
            return count
        p = (p + 1) & (SET_SIZE - 1)
    desk.near_key[p] = sig
    desk.near_token[p] = t + 1
    return count + 1


@inlined
def is_stop(t, tokens):
    """Whether a token is a word of no evidence."""
    return tokens.kind[t] == k.WORD and tokens.aux[t] & k.F_STOP != 0


@inner
def fill_near(f, tokens, first, behind, start, end, desk, scratch, leak):
    """For every word of the window, find the leak's words that are one slip away."""
    for p in range(SET_SIZE):
        desk.near_token[p] = 0
    k0, k1 = leak.keys[2 * k.WORD_NEAR], leak.keys[2 * k.WORD_NEAR + 1]
    count = 0
    for t in range(first, behind):
        size = tokens.end[t] - tokens.start[t]
        if tokens.start[t] < start or tokens.end[t] > end or size < 4 or size > 24:
            continue
        if (tokens.kind[t] != k.WORD and tokens.kind[t] != k.NUMBER) or is_stop(t, tokens):
            continue
        if tokens.kind[t] == k.NUMBER and tokens.aux[t] >= 0 and size < 7:
            continue
        base = i64(tokens.start[t])
        for skip in range(-1, size):
            at = 0
            for i in range(size):
                if i != skip:
                    scratch[at] = f[base + i]
                    at += 1
            key = siphash_bytes(scratch, 0, at, k0, k1)
            low, high = find(leak.words, key, leak.missing)
            for entry in range(low, min(high, low + 24)):
                count = put_near(u32(value_at(leak.words, entry, leak.keys)), t, desk, count)
    desk.info[I_NEAR] = count


@inner
def seek_near(sig, desk):
    """A free token one slip away from the word with this hash, -1 for none."""
    p = i64(sig) & (SET_SIZE - 1)
    while desk.near_token[p]:
        if desk.near_key[p] == sig:
            t = i64(desk.near_token[p] - 1)
            if desk.used[t] == desk.info[I_STAMP] or desk.claimed[t]:
                return i64(-1)
            return t
        p = (p + 1) & (SET_SIZE - 1)
    return i64(-1)


@inner
def credit(column, bits, start, end, quality, desk):
    """Add bits to a column and widen its span; far-off words do not widen it."""
    if desk.bits[column] == 0.0:
        desk.start[column] = start
        desk.end[column] = end
        desk.quality[column] = quality
    else:
        low = min(desk.start[column], start)
        high = max(desk.end[column], end)
        if high - low <= 120:
            desk.start[column] = low
            desk.end[column] = high
        desk.quality[column] = max(desk.quality[column], quality)
    desk.bits[column] += bits


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
        t = seek(sig, tokens, desk)
        if t < 0:
            continue
        desk.slot_token[s] = t
        desk.used[t] = stamp
        weight = desk.record8[weights + s] / k.QUARTER_BITS
        if role == k.R_WORD or role == k.R_HOUSE:
            weight = max(0.0, weight - crowd)
        credit(column, weight, tokens.start[t], tokens.end[t], k.Q_EXACT, desk)


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
def match_hits(row, hits, hit_first, hit_behind, tokens, start, end, rows, desk):
    """Credit what only a hit shows: a number or address with a slip, a piece of a comment."""
    for h in range(hit_first, hit_behind):
        if hits.row[h] != row:
            continue
        t = i64(hits.token[h])
        kind = hits.kind[h]
        if tokens.start[t] < start or tokens.end[t] > end or desk.claimed[t]:
            continue
        if kind == k.SHINGLE:
            wanted, worth = k.C_COMMENT, 12.0
        elif hits.quality[h] != k.Q_NEAR or desk.used[t] == desk.info[I_STAMP]:
            continue
        elif kind == k.NIR:
            wanted, worth = k.C_NIR, 36.0 - NEAR_COST - 1.0
        elif kind == k.PHONE:
            wanted, worth = k.C_PHONE, 27.0 - NEAR_COST
        else:
            wanted, worth = k.C_EMAIL, 26.0 - NEAR_COST
        for c in range(rows.columns):
            if rows.column_class[c] == wanted and (desk.bits[c] == 0.0 or kind == k.SHINGLE):
                if kind == k.SHINGLE:
                    worth = min(worth, 36.0 - desk.bits[c])
                if worth > 0.0:
                    desk.used[t] = desk.info[I_STAMP]
                    quality = k.Q_NEAR if kind != k.SHINGLE else k.Q_PART
                    credit(c, worth, tokens.start[t], tokens.end[t], quality, desk)
                break


@inner
def match_birth_parts(rows, tokens, first, behind, start, end, desk, keys):
    """Credit a birth date of which day, month or year differs by a slip: two parts agree."""
    sketch = rows.slots * 5 + (-(rows.slots * 5)) % 8
    for c in range(rows.columns):
        if rows.column_class[c] != k.C_BIRTH:
            continue
        if desk.bits[c] > 0.0 or desk.record8[sketch + 8] == 0:
            return
        for t in range(first, behind):
            if tokens.kind[t] != k.DATE or tokens.start[t] < start or tokens.end[t] > end:
                continue
            date = tokens.aux[t]
            if date <= 0 or desk.claimed[t] or desk.used[t] == desk.info[I_STAMP]:
                continue
            same = 0
            bits = 0.0
            for part in range(3):
                if desk.record8[sketch + 5 + part] == date_part(date, part, keys):
                    same += 1
                    bits += 4.5 if part == 0 else (3.3 if part == 1 else 5.5)
            if same == 2 and bits > desk.bits[c] + 4.0:
                credit(c, bits - 3.0, tokens.start[t], tokens.end[t], k.Q_NEAR, desk)


@inner
def date_part(date, part, keys):
    """One byte for the day (0), month (1) or year (2) of yyyymmdd."""
    if part == 0:
        value = date % 100
    elif part == 1:
        value = (date // 100) % 100
    else:
        value = date // 10000
    mixed = siphash_number(
        u64(value) | (u64(part + 1) << u64(32)), keys[2 * k.SKETCH], keys[2 * k.SKETCH + 1]
    )
    return i64(mixed & u64(0xFF))


@inner
def sum_classes(rows, desk):
    """Bits of each class from its columns: the best, and what a further one adds."""
    for c in range(k.CLASSES):
        desk.by_class[c] = 0.0
    for c in range(rows.columns):
        kind = rows.column_class[c]
        if kind < 0 or desk.bits[c] == 0.0:
            continue
        if kind == k.C_PHONE or kind == k.C_EMAIL or kind == k.C_DATE:
            # A second phone of the same person is worth less than the first.
            best = max(desk.by_class[kind], desk.bits[c])
            other = min(desk.by_class[kind], desk.bits[c])
            desk.by_class[kind] = best + 0.5 * other
        else:
            desk.by_class[kind] = max(desk.by_class[kind], desk.bits[c])


@inner
def total(desk):
    """The sum over classes, with what hangs together counted once."""
    b = desk.by_class
    name = min(28.0, b[k.C_SURNAME] + b[k.C_FIRST])
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


@inner
def conflicts(rows, desk):
    """What speaks against: the window shows another NIR, birth date, e-mail or phone.

    Returns the bits to take off; info[I_CONFLICTS] counts the classes.
    """
    b = desk.by_class
    info = desk.info
    has_nir, has_birth, has_first, has_email, has_phone = False, False, False, False, False
    for s in range(rows.slots):
        if desk.record32[s] == 0:
            continue
        kind = rows.column_class[rows.slot_column[s]]
        has_nir |= kind == k.C_NIR
        has_birth |= kind == k.C_BIRTH
        has_first |= kind == k.C_FIRST
        has_email |= kind == k.C_EMAIL
        has_phone |= kind == k.C_PHONE
    cost = 0.0
    count = 0
    other = False
    if has_nir and b[k.C_NIR] == 0.0 and info[I_NIRS] == 1:
        cost += 4.0
        count += 1
        other = True
    if has_birth and b[k.C_BIRTH] == 0.0 and info[I_DATES] == 1:
        cost += 3.0
        count += 1
        other = True
    if has_email and b[k.C_EMAIL] == 0.0 and info[I_EMAILS] == 1:
        cost += 2.0
        count += 1
    if has_phone and b[k.C_PHONE] == 0.0 and info[I_PHONES] == 1:
        cost += 2.0
        count += 1
    named = b[k.C_FIRST] > 0.0 or b[k.C_FULL] > 0.0
    if other and has_first and not named and b[k.C_NIR] == 0.0 and b[k.C_EMAIL] < 20.0:
        cost += OTHER_PERSON
    info[I_CONFLICTS] = count
    return cost


@inner
def evaluate(
    f, row, tokens, first, behind, start, end, hits, hit_first, hit_behind, near_from, rows, desk,
    scratch, leak,
):  # fmt: skip
    """Bits that the window [start, end) holds for a row; the desk shows them by column.

    `near_from` is the sum from which words one slip away are looked for too.
    """
    if not open_row(rows, row, desk.record, leak.keys, leak.missing):
        return 0.0
    info = desk.info
    info[I_STAMP] += 1
    for c in range(rows.columns):
        desk.bits[c] = 0.0
    crowd = 0.0
    words = info[I_WORDS]
    while words > 12:
        # The more words there are, the likelier one of them agrees by chance.
        crowd += 0.5
        words >>= 1
    match_slots(rows, tokens, crowd, desk)
    match_hits(row, hits, hit_first, hit_behind, tokens, start, end, rows, desk)
    match_birth_parts(rows, tokens, first, behind, start, end, desk, leak.keys)
    sum_classes(rows, desk)
    bits = total(desk)
    if bits >= near_from:
        if info[I_NEAR] < 0:
            fill_near(f, tokens, first, behind, start, end, desk, scratch, leak)
        match_near_slots(rows, tokens, crowd, desk)
        sum_classes(rows, desk)
        bits = total(desk)
    return bits - conflicts(rows, desk)
