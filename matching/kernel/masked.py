"""What masked values, initials, dates with a slip and comments say for a row, from its pieces."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.desk import I_MASKS, I_QUOTED, credit
from matching.kernel.masks import (
    HIDDEN,
    M_DATE,
    M_MAIL,
    M_NIR,
    M_PHONE,
    M_WORD,
    MOST,
    N_DOMAIN,
    N_DOMAIN_END,
    WIDTH,
    find_masks,
)
from matching.kernel.pieces import (
    COMMENT_WORDS,
    P_BIRTH,
    P_COMMENT,
    P_FIRST,
    P_MAIL,
    P_NIR,
    P_PHONES,
    P_SURNAMES,
    birth_piece,
    domain_number,
    piece,
    word_piece,
)
from matching.kernel.shapes import is_letter
from native.jit import inlined, inner

i64 = np.int64

PAIR_BITS = 6.1  # of two digits behind one keyed byte
LETTER_BITS = 3.3  # an initial, the last letter of a name
WORD_BITS = 3.5  # a word of a comment that follows the one before it
COMMENT_MOST = 22.0
BEHIND_QUOTE = 8  # bytes between the last word of a comment and a date that belongs to it


@inlined
def sketch_of(rows):
    """Where the pieces of a record begin."""
    return rows.slots * 5 + (-(rows.slots * 5)) % 8


@inlined
def column_of(wanted, rows, desk):
    """The first column of a class that shows nothing yet, -1 for none or when one shows."""
    found = i64(-1)
    for c in range(rows.columns):
        if rows.column_class[c] == wanted:
            if desk.bits[c] > 0.0:
                return i64(-1)
            if found < 0:
                found = i64(c)
    return found


@inner
def phone_bits(base, sketch, desk, keys):
    """What the visible digits of a masked phone say for one of a row's two phones."""
    n = desk.masks.numbers
    best = 0.0
    for phone in range(2):
        at = sketch + P_PHONES + 5 * phone
        if desk.record8[at] == 0:
            continue
        bits = 0.0
        for pair in range(5):
            high, low = n[base + 2 * pair], n[base + 2 * pair + 1]
            if low == HIDDEN or (pair and high == HIDDEN):
                continue
            value = low if pair == 0 else high * 10 + low
            if desk.record8[at + pair] != piece(value, P_PHONES + pair, keys):
                bits = -1.0
                break
            bits += 1.5 if pair == 0 else PAIR_BITS
        best = max(best, bits)
    return best if best > 6.0 else 0.0


@inner
def nir_bits(base, sketch, desk, keys):
    """What the visible parts of a masked NIR say."""
    n = desk.masks.numbers
    bits = 0.0
    for part in range(6):
        first = 0 if part == 0 else (2 * part - 1 if part < 5 else 10)
        size = 1 if part == 0 else (2 if part < 4 else 3)
        whole = True
        for t in range(size):
            whole = whole and n[base + first + t] != HIDDEN
        if not whole:
            continue
        at = sketch + P_NIR + part
        value = nir_number(n, base, part)
        if desk.record8[at] == 0 or desk.record8[at] != piece(value, P_NIR + part, keys):
            return 0.0
        bits += (1.0, 5.5, 3.5, 4.5, 6.0, 7.0)[part]
    return bits if bits >= 6.0 else 0.0


@inlined
def nir_number(n, base, part):
    """`pieces.nir_part` of digits that begin at `base`."""
    if part == 0:
        return n[base]
    if part < 4:
        return n[base + 2 * part - 1] * 12 + n[base + 2 * part]
    first = base + (7 if part == 4 else 10)
    return (n[first] * 12 + n[first + 1]) * 12 + n[first + 2]


@inner
def mail_bits(f, base, sketch, desk, keys):
    """What the visible letters and the domain of a masked address say."""
    n = desk.masks.numbers
    bits = 0.0
    for letter in range(6):
        seen = n[base + letter]
        if seen == 0:
            continue
        at = sketch + P_MAIL + letter
        if desk.record8[at] != piece(seen, P_MAIL + letter, keys):
            return 0.0
        bits += LETTER_BITS
    if n[base + N_DOMAIN]:
        number = domain_number(f, n[base + N_DOMAIN], n[base + N_DOMAIN_END])
        if desk.record8[sketch + P_MAIL + 6] != piece(number, P_MAIL + 6, keys):
            return 0.0
        bits += 2.5
    return bits


@inner
def birth_bits(base, sketch, desk, keys):
    """What a date that is none says for a birth date with a slip."""
    n = desk.masks.numbers
    day, month, year = n[base], n[base + 1], n[base + 2]
    at = sketch + P_BIRTH
    # No day or month that is none stands in a record: most such dates are parts of addresses.
    same = 1 <= day <= 31 and desk.record8[at] == birth_piece(day, 0, desk.births, keys)
    same_month = 1 <= month <= 12 and desk.record8[at + 1] == birth_piece(
        month, 1, desk.births, keys
    )
    if not same and not same_month:
        return 0.0
    bits = (4.5 if same else 0.0) + (3.3 if same_month else 0.0)
    if desk.record8[at + 2] == birth_piece(year, 2, desk.births, keys):
        return bits + 5.5 - 3.0
    if not same or not same_month:
        return 0.0
    return bits - 3.0 + year_bits(year, at, desk, keys)


@inner
def year_bits(year, at, desk, keys):
    """What a year with a slip still says: its first three digits, or its last one."""
    best = 0.0
    cut = year
    while cut > 999:
        cut //= 10
    if desk.record8[at + 3] == piece(cut, P_BIRTH + 3, keys):
        best = 2.5
    if desk.record8[at + 4] == piece(year % 10, P_BIRTH + 4, keys):
        best += 2.5
    return best


