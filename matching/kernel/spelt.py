"""Where mail addresses are spelt against harvesters: name [at] host [dot] org, name chez host.org.

Read over folded bytes. Places that may be such a sign are found 64 bytes at a time; what stands
about each is then read one by one, never further than an address is long.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.kernel.folding import end_folded, fold_some
from matching.kernel.shapes import is_digit, is_letter
from native import llvm
from native.jit import inlined, inner, kernel, pointer
from native.llvm import ir
from native.vector import (
    LANES,
    any_of,
    between,
    block_at,
    mask_of,
    one_of,
    splat,
    trailing_zeros,
)

u64 = np.uint64
i64 = np.int64

ONE = u64(1)
AHEAD = 4  # bytes behind a block that are looked at with it
LOCAL, LABEL, LABELS = 64, 63, 6  # RFC 5321, and parts of a host that are put together
ITEM = 3  # first byte, one past the last, the sign that is meant
MOST = ITEM * (LABELS + 1)  # numbers that one address puts down
AT, DOT = 64, 46
STRETCH = 16 * LANES  # bytes after which it is asked again whether there are words
PIECE = 16 * 1024  # bytes that are folded before they are looked through, still in the next cache
REACH = 16 * LANES  # no address is longer


def _signs(b: Any, block: Any, args: Any) -> Any:
    """An at sign, a bracket before one or before a word that may be one, and such words."""

    def behind(count: int) -> Any:
        return block_at(b, args[0], b.add(args[1], ir.Constant(llvm.WORD, count)))

    def both(*parts: Any) -> Any:
        whole = parts[0]
        for part in parts[1:]:
            whole = b.and_(whole, part)
        return whole

    def is_at(where: Any, letter: bytes) -> Any:
        return between(b, where, letter[0], letter[0])

    one, two, three, four = (behind(count) for count in range(1, AHEAD + 1))
    bracket = both(_brackets(b, block), one_of(b, one, b"a@ "))
    # Of each word what is asked is seldom true of others: every question is asked of every byte.
    at = both(is_at(one, b"a"), is_at(two, b"t"), is_at(three, b" "))
    chez = both(is_at(one, b"c"), is_at(four, b"z"))
    arobase = both(is_at(one, b"a"), is_at(two, b"r"), is_at(four, b"b"))
    word = both(is_at(block, b" "), any_of(b, at, chez, arobase))
    return any_of(b, bracket, word, is_at(block, b"@"))


def _brackets(b: Any, block: Any) -> Any:
    """What opens: of [ and { one bit differs."""
    both = between(b, b.or_(block, splat(32)), ord("{"), ord("{"))
    return b.or_(both, one_of(b, block, b"(<"))


def _begins(b: Any, block: Any, args: Any) -> Any:
    """What a sign may begin with, as far as two bytes tell."""
    one = block_at(b, args[0], b.add(args[1], ir.Constant(llvm.WORD, 1)))
    a_or_c = between(b, b.or_(one, splat(2)), ord("c"), ord("c"))
    word = b.and_(between(b, block, 32, 32), a_or_c)
    return any_of(b, word, _brackets(b, block), between(b, block, ord("@"), ord("@")))


signs: Any = mask_of("signs", _signs)
begins: Any = mask_of("begins", _begins)


@inlined
def is_part(c):
    """Whether a byte may stand in a label of a host."""
    return is_letter(c) or is_digit(c) or c == 45


@inner
def word_behind(f, i):
    """One past the word at `i` that stands for an at sign, or 0."""
    if f[i] == 97 and f[i + 1] == 116 and not is_letter(f[i + 2]):
        return i + 2
    if f[i] == 99 and f[i + 1] == 104 and f[i + 2] == 101 and f[i + 3] == 122:
        return i + 4
    if f[i] == 97 and f[i + 1] == 114 and f[i + 2] == 111 and f[i + 3] == 98 and f[i + 4] == 97:
        return i + 7 if f[i + 5] == 115 and f[i + 6] == 101 else i64(0)
    return i64(0)


@inlined
def closes(c):
    """Whether a byte is a closing bracket."""
    return c == 41 or c == 93 or c == 125 or c == 62


@inner
def bracket_behind(f, i, dot):
    """One past the bracket at `i`, and the blank behind it, that holds an at sign or (`dot`) a dot,
    as a sign or a word; 0 for any other."""
    i += 1
    if f[i] == 32:
        i += 1
    c = f[i]
    end = i64(0)
    if dot:
        if c == DOT:
            end = i + 1
        elif c == 100 and f[i + 1] == 111 and f[i + 2] == 116:
            end = i + 3
        elif c == 112 and f[i + 1] == 111 and f[i + 2] == 105 and f[i + 3] == 110:
            end = i + 5 if f[i + 4] == 116 else i64(0)
    elif c == AT or (c == 97 and (closes(f[i + 1]) or f[i + 1] == 32)):
        end = i + 1
    else:
        end = word_behind(f, i)
    if end == 0:
        return end
    if f[end] == 32:
        end += 1
    if not closes(f[end]):
        return i64(0)
    return end + 2 if f[end + 1] == 32 else end + 1


@inner
def dot_behind(f, i):
    """(one past the dot at `i`, whether it is spelt); (0, False) for none."""
    if f[i] == DOT:
        return i + 1, False
    bracket = i + 1 if f[i] == 32 else i
    c = f[bracket]
    if c != 40 and c != 91 and c != 123 and c != 60:
        return i64(0), False
    return bracket_behind(f, bracket, True), True


@inner
def is_name(f, end, any_word):
    """Whether what ends at `end` may be the part before an at sign: `any_word`, or one with a digit
    or mark in it, for `chez` and `at` are words of the language too."""
    if end == 0 or not (is_letter(f[end - 1]) or is_digit(f[end - 1]) or f[end - 1] == 95):
        return False
    if any_word:
        return True
    i = end
    while i > 0 and end - i < LOCAL:
        c = f[i - 1]
        if is_digit(c) or c == 95 or c == DOT:
            return True
        if not is_letter(c) and c != 45:
            return False
        i -= 1
    return False


@inner
def sign_behind(f, at):
    """(first byte of the sign at `at`, one past it, whether it is no mere at sign) with the blanks
    about it; one past it is 0 where there is none, or no name before it."""
    c = f[at]
    before = at - 1 if at > 0 and f[at - 1] == 32 else at
    behind = i64(0)
    if c == AT:
        blank = f[at + 1] == 32
        if blank == (before < at):
            behind = at + 2 if blank else at + 1
        return before, (behind if is_name(f, before, True) else i64(0)), blank
    if c == 32:
        behind = word_behind(f, at + 1)
        named = behind > 0 and f[behind] == 32 and is_name(f, at, False)
        return at, (behind + 1 if named else i64(0)), True
    behind = bracket_behind(f, at, False)
    return before, (behind if is_name(f, before, True) else i64(0)), True


@inner
def read_address(f, at, out, n):
    """Put down what is spelt of an address whose sign may begin at `at`; returns (how many numbers
    are in `out`, how far was read)."""
    first, behind, spelt = sign_behind(f, at)
    if behind == 0:
        return n, at + 1
    put = n
    if spelt:
        out[put], out[put + 1], out[put + 2] = first, behind, AT
        put += ITEM
    i = label = behind
    for more in range(LABELS - 1, -1, -1):
        label = i
        while is_part(f[i]) and i - label < LABEL:
            i += 1
        end, is_spelt = dot_behind(f, i)
        if i == label or more == 0 or end == 0 or not is_part(f[end]):
            break
        if is_spelt:
            out[put], out[put + 1], out[put + 2] = i, end, DOT
            put += ITEM
        i = end
    # A host has a dot, and ends in two letters or more.
    if label == behind or i - label < 2 or not is_letter(f[i - 1]):
        return n, at + 1
    return put, (i if put > n else at + 1)


@inner
def find_some(text, base, behind, size, found, room, n, read, few):
    """Look through the blocks of `text[:size]` from byte `base` on that begin before `behind`;
    `n`, `read` and `few` say how far all is. Returns these, with the next block before them and
    `n` -1 where `found` is too small."""
    while base < behind:
        # Most blocks of logs and dumps have no word at all; where others come, they come together.
        few |= base % STRETCH == 0
        few = few and begins(text, base) == u64(0)
        likely = u64(0) if few else signs(text, base)
        while likely:
            at = base + trailing_zeros(likely)
            likely &= likely - ONE
            if at < read or at >= size:
                continue
            if n > room:
                return base, i64(-1), read, few
            n, read = read_address(text, at, found, n)
        base += LANES
    return base, n, read, few


@kernel
def find_spelt(f, size, out):
    """Put down (first byte, one past the last, sign) of all that is spelt in `f[:size]`, in order.

    `f` goes on behind with newlines, 64 at least. Returns how many numbers are in `out`, -1 when it
    is too small.
    """
    none = i64(0)
    _, n, _, _ = find_some(
        pointer(f), none, size - AHEAD, size, pointer(out), len(out) - MOST, none, none, True
    )
    return n


@kernel
def fold_and_find(raw, size, folded, carriage, table, growing, told, out):
    """`folding.fold_array` into `folded`, and `find_spelt` of that into `out`: each piece of a text
    is looked through while it is still near."""
    source, target, found = pointer(raw), pointer(folded), pointer(out)
    entries, letters = pointer(table), pointer(growing)
    room = len(out) - MOST
    i, n, points, moved, unknown = i64(0), i64(0), i64(0), i64(0), i64(0)
    base, count, read, few = i64(0), i64(0), i64(0), True
    while i < size:
        i, n, points, moved, unknown = fold_some(
            source, size, min(size, i + PIECE), target, target, False, carriage, entries, letters,
            i, n, points, moved, unknown,
        )  # fmt: skip
        if count >= 0:
            base, count, read, few = find_some(
                target, base, n - REACH, n, found, room, count, read, few
            )
    end_folded(target, n, points, moved, unknown, told)
    if count >= 0:
        _, count, _, _ = find_some(target, base, n - AHEAD, n, found, room, count, read, few)
    return count
