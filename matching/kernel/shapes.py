"""Recognising numbers by their shape in folded text: phones, NIRs, dates, groups of digits.

Every function takes the folded bytes `f` (padded with newlines) and a position; positions
returned are one past the last byte read. Nothing here hashes.
"""

from __future__ import annotations

import numpy as np

from native.jit import inlined, inner

u64 = np.uint64
i64 = np.int64
u8 = np.uint8

MAX_DIGITS = 18
LETTER_A = 10  # 2A and 2B of a NIR are the digits 2 and 10 or 11 in base 12
LAST_YEAR = 2029


@inlined
def is_digit(c):
    """Whether a folded byte is a digit."""
    return (c >= 48) and (c <= 57)


@inlined
def is_letter(c):
    """Whether a folded byte is a letter."""
    return (c >= 97) and (c <= 122)


@inlined
def is_gap(c):
    """Whether a byte may stand between two groups of one number: space . - / ( ) _."""
    return c == 32 or (c >= 45 and c <= 47) or c == 40 or c == 41 or c == 95


@inner
def collect(f, at, digits, places, last):
    """Gather up to MAX_DIGITS digits from `at` over groups split by one to three gap bytes.

    Fills `digits` (values 0-9, or 10 and 11 for the letter of 2A and 2B), `places` (position
    of each) and `last` (1 where a digit ends its group). Returns (count, zero), `zero` being
    the index of a digit written as "(0)", or -1.
    """
    n = 0
    zero = -1
    i = at
    while n < MAX_DIGITS:
        c = f[i]
        if is_digit(c):
            digits[n] = c - 48
            places[n] = i
            last[n] = 0
            if c == 48 and i > 0 and f[i - 1] == 40 and f[i + 1] == 41:
                zero = n
            n += 1
            i += 1
        elif n == 6 and digits[5] == 2 and (c == 97 or c == 98) and not is_letter(f[i + 1]):
            digits[n] = LETTER_A + (c - 97)
            places[n] = i
            last[n] = 0
            n += 1
            i += 1
        else:
            if n == 0:
                return 0, -1
            last[n - 1] = 1
            if is_letter(c):
                return n, zero
            j = i
            while j < i + 3 and is_gap(f[j]):
                j += 1
            if j == i or not (
                is_digit(f[j]) or (n == 6 and digits[5] == 2 and (f[j] == 97 or f[j] == 98))
            ):
                return n, zero
            i = j
    last[n - 1] = 0 if is_digit(f[i]) else 1
    return n, zero


@inner
def phone_groups(last):
    """Whether ten digits stand in groups as phones do: all in one, or none of more than four."""
    size = 0
    for t in range(10):
        size += 1
        if last[t] or t == 9:
            if 4 < size < 10:
                return False
            size = 0
    return True


@inner
def pack(digits, start, end, skip):
    """The digits [start, end) without the one at `skip` (-1: none) as one number, base 12.

    A leading 1 keeps leading zeros apart.
    """
    number = u64(1)
    for k in range(start, end):
        if k != skip:
            number = number * u64(12) + u64(digits[k])
    return number


@inner
def even_gaps(f, places, last, first):
    """Whether the gaps between nine national digits are alike, as in 06.39.98.12.34.

    06/02/1985 44 is a date and a house number, though its digits would make a phone.
    """
    gap = 0
    for t in range(first, first + 8):
        if last[t]:
            here = i64(f[places[t] + 1]) + 256 * (places[t + 1] - places[t])
            if gap and here != gap:
                return False
            gap = here
    return True


@inner
def phone_start(f, digits, places, last, n, zero, plus):
    """Index of the first of nine national digits, and 1 when the form is sure; (-1, 0) if none."""
    first = -1
    if plus or (n >= 13 and digits[0] == 0 and digits[1] == 0):
        k = 0 if plus else 2
        if digits[k] == 3 and digits[k + 1] == 3:
            k += 2
            if k < n and digits[k] == 0 and (zero == k or digits[k + 1] != 0):
                k += 1
            first = k
    elif n >= 10 and digits[0] == 0 and digits[1] != 0:
        first = 1
    elif n >= 11 and digits[0] == 3 and digits[1] == 3:
        k = 3 if digits[2] == 0 else 2
        if k + 9 <= n and last[k + 8] and (last[1] or not last[k + 1]):
            first = k
    if (
        first >= 0
        and first + 9 <= n
        and digits[first] != 0
        and last[first + 8]
        and even_gaps(f, places, last, first)
    ):
        return first, 1
    # A spreadsheet drops the leading zero: nine digits in one group.
    if n >= 9 and digits[0] != 0 and last[8]:
        for k in range(8):
            if last[k]:
                return -1, 0
        return 0, 0
    return -1, 0


@inner
def nir_fits(digits):
    """Whether 13 digits have the shape of a NIR: sex, month and department possible."""
    sex = digits[0]
    if sex == 0 or sex == 5 or sex == 6 or sex > 8 or digits[1] > 9 or digits[5] > 9:
        return False
    for k in range(1, 13):
        if digits[k] > 9 and k != 6:
            return False
    month = digits[3] * 10 + digits[4]
    if month == 0 or 12 < month < 20 or 42 < month < 50:
        return False
    if digits[6] > 9:
        return digits[5] == 2
    return digits[5] * 10 + digits[6] != 0


@inner
def tidy(last, size):
    """Whether the groups of `size` digits end where those of a written NIR end, or are one."""
    for t in range(min(size - 1, 10)):
        if last[t] and not (t == 0 or t == 2 or t == 4 or t == 6 or t == 9):
            return False
    return True


