"""From the cells of one column to slots, table entries and sketches: the build side.

Cells come as folded text, one a line, and are read by the same tokeniser as a scanned text.
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.entries import (
    NAME_ROW,
    NAME_WORDS,
    add_exact,
    add_name,
    add_phrase,
    add_place,
    add_town,
    add_value,
    column_pointers,
    entry_pointers,
    learn_word,
    near_digits,
    near_letters,
    signature,
)
from matching.kernel.hits import SHINGLE_WORDS, shingle_key
from matching.kernel.pieces import (
    COMMENT_WORDS,
    P_COMMENT,
    P_FIRST,
    P_SURNAMES,
    put_birth,
    put_mail,
    put_name,
    put_nir,
    put_phone,
    word_piece,
)
from matching.kernel.reading import tokenise
from matching.kernel.shapes import collect, is_digit, is_letter
from matching.kernel.siphash import siphash_bytes
from matching.kernel.tokens import scratch_pointers, token_pointers
from matching.kernel.word_filter import length_key
from native.jit import inner, kernel, pointer

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
u8 = np.uint8

CELL = 16 * 1024  # bytes of one cell that are read
WINNOW = 2


@inner
def skipped(kind, flags):
    """Whether a word of a cell carries no evidence in its column."""
    if flags & k.F_STOP:
        return True
    if kind == k.C_STREET:
        return flags & k.F_STREET != 0
    if kind == k.C_SURNAME or kind == k.C_FIRST or kind == k.C_FULL or kind == k.C_DOCTOR:
        return flags & k.F_TITLE != 0
    if kind == k.C_LABORATORY or kind == k.C_INSURER:
        return flags & k.F_TRADE != 0
    return False


@inner
def name_row(c):
    """Which of a row's three name lists a column fills, -1 for none."""
    if c.kind == k.C_SURNAME:
        return 0
    if c.kind == k.C_FIRST:
        return 1
    if c.kind == k.C_FULL:
        return 2
    return -1


@inner
def keep_word(row, list_, flags, key, c):
    """Keep a word of a name or town for the keys that join several columns."""
    if c.kind == k.C_CITY and not flags & k.F_PLACE:
        add_town(c, row, key)
    if list_ >= 0:
        add_name(c, ((row - c.origin) * NAME_ROW + list_ * NAME_WORDS), key)


@inner
def read_words(f, start, end, row, tokens, count, s, c, e, keys):
    """Fill the word slots of a row, and its joined slot when there are several words."""
    base = (row - c.origin) * c.width + c.first
    list_ = name_row(c)
    for strict in range(2):
        n = 0
        for t in range(count):
            if tokens.kind[t] != k.WORD or tokens.aux[t] < 0:
                continue
            if strict == 0 and skipped(c.kind, tokens.aux[t]):
                continue
            if n < c.words:
                c.slots[base + n] = signature(tokens.key[t])
                learn_word(f, tokens.start[t], tokens.end[t], tokens.key[t], s, c, e, keys)
            keep_word(row, list_, tokens.aux[t], tokens.key[t], c)
            add_value(c, tokens.key[t])
            n += 1
        if n > 0:
            break  # a name made of stop words alone keeps them
    if list_ >= 0 and n > 0:
        put_letters(f, row, tokens, count, list_, c, keys)
    if n >= 2:
        size = 0
        for i in range(start, end):
            if is_letter(f[i]) and size < 40:
                s.bytes[size] = f[i]
                size += 1
        key = siphash_bytes(s.bytes, 0, size, keys[2 * k.WORD], keys[2 * k.WORD + 1])
        c.slots[base + c.words] = signature(key)
        add_value(c, key)


@inner
def put_letters(f, row, tokens, count, list_, c, keys):
    """Write the first and last letters of a name into the row's pieces, for initials and masks."""
    first, last = i64(-1), i64(-1)
    for t in range(count):
        if tokens.kind[t] == k.WORD and tokens.aux[t] >= 0:
            if first < 0:
                first = i64(tokens.start[t])
            last = i64(tokens.end[t]) - 1
    base = (row - c.origin) * k.SKETCH_BYTES
    at = base + P_FIRST
    if list_ != 1:
        at = base + P_SURNAMES
        if c.sketch[at] != 0:
            at += 2
    if c.sketch[at] == 0:
        put_name(c.sketch, at, f[first], f[last], keys)


