"""From folded text to typed tokens: what is looked up, and where it stood.

One loop serves building and scanning, so that both sides normalise alike. A token's key is
SipHash-2-4 of its canonical form under the sub-key of its kind.
"""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.addresses import address_end
from matching.kernel.mail import put_email
from matching.kernel.number_masks import is_fraction
from matching.kernel.runs import is_chunk, put_chunk, put_run
from matching.kernel.shapes import (
    clock_behind,
    collect,
    date_at,
    even_gaps,
    is_digit,
    is_letter,
    nir_length,
    pack,
    phone_groups,
    phone_start,
    tidy,
)
from matching.kernel.sieve import low_bytes
from matching.kernel.siphash import (
    join,
    siphash_long,
    siphash_number,
    siphash_padded,
    siphash_short,
)
from matching.kernel.tokens import (
    S_HOUSE,
    S_JOINED,
    S_LEFT,
    S_PREVIOUS,
    S_TYPED,
    WORD_TABLE,
    put,
    scratch_pointers,
    token_pointers,
)
from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, digits, letters, load_word, trailing_zeros

u64 = np.uint64
i64 = np.int64
u8 = np.uint8

LISTED = 12  # letters of the longest word in a public list
MIX, MIX_BEHIND = k.MIX, k.MIX_BEHIND


@inner
def word_flags(f, start, end, numbers, marks):
    """Flags of a word in the public lists, 0 when it stands in none."""
    size = end - start
    if size > LISTED:
        return 0
    number = load_word(f, start)
    behind = u64(size)
    if size > 8:
        behind |= (load_word(f, start + 8) & low_bytes(size - 8)) << u64(8)
    elif size < 8:
        number &= low_bytes(size)
    number = (number * u64(MIX)) ^ (behind * u64(MIX_BEHIND))
    number ^= number >> u64(32)
    mask = u64(WORD_TABLE - 1)
    at = number & mask
    while numbers[at] != u64(0):
        if numbers[at] == number:
            return i64(marks[at])
        at = (at + u64(1)) & mask
    return 0


@inner
def word_key(f, start, end, scratch, keys):
    """The key of a word; st and ste are saint and sainte."""
    k0, k1 = keys[2 * k.WORD], keys[2 * k.WORD + 1]
    size = end - start
    if f[start] == 115 and f[start + 1] == 116 and (size == 2 or (size == 3 and f[end - 1] == 101)):
        scratch[0], scratch[1], scratch[2] = u8(115), u8(97), u8(105)  # saint, sainte
        scratch[3], scratch[4], scratch[5] = u8(110), u8(116), u8(101)
        return siphash_padded(scratch, 0, 3 + size, k0, k1)
    return siphash_padded(f, start, end, k0, k1)


@inner
def joined_key(f, start, middle, end, scratch, keys):
    """The key of two words written as one; `middle` is the byte between them."""
    first, size = middle - start, end - start - 1
    if first < 8 and size < 16:
        k0, k1 = keys[2 * k.WORD], keys[2 * k.WORD + 1]
        m = load_word(f, start) & low_bytes(first)
        m |= load_word(f, middle + 1) << (u64(8) * u64(first))
        tag = u64(size) << u64(56)
        if size < 8:
            return siphash_short((m & low_bytes(size)) | tag, k0, k1)
        rest = load_word(f, middle + 9 - first)
        return siphash_long(m, (rest & low_bytes(size - 8)) | tag, k0, k1)
    size = 0
    for i in range(start, end):
        if i != middle and size < 500:
            scratch[size] = f[i]
            size += 1
    return siphash_padded(scratch, 0, size, keys[2 * k.WORD], keys[2 * k.WORD + 1])