@inner
def nir_length(digits, last, n):
    """How many digits from the first make a NIR with (15) or without key (13); 0 if none."""
    if n < 13 or not nir_fits(digits) or not tidy(last, 13):
        return 0
    if n >= 15 and last[14] and (last[12] or not last[13]):
        return 15
    if last[12]:
        return 13
    return 0


@inner
def date_fits(year, month, day):
    """yyyymmdd when the date exists between 1880 and LAST_YEAR, else 0."""
    if year < 1880 or year > LAST_YEAR or month < 1 or month > 12 or day < 1 or day > 31:
        return 0
    if day == 31 and (month == 4 or month == 6 or month == 9 or month == 11):
        return 0
    if month == 2 and day > 29:
        return 0
    return year * 10000 + month * 100 + day


@inner
def group(f, at):
    """(length, value) of the run of digits at `at`; runs over eight digits give value -1."""
    i = at
    value = i64(0)
    while is_digit(f[i]):
        if i - at < 8:
            value = value * 10 + (f[i] - 48)
        i += 1
    if i - at > 8:
        value = i64(-1)
    return i - at, value


@inner
def month_number(a, b, c, d):
    """The month whose French or English name begins with these letters, 0 for none."""
    names = (
        (106, 97, 110), (102, 101, 118), (109, 97, 114), (97, 118, 114), (109, 97, 105),
        (106, 117, 105), (106, 117, 108), (97, 111, 117), (115, 101, 112), (111, 99, 116),
        (110, 111, 118), (100, 101, 99), (102, 101, 98), (97, 112, 114), (109, 97, 121),
        (106, 117, 110), (97, 117, 103),
    )  # fmt: skip
    numbers = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 2, 4, 5, 6, 8)
    for at in range(17):
        if names[at][0] == a and names[at][1] == b and names[at][2] == c:
            return 7 if numbers[at] == 6 and c == 105 and d == 108 else numbers[at]
    return 0


@inner
def month_at(f, at):
    """(month, end) when a French or English month name or its abbreviation stands at `at`."""
    i = at
    while is_letter(f[i]):
        i += 1
    if i - at < 3 or i - at > 9:
        return 0, at
    month = month_number(f[at], f[at + 1], f[at + 2], f[at + 3])
    if month and f[i] == 46:
        i += 1
    return month, i


@inner
def separator(f, at):
    """End of one date separator (/ - . with at most one space about it, or one space)."""
    i = at
    if f[i] == 32:
        i += 1
    if f[i] == 47 or f[i] == 45 or f[i] == 46:
        i += 1
        if f[i] == 32:
            i += 1
        return i
    return i


@inner
def century(year, size):
    """(first, second) full years meant by a year of two or four digits; 0 for none."""
    if size == 4:
        return year, 0
    if size != 2:
        return 0, 0
    if year <= LAST_YEAR - 2000:
        return 2000 + year, 1900 + year
    return 1900 + year, 0


@inner
def solid_date(value):
    """(first, second) readings of eight digits in a row: year first, day first."""
    first = date_fits(value // 10000, (value // 100) % 100, value % 100)
    second = date_fits(value % 10000, (value // 10000) % 100, value // 1000000)
    if first == 0:
        return second, 0
    return first, second if second != first else 0


@inner
def worded_date(f, at, day):
    """(end, first, second) for the rest of "14 mars 1985" behind its day."""
    i = at
    if f[i] == 101 and f[i + 1] == 114:  # 1er
        i += 2
    while i < at + 4 and (f[i] == 32 or f[i] == 45 or f[i] == 47 or f[i] == 46):
        i += 1
    month, i = month_at(f, i)
    if month == 0:
        return at, 0, 0
    j = i
    while j < i + 2 and (f[j] == 32 or f[j] == 45 or f[j] == 47 or f[j] == 46):
        j += 1
    size, year = group(f, j)
    one, two = century(year, size)
    if one == 0:
        return at, 0, 0
    first = date_fits(one, month, day)
    second = date_fits(two, month, day) if two else 0
    return j + size, first, second


@inner
def date_at(f, at):
    """(end, first, second): the readings of a date that begins at `at`, 0 for none."""
    size, a = group(f, at)
    if size == 8:
        first, second = solid_date(a)
        return at + size, first, second
    if size != 1 and size != 2 and size != 4:
        return at, 0, 0
    i = at + size
    if size <= 2:
        end, first, second = worded_date(f, i, a)
        if first:
            return end, first, second
    j = separator(f, i)
    if j == i:
        return at, 0, 0
    size_b, b = group(f, j)
    if size_b < 1 or size_b > 2:
        return at, 0, 0
    k = separator(f, j + size_b)
    if k == j + size_b:
        return at, 0, 0
    size_c, c = group(f, k)
    end = k + size_c
    if size == 4:
        return (end, date_fits(a, b, c), 0) if size_c <= 2 else (at, 0, 0)
    one, two = century(c, size_c)
    if one == 0:
        return at, 0, 0
    if b > 12 and a <= 12:  # month first, as in American exports
        a, b = b, a
    first = date_fits(one, b, a)
    return end, first, date_fits(two, b, a) if two else 0


@inner
def clock_behind(f, end):
    """Whether a time of day other than midnight follows a date: then it is a time stamp."""
    i = end
    if f[i] == 116 or f[i] == 32 or f[i] == 95:
        i += 1
    size, hour = group(f, i)
    if size != 2 or f[i + 2] != 58 or not is_digit(f[i + 3]) or not is_digit(f[i + 4]):
        return False
    return not (hour == 0 and f[i + 3] == 48 and f[i + 4] == 48)