@inner
def read_nir(f, row, tokens, count, s, c, e, keys):
    """Fill the slot of a NIR; 13 digits of an impossible shape are taken as they are."""
    for t in range(count):
        if tokens.kind[t] == k.NIR:
            n, _ = collect(f, i64(tokens.start[t]), s.digits, s.places, s.last)
            if n < 13:
                continue
            c.slots[(row - c.origin) * c.width + c.first] = signature(tokens.key[t])
            add_exact(e, tokens.key[t], row)
            near_digits(s.digits, 0, 13, k.NIR_NEAR, row, e, keys)
            put_nir(c.sketch, (row - c.origin) * k.SKETCH_BYTES, s.digits, keys)
            return


@inner
def read_phones(f, row, tokens, count, s, c, e, keys):
    """Fill the slots of up to two phones in one cell."""
    n = 0
    for t in range(count):
        if tokens.kind[t] != k.PHONE or n >= 2:
            continue
        total, _ = collect(f, i64(tokens.start[t]), s.digits, s.places, s.last)
        used = 0
        while used < total and s.places[used] < tokens.end[t]:
            used += 1
        if used < 9:
            continue
        c.slots[(row - c.origin) * c.width + c.first + n] = signature(tokens.key[t])
        add_exact(e, tokens.key[t], row)
        near_digits(s.digits, used - 9, 9, k.PHONE_NEAR, row, e, keys)
        put_phone(c.sketch, (row - c.origin) * k.SKETCH_BYTES, s.digits, used - 9, keys)
        n += 1


@inner
def read_email(f, row, tokens, count, s, c, e, keys):
    """Fill the slots of an address and of its local part."""
    base = (row - c.origin) * c.width + c.first
    whole = tokens.end[0]
    for t in range(count):
        if tokens.kind[t] == k.EMAIL:
            c.slots[base] = signature(tokens.key[t])
            add_exact(e, tokens.key[t], row)
            whole = tokens.end[t]
        elif tokens.kind[t] == k.LOCAL:
            sketch = (row - c.origin) * k.SKETCH_BYTES
            put_mail(c.sketch, sketch, f, tokens.start[t], i64(tokens.end[t]), whole, keys)
            end = min(tokens.end[t], tokens.start[t] + 60)
            c.slots[base + 1] = signature(tokens.key[t])
            add_exact(e, tokens.key[t], row)
            if end - tokens.start[t] >= 6:
                e.held[1] = near_letters(
                    f, tokens.start[t], end, s.bytes, k.LOCAL_NEAR, keys, e.near_key, e.near_value,
                    e.held[1], row,
                )  # fmt: skip
            return


@inner
def read_date(row, tokens, count, c, e, keys):
    """Fill the slots of a date; a two-digit year has two readings."""
    base = (row - c.origin) * c.width + c.first
    n = 0
    for t in range(count):
        if tokens.kind[t] != k.DATE or n >= 2 or (n == 1 and tokens.start[t] != tokens.start[0]):
            continue
        c.slots[base + n] = signature(tokens.key[t])
        n += 1
        if c.kind == k.C_BIRTH:
            add_exact(e, tokens.key[t], row)
            # Of two readings the older one is the likelier birth date of a patient.
            sketch = (row - c.origin) * k.SKETCH_BYTES
            put_birth(c.sketch, sketch, i64(abs(tokens.aux[t])), keys)
            add_place(c, row, tokens.key[t])


@inner
def read_street(f, start, end, row, tokens, count, s, c, e, keys):
    """Fill house number and words of a street; add the keys of number with word."""
    base = (row - c.origin) * c.width + c.first
    for t in range(count):
        if tokens.kind[t] == k.STREET:
            add_exact(e, tokens.key[t], row)
            add_place(c, row, tokens.key[t])
        elif (
            tokens.kind[t] == k.NUMBER
            and tokens.end[t] - tokens.start[t] <= 4
            and c.slots[base + c.words + 1] == 0
        ):
            c.slots[base + c.words + 1] = signature(tokens.key[t])
    read_words(f, start, end, row, tokens, count, s, c, e, keys)


@inner
def read_code(f, start, end, row, s, c, e, keys):
    """Fill the slot of a postcode (five digits) or of another number (letters and digits)."""
    size = 0
    longest, at, i = 0, start, start
    while i < end:
        j = i
        while j < end and (is_letter(f[j]) or is_digit(f[j])):
            j += 1
        if j - i > longest:
            longest, at = j - i, i
        i = j + 1
    if longest == 0:
        return
    if c.kind == k.C_POSTCODE and longest == 4:
        s.bytes[0] = u8(48)  # a spreadsheet dropped the zero
        size = 1
    for i in range(at, at + min(longest, 40)):
        s.bytes[size] = f[i]
        size += 1
    key = siphash_bytes(s.bytes, 0, size, keys[2 * k.NUMBER], keys[2 * k.NUMBER + 1])
    c.slots[(row - c.origin) * c.width + c.first] = signature(key)
    if c.kind == k.C_INSURER_NUMBER and size >= 6:
        add_exact(e, key, row)
        add_value(c, length_key(size, k.NUMBER, keys))
        learn_word(f, at, at + size, key, s, c, e, keys)
    elif c.kind == k.C_POSTCODE:
        add_town(c, row, key)


