"""Masked values of a sifted text are those that the loop over its bytes finds."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.kernel.mask_places import find_sifted_masks
from matching.kernel.masks import ROOM, WIDTH, find_masks, mask_pointers, new_masks
from matching.kernel.sieve import classify, new_sieve, sieve_pointers
from matching.normalise.fold import fold
from native.jit import kernel, pointer
from tests.matching import disguises, test_screen

MARGIN, LONGEST = 64, 8_000
SIEVE = new_sieve(LONGEST + 64)
Told = list[tuple[int, int, int, tuple[int, ...]]]


@kernel
def sifted(f, size, start, end, masks, sieve):  # type: ignore[no-untyped-def]
    """How many masked values `find_sifted_masks` puts into `masks`."""
    text, s = pointer(f), sieve_pointers(sieve)
    classify(text, size, s)
    return find_sifted_masks(text, start, end, mask_pointers(masks), ROOM, s)


@kernel
def looped(f, start, end, masks):  # type: ignore[no-untyped-def]
    """The same of `find_masks`."""
    return find_masks(pointer(f), start, end, mask_pointers(masks), ROOM, False)


def both(text: str, start: int = 0) -> tuple[tuple[Told, int], tuple[Told, int]]:
    folded = fold(text)
    data = np.full(MARGIN + folded.size + 256, 10, np.uint8)
    data[MARGIN : MARGIN + folded.size] = folded.data[: folded.size]
    start = min(start, folded.size)
    found = []
    for number in range(2):
        m = new_masks()
        count = (
            looped(data[MARGIN:], start, folded.size, m)
            if number
            else sifted(data[MARGIN:], folded.size, start, folded.size, m, SIEVE)
        )
        told = [
            (int(m.kind[e]), int(m.start[e]), int(m.end[e]), tuple(m.numbers[e * WIDTH :][:3]))
            for e in range(count)
        ]
        found.append((told, int(m.start[ROOM])))
    return found[0], found[1]


@pytest.mark.parametrize("kind", [*disguises.CLASSES, *test_screen.MORE])
def test_records_in_every_disguise(kind: str) -> None:
    draw = random.Random(f"places {kind}")
    people = disguises.people(200, seed=6)
    seen = 0
    for _ in range(40):
        lines = [test_screen.shape(kind, draw, draw.choice(people)) for _ in range(8)]
        text = draw.choice(("\n", " ", "-", "")).join(lines)
        here, there = both(text, draw.randrange(90))
        assert here == there, text
        seen += len(there[0]) + there[1]
    assert seen or "masked" not in kind


PIECES = (
    "06 39 ** ** 34", "j***u@example.org", "J.", "M******u", "04/07/198", "14/03/1985", "+33 6",
    "o6 12 3", "is", "x", "xx", "xxx", "..", ".", "__", "_", "*", "#?", "ab..c", "abc*d", "abcd*e",
    "'", "@", "7", "12", "345", "lorem", "é", "\n", "2 85 03 ** 109", "0" * 9, " " * 30,
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(("", "", " ", "-", ",")))),
       st.integers(0, 80))  # fmt: skip
def test_pieces_in_any_order(parts: list[tuple[str, str]], start: int) -> None:
    here, there = both("".join(piece + gap for piece, gap in parts), start)
    assert here == there


@settings(max_examples=600, deadline=None)
@given(st.text(alphabet="abxilo1 90-.@'*?_;#", max_size=200), st.integers(0, 80))
def test_any_text(text: str, start: int) -> None:
    here, there = both(text, start)
    assert here == there