@inner
def name_bits(base, at, desk, keys):
    """What an initial or the visible letters of a name say; `at` is where its pieces stand."""
    n = desk.masks.numbers
    if desk.record8[at] == 0 or desk.record8[at] != piece(n[base], P_SURNAMES, keys):
        return 0.0
    if n[base + 1] == 0:
        return LETTER_BITS
    if desk.record8[at + 1] != piece(n[base + 1], P_SURNAMES + 1, keys):
        return 0.0
    return 2 * LETTER_BITS


@inner
def match_names(e, sketch, rows, desk, keys, count):
    """Credit an initial to the surname or first name that is not there; dear in a crowd."""
    base = e * WIDTH
    crowd = 0.0
    while count > 4:
        crowd += 1.0
        count >>= 1
    for first in range(2):
        wanted = k.C_FIRST if first == 0 else k.C_SURNAME
        c = column_of(wanted, rows, desk)
        if c < 0:
            continue
        bits = name_bits(base, sketch + (P_FIRST if first == 0 else P_SURNAMES), desk, keys)
        if first == 1 and bits == 0.0:
            bits = name_bits(base, sketch + P_SURNAMES + 2, desk, keys)
        if bits - crowd > 0.5:
            quality = k.Q_INITIAL if desk.masks.numbers[base + 1] == 0 else k.Q_MASKED
            credit(c, bits - crowd, desk.masks.start[e], desk.masks.end[e], quality, desk)
            return


@inner
def match_masks(f, start, end, rows, desk, keys):
    """Credit everything masked in the window to the columns of which nothing else is seen."""
    if desk.info[I_MASKS] < 0:
        desk.info[I_MASKS] = find_masks(f, start, end, desk.masks, MOST, True)
    count = desk.info[I_MASKS]
    sketch = sketch_of(rows)
    for e in range(count):
        kind = desk.masks.kind[e]
        base = e * WIDTH
        if kind == M_WORD:
            match_names(e, sketch, rows, desk, keys, count)
            continue
        wanted, bits, quality = i64(-1), 0.0, k.Q_MASKED
        if kind == M_PHONE:
            wanted, bits = i64(k.C_PHONE), phone_bits(base, sketch, desk, keys)
        elif kind == M_NIR:
            wanted, bits = i64(k.C_NIR), nir_bits(base, sketch, desk, keys)
        elif kind == M_MAIL:
            wanted, bits = i64(k.C_EMAIL), mail_bits(f, base, sketch, desk, keys)
        elif kind == M_DATE:
            wanted, bits = i64(k.C_BIRTH), birth_bits(base, sketch, desk, keys)
            quality = k.Q_DATE_PARTS
        if bits > 0.0:
            c = column_of(wanted, rows, desk)
            if c >= 0:
                credit(c, bits, desk.masks.start[e], desk.masks.end[e], quality, desk)


@inner
def follow(at, place, wanted, chain, desk):
    """Where a word stands in the comment behind `place`, at most three words on; -1 for nowhere."""
    low = place + 1 if chain else 0
    high = min(COMMENT_WORDS, place + 4) if chain else COMMENT_WORDS
    for p in range(low, high):
        if desk.record8[at + p] == wanted:
            return i64(p)
    return i64(-1)


@inlined
def tells(t, tokens, start, end):
    """Whether a token is a word of evidence inside [start, end)."""
    return (
        tokens.kind[t] == k.WORD
        and tokens.aux[t] >= 0
        and tokens.aux[t] & k.F_STOP == 0
        and tokens.start[t] >= start
        and tokens.end[t] <= end
    )


@inner
def is_read_on(f, start, end):
    """Whether nothing but words stands between two bytes."""
    i = start
    while i < end and (is_letter(f[i]) or f[i] == 32 or f[i] == 44):
        i += 1
    return i >= end


@inner
def quoted_dates(f, tokens, from_, to, behind):
    """How many dates stand among the words of a comment from token `from_` to token `to`, or right
    behind them: "vu le 19/10/2018" is no birth date of anybody."""
    count = i64(0)
    last = i64(tokens.end[to])
    for t in range(from_, behind):
        at = i64(tokens.start[t])
        if at > last + BEHIND_QUOTE:
            break
        if tokens.kind[t] == k.DATE and tokens.aux[t] > 0:
            count += i64(at < last or is_read_on(f, last, at))
    return count


@inner
def match_comment(f, tokens, first, behind, start, end, rows, desk):
    """Credit words that follow each other in a row's comment and in the window, edits allowed.

    A word counts when it comes at most two words behind one that counted, on both sides.
    """
    desk.info[I_QUOTED] = 0
    at = sketch_of(rows) + P_COMMENT
    c = column_of(k.C_COMMENT, rows, desk)
    if desk.record8[at + 3] == 0:
        return
    best, from_, to = i64(0), i64(0), i64(0)
    chain, place, gap, begun = i64(0), i64(-1), i64(0), i64(0)
    for t in range(first, behind):
        if not tells(t, tokens, start, end):
            continue
        found = follow(at, place, word_piece(tokens.key[t]), chain, desk)
        if found >= 0:
            begun = i64(t) if chain == 0 else begun
            chain += 1
            place = found
            gap = i64(0)
            if chain > best:
                best, from_, to = chain, begun, i64(t)
        elif chain:
            gap += 1
            chain = chain if gap <= 2 else i64(0)
    if best >= 3:
        if c >= 0:  # else five of its words in a row were found
            bits = min(COMMENT_MOST, WORD_BITS * (best - 2))
            credit(c, bits, tokens.start[from_], tokens.end[to], k.Q_PART, desk)
        desk.info[I_QUOTED] = quoted_dates(f, tokens, from_, to, behind)
