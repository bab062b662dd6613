"""Going through a long text: region by region, and only those whole in which a row can be found.

A region is sifted, and what is marked is looked up (`sift`, `hits`). Most regions point to no row
at all; of those that do, most show a name or a date of the leak and nothing else (`worth`). The
others are for `region.scan_region`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.bench import MAX_HITS, REGION, leak_pointers
from matching.kernel.crowd import close_group, read_people
from matching.kernel.desk import desk_pointers, row_pointers
from matching.kernel.hits import (
    NAME_REACH,
    RING,
    RING_COUNTS,
    RING_FULL,
    RING_LEFT,
    find_hits,
    hit_pointers,
)
from matching.kernel.jit import inner, kernel, pointer
from matching.kernel.reading import tokenise
from matching.kernel.sieve import ONE, Sieve, new_sieve, sieve_pointers
from matching.kernel.sift import mark_all, sift, tokenise_marked
from matching.kernel.tokens import Tokens, new_tokens, scratch_pointers, token_pointers
from matching.kernel.worth import BOUNDS, LOCAL, worth_reading

u8 = np.uint8
u64 = np.uint64
i64 = np.int64

MARGIN = 64  # newlines before a region's copy
AROUND = 2 * NAME_REACH  # bytes about a name that many bear that are read for its town
OVERLAP = 1500  # bytes that a region shares with the one before it
DENSE = 8  # rows found in a region behind which the next one is read unseen
SURE = 30.0  # a text of which less than this is asked is read wherever any row is pointed to

# Places in Screen.info.
Z_AT, Z_SEEN, Z_START, Z_END, Z_PEOPLE, Z_REGIONS, Z_WORTH, Z_FOUND = range(8)


class Screen(NamedTuple):
    """Working memory; `info` says where reading stands and what was found last."""

    text: NDArray[np.uint8]
    streets: NDArray[np.uint8]
    sieve: Sieve
    local: Tokens
    people: NDArray[np.int64]
    info: NDArray[np.int64]
    bounds: NDArray[np.int64]


def new_screen(streets: NDArray[np.uint8]) -> Screen:
    """Working memory for regions of REGION bytes; `streets` is a bit filter of public words."""
    return Screen(
        np.full(MARGIN + REGION + 256, 10, np.uint8),
        streets,
        new_sieve(REGION + 64),
        new_tokens(2 * LOCAL + 64),
        np.zeros(8, np.int64),
        np.zeros(8, np.int64),
        np.zeros(BOUNDS, np.int64),
    )


@inner
def region_end(f, start, size):
    """Where the region that begins at `start` ends: behind a line or word where there is one."""
    end = start + REGION
    if end >= size:
        return size
    for wanted in (10, 32):
        i = end
        while i > end - REGION // 4:
            if f[i - 1] == wanted:
                return i
            i -= 1
    return end


@inner
def next_start(f, end):
    """Where the next region begins: at a line or word before the end of this one."""
    back = end - OVERLAP
    for wanted in (10, 32):
        for i in range(back, end - 1):
            if f[i] == wanted:
                return i + 1
    return back


@inner
def copy_region(f, start, end, out):
    """Copy a region and put newlines behind it."""
    n = end - start
    for i in range(n):
        out[i] = f[start + i]
    for i in range(n, n + 128):
        out[i] = u8(10)
    return n


@inner
def shows_people(blocks, s, tokens, count):
    """Whether what was read holds an identifier or birth date, as counting people asks."""
    carry = u64(0)
    for j in range(blocks):
        either = s.letters[j] | s.digits[j]
        if s.ats[j] & ((either << ONE) | carry):
            return True
        carry = either >> u64(63)
    for t in range(count):
        kind = tokens.kind[t]
        if kind == k.EMAIL or kind == k.NIR or (kind == k.PHONE and tokens.aux[t] > 0):
            return True
        if kind == k.DATE and tokens.aux[t] > 0:
            return True
    return False


@inner
def looks_hopeful(
    text, n, review, chunks, shingles, tokens, room, hits, bench, rows, screen, scratch, leak
):  # fmt: skip
    """(whether a row may be found in a region, whether persons show in it)."""
    sieve = sieve_pointers(screen.sieve)
    ring = pointer(bench.ring)
    window, wide = pointer(bench.shingle), pointer(bench.wide)
    streets = (pointer(screen.streets), u64(len(screen.streets) * 8 - 1))
    blocks = sift(text, n, sieve, scratch, streets, shingles, leak)
    count = tokenise_marked(text, blocks, n, sieve, tokens, room, scratch, leak.keys)
    n_hits = find_hits(
        text, tokens, count, hits, MAX_HITS, False, shingles, scratch, ring, window, wide, leak
    )  # fmt: skip
    crowd = shows_people(blocks, sieve, tokens, count)
    common = ring[RING_COUNTS + 3]
    if common and not leak.missing[0]:
        # A name that many bear: the row may stand beside any word, its town.
        if RING + common < RING_FULL:
            for c in range(RING, RING + common):
                mark_all(ring[c] - AROUND, ring[c] + AROUND, blocks, sieve)
            count = tokenise_marked(text, blocks, n, sieve, tokens, room, scratch, leak.keys)
        else:
            count = tokenise(text, 0, n, False, tokens, room, scratch, leak.keys)
        n_hits = find_hits(
            text, tokens, count, hits, MAX_HITS, False, shingles, scratch, ring, window, wide, leak
        )  # fmt: skip
    if n_hits and ring[RING_LEFT] and not leak.missing[0]:
        n_hits = find_hits(
            text, tokens, count, hits, MAX_HITS, True, shingles, scratch, ring, window, wide, leak
        )  # fmt: skip
    worth = n_hits > 0
    if worth and review >= SURE and not leak.missing[0]:
        worth = worth_reading(
            text, n, review, chunks, tokens, hits, n_hits, token_pointers(screen.local),
            pointer(screen.bounds), rows, desk_pointers(bench.desk), scratch, leak,
        )  # fmt: skip
    return worth, crowd


@kernel
def read_on(f, size, review, chunks, shingles, leak, records, bench, screen):
    """Go on through `f[:size]` to the next region that has to be read whole.

    Returns whether there is one: `info` says where it begins and ends. Else all is read, or
    `leak.missing` asks for blocks. The caller puts into `info[Z_FOUND]` how many rows the last
    region told held: behind one with many the next is told unseen.
    """
    keys = leak_pointers(leak)
    tokens = token_pointers(bench.tokens)
    scratch = scratch_pointers(bench.scratch)
    hits = hit_pointers(bench.hits)
    rows = row_pointers(records)
    source = pointer(f)
    text = pointer(screen.text[MARGIN:])
    info = pointer(screen.info)
    people = pointer(screen.people)
    keys.missing[0] = 0
    while info[Z_AT] < size:
        start = info[Z_AT]
        end = region_end(source, start, size)
        n = copy_region(source, start, end, text)
        worth, crowd = True, True
        if info[Z_FOUND] < DENSE:
            worth, crowd = looks_hopeful(
                text, n, review, chunks, shingles, tokens, len(bench.tokens.kind), hits, bench,
                rows, screen, scratch, keys,
            )  # fmt: skip
        if keys.missing[0]:
            return False
        if crowd:
            read_people(
                text, max(info[Z_SEEN] - start, 0) if info[Z_PEOPLE] else 0, n, scratch, people
            )
        elif info[Z_PEOPLE]:
            close_group(people)
        info[Z_PEOPLE] = 1 if crowd else 0
        info[Z_START], info[Z_END] = start, end
        info[Z_SEEN] = end
        info[Z_AT] = size if end >= size else next_start(source, end)
        info[Z_REGIONS] += 1
        info[Z_FOUND] = 0
        if worth:
            info[Z_WORTH] += 1
            return True
    close_group(people)
    return False


@kernel
def cut_region(f, start, size):
    """(end of the region that begins at `start`, where the next one begins)."""
    source = pointer(f)
    end = region_end(source, start, size)
    return end, (size if end >= size else next_start(source, end))
