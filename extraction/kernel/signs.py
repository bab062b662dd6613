"""Places at which a text is written otherwise (markup, entities, URL, quoted-printable, string
escapes, mojibake), and the lines about them.

Bytes are looked at one by one here, at the few places where one may begin. Every look is bounded,
and the next begins behind it or at another byte, so time hangs on the length of the text alone.
"""

from __future__ import annotations

import numpy as np

from extraction.kernel.found import T_COUNTING, T_ESCAPED, T_LINES
from native.jit import inlined, inner

i64 = np.int64

KINDS = 8
MARKUP, ENTITY, PERCENT, FORM, EQUALS, SOFT_BREAK, ESCAPE, MOJIBAKE = range(KINDS)
# What is kept of each kind: how many were found; the stretch of lines about the last ones, and
# where the line behind the last one begins.
COUNT, FIRST, NEAR, END = range(4)
OF_KIND = 4
OF_STRETCH = 3  # numbers of a stretch of lines: kind, where it begins, where it ends
LINES, LINE = 2, 250  # lines on either side, and characters of a line, that count as near
MOST_IN_TAG, MOST_IN_FORM, MOST_IN_NAME = 600, 120, 31
LEAST_OF_LINE, MOST_OF_LINE = 70, 75  # characters before a soft break
# Names of tags, their letters as one number.
NAMES = tuple(
    int.from_bytes(name, "big") for name in b"tr th td br p div span li dd dt b pre".split()
)


@inlined
def is_digit(byte):
    return 48 <= byte <= 57


@inlined
def is_letter(byte):
    return 97 <= byte | 32 <= 122


@inlined
def is_hex(byte):
    return is_digit(byte) or 97 <= byte | 32 <= 102


@inlined
def is_large_hex(byte):
    """Upper case, as quoted-printable has it."""
    return is_digit(byte) or 65 <= byte <= 70


@inlined
def byte_at(text, size, at):
    """The byte there, 0 behind the end."""
    return i64(text[at]) if at < size else 0


@inner
def hex_digits(text, size, at, most):
    """How many digits of hex stand there, up to `most`."""
    count = 0
    while count < most and is_hex(byte_at(text, size, at + count)):
        count += 1
    return count


@inner
def behind_tag(text, size, at):
    """Where a tag ends that is looked for, 0 where none begins: <td class=x>, </p>."""
    at += 1
    if byte_at(text, size, at) == 47:
        at += 1
    name = 0
    for _ in range(5):
        byte = byte_at(text, size, at)
        if not (is_letter(byte) or is_digit(byte) or byte == 95):
            break
        name = name << 8 | byte | 32
        at += 1
    if name not in NAMES:
        return 0
    most = min(size, at + MOST_IN_TAG + 1)
    while at < most:
        if text[at] == 62:
            return at + 1
        if text[at] == 60:
            return 0
        at += 1
    return 0


@inner
def behind_entity(text, size, at):
    """Where an entity ends, 0 where none begins: &#233; &#xe9; &eacute;"""
    first = byte_at(text, size, at + 1)
    count = 0
    if first == 35:
        at += 2
        if byte_at(text, size, at) | 32 == 120:
            at += 1
            count = hex_digits(text, size, at, 7)
            if count > 6:
                return 0
        else:
            while count < 8 and is_digit(byte_at(text, size, at + count)):
                count += 1
            if count > 7:
                return 0
    elif is_letter(first):
        at += 2
        while count <= MOST_IN_NAME:
            byte = byte_at(text, size, at + count)
            if not (is_letter(byte) or is_digit(byte)):
                break
            count += 1
        if count > MOST_IN_NAME:
            return 0
    if count and byte_at(text, size, at + count) == 59:
        return at + count + 1
    return 0


@inner
def behind_form(text, size, at):
    """Where the name of a form's field ends, 0 where none begins: &a.b[]="""
    at += 1
    count = 0
    while count <= MOST_IN_FORM:
        byte = byte_at(text, size, at + count)
        # _ ? . - [ ]
        sign = (
            byte == 95 or byte == 63 or byte == 46 or byte == 45 or byte == 91 or byte == 93
        )  # fmt: skip
        if not (sign or is_letter(byte) or is_digit(byte) or byte >= 0x80):
            break
        count += 1
    if 0 < count <= MOST_IN_FORM and byte_at(text, size, at + count) == 61:
        return at + count + 1
    return 0


@inner
def behind_byte(text, size, at):
    """Where a byte of quoted-printable ends, 0 where none begins (RFC 2045, 6.7). page=97 in an
    address is none: a byte written in two decimal digits has letters about it."""
    one, two = byte_at(text, size, at + 1), byte_at(text, size, at + 2)
    if not (is_large_hex(one) and is_large_hex(two)):
        return 0
    three = byte_at(text, size, at + 3)
    if one >= 65 or (one == 51 and two == 68):
        return at + 3  # a letter first, or 3D
    if (one == 56 or one == 57) and (two >= 65 or is_letter(three) or three == 61):
        return at + 3  # 8 or 9 first
    if one == 48 and (two == 65 or two == 68) and three == 61:
        return at + 4  # 0A= or 0D=
    for more in range(3, 12, 3):
        if not (
            byte_at(text, size, at + more) == 61
            and is_large_hex(byte_at(text, size, at + more + 1))
            and is_large_hex(byte_at(text, size, at + more + 2))
        ):
            return 0
    return at + 12