@inner
def read_password(row, tokens, count, c, keys):
    """Fill the slot of a password by its longest run without delimiters."""
    best = -1
    for t in range(count):
        if tokens.kind[t] == k.CHUNK:
            size = tokens.end[t] - tokens.start[t]
            if best < 0 or size > tokens.end[best] - tokens.start[best]:
                best = t
    if best >= 0:
        c.slots[(row - c.origin) * c.width + c.first] = signature(tokens.key[best])
        add_value(c, length_key(tokens.end[best] - tokens.start[best], k.CHUNK, keys))


@inner
def read_comment(row, tokens, count, window, recent, c, e, keys):
    """Add winnowed keys of five words in a row (Schleimer, Wilkerson, Aiken 2003)."""
    seen = 0
    telling = 0
    sketch = (row - c.origin) * k.SKETCH_BYTES + P_COMMENT
    shingles = 0
    taken = i64(-1)
    for t in range(count):
        if tokens.kind[t] != k.WORD or tokens.aux[t] < 0:
            continue
        if telling < COMMENT_WORDS and not tokens.aux[t] & k.F_STOP:
            c.sketch[sketch + telling] = word_piece(tokens.key[t])
            telling += 1
        add_phrase(c, tokens.key[t])
        window[seen % SHINGLE_WORDS] = tokens.key[t]
        seen += 1
        if seen < SHINGLE_WORDS:
            continue
        recent[shingles % WINNOW] = shingle_key(window, seen, keys)
        shingles += 1
        least = max(0, shingles - WINNOW)
        if shingles + SHINGLE_WORDS <= 12:
            least = shingles - 1  # a short comment keeps each of its keys
        for i in range(least, shingles):
            if recent[i % WINNOW] <= recent[least % WINNOW]:
                least = i
        if least > taken:
            add_exact(e, recent[least % WINNOW], row)
            taken = least


@inner
def read_cell(f, start, end, row, count, tokens, s, c, e, window, recent, keys):
    """Read one cell by the kind of its column."""
    kind = c.kind
    if kind == k.C_NIR:
        read_nir(f, row, tokens, count, s, c, e, keys)
    elif kind == k.C_PHONE:
        read_phones(f, row, tokens, count, s, c, e, keys)
    elif kind == k.C_EMAIL:
        read_email(f, row, tokens, count, s, c, e, keys)
    elif kind == k.C_BIRTH or kind == k.C_DATE:
        read_date(row, tokens, count, c, e, keys)
    elif kind == k.C_STREET:
        read_street(f, start, end, row, tokens, count, s, c, e, keys)
    elif kind == k.C_POSTCODE or kind == k.C_INSURER_NUMBER:
        read_code(f, start, end, row, s, c, e, keys)
    elif kind == k.C_PASSWORD:
        read_password(row, tokens, count, c, keys)
    elif kind == k.C_COMMENT:
        read_comment(row, tokens, count, window, recent, c, e, keys)
    else:
        read_words(f, start, end, row, tokens, count, s, c, e, keys)


@kernel
def read_column(
    f, cells, first_row, rows, room, tokens, scratch, column, entries, window, recent, keys
):
    """Read cells [cells[0], cells[1] - 1), … of `rows` rows; returns how many were read.

    Fewer than `rows` when an entry list is nearly full (`room`): make more, and go on.
    """
    f_ = pointer(f)
    t = token_pointers(tokens)
    s = scratch_pointers(scratch)
    c = column_pointers(column)
    e = entry_pointers(entries)
    k_ = pointer(keys)
    cells_ = pointer(cells)
    chunks = c.kind == k.C_PASSWORD
    for i in range(rows):
        if max(e.held[0], e.held[1], e.held[2]) > room - 4096:
            return i
        start = cells_[i]
        end = min(cells_[i + 1] - 1, start + CELL)
        if end > start:
            count = tokenise(f_, start, end, chunks, t, len(tokens.kind), s, k_)
            read_cell(f_, start, end, first_row + i, count, t, s, c, e, pointer(window),
                      pointer(recent), k_)  # fmt: skip
    return rows
