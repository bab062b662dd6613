"""Internet addresses in a log, told by masks of many blocks at once (see `addresses`)."""

from __future__ import annotations

import numpy as np

from matching.kernel.planes import (
    ADDRESS,
    BLANK,
    DOT,
    FOUND,
    LAST,
    LETTER,
    OTHER,
    PLUS,
    TO_2,
    TO_3,
    TWO,
    D,
    G,
    Z,
    earlier,
    later,
)
from matching.kernel.sieve import CHUNK, LONG, ONE
from native.jit import inlined, inner

u64 = np.uint64


@inlined
def number_before(m, t, end, end_next):
    """Where one to three digits begin behind which a byte of `end` stands: the last number of an
    address, or what follows in it; no zero in front of another digit."""
    d, d_next = m[D + t], m[D + t + 1]
    one, two = later(d, d_next, 1), later(d, d_next, 2)
    longer = one & (later(end, end_next, 2) | (two & later(end, end_next, 3)))
    return d & (later(end, end_next, 1) | (~m[Z + t] & longer))


@inner
def step_back(s, behind, here):
    """From where a number of an address and all behind it begin to where the one before does."""
    m = s.planes
    for t in range(1, LONG + 1):
        end = m[DOT + t] & later(m[behind + t], m[behind + t + 1], 1)
        end_next = m[DOT + t + 1] & (m[behind + t + 1] >> ONE)
        m[here + t] = number_before(m, t, end, end_next)


@inner
def find_addresses(s):
    """Say in ADDRESS where internet addresses begin: not all, the others are told one by one.

    Those are left out whose first number is from 240 to 255, or that follow a closing bracket.
    """
    m = s.planes
    for t in range(1, LONG + 1):
        d, d_next = m[D + t], m[D + t + 1]
        end = ~(d | m[LETTER + t] | (m[DOT + t] & later(d, d_next, 1)))
        end_next = ~(d_next | m[LETTER + t + 1] | (m[DOT + t + 1] & (d_next >> ONE)))
        m[LAST + t] = number_before(m, t, end, end_next)
    step_back(s, LAST, OTHER)
    step_back(s, OTHER, LAST)
    for t in range(1, CHUNK + 1):
        d, d_next, zero = m[D + t], m[D + t + 1], m[Z + t]
        end = m[DOT + t] & later(m[LAST + t], m[LAST + t + 1], 1)
        end_next = m[DOT + t + 1] & (m[LAST + t + 1] >> ONE)
        low, to_2 = m[TO_3 + t], m[TO_2 + t]
        one, two = later(d, d_next, 1), later(d, d_next, 2)
        three, low_next = low & ~to_2, later(low, m[TO_3 + t + 1], 1)
        france = three & low_next & ~later(to_2, m[TO_2 + t + 1], 1)
        hundreds = (to_2 & ~m[TWO + t]) | (m[TWO + t] & low_next)
        first = later(end, end_next, 1) | (one & later(end, end_next, 2) & ~france)
        first |= hundreds & one & two & later(end, end_next, 3)
        before = d | m[LETTER + t] | m[PLUS + t] | (m[G + t] & ~m[BLANK + t])
        t_before = t - 1
        last = m[D + t_before] | m[LETTER + t_before] | m[PLUS + t_before]
        last |= m[G + t_before] & ~m[BLANK + t_before]
        m[ADDRESS + t] = first & d & ~zero & ~earlier(before, last, 1)


@inner
def drop_addresses(s):
    """Take out of FOUND the addresses whose first group stands there, which are left in ADDRESS;
    one may begin in the block before.

    Where a number is read up to the first dot of what looks like an address, the rest is none.
    """
    m = s.planes
    carry = u64(0)
    for t in range(CHUNK + 1):
        d, found = m[D + t], m[FOUND + t]
        begins = m[ADDRESS + t]
        if t:
            begins &= found
            m[ADDRESS + t] = begins
        run = d | (m[DOT + t] & later(d, m[D + t + 1], 1))
        # The sum clears each run of digits and the dots between from where an address begins.
        total = run + begins
        over = u64(total < run)
        total += carry
        over |= u64(total < carry)
        m[FOUND + t] = found & (total | ~run)
        carry = over
