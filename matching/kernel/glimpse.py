"""What stands around a hit, as a set of signatures: enough to see that a row cannot be found there.

Reading text into tokens tells where each value stands; that most rows pointed to show nothing but
the name is told by a set alone. Words are hashed from the places that sifting found, several at
once; only numbers and addresses go through the tokeniser. Whatever key `reading.tokenise` puts down
of the same text is in the set (but for STREET, which no record holds); a test holds it to that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.lanes import EIGHT, MEMO, cut_long, cut_short
from matching.kernel.reading import joined_key, put_alnum, put_email
from matching.kernel.runs import is_chunk
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.sieve import LONGEST, ONE, ahead, keep, low_bytes
from matching.kernel.sift_numbers import plain_digits
from matching.kernel.siphash import siphash_bytes, siphash_long, siphash_padded, siphash_short
from matching.kernel.tokens import S_LEFT, S_PREVIOUS
from native.jit import inlined, inner, pointer
from native.vector import LANES, chunks, count_ones, load_word, trailing_zeros

u8 = np.uint8
u64 = np.uint64
u32 = np.uint32
i64 = np.int64

PLACES = 1 << 14  # of the set, where much stands there
FEW = 1 << 11  # and where little does
SLOTS = 256  # of a row, at most
LONGEST_CHUNK = 64
LONGEST_JOINED = 60


class Glimpse(NamedTuple):
    """A set of signatures (open addressing, 0 is an empty place), and a memo that knows no word.

    `keys` holds the key of each word, 0 of what is no word.
    `order` are those of them that tell something, once `quotes` asked for them, with `loose` 1
    where the word may be part of an address or date; `hits` is room for as many. `shown` says of
    each slot of the row opened last whether its value is in the set.
    """

    seats: NDArray[np.uint32]
    blank: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    order: NDArray[np.uint8]
    loose: NDArray[np.uint8]
    hits: NDArray[np.uint8]
    shown: NDArray[np.uint8]
    info: NDArray[np.int64]


# Places in Glimpse.info: number of the first word, one past the last; how many are in `order`, and
# how many comments of the leak may have, each -1 when nobody asked yet; places in use, less 1.
G_FIRST, G_BEHIND, G_ORDER, G_PHRASES, G_MASK = range(5)


def new_glimpse() -> Glimpse:
    """An empty set."""
    return Glimpse(
        np.zeros(PLACES, np.uint32), np.zeros(MEMO, np.uint64), np.zeros(PLACES, np.uint64),
        np.zeros(PLACES, np.uint8), np.zeros(PLACES, np.uint8), np.zeros(PLACES, np.uint8),
        np.zeros(SLOTS, np.uint8), np.zeros(5, np.int64),
    )  # fmt: skip


@inlined
def glimpse_pointers(g):
    """The same struct over pointers."""
    return Glimpse(
        pointer(g.seats), pointer(g.blank), pointer(g.keys), pointer(g.order),
        pointer(g.loose), pointer(g.hits), pointer(g.shown), pointer(g.info),
    )  # fmt: skip


@inlined
def add(g, key):
    """Put the signature of a key into the set."""
    sig = u32(key & u64(0xFFFFFFFF))
    mask = g.info[G_MASK]
    p = i64(sig) & mask
    while g.seats[p] != u32(0) and g.seats[p] != sig:
        p = (p + 1) & mask
    g.seats[p] = sig


@inlined
def holds(g, sig):
    """Whether a signature, not 0, is in the set."""
    mask = g.info[G_MASK]
    p = i64(sig) & mask
    while g.seats[p] != u32(0):
        if g.seats[p] == sig:
            return True
        p = (p + 1) & mask
    return False


@inner
def first_from(s, n, at):
    """The first of `n` words that begins at byte `at` or behind it, by halving."""
    low, high = i64(0), n
    while low < high:
        middle = (low + high) >> 1
        if i64(s.place[middle]) < at:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def put_word(w, key, g):
    """Add a word's key, and put it down as that of word `w`."""
    add(g, key)
    g.keys[w] = key


