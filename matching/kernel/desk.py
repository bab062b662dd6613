"""The desk a window is judged on: the opened row record, and the window's tokens as a set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.masks import Masks, mask_pointers, new_masks
from matching.kernel.neighbours import hash_less_one
from matching.kernel.pieces import BIRTH_PIECES
from matching.kernel.table import find, is_complete, value_at, warm
from native.jit import inlined, inner, pointer

u64 = np.uint64
u32 = np.uint32
i64 = np.int64
f64 = np.float64

SET_SIZE = 8192  # places in the window's hash set; a window has at most 2,500 tokens
MAX_TOKENS = 2500
MAX_COLUMNS = 64
KNOWN = 8192  # words whose neighbours are remembered
STRANGE = 1 << 16  # words remembered that have none
KNOWN_MOST = 64  # and how many neighbours of each; words with more are looked up again


class Desk(NamedTuple):
    """Working memory of one evaluation. The record is one memory seen three ways."""

    record: NDArray[np.uint64]
    record32: NDArray[np.uint32]
    record8: NDArray[np.uint8]
    place: NDArray[np.int32]  # hash set of the window: token + 1, 0 is empty
    chain: NDArray[np.int32]  # next token of the same hash
    near_key: NDArray[np.uint32]
    near_token: NDArray[np.int32]
    known_key: NDArray[np.uint64]  # words met lately, by the low bits of their keys
    known_count: NDArray[np.uint8]
    known_call: NDArray[np.int64]  # the call of `find_slips` that put its neighbours down last
    known_sig: NDArray[np.uint32]  # KNOWN_MOST neighbours each
    strange: NDArray[np.uint64]  # words met lately that have none
    used: NDArray[np.int64]  # stamp of the evaluation that took a token
    claimed: NDArray[np.uint8]  # tokens that an accepted record explains
    bits: NDArray[np.float64]  # per column
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    quality: NDArray[np.int64]
    slot_token: NDArray[np.int32]
    by_class: NDArray[np.float64]
    info: NDArray[np.int64]
    masks: Masks
    births: NDArray[np.uint8]  # see pieces.birth_piece


# Places in Desk.info.
I_STAMP, I_WORDS, I_NEAR, I_DATES, I_NIRS, I_PHONES, I_EMAILS, I_CONFLICTS = range(8)
I_MASKS = 8  # how many masked values the window has, -1 when nobody looked yet
I_QUOTED = 9  # dates that belong to the words of the record's comment
I_CALL = 10  # counts calls of `find_slips`, never set back
I_CLOCK = 15  # counts windows, never set back
I_DENSE = 14  # whether the region before this one pointed to any row


def new_desk(tokens: int, record_words: int) -> Desk:
    """Working memory for regions of at most `tokens` tokens."""
    record = np.zeros(record_words, np.uint64)
    return Desk(
        record,
        record.view(np.uint32),
        record.view(np.uint8),
        np.zeros(SET_SIZE, np.int32),
        np.zeros(tokens, np.int32),
        np.zeros(SET_SIZE, np.uint32),
        np.zeros(SET_SIZE, np.int32),
        np.zeros(KNOWN, np.uint64),
        np.zeros(KNOWN, np.uint8),
        np.zeros(KNOWN, np.int64),
        np.zeros(KNOWN * KNOWN_MOST, np.uint32),
        np.zeros(STRANGE, np.uint64),
        np.zeros(tokens, np.int64),
        np.zeros(tokens, np.uint8),
        np.zeros(MAX_COLUMNS, np.float64),
        np.zeros(MAX_COLUMNS, np.int64),
        np.zeros(MAX_COLUMNS, np.int64),
        np.zeros(MAX_COLUMNS, np.int64),
        np.zeros(256, np.int32),
        np.zeros(k.CLASSES, np.float64),
        np.zeros(16, np.int64),
        new_masks(),
        np.zeros(BIRTH_PIECES, np.uint8),
    )


@inlined
def desk_pointers(d):
    """The same struct over pointers."""
    return Desk(
        pointer(d.record),
        pointer(d.record32),
        pointer(d.record8),
        pointer(d.place),
        pointer(d.chain),
        pointer(d.near_key),
        pointer(d.near_token),
        pointer(d.known_key),
        pointer(d.known_count),
        pointer(d.known_call),
        pointer(d.known_sig),
        pointer(d.strange),
        pointer(d.used),
        pointer(d.claimed),
        pointer(d.bits),
        pointer(d.start),
        pointer(d.end),
        pointer(d.quality),
        pointer(d.slot_token),
        pointer(d.by_class),
        pointer(d.info),
        mask_pointers(d.masks),
        pointer(d.births),
    )


@inner
def glance(rows, tokens, desk):
    """In how many columns the opened record has a value that the window shows."""
    seen = u64(0)
    for s in range(rows.slots):
        sig = desk.record32[s]
        if sig == 0:
            continue
        p = i64(sig) & (SET_SIZE - 1)
        while desk.place[p]:
            if u32(tokens.key[desk.place[p] - 1] & u64(0xFFFFFFFF)) == sig:
                seen |= u64(1) << u64(rows.slot_column[s])
                break
            p = (p + 1) & (SET_SIZE - 1)
    count = 0
    while seen:
        seen &= seen - u64(1)
        count += 1
    return count


@inner
def fill_set(tokens, first, behind, start, end, desk):
    """Put the tokens inside [start, end) into the window's set and count their kinds."""
    for p in range(SET_SIZE):
        desk.place[p] = 0
    info = desk.info
    for p in range(1, 8):
        info[p] = 0
    info[I_NEAR] = -1
    info[I_MASKS] = -1
    count = 0
    # From the last to the first, so that a chain runs in reading order.
    for t in range(behind - 1, first - 1, -1):
        if tokens.start[t] < start or tokens.end[t] > end or count >= MAX_TOKENS:
            continue
        count += 1
        sig = u32(tokens.key[t] & u64(0xFFFFFFFF))
        p = i64(sig) & (SET_SIZE - 1)
        while desk.place[p] and u32(tokens.key[desk.place[p] - 1] & u64(0xFFFFFFFF)) != sig:
            p = (p + 1) & (SET_SIZE - 1)
        desk.chain[t] = desk.place[p] - 1
        desk.place[p] = t + 1
        kind = tokens.kind[t]
        if kind == k.WORD and tokens.aux[t] >= 0:
            info[I_WORDS] += 1
        elif kind == k.DATE and tokens.aux[t] > 0:
            info[I_DATES] += 1
        elif kind == k.NIR and tokens.aux[t]:
            info[I_NIRS] += 1
        elif kind == k.PHONE and tokens.aux[t]:
            info[I_PHONES] += 1
        elif kind == k.EMAIL:
            info[I_EMAILS] += 1
    return count


