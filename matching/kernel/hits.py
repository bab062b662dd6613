"""From tokens to hits: which rows of the leak a text's values point to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.neighbours import hash_less_one
from matching.kernel.shapes import collect, pack
from matching.kernel.siphash import join, join_unordered, siphash_number
from matching.kernel.table import find, in_pairs, is_complete, value_at, warm
from matching.kernel.tokens import STRANGERS
from matching.kernel.word_filter import get_bit, name_bit, phrase_bit
from native.jit import inlined, inner, pointer

u64 = np.uint64
i64 = np.int64

NAME_RING = 8  # name-like words that a further one is paired with
NAME_REACH = 240  # characters between the two words of a name, or a name and its house
RING = 32  # what was met lately: names, houses and dates, words and postcodes, common names
RING_PLACE, RING_TOWN, RING_WIDE, RING_COUNTS = 8, 12, 20, 24
RING_LEFT = 28  # whether phones with a slip were left out
RING_FULL = RING + 512  # behind the ring: where names that many bear end in the text
PLACES, TOWNS, WIDES = 4, 8, 4
NARROW_HOME = 48
NARROW_PAIR = 16  # rows that may share a key which makes candidates by itself
NARROW_STREET = 8
NARROW_DATE = 48  # dates are often all there is beside a name with a slip
SHINGLE_WORDS = 5
ANYWHERE = (0, 1 << 40)


class Hits(NamedTuple):
    """Struct of arrays: a row, the token that pointed to it, its kind and how (Q_*).

    For a SHINGLE `quality` is the number of rows that share it, up to 255. A `wide` hit makes its
    row no candidate by itself.
    """

    row: NDArray[np.int64]
    token: NDArray[np.int32]
    kind: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    wide: NDArray[np.uint8]


class Leak(NamedTuple):
    """What the look-ups need of one fingerprint file. `*_mask` are sizes of bit filters less 1,
    `lengths` those of its numbers (see `word_filter.known_lengths`)."""

    exact: Any
    near: Any
    words: Any
    exact_bits: NDArray[np.uint8]
    exact_mask: Any
    name_bits: NDArray[np.uint8]
    name_mask: Any
    keys: NDArray[np.uint64]
    missing: NDArray[np.int64]
    lengths: Any


def new_hits(capacity: int) -> Hits:
    """Room for `capacity` hits; more are dropped, the first ones stay."""
    return Hits(
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.uint8),
        np.empty(capacity, np.uint8),
        np.empty(capacity, np.uint8),
    )


@inlined
def hit_pointers(h):
    """The same struct over pointers."""
    return Hits(
        pointer(h.row), pointer(h.token), pointer(h.kind), pointer(h.quality), pointer(h.wide)
    )


@inlined
def is_wide(kind, rows):
    """Whether a key shared by so many rows tells too little to make them candidates."""
    if kind == k.PAIR:
        return rows > NARROW_PAIR
    if kind == k.STREET:
        return rows > NARROW_STREET
    if kind == k.DATE:
        return rows > NARROW_DATE
    if kind == k.HOME:
        return rows > NARROW_HOME
    return rows > NARROW_PAIR


@inner
def take(hits, n, room, table, key, token, kind, quality, leak):
    """Append a hit for every row behind a key; returns the new count."""
    first, end = find(table, key, leak.missing)
    if is_wide(kind, end - first):
        return n
    # One phone in ten has a neighbour among a million others.
    wide = 1 if kind == k.PHONE and quality == k.Q_NEAR else 0
    if kind == k.SHINGLE:
        quality = min(255, end - first)  # how many rows share the five words
    for entry in range(first, end):
        if n < room:
            hits.row[n] = value_at(table, entry, leak.keys)
            hits.token[n] = token
            hits.kind[n] = kind
            hits.quality[n] = quality
            hits.wide[n] = wide
            n += 1
    return n


@inner
def take_exact(hits, n, room, key, token, kind, leak):
    """`take` from the exact table, behind its bit filter."""
    if not in_pairs(leak.exact_bits, leak.exact_mask, key):
        return n
    return take(hits, n, room, leak.exact, key, token, kind, k.Q_EXACT, leak)


@inner
def take_near(count, t, kind, hits, n, room, s, leak):
    """Hits of a token by the first `count` keys in `s.near`, its neighbours."""
    warm(leak.near, s.near, count)
    for each in range(count):
        n = take(hits, n, room, leak.near, s.near[each], t, kind, k.Q_NEAR, leak)
    return n


@inner
def near_number(f, t, tokens, size, kind, near, hits, n, room, s, leak):
    """Hits of a NIR (`size` 13) or phone (9) with one slip: wrong, lost, added, swapped digit."""
    count, _ = collect(f, i64(tokens.start[t]), s.digits, s.places, s.last)
    total = 0
    while total < count and s.places[total] < tokens.end[t]:
        total += 1
    start = 0
    if size == 9:
        # National digits only: a doubtful phone begins with 0, a sure one ends with its nine.
        start = 1 if tokens.aux[t] == 0 and s.digits[0] == 0 else max(0, total - 9)
    length = total - start
    k0, k1 = leak.keys[2 * near], leak.keys[2 * near + 1]
    x0, x1 = leak.keys[2 * kind], leak.keys[2 * kind + 1]
    if length == size or length == size + 2:
        for skip in range(size):
            number = pack(s.digits, start, start + size, start + skip)
            s.near[skip] = siphash_number(number, k0, k1)
        n = take_near(size, t, kind, hits, n, room, s, leak)
    if length == size - 1 or length == size + 1:
        key = siphash_number(pack(s.digits, start, start + size - 1, -1), k0, k1)
        n = take(hits, n, room, leak.near, key, t, kind, k.Q_NEAR, leak)
    if length == size + 1 or length == size + 3:
        for skip in range(start, start + size + 1):
            key = siphash_number(pack(s.digits, start, start + size + 1, skip), x0, x1)
            n = take(hits, n, room, leak.exact, key, t, kind, k.Q_NEAR, leak)
    return n


@inner
def near_local(f, t, tokens, hits, n, room, s, leak):
    """Hits of an address whose local part has one slip."""
    size = 0
    for i in range(tokens.start[t], tokens.end[t]):
        if f[i] == 43 or size >= 60:
            break
        s.bytes[size] = f[i]
        size += 1
    if size < 6:
        return n
    k0, k1 = leak.keys[2 * k.LOCAL_NEAR], leak.keys[2 * k.LOCAL_NEAR + 1]
    x0, x1 = leak.keys[2 * k.LOCAL], leak.keys[2 * k.LOCAL + 1]
    hash_less_one(s.bytes, 0, size, k0, k1, s)
    n = take_near(size + 1, t, k.LOCAL, hits, n, room, s, leak)
    hash_less_one(s.bytes, 0, size, x0, x1, s)
    for skip in range(size):
        n = take_exact(hits, n, room, s.near[skip + 1], t, k.LOCAL, leak)
    return n


@inner
def home_hits(name, place, t, hits, n, room, leak):
    """Hits of a name joined to a house, birth date or town; `t` is the token that is told."""
    key = siphash_number(join(name, place), leak.keys[2 * k.HOME], leak.keys[2 * k.HOME + 1])
    return take_exact(hits, n, room, key, t, k.HOME, leak)


@inlined
def is_far(tokens, other, t):
    """Whether too much text lies between two tokens."""
    return tokens.start[t] - tokens.end[other] > NAME_REACH


@inner
def meet_place(t, tokens, ring, hits, n, room, leak):
    """Join a house or birth date to the names before it, and keep it for those behind."""
    for back in range(min(ring[RING_COUNTS], NAME_RING)):
        other = ring[(ring[RING_COUNTS] - 1 - back) % NAME_RING]
        if is_far(tokens, other, t):
            break
        n = home_hits(tokens.key[other], tokens.key[t], t, hits, n, room, leak)
    ring[RING_PLACE + ring[RING_COUNTS + 1] % PLACES] = t
    ring[RING_COUNTS + 1] += 1
    return n


@inner
def meet_town(t, tokens, ring, wide, hits, n, room, leak):
    """Join a word or postcode to the common names before it, and keep it for those behind."""
    for back in range(min(ring[RING_COUNTS + 3], WIDES)):
        at = (ring[RING_COUNTS + 3] - 1 - back) % WIDES
        if is_far(tokens, ring[RING_WIDE + at], t):
            break
        n = home_hits(wide[at], tokens.key[t], t, hits, n, room, leak)
    ring[RING_TOWN + ring[RING_COUNTS + 2] % TOWNS] = t
    ring[RING_COUNTS + 2] += 1
    return n


@inner
def meet_wide(t, key, tokens, ring, wide, hits, n, room, leak):
    """Join a name that many bear to the towns before it, and keep it for those behind."""
    for back in range(min(ring[RING_COUNTS + 2], TOWNS)):
        other = ring[RING_TOWN + (ring[RING_COUNTS + 2] - 1 - back) % TOWNS]
        if is_far(tokens, other, t):
            break
        n = home_hits(key, tokens.key[other], t, hits, n, room, leak)
    at = ring[RING_COUNTS + 3] % WIDES
    ring[RING_WIDE + at] = t
    wide[at] = key
    if RING + ring[RING_COUNTS + 3] < RING_FULL:
        ring[RING + ring[RING_COUNTS + 3]] = tokens.end[t]
    ring[RING_COUNTS + 3] += 1
    return n


@inner
def pair_hits(t, tokens, ring, hits, n, room, wide, leak):
    """Hits of a word paired with the name-like words shortly before it, and with their homes."""
    if tokens.aux[t] < 0 or tokens.aux[t] & (k.F_STOP | k.F_STREET):
        return n
    key = tokens.key[t]
    if tokens.end[t] - tokens.start[t] < 3 or not get_bit(
        leak.name_bits, name_bit(key, leak.name_mask)
    ):
        return n
    k0, k1 = leak.keys[2 * k.PAIR], leak.keys[2 * k.PAIR + 1]
    held = ring[RING_COUNTS]
    for back in range(min(held, NAME_RING)):
        other = ring[(held - 1 - back) % NAME_RING]
        if is_far(tokens, other, t):
            break
        if tokens.key[other] != key:
            both = siphash_number(join_unordered(key, tokens.key[other]), k0, k1)
            if in_pairs(leak.exact_bits, leak.exact_mask, both):
                before = n
                n = take(hits, n, room, leak.exact, both, t, k.PAIR, k.Q_EXACT, leak)
                if n == before:
                    n = meet_wide(t, both, tokens, ring, wide, hits, n, room, leak)
    for back in range(min(ring[RING_COUNTS + 1], PLACES)):
        other = ring[RING_PLACE + (ring[RING_COUNTS + 1] - 1 - back) % PLACES]
        if is_far(tokens, other, t):
            break
        n = home_hits(key, tokens.key[other], t, hits, n, room, leak)
    ring[held % NAME_RING] = t
    ring[RING_COUNTS] = held + 1
    return n


@inner
def shingle_hits(t, tokens, window, seen, hits, n, room, leak):
    """Hits of the last five words; `window` holds their keys and `seen` counts those that stand in
    a comment of the leak, as far as a filter tells; returns (n, seen)."""
    if tokens.aux[t] < 0:
        return n, seen
    if not get_bit(leak.name_bits, phrase_bit(tokens.key[t], leak.name_mask)):
        return n, 0
    window[seen % SHINGLE_WORDS] = tokens.key[t]
    seen += 1
    if seen < SHINGLE_WORDS:
        return n, seen
    key = shingle_key(window, seen, leak.keys)
    return take_exact(hits, n, room, key, t, k.SHINGLE, leak), seen


@inner
def shingle_key(window, seen, keys):
    """The key of the five words whose last was number `seen` - 1."""
    mixed = u64(0)
    for back in range(SHINGLE_WORDS):
        mixed = (
            mixed * u64(0x9E3779B97F4A7C15) + window[(seen - SHINGLE_WORDS + back) % SHINGLE_WORDS]
        )
    return siphash_number(mixed, keys[2 * k.SHINGLE], keys[2 * k.SHINGLE + 1])


@inner
def wanted(t, tokens):
    """Whether a token is looked up as it stands: identifiers, dates of no time stamp, streets."""
    kind = tokens.kind[t]
    if kind == k.DATE:
        return tokens.aux[t] > 0
    if kind == k.NUMBER:
        return tokens.end[t] - tokens.start[t] >= 6
    return kind != k.CHUNK


@inner
def near_hits(f, t, tokens, hits, n, room, s, ring, near, leak):
    """Hits of an identifier that is not in the leak as it stands, but with one slip may be."""
    kind = tokens.kind[t]
    if kind == k.NIR:
        return near_number(f, t, tokens, 13, kind, k.NIR_NEAR, hits, n, room, s, leak)
    if kind == k.PHONE:
        at, behind = tokens.start[t], tokens.end[t]
        if tokens.aux[t] == 0 and f[at] != 48 and (f[at + 1] != 48 or behind - at == 9):
            return n  # nine digits of any kind
        if tokens.start[t] < near[0] or tokens.start[t] > near[1]:
            ring[RING_LEFT] = 1
            return n
        return near_number(f, t, tokens, 9, kind, k.PHONE_NEAR, hits, n, room, s, leak)
    if kind == k.LOCAL:
        # Addresses come again and again; most are nobody's.
        key = tokens.key[t]
        seat = i64(key & u64(STRANGERS - 1))
        if s.strangers[seat] == key:
            return n
        before, asked = n, leak.missing[0]
        n = near_local(f, t, tokens, hits, n, room, s, leak)
        if n == before and is_complete(leak.missing, asked):
            s.strangers[seat] = key
            if not in_pairs(leak.exact_bits, leak.exact_mask, key):
                s.nobodys[seat] = key
    return n


@inlined
def is_town(t, tokens):
    """Whether a token may be a postcode or a word of a town."""
    size = tokens.end[t] - tokens.start[t]
    if tokens.kind[t] == k.NUMBER:
        return size == 5 and tokens.aux[t] > 0
    flags = k.F_STOP | k.F_STREET | k.F_TITLE | k.F_PLACE
    return size >= 3 and tokens.aux[t] >= 0 and tokens.aux[t] & flags == 0


@inner
def find_hits(f, tokens, count, hits, room, near, shingles, s, ring, window, wide, leak):
    """Look every token up; returns how many hits there are.

    Phones with a slip that do not begin in `near` (first byte, last) are left out, and
    `ring[RING_LEFT]` tells so: they make no row a candidate by themselves, and cost ten look-ups
    each.
    """
    n = 0
    seen = 0
    for place in range(RING):
        ring[place] = 0
    for t in range(count):
        kind = tokens.kind[t]
        if kind == k.WORD:
            n = pair_hits(t, tokens, ring, hits, n, room, wide, leak)
            if shingles:
                n, seen = shingle_hits(t, tokens, window, seen, hits, n, room, leak)
        elif wanted(t, tokens):
            before = n
            n = take_exact(hits, n, room, tokens.key[t], t, kind, leak)
            if n == before:
                n = near_hits(f, t, tokens, hits, n, room, s, ring, near, leak)
        if kind == k.STREET or (kind == k.DATE and tokens.aux[t] > 0):
            n = meet_place(t, tokens, ring, hits, n, room, leak)
        elif (kind == k.WORD or kind == k.NUMBER) and is_town(t, tokens):
            n = meet_town(t, tokens, ring, wide, hits, n, room, leak)
    return n
