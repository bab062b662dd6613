"""The token and scratch structs that every kernel works on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from native.jit import inlined, pointer

u64 = np.uint64
i64 = np.int64
u8 = np.uint8

WORD_TABLE = k.WORD_TABLE
STRANGERS = 4096  # keys of first parts of addresses, met lately, that are near to no row's
NEIGHBOURS = 64  # of one value at most, with as many places behind them
NAMES = 16  # words of names that a further one is paired with while sifting


class Tokens(NamedTuple):
    """Struct of arrays, one entry a token, in order of appearance.

    `aux`: word flags for WORD; 1 for a sure shape, 0 for a doubtful one (nine digits, a
    malformed NIR) for NIR and PHONE; yyyymmdd for DATE, negative for a time stamp; digits for
    NUMBER made of digits only, else -1.
    """

    kind: NDArray[np.uint8]
    key: NDArray[np.uint64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    aux: NDArray[np.int32]


class Scratch(NamedTuple):
    """Working memory of the tokeniser. Of `strangers`, `nobodys` are those no row has at all."""

    digits: NDArray[np.int64]
    places: NDArray[np.int64]
    last: NDArray[np.int64]
    bytes: NDArray[np.uint8]
    state: NDArray[np.int64]
    numbers: NDArray[np.uint64]
    marks: NDArray[np.uint8]
    ring: NDArray[np.int64]
    near: NDArray[np.uint64]
    strangers: NDArray[np.uint64]
    nobodys: NDArray[np.uint64]


def new_tokens(capacity: int) -> Tokens:
    """Room for `capacity` tokens; a text of n bytes never gives more than 2 n + 16."""
    return Tokens(
        np.empty(capacity, np.uint8),
        np.empty(capacity, np.uint64),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
    )


def new_scratch(words: tuple[Any, Any]) -> Scratch:
    """Working memory with the public word lists in it."""
    return Scratch(
        np.zeros(24, np.int64),
        np.zeros(24, np.int64),
        np.zeros(24, np.int64),
        np.zeros(512, np.uint8),
        np.zeros(8, np.int64),
        words[0],
        words[1],
        np.zeros(NAMES, np.int64),
        np.zeros(2 * NEIGHBOURS, np.uint64),
        np.zeros(STRANGERS, np.uint64),
        np.zeros(STRANGERS, np.uint64),
    )


# Places in Scratch.state.
S_HOUSE, S_TYPED, S_LEFT, S_JOINED, S_PREVIOUS, S_CHUNK = 0, 1, 2, 3, 4, 5


@inlined
def put(tokens, n, kind, key, start, end, aux):
    """Append one token; returns the new count."""
    tokens.kind[n] = kind
    tokens.key[n] = key
    tokens.start[n] = start
    tokens.end[n] = end
    tokens.aux[n] = aux
    return n + 1


@inlined
def token_pointers(t):
    """The same struct over pointers."""
    return Tokens(pointer(t.kind), pointer(t.key), pointer(t.start), pointer(t.end), pointer(t.aux))


@inlined
def scratch_pointers(s):
    """The same struct over pointers."""
    return Scratch(
        pointer(s.digits),
        pointer(s.places),
        pointer(s.last),
        pointer(s.bytes),
        pointer(s.state),
        pointer(s.numbers),
        pointer(s.marks),
        pointer(s.ring),
        pointer(s.near),
        pointer(s.strangers),
        pointer(s.nobodys),
    )