@inner
def seek(sig, kind, tokens, desk):
    """The first free token of this kind with this hash, -1 for none.

    A hash of 32 bits alone agrees by chance with that of some other token, once in a few gigabytes
    of directories where something else of the row stands.
    """
    p = i64(sig) & (SET_SIZE - 1)
    while desk.place[p]:
        t = desk.place[p] - 1
        if u32(tokens.key[t] & u64(0xFFFFFFFF)) == sig:
            while t >= 0 and (
                tokens.kind[t] != kind or desk.used[t] == desk.info[I_STAMP] or desk.claimed[t]
            ):
                t = desk.chain[t]
            return i64(t)
        p = (p + 1) & (SET_SIZE - 1)
    return i64(-1)


@inner
def put_near(sig, t, desk, count):
    """Add one neighbour of a token to the set of near words; returns the new count."""
    if count >= SET_SIZE // 2:
        return count
    p = i64(sig) & (SET_SIZE - 1)
    while desk.near_token[p]:
        if desk.near_key[p] == sig:
            return count
        p = (p + 1) & (SET_SIZE - 1)
    desk.near_key[p] = sig
    desk.near_token[p] = t + 1
    return count + 1


@inner
def credit(column, bits, start, end, quality, desk):
    """Add bits to a column and widen its span; far-off words do not widen it."""
    if desk.bits[column] == 0.0:
        desk.start[column] = start
        desk.end[column] = end
        desk.quality[column] = quality
    else:
        low = min(desk.start[column], start)
        high = max(desk.end[column], end)
        if high - low <= 120:
            desk.start[column] = low
            desk.end[column] = high
        desk.quality[column] = max(desk.quality[column], quality)
    desk.bits[column] += bits


