"""Addresses in a text: where each begins and ends, and its keys."""

from __future__ import annotations

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.siphash import siphash_padded
from matching.kernel.tokens import S_LEFT, S_PREVIOUS, STRANGERS, put
from native.jit import inlined, inner
from native.vector import LANES, leading_zeros, mail_domains, mail_locals, trailing_zeros

i64 = np.int64
u64 = np.uint64

LONGEST_LOCAL, LONGEST_DOMAIN = 100, 200


@inlined
def is_local(c):
    """Whether a byte may stand before the at sign: letters, digits, . _ - + %"""
    return is_letter(c) or is_digit(c) or c == 46 or c == 95 or c == 45 or c == 43 or c == 37


@inlined
def is_domain(c):
    """Whether a byte may stand behind the at sign: letters, digits, . -"""
    return is_letter(c) or is_digit(c) or c == 46 or c == 45


@inner
def email_bounds(f, at, floor):
    """Where the address around the at sign may begin and end."""
    start = at
    if at - floor >= LANES:
        start -= leading_zeros(~mail_locals(f, at - LANES))
    while start > floor and at - start < LONGEST_LOCAL and is_local(f[start - 1]):
        start -= 1
    while start < at and (f[start] == 46 or f[start] == 45):
        start += 1
    end = at + 1 + trailing_zeros(~mail_domains(f, at + 1))
    while end - at < LONGEST_DOMAIN and is_domain(f[end]):
        end += 1
    while end > at and not is_letter(f[end - 1]):
        end -= 1
    return start, end


@inlined
def is_gmail(f, at, dot):
    """Whether gmail or googlemail stands behind the at sign, where points tell nothing."""
    return f[at + 1] == 103 and (
        (f[at + 2] == 109 and dot == at + 6) or (f[at + 2] == 111 and dot == at + 11)
    )


@inlined
def is_tagged(f, start, at):
    """Whether a tag is among the bytes before the at sign: jean+shop@…"""
    found = False
    for i in range(start, at):
        found |= f[i] == 43
    return found


@inner
def write_email(f, start, at, end, gmail, out):
    """Write an address without its tag, and without points where they tell nothing.

    Returns how long the part before the at sign is, and the whole.
    """
    size = 0
    for i in range(start, at):
        if f[i] == 43:
            break
        if not (gmail and f[i] == 46):
            out[size] = f[i]
            size += 1
    local = size
    for i in range(at, end):
        out[size] = f[i]
        size += 1
    return local, size


@inner
def put_email(f, at, floor, every, tokens, n, s, keys):
    """Append the address around the at sign at `at`; returns (count, position behind it).

    Unless `every` one is wanted, those are left out whose first part was found to be nobody's, not
    with a slip either (`hits.near_hits`): the exact table has the first part of each it holds.
    """
    start, end = email_bounds(f, at, floor)
    dot = end - 1
    while dot > at and f[dot] != 46:
        dot -= 1
    if start == at or dot <= at + 1 or end - dot < 3:
        return n, at + 1
    # The words inside the address are part of it and no evidence of their own.
    while n > 0 and tokens.start[n - 1] >= start:
        n -= 1
    s.state[S_PREVIOUS] = -1
    s.state[S_LEFT] = 0
    k0, k1 = keys[2 * k.EMAIL], keys[2 * k.EMAIL + 1]
    x0, x1 = keys[2 * k.LOCAL], keys[2 * k.LOCAL + 1]
    gmail = is_gmail(f, at, dot)
    if gmail or is_tagged(f, start, at):
        local, size = write_email(f, start, at, end, gmail, s.bytes)
        key = siphash_padded(s.bytes, 0, size, k0, k1)
        before = siphash_padded(s.bytes, 0, local, x0, x1)
    else:
        local = at - start
        before = siphash_padded(f, start, at, x0, x1)
        if not every and s.nobodys[i64(before & u64(STRANGERS - 1))] == before:
            return n, end
        key = siphash_padded(f, start, end, k0, k1)
    n = put(tokens, n, k.EMAIL, key, start, end, 1)
    return put(tokens, n, k.LOCAL, before, start, at, local), end