@inner
def put_word(f, start, end, tokens, n, s, keys):
    """Append a word, the word joined to the one before it, and the street it may belong to."""
    flags = word_flags(f, start, end, s.numbers, s.marks)
    key = word_key(f, start, end, s.bytes, keys)
    previous = s.state[S_PREVIOUS]
    state = s.state
    word = n
    n = put(tokens, n, k.WORD, key, start, end, flags)
    if previous >= 0 and tokens.end[previous] == start - 1:
        between = f[start - 1]
        first = tokens.start[previous]
        if (between == 32 or between == 45 or between == 39) and end - first < 60:
            both = joined_key(f, first, start - 1, end, s.bytes, keys)
            n = put(tokens, n, k.WORD, both, first, end, -1)
    state[S_PREVIOUS] = word
    if state[S_LEFT] > 0:
        state[S_LEFT] -= 1
        house = state[S_HOUSE]
        if flags & k.F_STREET:
            state[S_TYPED] = 1
        elif state[S_TYPED] and not flags & (k.F_STOP | k.F_TITLE) and state[S_JOINED] > 0:
            state[S_JOINED] -= 1
            both = siphash_number(
                join(tokens.key[house], key), keys[2 * k.STREET], keys[2 * k.STREET + 1]
            )
            n = put(tokens, n, k.STREET, both, tokens.start[house], end, start)
    return n


@inlined
def is_blank(c):
    """Whether a byte is a blank, or an end of a line."""
    return c == 32 or c == 10


@inner
def names_street(f, at, s):
    """Whether the date at `at` is the name of a street: rue du 8 mai 1945, av. du 19/03/1962, and
    with its month in letters r. 8 mai 1945."""
    if at < 2 or not is_blank(f[at - 1]):
        return False
    end = at - 1
    if at >= 5 and f[at - 2] == 117 and f[at - 3] == 100 and is_blank(f[at - 4]):
        end = at - 4
    else:
        month = at + 2 if is_digit(f[at + 1]) else at + 1
        if not (is_blank(f[month]) and is_letter(f[month + 1])):
            return False
    if f[end - 1] == 46:
        end -= 1
    start = end
    while start > 0 and end - start <= LISTED and is_letter(f[start - 1]):
        start -= 1
    return word_flags(f, start, end, s.numbers, s.marks) & k.F_STREET != 0


@inlined
def is_of_somebody(f, at, end, s):
    """Whether a date f[at:end] may be one of a person: no time stamp, and no street's name."""
    return not clock_behind(f, end) and not names_street(f, at, s)


@inner
def put_date(f, at, tokens, n, s, keys):
    """Append the readings of a date at `at`; returns (count, position behind it or `at`)."""
    end, first, second = date_at(f, at)
    if first == 0 or is_digit(f[end]):
        return n, at
    sign = 1 if is_of_somebody(f, at, end, s) else -1
    k0, k1 = keys[2 * k.DATE], keys[2 * k.DATE + 1]
    n = put(tokens, n, k.DATE, siphash_number(u64(first), k0, k1), at, end, sign * first)
    if second:
        n = put(tokens, n, k.DATE, siphash_number(u64(second), k0, k1), at, end, sign * second)
    return n, end


@inner
def put_number(f, at, count, zero, sure_only, tokens, n, s, keys):
    """Append the NIR or phone whose collected digits begin at `at`.

    Returns (count, position behind it, or `at`). `sure_only` leaves nine bare digits alone.
    """
    size = nir_length(s.digits, s.last, count)
    if size:
        key = siphash_number(pack(s.digits, 0, 13, -1), keys[2 * k.NIR], keys[2 * k.NIR + 1])
        end = s.places[size - 1] + 1
        return put(tokens, n, k.NIR, key, at, end, 1), end
    plus = at > 0 and f[at - 1] == 43
    first, sure = phone_start(f, s.digits, s.places, s.last, count, zero, plus)
    if first >= 0 and (sure or not sure_only):
        key = siphash_number(
            pack(s.digits, first, first + 9, -1), keys[2 * k.PHONE], keys[2 * k.PHONE + 1]
        )
        end = s.places[first + 8] + 1
        return put(tokens, n, k.PHONE, key, at, end, sure), end
    return n, at