@inner
def behind_soft_break(text, size, at):
    """Where a soft break behind a long line ends, 0 where none begins."""
    behind = at + 1
    if byte_at(text, size, behind) == 13:
        behind += 1
    if byte_at(text, size, behind) != 10:
        return 0
    behind += 1
    if behind >= size or text[behind] == 32 or 9 <= text[behind] <= 13:
        return 0
    least = max(0, at - 4 * (MOST_OF_LINE + 1))
    count = 0
    at -= 1
    while at >= least and text[at] != 10:
        count += text[at] & 0xC0 != 0x80
        at -= 1
    return behind if LEAST_OF_LINE <= count <= MOST_OF_LINE else 0


@inner
def behind_escape(text, size, at):
    """Where an escape in a string ends, 0 where none begins, for a backslash with one of the
    letters that escapes have."""
    kind = byte_at(text, size, at + 1)
    if kind == 120:
        return at + 4 if hex_digits(text, size, at + 2, 2) == 2 else 0
    if kind == 117:
        return at + 6 if hex_digits(text, size, at + 2, 4) == 4 else 0
    return at + 2 if at + 1 < size else 0


@inlined
def behind_spoilt(text, size, at):
    """Where a letter ends that the first byte of é, è, à, ç … was read as (Ã, ├, √), 0 where none
    begins. A text without one of them is not spoilt."""
    one, two = byte_at(text, size, at + 1), byte_at(text, size, at + 2)
    if text[at] == 0xC3:
        return at + 2 if one == 0x83 else 0
    return at + 3 if (one == 0x94 and two == 0x9C) or (one == 0x88 and two == 0x9A) else 0


@inner
def line_behind(text, size, at):
    """Where the line behind the one at `at` begins; what is over LINE is cut."""
    count = 0
    while at < size:
        byte = text[at]
        if byte & 0xC0 != 0x80:
            if count == LINE:
                return at
            count += 1
        at += 1
        if byte == 10:
            return at
    return size


@inner
def lines_back(text, size, at, floor):
    """Where the line LINES lines before the one at `at` begins, not before `floor`."""
    for _ in range(LINES + 1):
        count = 0
        while at > floor and count < LINE:
            at -= 1
            if text[at] & 0xC0 != 0x80:
                count += 1
                if text[at] == 10:
                    break
        if at == floor:
            return floor
    at += 1
    while at < size and text[at] & 0xC0 == 0x80:
        at += 1
    return at


@inner
def put_lines(kind, found):
    """Put down the lines about the last places of a kind, where there are any."""
    state = kind * OF_KIND
    first, near = found.signs[state + FIRST], found.signs[state + NEAR]
    if near > first:
        place = found.told[T_LINES] * OF_STRETCH
        found.lines[place] = kind
        found.lines[place + 1] = first
        found.lines[place + 2] = near
        found.told[T_LINES] += 1


@inner
def put_sign(text, size, kind, at, behind, found):
    """Count a place, and go on with the lines about places of its kind."""
    state = kind * OF_KIND
    found.signs[state + COUNT] += 1
    if found.told[T_COUNTING] or at < found.signs[state + END]:
        return
    near = found.signs[state + NEAR]
    if at >= near:
        first = lines_back(text, size, at, near)
        if first > near:
            put_lines(kind, found)
            found.signs[state + FIRST] = first
    near = line_behind(text, size, behind)
    found.signs[state + END] = near
    for _ in range(LINES):
        near = line_behind(text, size, near)
    found.signs[state + NEAR] = near


@inner
def read_sign(text, size, at, found):
    """Look at a byte with which one of the signs may begin."""
    sign = text[at]
    kind, behind = MARKUP, i64(0)
    if sign == 61:
        kind, behind = EQUALS, behind_byte(text, size, at)
        if behind == 0:
            kind, behind = SOFT_BREAK, behind_soft_break(text, size, at)
    elif sign == 92:
        if at >= found.told[T_ESCAPED]:
            kind, behind = ESCAPE, behind_escape(text, size, at)
            if behind:
                found.told[T_ESCAPED] = behind
    elif sign == 60:
        behind = behind_tag(text, size, at)
    elif sign == 38:
        kind, behind = ENTITY, behind_entity(text, size, at)
        if behind == 0:
            kind, behind = FORM, behind_form(text, size, at)
    elif sign == 37:
        kind = PERCENT
        if hex_digits(text, size, at + 1, 2) == 2:
            behind = at + 3
    else:
        kind, behind = MOJIBAKE, behind_spoilt(text, size, at)
    if behind:
        put_sign(text, size, kind, at, behind, found)
