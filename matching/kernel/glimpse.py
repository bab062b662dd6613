"""What stands around a hit, as a set of signatures: enough to see that a row cannot be found there.

Reading text into tokens tells where each value stands; that most rows pointed to show nothing but
the name is told by a set alone. Of words those are taken that sifting found in values of the leak,
one in fifty of ordinary text; two written as one are hashed, several at once, and runs as long as
passwords of the leak are; only numbers and addresses go through the tokeniser. Whatever key
`reading.tokenise` puts down of the same text that a row can hold is in the set; a test holds it to
that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.lanes import EIGHT, MEMO, cut_long, cut_short, spelt_out
from matching.kernel.lanes_near import cut_chunks, cut_joined
from matching.kernel.mail import put_email
from matching.kernel.reading import joined_key, put_alnum
from matching.kernel.runs import is_chunk
from matching.kernel.shapes import is_digit, is_letter
from matching.kernel.sieve import LONGEST, ONE, first_from, keep, put_places
from matching.kernel.sift_numbers import plain_digits
from matching.kernel.sift_words import word_size
from matching.kernel.siphash import siphash_bytes, siphash_long, siphash_padded, siphash_short
from matching.kernel.tokens import S_LEFT, S_PREVIOUS
from matching.kernel.word_filter import get_bit, value_bit
from native.jit import inlined, inner, pointer
from native.vector import LANES, bit_3, chunks, count_ones, trailing_zeros

u8 = np.uint8
u64 = np.uint64
u32 = np.uint32
i64 = np.int64

PLACES = 1 << 14  # of the set, where much stands there
FEW = 1 << 11  # and where little does
SLOTS = 256  # of a row, at most
LONGEST_CHUNK = 64
LONGEST_JOINED = 60
JOINED = 16  # of their keys that are remembered


class Glimpse(NamedTuple):
    """A set of signatures (open addressing, 0 is an empty place), and a memo that knows no word.

    `keys` holds the key of each word once somebody asked (`hash_words`), 0 of what is no word.
    `order` are those of them that tell something, once `quotes` asked for them, with `loose` 1
    where the word may be part of an address or date; `hits` is room for as many. `shown` has a bit
    for each slot of the row opened last: whether its value is in the set; `far` and `before` are
    for `worth_reach`, `joined` the first keys that two words made, each once.
    """

    seats: NDArray[np.uint32]
    blank: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    order: NDArray[np.uint8]
    loose: NDArray[np.uint8]
    hits: NDArray[np.uint8]
    shown: NDArray[np.uint64]
    far: NDArray[np.int64]
    before: NDArray[np.int32]
    joined: NDArray[np.uint32]
    info: NDArray[np.int64]


# Places in Glimpse.info: number of the first word, one past the last; how many are in `order`, and
# how many comments of the leak may have, each -1 when nobody asked yet; places in use, less 1;
# whether `keys` was filled; how many words the text has; how many different keys of two words are
# there; whether `before` was filled.
G_FIRST, G_BEHIND, G_ORDER, G_PHRASES, G_MASK, G_HASHED, G_WORDS, G_JOINED, G_COUNTED = range(9)


def new_glimpse() -> Glimpse:
    """An empty set."""
    return Glimpse(
        np.zeros(PLACES, np.uint32), np.zeros(MEMO, np.uint64), np.zeros(PLACES, np.uint64),
        np.zeros(PLACES, np.uint8), np.zeros(PLACES, np.uint8), np.zeros(PLACES, np.uint8),
        np.zeros(SLOTS // 64, np.uint64), np.zeros(SLOTS, np.int64),
        np.zeros(PLACES, np.int32), np.zeros(JOINED, np.uint32), np.zeros(9, np.int64),
    )  # fmt: skip


@inlined
def glimpse_pointers(g):
    """The same struct over pointers."""
    return Glimpse(
        pointer(g.seats), pointer(g.blank), pointer(g.keys), pointer(g.order),
        pointer(g.loose), pointer(g.hits), pointer(g.shown), pointer(g.far), pointer(g.before),
        pointer(g.joined), pointer(g.info),
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
def add_values(first, behind, g, s):
    """Add the words of number `first` up to `behind` that stand in values of the leak."""
    for base in range(first, behind, LANES):
        found = bit_3(s.flags, base)  # VALUE
        while found:
            w = base + trailing_zeros(found)
            found &= found - ONE
            if w < behind:
                add(g, s.key[w])


@inner
def hash_words(f, g, s, keys):
    """Put down the key of every word that was looked at in `g.keys`, once."""
    if g.info[G_HASHED]:
        return
    g.info[G_HASHED] = 1
    first, behind = g.info[G_FIRST], g.info[G_BEHIND]
    k0, k1 = keys[2 * k.WORD], keys[2 * k.WORD + 1]
    for p in range(behind - first + EIGHT):
        g.keys[p] = u64(0)
    n_short, n_open = i64(0), i64(0)
    for t in range(first, behind, EIGHT):
        told = cut_short(f, s.place, t, g.blank, s.short, s.short_at, n_short, s.bare_at, n_open)
        n_short += count_ones(told & u64(255))
        n_open += count_ones(told >> u64(8))
    for t in range(n_short):
        s.hashes[t] = siphash_short(spelt_out(s.short[t]), k0, k1)
    for t in range(n_short):
        g.keys[i64(s.short_at[t]) - first] = s.hashes[t]
    for t in range(n_open, n_open + EIGHT):
        s.bare_at[t] = g.info[G_WORDS]  # where the text ends
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
        size = word_size(s, at)
        if size <= LONGEST:
            g.keys[w - first] = siphash_bytes(f, at, at + size, k0, k1)
    for t in range(n_long):
        s.hashes[t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    for t in range(n_long):
        g.keys[i64(s.long_at[t]) - first] = s.hashes[t]


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
def add_known(key, g, leak):
    """Add the key of two words if it stands in a value of the leak."""
    if get_bit(leak.name_bits, value_bit(key, leak.name_mask)):
        add(g, key)
        sig = u32(key & u64(0xFFFFFFFF))
        for each in range(min(JOINED, g.info[G_JOINED])):
            if g.joined[each] == sig:
                return
        if g.info[G_JOINED] < JOINED:
            g.joined[g.info[G_JOINED]] = sig
        g.info[G_JOINED] += 1


@inner
def add_joined(f, first, behind, g, s, scratch, leak):
    """Add each two of these words between which one space, dash or apostrophe stands, as one, if
    that stands in a value of the leak."""
    n_short, n_long, n_rest = i64(0), i64(0), i64(0)
    for t in range(first, behind, EIGHT):
        told = cut_joined(
            f, s.place, t, behind, s.short, n_short, s.long, s.long2, n_long, s.short_at, n_rest
        )
        n_short += count_ones(told & u64(255))
        n_long += count_ones((told >> u64(8)) & u64(255))
        n_rest += count_ones(told >> u64(16))
    for t in range(n_rest):
        at = i64(s.place[s.short_at[t]])
        size = word_size(s, at)
        middle = at + size
        gap = f[middle]
        if (gap != 32 and gap != 45 and gap != 39) or i64(s.place[s.short_at[t] + 1]) != middle + 1:
            continue
        more = word_size(s, middle + 1)
        if size + more + 1 < LONGEST_JOINED:
            key = joined_key(f, at, middle, middle + 1 + more, scratch.bytes, leak.keys)
            add_known(key, g, leak)
    k0, k1 = leak.keys[2 * k.WORD], leak.keys[2 * k.WORD + 1]
    for t in range(n_short):
        s.hashes[t] = siphash_short(s.short[t], k0, k1)
    for t in range(n_short):
        add_known(s.hashes[t], g, leak)
    for t in range(n_long):
        s.hashes[t] = siphash_long(s.long[t], s.long2[t], k0, k1)
    for t in range(n_long):
        add_known(s.hashes[t], g, leak)


@inlined
def is_as_long(size, lengths):
    """Whether a run of so many bytes is as long as a password of the leak."""
    return 4 <= size <= LONGEST_CHUNK and (lengths >> u64(size - 1)) & ONE != u64(0)


@inner
def add_chunk(f, at, end, lengths, g, keys):
    """Add a run that may be a password."""
    if is_as_long(end - at, lengths):
        add(g, siphash_padded(f, at, end, keys[2 * k.CHUNK], keys[2 * k.CHUNK + 1]))


@inner
def find_chunks(f, low, high, s):
    """Where runs of anything but delimiters in [low, high) begin, into `s.hash_at`, and end, into
    `s.run_at`; returns how many."""
    n, m = i64(0), i64(0)
    carry = u64(0)
    for base in range(low, high, LANES):
        here = chunks(f, base)
        if base + LANES > high:
            here &= (ONE << u64(high - base)) - ONE
        before = (here << ONE) | carry
        n = put_places(here & ~before, base, s.hash_at, n)
        m = put_places(~here & before, base, s.run_at, m)
        carry = here >> u64(63)
    if m < n:
        s.run_at[m] = high
    for t in range(n, n + EIGHT):
        s.hash_at[t] = s.run_at[t] = high
    return n


@inner
def add_chunks(f, low, high, lengths, g, s, keys):
    """Add every run in [low, high) that may be a password, by its length."""
    n = find_chunks(f, low, high, s)
    n_short, n_long, n_rest = i64(0), i64(0), i64(0)
    for t in range(0, n, EIGHT):
        told = cut_chunks(
            f, s.hash_at, s.run_at, t, lengths, s.short, n_short, s.long, s.long2, n_long,
            s.short_at, n_rest,
        )  # fmt: skip
        n_short += count_ones(told & u64(255))
        n_long += count_ones((told >> u64(8)) & u64(255))
        n_rest += count_ones(told >> u64(16))
    for t in range(n_rest):
        run = s.short_at[t]
        add_chunk(f, i64(s.hash_at[run]), i64(s.run_at[run]), lengths, g, keys)
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
def add_rest(f, i, high, lengths, g, keys):
    """Add what is left of a run behind a number that ended inside it."""
    if lengths and i < high and is_chunk(f[i - 1]) and is_chunk(f[i]):
        add_chunk(f, i, chunk_end(f, i, high), lengths, g, keys)


@inner
def read_numbers(f, low, high, lengths, tokens, room, g, s, scratch, keys):
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
                n, i = put_email(f, at, floor, True, tokens, n, scratch, keys)
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
                    add_rest(f, i, high, lengths, g, keys)
            add_rest(f, i, high, lengths, g, keys)
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
def glimpse(f, words, low, high, lengths, tokens, room, g, s, scratch, leak):
    """Fill the set with what stands in [low, high) of a text that was sifted and has `words` words.

    `tokens` gets the numbers and addresses; returns how many, -1 where there is too much.
    `lengths` says how long runs are that may be passwords (see `word_filter.known_lengths`).
    """
    first, behind = first_from(s, words, low), first_from(s, words, high)
    most = 2 * (behind - first + EIGHT) + (high - low) // 5 + numbers_in(s, low, high)
    places = make_room(most, g)
    if places == 0:
        return i64(-1)
    g.info[G_FIRST], g.info[G_BEHIND], g.info[G_WORDS] = first, behind, words
    g.info[G_ORDER] = g.info[G_PHRASES] = -1
    g.info[G_HASHED] = g.info[G_JOINED] = g.info[G_COUNTED] = 0
    add_values(first, behind, g, s)
    add_joined(f, first, behind, g, s, scratch, leak)
    if lengths:
        add_chunks(f, low, high, lengths, g, s, leak.keys)
    count = read_numbers(f, low, high, lengths, tokens, room, g, s, scratch, leak.keys)
    if most + 2 * count > places - places // 8 or count >= room - 12:
        return i64(-1)
    for t in range(count):
        add(g, tokens.key[t])
    return count
