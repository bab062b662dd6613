"""Going through a long text: part by part, and only those whole in which a row can be found.

As many parts as make a region are sifted at once, and what is marked is looked up (`sift`, `hits`).
Most regions point to no row at all; of those that do, most show a name or a date of the leak and
nothing else (`worth`). Parts in which more stands are for `region.scan_region`. Where parts are cut
hangs on the text before them alone, so that reading all of them finds the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.bench import MAX_HITS, PART, PARTS, SIFTED, leak_pointers
from matching.kernel.crowd import close_group, read_people, read_sifted
from matching.kernel.desk import desk_pointers
from matching.kernel.glimpse import Glimpse, glimpse_pointers, new_glimpse
from matching.kernel.hits import (
    RING,
    RING_COUNTS,
    RING_FULL,
    RING_LEFT,
    find_hits,
    hit_pointers,
)
from matching.kernel.judged import new_judged
from matching.kernel.reading import tokenise
from matching.kernel.rows import row_pointers
from matching.kernel.scattered import P_FOUND, Scattered, add_up, new_scattered, scattered_pointers
from matching.kernel.sieve import Sieve, new_sieve, sieve_pointers
from matching.kernel.sift import AROUND, mark_towns, sift, tokenise_marked
from matching.kernel.tokens import Tokens, new_tokens, scratch_pointers, token_pointers
from matching.kernel.worth import BOUNDS, LOCAL, find_worth, high_of, low_of
from native.jit import inlined, inner, kernel, pointer

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

MARGIN = 64  # newlines before a region's copy
OVERLAP = 1500  # bytes that a part shares with the one before it
NOWHERE = (1, 0)  # as the bytes about which phones with a slip are looked up
DENSE = 8  # rows found in a part behind which the next one is read unseen
# So many parts on end worth reading, and so many more are read unseen: in a directory sifting each
# part takes as long as reading it.
CROWDED, UNSEEN = 8, 24

# Places in Screen.info.
Z_AT, Z_SEEN, Z_START, Z_END, Z_PARTS, Z_WORTH, Z_FOUND, Z_NEXT, Z_HELD, Z_RUN = range(10)


class Screen(NamedTuple):
    """Working memory; `info` says where reading stands and what was found last.

    `parts` holds first byte, one past the last and whether worth reading of each part sifted last.
    """

    text: NDArray[np.uint8]
    streets: NDArray[np.uint8]
    sieve: Sieve
    local: Tokens
    glimpse: Glimpse
    people: NDArray[np.int64]
    info: NDArray[np.int64]
    bounds: NDArray[np.int64]
    judged: NDArray[np.uint64]
    scattered: Scattered
    parts: NDArray[np.int64]


def new_screen(streets: NDArray[np.uint8]) -> Screen:
    """Working memory for regions of SIFTED bytes; `streets` is a bit filter of public words."""
    return Screen(
        np.full(MARGIN + SIFTED + 256, 10, np.uint8),
        streets,
        new_sieve(SIFTED + 64),
        new_tokens(2 * LOCAL + 64),
        new_glimpse(),
        np.zeros(8, np.int64),
        np.zeros(16, np.int64),
        np.zeros(BOUNDS, np.int64),
        new_judged(),
        new_scattered(),
        np.zeros(3 * PARTS + 3, np.int64),
    )


@inner
def part_end(f, start, size):
    """Where the part that begins at `start` ends: behind a line or word where there is one."""
    end = start + PART
    if end >= size:
        return size
    for wanted in (10, 32):
        i = end
        while i > end - PART // 2:
            if f[i - 1] == wanted:
                return i
            i -= 1
    return end


@inner
def next_start(f, end):
    """Where the next part begins: at a line or word before the end of this one."""
    back = end - OVERLAP
    for wanted in (10, 32):
        for i in range(back, end - 1):
            if f[i] == wanted:
                return i + 1
    return back


@inner
def cut_parts(f, at, size, most, parts):
    """Cut the next parts of a text, at most `most` and together at most SIFTED bytes.

    Returns how many there are; the one behind them begins at `parts[3 * count]`, `size` at the end.
    """
    n = 0
    start = at
    while n < most and start < size:
        end = part_end(f, start, size)
        if end - at > SIFTED:
            break
        parts[3 * n], parts[3 * n + 1], parts[3 * n + 2] = start, end, 0
        n += 1
        start = size if end >= size else next_start(f, end)
    parts[3 * n] = start
    return n


@inner
def copy_region(f, start, end, out):
    """Copy a region and put newlines behind it."""
    n = end - start
    for i in range(n):
        out[i] = f[start + i]
    for i in range(n, n + 128):
        out[i] = u8(10)
    return n


class Tools(NamedTuple):
    """What one reading works with, as pointers: an array handed on costs a reference count each."""

    tokens: Any
    room: Any
    scratch: Any
    hits: Any
    rows: Any
    ring: Any
    window: Any
    wide: Any
    local: Any
    bounds: Any
    judged: Any
    scattered: Any
    glimpse: Any
    sieve: Any
    desk: Any
    parts: Any
    people: Any
    text: Any
    streets: Any


@inlined
def tool_pointers(records, bench, screen):
    """The tools that lie in `bench` and `screen`."""
    return Tools(
        token_pointers(bench.tokens),
        len(bench.tokens.kind),
        scratch_pointers(bench.scratch),
        hit_pointers(bench.hits),
        row_pointers(records),
        pointer(bench.ring),
        pointer(bench.shingle),
        pointer(bench.wide),
        token_pointers(screen.local),
        pointer(screen.bounds),
        pointer(screen.judged),
        scattered_pointers(screen.scattered),
        glimpse_pointers(screen.glimpse),
        sieve_pointers(screen.sieve),
        desk_pointers(bench.desk),
        pointer(screen.parts),
        pointer(screen.people),
        pointer(screen.text[MARGIN:]),
        (pointer(screen.streets), u64(len(screen.streets) * 8 - 1)),
    )


@inner
def look_up(text, count, near, shingles, t, leak):
    """`find_hits` with these tools."""
    return find_hits(
        text, t.tokens, count, t.hits, MAX_HITS, near, shingles, t.scratch, t.ring, t.window,
        t.wide, leak,
    )  # fmt: skip


@inner
def is_all_marked(ring, common, s, marked):
    """Whether all names that many bear are among those about which sifting marked towns."""
    m = i64(0)
    for c in range(RING, min(RING + common, RING_FULL)):
        while m < marked and s.long_at[m] < ring[c]:
            m += 1
        if m == marked or s.long_at[m] != ring[c]:
            return False
    return RING + common < RING_FULL


@inner
def has_phone(tokens, count, low, high):
    """Whether a phone begins in [low, high]."""
    found = False
    for t in range(count):
        found |= tokens.kind[t] == k.PHONE and low <= tokens.start[t] <= high
    return found


@inner
def sift_region(n, at, held, source, review, lengths, shingles, t, leak):
    """Say of each of the `held` parts of a region of `n` bytes whether a row may be found in it.

    `at` is where the region begins in the text `source`.
    """
    text, sieve, ring, keys = t.text, t.sieve, t.ring, leak.keys
    blocks, words, marked = sift(
        text, n, (source, at + n), sieve, t.scratch, t.streets, shingles, leak
    )
    count = tokenise_marked(text, blocks, n, sieve, t.tokens, t.room, t.scratch, keys)
    n_hits = look_up(text, count, NOWHERE, shingles, t, leak)
    common = ring[RING_COUNTS + 3]
    if common and not leak.missing[0] and not is_all_marked(ring, common, sieve, marked):
        # One made of a run with digits, which sifting does not see.
        if RING + common < RING_FULL:
            for c in range(RING, RING + common):
                mark_towns(text, ring[c] - AROUND, ring[c] + AROUND, blocks, words, sieve)
            count = tokenise_marked(text, blocks, n, sieve, t.tokens, t.room, t.scratch, keys)
        else:
            count = tokenise(text, 0, n, False, t.tokens, t.room, t.scratch, keys)
        n_hits = look_up(text, count, NOWHERE, shingles, t, leak)
    if n_hits and ring[RING_LEFT] and not leak.missing[0]:
        # They count beside other values of a row only.
        first, last = t.hits.token[0], t.hits.token[n_hits - 1]
        low = low_of(text, i64(t.tokens.start[first]))
        high = high_of(text, i64(t.tokens.end[last]), n)
        if has_phone(t.tokens, count, low, high):
            n_hits = look_up(text, count, (low, high), shingles, t, leak)
    if n_hits and not leak.missing[0]:
        find_worth(
            text, n, at, t.parts, held, review, words, lengths, t.tokens, t.hits, n_hits, t.local,
            t.bounds, t.judged, t.scattered, t.glimpse, sieve, t.rows, t.desk, t.scratch, leak,
        )  # fmt: skip


@inner
def next_parts(source, size, review, lengths, shingles, info, t, leak):
    """Cut the next parts, and sift them as one region unless they are to be told unseen."""
    parts, people = t.parts, t.people
    if info[Z_RUN] >= CROWDED + UNSEEN:
        info[Z_RUN] = 0
    unseen = info[Z_FOUND] >= DENSE or info[Z_RUN] >= CROWDED
    start = info[Z_AT]
    held = cut_parts(source, start, size, 1 if unseen else PARTS, parts)
    end = parts[3 * held - 2]
    n = copy_region(source, start, end, t.text)
    if unseen:
        parts[2] = 1
    else:
        sift_region(n, start, held, source, review, lengths, shingles, t, leak)
    if leak.missing[0]:
        return
    seen = max(info[Z_SEEN] - start, 0)
    if seen < n and unseen:
        read_people(t.text, seen, n, t.scratch, people)
    elif seen < n:
        read_sifted(t.text, seen, n, t.sieve, t.scratch, people)
    info[Z_SEEN] = max(end, info[Z_SEEN])
    info[Z_AT] = parts[3 * held]
    info[Z_NEXT], info[Z_HELD] = 0, held


@kernel
def read_on(f, size, review, lengths, shingles, leak, records, bench, screen):
    """Go on through `f[:size]` to the next part that has to be read whole.

    Returns whether there is one: `info` says where it begins and ends. Else all is read, or
    `leak.missing` asks for blocks. The caller puts into `info[Z_FOUND]` how many rows the last
    part told held: behind one with many the next is told unseen, as it is behind many parts told.
    """
    keys = leak_pointers(leak)
    tools = tool_pointers(records, bench, screen)
    source = pointer(f)
    info, parts = pointer(screen.info), tools.parts
    keys.missing[0] = 0
    if info[Z_FOUND] >= DENSE and info[Z_NEXT] < info[Z_HELD]:
        info[Z_AT], info[Z_HELD] = parts[3 * info[Z_NEXT]], 0
    while True:
        while info[Z_NEXT] < info[Z_HELD]:
            part = 3 * info[Z_NEXT]
            info[Z_NEXT] += 1
            info[Z_PARTS] += 1
            info[Z_FOUND] = 0
            info[Z_RUN] = info[Z_RUN] + 1 if parts[part + 2] else 0
            if parts[part + 2]:
                info[Z_WORTH] += 1
                info[Z_START], info[Z_END] = parts[part], parts[part + 1]
                return True
        if info[Z_AT] >= size or tools.scattered.info[P_FOUND]:
            add_up(tools.rows, tools.glimpse, tools.desk, keys, tools.scattered)
            break
        next_parts(source, size, review, lengths, shingles, info, tools, keys)
        if keys.missing[0]:
            return False
    close_group(tools.people)
    return False


@kernel
def cut_part(f, start, size):
    """(end of the part that begins at `start`, where the next one begins)."""
    source = pointer(f)
    end = part_end(source, start, size)
    return end, (size if end >= size else next_start(source, end))