@inner
def put_doubtful(f, at, count, tokens, n, s, keys):
    """Append digits too few, too many or impossible: still a NIR or phone to a typist's slip."""
    size = 0
    for t in range(8, min(count, 16)):
        if s.last[t]:
            size = t + 1
            if s.digits[0] == 0 and s.digits[1] != 0 and (size == 9 or size == 11):
                key = siphash_number(
                    pack(s.digits, 1, size, -1), keys[2 * k.PHONE], keys[2 * k.PHONE + 1]
                )
                return put(tokens, n, k.PHONE, key, at, s.places[size - 1] + 1, 0)
    swapped = size == 10 and s.digits[0] != 0 and s.digits[1] == 0
    if swapped and even_gaps(f, s.places, s.last, 1) and phone_groups(s.last):
        # The zero changed places with the digit behind it.
        key = siphash_number(pack(s.digits, 0, 10, 1), keys[2 * k.PHONE], keys[2 * k.PHONE + 1])
        return put(tokens, n, k.PHONE, key, at, s.places[9] + 1, 0)
    if size >= 12 and s.digits[0] != 0 and s.digits[0] <= 8 and tidy(s.last, size):
        long = min(size, 13)
        key = siphash_number(pack(s.digits, 0, long, -1), keys[2 * k.NIR], keys[2 * k.NIR + 1])
        return put(tokens, n, k.NIR, key, at, s.places[size - 1] + 1, 0)
    return n


@inner
def put_digits(f, i, j, tokens, n, s, keys):
    """Append what begins with the digits [i, j): an identifier, a date, or the bare run."""
    behind = address_end(f, i)
    if behind > i:
        return n, behind
    if is_fraction(f, i):
        return n, j
    count, zero = collect(f, i, s.digits, s.places, s.last)
    behind = i
    if count >= 10:
        # Before dates: 06.02.09.98.08 begins like one.
        n, behind = put_number(f, i, count, zero, True, tokens, n, s, keys)
    if behind == i:
        n, behind = put_date(f, i, tokens, n, s, keys)
        if behind > i:
            if j - i == 8:
                n = put_run(f, i, j, tokens, n, s, keys)
            return n, behind
    if behind == i and count >= 9:
        n, behind = put_number(f, i, count, zero, False, tokens, n, s, keys)
        if behind == i:
            n = put_doubtful(f, i, count, tokens, n, s, keys)
    if behind <= i or behind == j:
        if j - i <= 40:
            n = put_run(f, i, j, tokens, n, s, keys)
        return n, max(j, behind)
    return n, behind


@inner
def put_alnum(f, i, end, tokens, n, s, keys):
    """Append what begins at a letter or digit; returns (count, position to go on from)."""
    of_letters = letters(f, i)
    size = trailing_zeros(~(of_letters | digits(f, i)))
    j = min(i + size, end)
    is_word = trailing_zeros(~of_letters) >= j - i
    if size == LANES:
        while j < end and (is_letter(f[j]) or is_digit(f[j])):
            is_word &= is_letter(f[j])
            j += 1
    if is_word:
        if j - i >= 2 and j - i <= 40:
            n = put_word(f, i, j, tokens, n, s, keys)
        return n, j
    if not is_digit(f[i]):
        if j - i <= 40:
            n = put_run(f, i, j, tokens, n, s, keys)
        return n, j
    return put_digits(f, i, j, tokens, n, s, keys)


@inner
def tokenise(f, start, end, chunks, tokens, capacity, s, keys):
    """Read `f[start:end]` into `tokens`; returns how many. `chunks` adds password-like runs."""
    n = 0
    state = s.state
    for t in range(8):
        state[t] = 0
    state[S_PREVIOUS] = -1
    i = start
    chunk_end = start
    floor = start
    room = capacity - 12
    while i < end and n < room:
        c = f[i]
        if chunks and i >= chunk_end and is_chunk(c):
            n, chunk_end = put_chunk(f, i, end, tokens, n, keys)
        if is_letter(c) or is_digit(c):
            n, i = put_alnum(f, i, end, tokens, n, s, keys)
        elif c == 64:
            n, i = put_email(f, i, floor, True, tokens, n, s, keys)
            floor = i
        else:
            if c == 10 or c == 59 or c == 124 or c == 9:
                state[S_LEFT] = 0
            i += 1
    return n


@kernel
def tokenise_array(f, start, end, chunks, tokens, scratch, keys):
    """`tokenise` from Python: `f` must be padded with newlines behind `end`."""
    return tokenise(
        pointer(f),
        start,
        end,
        chunks,
        token_pointers(tokens),
        len(tokens.kind),
        scratch_pointers(scratch),
        pointer(keys),
    )
