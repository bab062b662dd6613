"""Whether a run of base64 holds what is read: a text, an archive or a document. Most runs are
words, paths, lines of dashes, hashes.

Only what certainly holds nothing is left out: `extraction.encoded` has the last word on the rest.
"""

from __future__ import annotations

import numpy as np

from native.jit import inlined, inner

i64 = np.int64

HEAD = 24  # characters that show whether a text or a file begins there
LONG = 400  # characters of a run that may be a tar archive
# A tar archive shows at byte 257. So many characters do not reach that.
SHORT = 340
SAMPLE_FOR_SHARE = 64  # bytes; of a shorter text a share has to be plain, and more be letters
NONE = 64  # what stands in `sixes` for a character that is none of base64
# Kinds of bytes, as the caller tells them.
CONTROL, WRITTEN, PRINTED = 1, 2, 4


@inlined
def byte_of(text, at, number, sixes):
    """A byte of those that the base64 from `at` on stands for."""
    group = at + number // 3 * 4
    rest = number % 3
    one, two = i64(sixes[text[group + rest]]), i64(sixes[text[group + rest + 1]])
    if rest == 0:
        return one << 2 | two >> 4
    if rest == 1:
        return (one & 15) << 4 | two >> 2
    return (one & 3) << 6 | two


@inlined
def bytes_in(length):
    """How many bytes so many characters of base64 stand for; one over a group is left out."""
    return (length - (length % 4 == 1)) * 6 // 8


@inlined
def behind_blanks(text, size, at):
    """One past the blanks and signs of quoting that stand there."""
    while at < size and (text[at] == 32 or text[at] == 9 or text[at] == 62):
        at += 1
    return at


@inner
def goes_on(text, size, at, sixes):
    """Whether a line of base64 may follow the one that ends here."""
    at = behind_blanks(text, size, at)
    if at < size and text[at] == 13:
        at += 1
    if at >= size or text[at] != 10:
        return False
    at = behind_blanks(text, size, at + 1)
    return at < size and sixes[text[at]] < NONE


@inner
def may_begin(text, at, count, found):
    """Whether the first `count` bytes of a run may begin a text, an archive or a document."""
    first = byte_of(text, at, 0, found.sixes) << 8 | byte_of(text, at, 1, found.sixes)
    if found.first_two[first]:
        return True
    zero, zeros, control = False, 0, False
    for number in range(count):
        byte = byte_of(text, at, number, found.sixes)
        if byte == 0:
            zero = True
            zeros += number & 1
        elif found.kinds[byte] & CONTROL:
            control = True
    # A text of two bytes a character, or none.
    return 4 * zeros >= count if zero else not control


@inner
def is_utf_8(text, at, count, found):
    """Whether the bytes of a run are whole characters of UTF-8 (RFC 3629)."""
    left, low, high = 0, 0x80, 0xBF  # bytes that a character still needs, and which may be next
    for number in range(count):
        byte = byte_of(text, at, number, found.sixes)
        if left:
            if byte < low or byte > high:
                return False
            left -= 1
            low, high = 0x80, 0xBF
        elif byte >= 0x80:
            if byte < 0xC2 or byte > 0xF4:
                return False
            left = 1 + (byte >= 0xE0) + (byte >= 0xF0)
            low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
    return left == 0


@inner
def may_be_text(text, at, count, found):
    """Whether a run of so few bytes, which is no archive, may be a text or a PDF."""
    zeros = odd_zeros = unwritten = unprinted = plain = before = 0
    control = False
    for number in range(count):
        byte = byte_of(text, at, number, found.sixes)
        if before == 0x25 and byte == 0x50:
            return True  # %P: a PDF stands behind other bytes
        before = byte
        kind = found.kinds[byte]
        zeros += byte == 0
        odd_zeros += byte == 0 and number & 1 == 1
        control |= kind & CONTROL != 0
        unwritten += kind & WRITTEN == 0
        unprinted += kind & PRINTED == 0
        plain += byte < 0x80
    if zeros:
        return 10 * odd_zeros >= 6 * (count // 2)
    if control:
        return False
    if plain == count:
        return True
    if not is_utf_8(text, at, count, found):
        return 4 * (unprinted if count >= SAMPLE_FOR_SHARE else unwritten) <= count
    return count >= SAMPLE_FOR_SHARE or 10 * plain >= 3 * count


@inner
def is_promising(text, size, at, found):
    """Whether the run of base64 that begins here may hold something that is read."""
    most = min(size, at + LONG)
    end = at
    while end < most and found.sixes[text[end]] < NONE:
        end += 1
    length = end - at
    if length >= LONG:
        return True
    if not may_begin(text, at, bytes_in(min(length, HEAD)), found):
        return False
    if length % 4 == 0 and goes_on(text, size, end, found.sixes):
        return True
    if found.first_two[byte_of(text, at, 0, found.sixes) << 8 | byte_of(text, at, 1, found.sixes)]:
        return True
    return length > SHORT or may_be_text(text, at, bytes_in(length), found)
