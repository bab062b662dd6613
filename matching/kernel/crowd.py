"""Counting person-like records without any leak: identifiers that come again begin a new one."""

from __future__ import annotations

import numpy as np

from matching.kernel.reading import is_of_somebody
from matching.kernel.shapes import (
    collect,
    date_at,
    is_digit,
    is_letter,
    nir_length,
    phone_start,
)
from matching.kernel.sieve import ONE
from matching.kernel.tokens import scratch_pointers
from native.jit import inlined, inner, kernel, pointer
from native.vector import LANES, count_ones, leading_zeros, trailing_zeros

i64 = np.int64
u64 = np.uint64

OLDEST, YOUNGEST = 19000000, 20200000  # birth dates; younger dates are mostly something else
G_COUNT, G_MASK, G_WORDS, G_LINE, G_SINCE = range(5)
M_NIR, M_EMAIL, M_PHONE, M_BIRTH = 1, 2, 4, 8
ENOUGH = 2  # words beside an identifier


@inner
def close_group(state):
    """Count the group that ends: an identifier, or a birth date, beside at least two words."""
    if state[G_MASK] and (state[G_WORDS] >= ENOUGH or state[G_MASK] & M_NIR):
        state[G_COUNT] += 1
    state[G_MASK] = 0
    state[G_WORDS] = 0


@inner
def meet(state, mark):
    """Take an identifier into the group, or begin a new one when its kind came on another line."""
    if state[G_MASK] & mark and (state[G_SINCE] > 0 or mark == M_NIR):
        words = state[G_WORDS]
        close_group(state)
        state[G_WORDS] = words  # words between the two may belong to either
    state[G_MASK] |= mark
    state[G_SINCE] = 0


@inner
def number_here(f, i, s, state):
    """Read the number at `i` into the group; returns the position behind it, or `i`."""
    count, zero = collect(f, i, s.digits, s.places, s.last)
    if count >= 9:
        size = nir_length(s.digits, s.last, count)
        if size:
            meet(state, M_NIR)
            return s.places[size - 1] + 1
        plus = i > 0 and f[i - 1] == 43
        first, sure = phone_start(f, s.digits, s.places, s.last, count, zero, plus)
        if first >= 0 and sure:
            meet(state, M_PHONE)
            return s.places[first + 8] + 1
    end, date, _ = date_at(f, i)
    if date and not is_digit(f[end]):
        if OLDEST < date < YOUNGEST and is_of_somebody(f, i, end, s):
            meet(state, M_BIRTH)
        return end
    return i


@inner
def read_people(f, start, end, s, state):
    """Count the groups that end in `f[start:end]`; the state carries an open one along."""
    i = i64(start)
    while i < end:
        c = f[i]
        if is_digit(c):
            behind = number_here(f, i, s, state)
            if behind > i:
                i = behind
            while i < end and (is_digit(f[i]) or is_letter(f[i])):
                i += 1
        elif is_letter(c):
            first = i
            while i < end and (is_letter(f[i]) or is_digit(f[i])):
                i += 1
            if i - first >= 2:
                state[G_WORDS] += 1
        else:
            if c == 64 and i > 0 and (is_letter(f[i - 1]) or is_digit(f[i - 1])):
                meet(state, M_EMAIL)
            elif c == 10:
                state[G_SINCE] += 1
                if f[i + 1] == 10 and state[G_MASK] == 0:
                    state[G_WORDS] = 0
            i += 1


@inlined
def words_and_blanks(j, since, at, sieve):
    """Of block `j`, as far as it lies in [since, at): where words begin, the line ends, and those
    of them behind which an empty line stands."""
    either = sieve.letters[j] | sieve.digits[j]
    before = either << ONE
    if j:
        before |= (sieve.letters[j - 1] | sieve.digits[j - 1]) >> u64(LANES - 1)
    behind = (either >> ONE) | ((sieve.letters[j + 1] | sieve.digits[j + 1]) << u64(LANES - 1))
    lines = sieve.lines[j]
    blank = lines & ((lines >> ONE) | (sieve.lines[j + 1] << u64(LANES - 1)))
    base = j * LANES
    here = ~u64(0)
    if since > base:
        here <<= u64(since - base)
    if at < base + LANES:
        here &= (ONE << u64(at - base)) - ONE
    return sieve.letters[j] & ~before & behind & here, lines & here, blank & here


@inner
def catch_up(since, at, sieve, state):
    """Count the words and line ends of [since, at), as far as it matters how many there are: two
    words and one line end. Where no group is open the last words tell, and no line end does."""
    if since >= at:
        return
    first, last = since // LANES, (at - 1) // LANES
    if state[G_MASK]:
        j = first
        while j <= last and (state[G_WORDS] < ENOUGH or state[G_SINCE] == 0):
            words, lines, _ = words_and_blanks(j, since, at, sieve)
            state[G_WORDS] += count_ones(words)
            state[G_SINCE] += count_ones(lines)
            j += 1
        return
    found = i64(0)
    for j in range(last, first - 1, -1):
        words, _, blank = words_and_blanks(j, since, at, sieve)
        if blank:
            # Words before an empty line belong to nobody.
            top = LANES - 1 - leading_zeros(blank)
            words &= ~((ONE << u64(top)) | ((ONE << u64(top)) - ONE))
            state[G_WORDS] = found + count_ones(words)
            return
        found += count_ones(words)
        if found >= ENOUGH:
            break
    state[G_WORDS] += found


@inner
def read_sifted(f, start, size, sieve, s, state):
    """`read_people` of `f[start:size]`, a text that was sifted: only at signs and marked digits
    are looked at, and what stands before each."""
    pos = i64(start)
    for j in range(start // LANES, (size + LANES - 1) // LANES):
        events = sieve.ats[j] | (sieve.marks[j] & sieve.digits[j])
        base = j * LANES
        if events == u64(0) or pos >= base + LANES:
            continue
        before = (sieve.letters[j] | sieve.digits[j]) << ONE
        if j:
            before |= (sieve.letters[j - 1] | sieve.digits[j - 1]) >> u64(LANES - 1)
        events &= before | ~sieve.ats[j]
        while True:
            if pos > base:
                events &= ~u64(0) << u64(pos - base)
            if events == u64(0):
                break
            at = base + trailing_zeros(events)
            events &= events - ONE
            catch_up(pos, at, sieve, state)
            if f[at] == 64:
                meet(state, M_EMAIL)
                pos = at + 1
            else:
                pos = max(number_here(f, at, s, state), at + 1)
            if pos >= base + LANES:
                break
    catch_up(pos, size, sieve, state)


@kernel
def count_people(data, size, scratch, state_array):
    """Person-like groups in folded text."""
    state = pointer(state_array)
    read_people(pointer(data), 0, size, scratch_pointers(scratch), state)
    close_group(state)
    return state[G_COUNT]
