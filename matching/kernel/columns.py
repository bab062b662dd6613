"""From the cells of one column to slots, table entries and sketches: the build side.

Cells come as folded text, one a line, and are read by the same tokeniser as a scanned text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.evidence import date_part
from matching.kernel.hits import SHINGLE_WORDS, shingle_key
from matching.kernel.jit import inlined, inner, kernel, pointer
from matching.kernel.shapes import collect, is_digit, is_letter, pack
from matching.kernel.tokens import scratch_pointers, token_pointers, tokenise
from matching.siphash import join_unordered, siphash_bytes, siphash_number

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
u8 = np.uint8

CELL = 16 * 1024  # bytes of one cell that are read
NAME_WORDS = 4  # words of a name kept per row for pairs: per column class
WINNOW = 4
SEEN = 1 << 22  # places in the set of words whose neighbours are in the table


class Entries(NamedTuple):
    """Growing (key, value) lists of the three tables; `held` says how many each has."""

    exact_key: NDArray[np.uint64]
    exact_value: NDArray[np.uint32]
    near_key: NDArray[np.uint64]
    near_value: NDArray[np.uint32]
    word_key: NDArray[np.uint64]
    word_value: NDArray[np.uint32]
    held: NDArray[np.int64]


class Column(NamedTuple):
    """Where one column's results go: slots [from, from + room) of every row."""

    slots: NDArray[np.uint32]  # rows x width
    sketch: NDArray[np.uint8]  # rows x SKETCH_BYTES
    names: NDArray[np.uint64]  # rows x 3 x NAME_WORDS
    seen: NDArray[np.uint64]
    seen_count: NDArray[np.int64]
    name_bits: NDArray[np.uint8]
    name_mask: Any
    width: Any
    first: Any  # first slot of this column
    words: Any  # how many word slots it has
    kind: Any  # C_*
    origin: Any  # the row that slots, sketch and names begin with


def new_entries(capacity: int) -> Entries:
    """Room for `capacity` entries in each list."""
    return Entries(
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.uint32),
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.uint32),
        np.zeros(4, np.int64),
    )


@inlined
def entry_pointers(e):
    """The same struct over pointers."""
    return Entries(
        pointer(e.exact_key),
        pointer(e.exact_value),
        pointer(e.near_key),
        pointer(e.near_value),
        pointer(e.word_key),
        pointer(e.word_value),
        pointer(e.held),
    )


@inlined
def column_pointers(c):
    """The same struct over pointers."""
    return Column(
        pointer(c.slots),
        pointer(c.sketch),
        pointer(c.names),
        pointer(c.seen),
        pointer(c.seen_count),
        pointer(c.name_bits),
        c.name_mask,
        c.width,
        c.first,
        c.words,
        c.kind,
        c.origin,
    )


@inlined
def signature(key):
    """The 32 bits of a key that a slot holds; never 0, which means empty."""
    sig = u32(key & u64(0xFFFFFFFF))
    return sig if sig != 0 else u32(1)


@inlined
def add_exact(e, key, row):
    """Append to the exact table's list."""
    at = e.held[0]
    e.exact_key[at] = key
    e.exact_value[at] = row
    e.held[0] = at + 1


@inlined
def add_near(e, key, row):
    """Append to the near table's list."""
    at = e.held[1]
    e.near_key[at] = key
    e.near_value[at] = row
    e.held[1] = at + 1


@inner
def near_digits(digits, start, size, kind, row, e, keys):
    """Add a number less each of its digits."""
    for skip in range(start, start + size):
        if skip > start and digits[skip] == digits[skip - 1]:
            continue  # the same string as before
        key = siphash_number(
            pack(digits, start, start + size, skip), keys[2 * kind], keys[2 * kind + 1]
        )
        add_near(e, key, row)


@inner
def near_letters(f, start, end, scratch, kind, keys, out_key, out_value, at, value):
    """Add a string and the string less each of its letters; returns the new count."""
    k0, k1 = keys[2 * kind], keys[2 * kind + 1]
    for skip in range(start - 1, end):
        if skip > start and f[skip] == f[skip - 1]:
            continue
        size = 0
        for i in range(start, end):
            if i != skip and size < 100:
                scratch[size] = f[i]
                size += 1
        out_key[at] = siphash_bytes(scratch, 0, size, k0, k1)
        out_value[at] = value
        at += 1
    return at