@inner
def add_words(f, n, first, behind, g, s, keys):
    """Add the words of number `first` up to `behind` of `n`."""
    k0, k1 = keys[2 * k.WORD], keys[2 * k.WORD + 1]
    n_short, n_open = i64(0), i64(0)
    for t in range(first, behind, EIGHT):
        told = cut_short(f, s.place, t, g.blank, s.short, s.short_at, n_short, s.bare_at, n_open)
        n_short += count_ones(told & u64(255))
        n_open += count_ones(told >> u64(8))
    for t in range(n_short):
        s.hashes[t] = siphash_short(s.short[t], k0, k1)
    for t in range(n_short):
        put_word(i64(s.short_at[t]) - first, s.hashes[t], g)
    for t in range(n_open, n_open + EIGHT):
        s.bare_at[t] = n  # where the text ends
    n_long, n_more = i64(0), i64(0)
    for t in range(0, n_open, EIGHT):
        told = cut_long(
            f, s.place, s.bare_at, t, g.blank, g.blank, s.long, s.long2, s.long_at, n_long,
            s.short_at, n_more,
        )  # fmt: skip
        n_long += count_ones(told & u64(255))
        n_more += count_ones(told >> u64(8))
    for t in range(n_more):
        w = i64(s.short_at[t])
        at = i64(s.place[w])
        size = trailing_zeros(~ahead(s.letters, at))
        if size <= LONGEST:
            put_word(w - first, siphash_bytes(f, at, at + size, k0, k1), g)
    for t in range(n_long):
        s.hashes[t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    for t in range(n_long):
        put_word(i64(s.long_at[t]) - first, s.hashes[t], g)


@inner
def add_kept(g, n_short, n_long, s, k0, k1):
    """Hash the runs put down in `s.short` and `s.long`, and add them."""
    for t in range(n_short):
        s.hashes[t] = siphash_short(s.short[t], k0, k1)
    for t in range(n_short):
        add(g, s.hashes[t])
    for t in range(n_long):
        s.hashes[t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    for t in range(n_long):
        add(g, s.hashes[t])


@inner
def add_joined(f, first, behind, g, s, scratch, keys):
    """Add each two of these words between which one space, dash or apostrophe stands, as one."""
    n_short, n_long = i64(0), i64(0)
    for w in range(first, behind):
        at = i64(s.place[w])
        size = trailing_zeros(~ahead(s.letters, at))
        middle = at + size
        gap = f[middle]
        if (gap != 32 and gap != 45 and gap != 39) or i64(s.place[w + 1]) != middle + 1:
            continue
        total = size + trailing_zeros(~ahead(s.letters, middle + 1))
        if total + 1 >= LONGEST_JOINED:
            continue
        if size >= 8 or total >= 16:
            add(g, joined_key(f, at, middle, middle + 1 + total - size, scratch.bytes, keys))
            continue
        # As `reading.joined_key` does it, to be hashed several at once.
        m = load_word(f, at) & low_bytes(size)
        m |= load_word(f, middle + 1) << (u64(8) * u64(size))
        tag = u64(total) << u64(56)
        rest = load_word(f, middle + 9 - size)
        s.short[n_short] = (m & low_bytes(total & 7)) | tag
        s.long[n_long] = m
        s.long2[n_long] = (rest & low_bytes((total - 8) & 7)) | tag
        is_short = i64(total < 8)
        n_short += is_short
        n_long += 1 - is_short
    add_kept(g, n_short, n_long, s, keys[2 * k.WORD], keys[2 * k.WORD + 1])


@inner
def add_chunk(f, at, end, g, keys):
    """Add a run that may be a password, whatever its length."""
    if 4 <= end - at <= LONGEST_CHUNK:
        add(g, siphash_padded(f, at, end, keys[2 * k.CHUNK], keys[2 * k.CHUNK + 1]))


@inner
def add_chunks(f, low, high, g, s, keys):
    """Add every run in [low, high) that may be a password."""
    n_short, n_long = i64(0), i64(0)
    begun = i64(-1)
    for base in range(low, high, LANES):
        here = chunks(f, base)
        if base + LANES > high:
            here &= (ONE << u64(high - base)) - ONE
        turns = here ^ ((here << ONE) | u64(begun >= 0))
        while turns:
            at = base + trailing_zeros(turns)
            turns &= turns - ONE
            if begun < 0:
                begun = at
                continue
            size = at - begun
            if 4 <= size < 16:
                n_short, n_long = keep(f, begun, size, 0, s, n_short, n_long)
            else:
                add_chunk(f, begun, at, g, keys)
            begun = i64(-1)
    if begun >= 0:
        add_chunk(f, begun, high, g, keys)
    add_kept(g, n_short, n_long, s, keys[2 * k.CHUNK], keys[2 * k.CHUNK + 1])


@inner
def chunk_end(f, at, high):
    """The end of the run of anything but delimiters at `at`, as `runs.put_chunk` finds it."""
    end = at
    while end < high:
        size = trailing_zeros(~chunks(f, end))
        end += size
        if size < LANES:
            break
    return min(end, high)


@inner
def add_rest(f, i, high, passwords, g, keys):
    """Add what is left of a run behind a number that ended inside it."""
    if passwords and i < high and is_chunk(f[i - 1]) and is_chunk(f[i]):
        add_chunk(f, i, chunk_end(f, i, high), g, keys)


@inner
def read_numbers(f, low, high, passwords, tokens, room, g, s, scratch, keys):
    """Read runs with digits and addresses in [low, high) into `tokens`, and add what else may be a
    password behind them; returns how many tokens there are. Numbers that can be nothing else are
    hashed several at once, and no tokens."""
    n, i, floor = i64(0), low, low
    n_short, n_long = i64(0), i64(0)
    for t in range(8):
        scratch.state[t] = 0
    scratch.state[S_PREVIOUS] = -1
    for j in range(low >> 6, (high + LANES - 1) >> 6):
        events = (s.digits[j] & ~(s.digits[j] << ONE)) | s.ats[j]
        while events:
            at = j * LANES + trailing_zeros(events)
            events &= events - ONE
            if at < i or at >= high or n >= room - 12:
                continue
            scratch.state[S_LEFT] = 0
            plain = plain_digits(f, at, s) if f[at] != 64 and at > i else i64(0)
            if plain and at + plain <= high:
                n_short, n_long = keep(f, at, plain, 0, s, n_short, n_long)
                i = at + plain
                continue
            if f[at] == 64:
                n, i = put_email(f, at, floor, tokens, n, scratch, keys)
                floor = i
            else:
                while at > i and is_letter(f[at - 1]):
                    at -= 1
                i = at
                while i < high and n < room - 12 and (is_letter(f[i]) or is_digit(f[i])):
                    n, i = put_alnum(f, i, high, tokens, n, scratch, keys)
                    if n and tokens.kind[n - 1] == k.WORD and is_letter(f[i + 1]) and i < high:
                        # 1985MARTIN PAUL: the word behind is joined to that one.
                        n, _ = put_alnum(f, i + 1, high, tokens, n, scratch, keys)
                    add_rest(f, i, high, passwords, g, keys)
            add_rest(f, i, high, passwords, g, keys)
    add_kept(g, n_short, n_long, s, keys[2 * k.NUMBER], keys[2 * k.NUMBER + 1])
    return n


@inner
def numbers_in(s, low, high):
    """How many runs of digits begin in the blocks that hold [low, high)."""
    n = i64(0)
    for j in range(low >> 6, (high + LANES - 1) >> 6):
        n += count_ones(s.digits[j] & ~(s.digits[j] << ONE))
    return n


@inner
def make_room(most, g):
    """Empty the set and make it fit for so many keys, no larger, so that it stays in the nearest
    cache; returns its places, 0 where they would be too many."""
    if most > PLACES // 2:
        return i64(0)
    places = i64(FEW)
    while 2 * places < 3 * most:
        places *= 2
    for p in range(places):
        g.seats[p] = u32(0)
    g.info[G_MASK] = places - 1
    return places


@inner
def glimpse(f, words, low, high, passwords, tokens, room, g, s, scratch, keys):
    """Fill the set with what stands in [low, high) of a text that was sifted and has `words` words.

    `tokens` gets the numbers and addresses; returns how many, -1 where there is too much.
    `passwords` says whether runs of anything but delimiters are among what is looked for.
    """
    first, behind = first_from(s, words, low), first_from(s, words, high)
    most = 2 * (behind - first + EIGHT) + (high - low) // 5 + numbers_in(s, low, high)
    places = make_room(most, g)
    if places == 0:
        return i64(-1)
    for p in range(behind - first + EIGHT):
        g.keys[p] = u64(0)
    g.info[G_FIRST], g.info[G_BEHIND] = first, behind
    g.info[G_ORDER] = g.info[G_PHRASES] = -1
    add_words(f, words, first, behind, g, s, keys)
    add_joined(f, first, behind, g, s, scratch, keys)
    if passwords:
        add_chunks(f, low, high, g, s, keys)
    count = read_numbers(f, low, high, passwords, tokens, room, g, s, scratch, keys)
    if most + 2 * count > places - places // 8 or count >= room - 12:
        return i64(-1)
    for t in range(count):
        add(g, tokens.key[t])
    return count