@inlined
def is_stop(t, tokens):
    """Whether a token is a word of no evidence."""
    return tokens.kind[t] == k.WORD and tokens.aux[t] & k.F_STOP != 0


@inner
def look_up_near(f, base, size, key, t, seat, desk, scratch, leak, count):
    """Add the leak's words one slip away from the word f[base:base + size] of token `t`, and
    remember them in its seat, if there is room for all and no block is unchecked; returns the new
    count."""
    k0, k1 = leak.keys[2 * k.WORD_NEAR], leak.keys[2 * k.WORD_NEAR + 1]
    before = leak.missing[0]
    kept = i64(0)
    hash_less_one(f, base, size, k0, k1, scratch)
    warm(leak.words, scratch.near, size + 1)
    for each in range(size + 1):
        low, high = find(leak.words, scratch.near[each], leak.missing)
        for entry in range(low, min(high, low + 24)):
            sig = u32(value_at(leak.words, entry, leak.keys))
            count = put_near(sig, t, desk, count)
            if kept < KNOWN_MOST:
                desk.known_sig[seat * KNOWN_MOST + kept] = sig
            kept += 1
    whole = kept <= KNOWN_MOST and is_complete(leak.missing, before)
    if whole and kept == 0:
        desk.strange[i64(key & u64(STRANGE - 1))] = key
        return count
    desk.known_key[seat] = key if whole else u64(0)
    desk.known_count[seat] = kept if whole else 0
    return count


@inner
def add_near(f, base, size, key, t, desk, scratch, leak, count):
    """Add the leak's words one slip away from a word, from memory where it was met lately; returns
    the new count."""
    if desk.strange[i64(key & u64(STRANGE - 1))] == key:
        return count
    seat = i64(key & u64(KNOWN - 1))
    if desk.known_key[seat] != key:
        return look_up_near(f, base, size, key, t, seat, desk, scratch, leak, count)
    for e in range(desk.known_count[seat]):
        count = put_near(desk.known_sig[seat * KNOWN_MOST + e], t, desk, count)
    return count


@inlined
def may_slip(t, tokens):
    """Whether words one slip away are looked for of a token."""
    size = tokens.end[t] - tokens.start[t]
    kind = tokens.kind[t]
    if size < 4 or size > 24 or (kind != k.WORD and kind != k.NUMBER) or is_stop(t, tokens):
        return False
    return kind == k.WORD or tokens.aux[t] < 0 or size >= 7


@inner
def fill_near(f, tokens, first, behind, start, end, desk, scratch, leak):
    """For every word of the window, find the leak's words that are one slip away."""
    for p in range(SET_SIZE):
        desk.near_token[p] = 0
    count = 0
    for t in range(first, behind):
        base, stop = i64(tokens.start[t]), i64(tokens.end[t])
        if base >= start and stop <= end and may_slip(t, tokens):
            count = add_near(f, base, stop - base, tokens.key[t], t, desk, scratch, leak, count)
    desk.info[I_NEAR] = count


@inner
def seek_near(sig, desk):
    """A free token one slip away from the word with this hash, -1 for none."""
    p = i64(sig) & (SET_SIZE - 1)
    while desk.near_token[p]:
        if desk.near_key[p] == sig:
            t = i64(desk.near_token[p] - 1)
            if desk.used[t] == desk.info[I_STAMP] or desk.claimed[t]:
                return i64(-1)
            return t
        p = (p + 1) & (SET_SIZE - 1)
    return i64(-1)