@inner
def learn_word(f, start, end, key, s, c, e, keys):
    """Add the neighbours of a word met for the first time."""
    size = end - start
    if size < 4 or size > 24 or c.seen_count[0] > SEEN // 2:
        return
    mask = u64(SEEN - 1)
    at = (key >> u64(7)) & mask
    while c.seen[i64(at)] != u64(0):
        if c.seen[i64(at)] == key:
            return
        at = (at + u64(1)) & mask
    c.seen[i64(at)] = key
    c.seen_count[0] += 1
    e.held[2] = near_letters(
        f, start, end, s.bytes, k.WORD_NEAR, keys, e.word_key, e.word_value, e.held[2],
        signature(key),
    )  # fmt: skip


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
def add_name(c, base, key):
    """Keep a name's word for the row's pairs, and in the filter before them."""
    for i in range(base, base + NAME_WORDS):
        if c.names[i] == key:
            return
        if c.names[i] == u64(0):
            c.names[i] = key
            bit = (key >> u64(20)) & u64(c.name_mask)
            c.name_bits[i64(bit >> u64(3))] |= u8(1) << u8(bit & u64(7))
            return


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
            if list_ >= 0:
                add_name(c, ((row - c.origin) * 3 + list_) * NAME_WORDS, tokens.key[t])
            n += 1
        if n > 0:
            break  # a name made of stop words alone keeps them
    if n >= 2:
        size = 0
        for i in range(start, end):
            if is_letter(f[i]) and size < 40:
                s.bytes[size] = f[i]
                size += 1
        key = siphash_bytes(s.bytes, 0, size, keys[2 * k.WORD], keys[2 * k.WORD + 1])
        c.slots[base + c.words] = signature(key)


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
        n += 1


@inner
def read_email(f, row, tokens, count, s, c, e, keys):
    """Fill the slots of an address and of its local part."""
    base = (row - c.origin) * c.width + c.first
    for t in range(count):
        if tokens.kind[t] == k.EMAIL:
            c.slots[base] = signature(tokens.key[t])
            add_exact(e, tokens.key[t], row)
        elif tokens.kind[t] == k.LOCAL:
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
            date = abs(tokens.aux[t])
            # Of two readings the older one is the likelier birth date of a patient.
            for part in range(3):
                c.sketch[(row - c.origin) * k.SKETCH_BYTES + 5 + part] = date_part(date, part, keys)
            c.sketch[(row - c.origin) * k.SKETCH_BYTES + 8] = 1


@inner
def read_street(f, start, end, row, tokens, count, s, c, e, keys):
    """Fill house number and words of a street; add the keys of number with word."""
    base = (row - c.origin) * c.width + c.first
    for t in range(count):
        if tokens.kind[t] == k.STREET:
            add_exact(e, tokens.key[t], row)
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
        learn_word(f, at, at + size, key, s, c, e, keys)
        learn_word(f, at, at + size, key, s, c, e, keys)


@inner
def read_password(row, tokens, count, c):
    """Fill the slot of a password by its longest run without delimiters."""
    best = -1
    for t in range(count):
        if tokens.kind[t] == k.CHUNK:
            size = tokens.end[t] - tokens.start[t]
            if best < 0 or size > tokens.end[best] - tokens.start[best]:
                best = t
    if best >= 0:
        c.slots[(row - c.origin) * c.width + c.first] = signature(tokens.key[best])


@inner
def read_comment(row, tokens, count, window, recent, e, keys):
    """Add winnowed keys of five words in a row (Schleimer, Wilkerson, Aiken 2003)."""
    seen = 0
    shingles = 0
    taken = i64(-1)
    for t in range(count):
        if tokens.kind[t] != k.WORD or tokens.aux[t] < 0:
            continue
        window[seen % SHINGLE_WORDS] = tokens.key[t]
        seen += 1
        if seen < SHINGLE_WORDS:
            continue
        recent[shingles % WINNOW] = shingle_key(window, seen, keys)
        shingles += 1
        least = max(0, shingles - WINNOW)
        if shingles < WINNOW and shingles + SHINGLE_WORDS <= 8:
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
        read_password(row, tokens, count, c)
    elif kind == k.C_COMMENT:
        read_comment(row, tokens, count, window, recent, e, keys)
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


@kernel
def pair_names(names, first_row, rows, room, entries, keys):
    """Add the keys of a row's names: each surname with each first name, and a full name's words."""
    e = entry_pointers(entries)
    n = pointer(names)
    k0, k1 = keys[k.PAIR, 0], keys[k.PAIR, 1]
    for i in range(rows):
        if e.held[0] > room - 4096:
            return i
        row = first_row + i
        base = i * 3 * NAME_WORDS
        for a in range(NAME_WORDS):
            for b in range(NAME_WORDS):
                x, y = n[base + a], n[base + NAME_WORDS + b]
                if x != u64(0) and y != u64(0) and x != y:
                    add_exact(e, siphash_number(join_unordered(x, y), k0, k1), row)
        for a in range(NAME_WORDS):
            for b in range(a + 1, NAME_WORDS):
                x, y = n[base + 2 * NAME_WORDS + a], n[base + 2 * NAME_WORDS + b]
                if x != u64(0) and y != u64(0) and x != y:
                    add_exact(e, siphash_number(join_unordered(x, y), k0, k1), row)
    return rows
