"""What a glimpse holds: every key that reading the same text into tokens gives, of those that a row
can hold."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.kernel import kinds as k
from matching.kernel.glimpse import glimpse, glimpse_pointers, holds, new_glimpse
from matching.kernel.reading import tokenise
from matching.kernel.sieve import classify, new_sieve, sieve_pointers
from matching.kernel.sift_words import gather_words
from matching.kernel.tokens import new_scratch, new_tokens, scratch_pointers, token_pointers
from matching.normalise import words
from matching.normalise.fold import fold
from native.jit import kernel, pointer
from tests.matching import disguises, test_screen

MARGIN, LONGEST = 64, 13_000
KEYS = np.arange(1, 2 * len(k.SUB_KEYS) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
SCRATCH = new_scratch(words.table())
SOME, ALL = new_tokens(2 * LONGEST + 64), new_tokens(2 * LONGEST + 64)
SIEVE, GLIMPSE = new_sieve(LONGEST + 64), new_glimpse()
EVERY_LENGTH = np.uint64(2**64 - 1)
EVERY_WORD = np.full(1 << 12, 255, np.uint8)  # a filter that knows them all


class Known(NamedTuple):
    """What a glimpse asks of a leak."""

    name_bits: Any
    name_mask: Any
    keys: Any


@kernel
def compare(f, size, low, high, lengths, some, every, room, g, sieve, scratch, bits, keys):  # type: ignore[no-untyped-def]
    """(tokens of a glimpse of f[low:high], all there, the first of these that it does not hold)."""
    text, s = pointer(f), sieve_pointers(sieve)
    known = Known(pointer(bits), np.uint64(len(bits) * 8 - 1), pointer(keys))
    names = (known.name_bits, known.name_mask)
    words_ = gather_words(text, classify(text, size, s), s, names, names, True, known.keys)
    set_, tokens, scratch_, keys_ = (
        glimpse_pointers(g), token_pointers(every), scratch_pointers(scratch), pointer(keys),
    )  # fmt: skip
    seen = glimpse(
        text, words_, low, high, lengths, token_pointers(some), room, set_, s, scratch_, known
    )
    count = tokenise(text, low, high, lengths != 0, tokens, room, scratch_, keys_)
    for t in range(count):
        sig = np.uint32(tokens.key[t] & np.uint64(0xFFFFFFFF))
        if tokens.kind[t] != k.STREET and sig != 0 and not holds(set_, sig):
            return seen, count, t
    return seen, count, -1


def assert_held(text: str, *, from_line: bool = False) -> int:
    folded = fold(text)
    data = np.full(MARGIN + folded.size + 256, 10, np.uint8)
    data[MARGIN : MARGIN + folded.size] = folded.data[: folded.size]
    low = bytes(folded.data[: folded.size]).find(b"\n") + 1 if from_line else 0
    seen, count, lost = compare(
        data[MARGIN:], folded.size, low, folded.size, EVERY_LENGTH, SOME, ALL, len(ALL.kind),
        GLIMPSE, SIEVE, SCRATCH, EVERY_WORD, KEYS,
    )  # fmt: skip
    if seen >= 0 and lost >= 0:
        first, behind = int(ALL.start[lost]), int(ALL.end[lost])
        what = bytes(folded.data[first:behind])
        raise AssertionError(f"{what!r} of kind {ALL.kind[lost]} at {first} in {text!r}")
    return int(count) if seen >= 0 else -1


@pytest.mark.parametrize("kind", [*disguises.CLASSES, *test_screen.MORE])
def test_records_in_every_disguise(kind: str) -> None:
    draw = random.Random(f"glimpse {kind}")
    people = disguises.people(200, seed=5)
    for _ in range(60):
        lines = [test_screen.shape(kind, draw, draw.choice(people)) for _ in range(8)]
        assert assert_held(draw.choice(("\n", " ", "-", "")).join(lines), from_line=True) > 8


PIECES = (
    "14/03/1985", "06 39 98 12 34", "1985MARTIN", "m4rt1n", "le", "goff", "st", "ste", "saint", "a",
    "jean.martin+x@gmail.com", "@", "2850344109123", "12bis", "rue", "14 mars 85", "0033 6", "'",
    "abcdefghijklmnopqrstuvwxyz" * 2, "p4ss!word", "#", ";", "\n", "\t", "é", "2a", "00:00", "*",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(("", " ", "-", ".", "'", ",")))))
def test_pieces_in_any_order(parts: list[tuple[str, str]]) -> None:
    assert_held("".join(piece + gap for piece, gap in parts))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1 9-0.@'/z;x", max_size=150))
def test_any_text(text: str) -> None:
    assert_held(text)


def test_a_text_of_too_many_words_is_told() -> None:
    """What does not fit is refused, so that it is read instead; ordinary text fits."""
    assert assert_held("ab " * 4200) == -1
    assert assert_held("un texte comme un autre, avec des mots " * 330) > 0
