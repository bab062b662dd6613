"""Pieces of a row's values, a keyed byte each, for what is masked, misspelt or cut short.

They stand behind the slots and weights of a row record. A byte alone tells next to nothing; it is
only compared once something else pointed to the row. 0 means that there is no such piece.
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.siphash import siphash_number
from native.jit import inlined, inner

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

P_PHONES = 0  # two phones of five pairs: the first national digit, then two digits each
P_BIRTH = 10  # day, month, year, decade, last digit of the year
P_SURNAMES = 15  # two surnames: first letter of the first word, last letter of the last
P_FIRST = 19
P_MAIL = 21  # three letters from the head, three from the tail, the domain
P_NIR = 28  # sex, year, month, department, commune, order
P_COMMENT = 34  # the first words that carry evidence, in order
COMMENT_WORDS = 22

BIRTH_PIECES = 256  # 32 for days, 32 for months, the others for years
OLDEST = 1880


@inlined
def piece(value, place, keys):
    """One keyed byte, never 0; `place` tells apart what must not be compared."""
    mixed = siphash_number(
        u64(value) | (u64(place + 1) << u64(40)), keys[2 * k.SKETCH], keys[2 * k.SKETCH + 1]
    )
    found = i64(mixed & u64(0xFF))
    return found or i64(1)


@inlined
def word_piece(key):
    """The byte of a comment's word, from the word's key."""
    found = i64((key >> u64(24)) & u64(0xFF))
    return found or i64(1)


@inlined
def birth_part(date, part):
    """Day (0), month (1), year (2), decade (3) or last digit of the year (4) of yyyymmdd."""
    if part == 0:
        return date % 100
    if part == 1:
        return (date // 100) % 100
    if part == 2:
        return date // 10000
    if part == 3:
        return date // 100000
    return (date // 10000) % 10


@inner
def birth_piece(value, part, known, keys):
    """The piece of a day (0), month (1) or year (2); `known` is BIRTH_PIECES bytes that remember
    those under one key, as logs ask for the same again and again."""
    seat = value - OLDEST if part == 2 else value
    if seat < 0 or seat >= (BIRTH_PIECES - 64 if part == 2 else 32):
        return piece(value, P_BIRTH + part, keys)
    seat += 32 * part
    if known[seat] == 0:
        known[seat] = u8(piece(value, P_BIRTH + part, keys))
    return i64(known[seat])


@inner
def put_birth(sketch, base, date, keys):
    """Write the parts of a birth date."""
    for part in range(5):
        sketch[base + P_BIRTH + part] = piece(birth_part(date, part), P_BIRTH + part, keys)


@inner
def put_phone(sketch, base, digits, first, keys):
    """Write the pairs of the nine national digits from `first` on, where there is room."""
    at = base + P_PHONES
    if sketch[at] != 0:
        at += 5
        if sketch[at] != 0:
            return
    sketch[at] = piece(digits[first], P_PHONES, keys)
    for pair in range(1, 5):
        value = digits[first + 2 * pair - 1] * 10 + digits[first + 2 * pair]
        sketch[at + pair] = piece(value, P_PHONES + pair, keys)


@inner
def put_name(sketch, at, first, last, keys):
    """Write the first and the last letter of a name."""
    sketch[at] = piece(i64(first), P_SURNAMES, keys)
    sketch[at + 1] = piece(i64(last), P_SURNAMES + 1, keys)


@inner
def put_mail(sketch, base, f, start, at, end, keys):
    """Write head, tail and domain of the address f[start:end] with its at sign at `at`."""
    for letter in range(min(3, at - start)):
        sketch[base + P_MAIL + letter] = piece(i64(f[start + letter]), P_MAIL + letter, keys)
        sketch[base + P_MAIL + 3 + letter] = piece(
            i64(f[at - 1 - letter]), P_MAIL + 3 + letter, keys
        )
    sketch[base + P_MAIL + 6] = piece(domain_number(f, at + 1, end), P_MAIL + 6, keys)


@inlined
def domain_number(f, start, end):
    """A number below 2**40 for a domain."""
    number = i64(7)
    for i in range(start, end):
        number = (number * 31 + i64(f[i])) & i64((1 << 39) - 1)
    return number


@inlined
def nir_part(digits, part):
    """Sex, year, month, department, commune or order out of the thirteen places of a NIR."""
    if part == 0:
        return digits[0]
    if part < 4:
        return digits[2 * part - 1] * 12 + digits[2 * part]
    first = 7 if part == 4 else 10
    return (digits[first] * 12 + digits[first + 1]) * 12 + digits[first + 2]


@inner
def put_nir(sketch, base, digits, keys):
    """Write the parts of a NIR."""
    for part in range(6):
        sketch[base + P_NIR + part] = piece(nir_part(digits, part), P_NIR + part, keys)
