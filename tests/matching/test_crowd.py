"""People counted in sifted text: as many as reading every byte counts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.kernel.crowd import G_COUNT, close_group, read_people, read_sifted
from matching.kernel.sieve import classify, new_sieve, sieve_pointers
from matching.kernel.tokens import new_scratch, scratch_pointers
from matching.normalise import words
from matching.normalise.fold import fold
from native.jit import kernel, pointer
from tests.matching import disguises

MARGIN, LONGEST = 64, 20_000
SCRATCH = new_scratch(words.table())
SIEVE = new_sieve(LONGEST + 64)


@kernel
def both(f, start, size, sieve, scratch, plain, sifted):  # type: ignore[no-untyped-def]
    """Count what ends in f[start:size] both ways; every group of digits is marked."""
    text, s, room = pointer(f), sieve_pointers(sieve), scratch_pointers(scratch)
    carry = np.uint64(0)
    for j in range(classify(text, size, s)):
        either = s.letters[j] | s.digits[j]
        s.marks[j] = s.digits[j] & ~((either << np.uint64(1)) | carry)
        carry = either >> np.uint64(63)
    read_people(text, start, size, room, pointer(plain))
    read_sifted(text, start, size, s, room, pointer(sifted))


@kernel
def close(state):  # type: ignore[no-untyped-def]
    close_group(pointer(state))


def counts(text: str, cuts: list[int]) -> tuple[int, int]:
    """(people by reading, people by what was sifted), the text read in pieces."""
    folded = fold(text)
    ends = [*sorted({at for at in cuts if 0 < at < folded.size}), folded.size]
    plain, sifted = np.zeros(8, np.int64), np.zeros(8, np.int64)
    for start, end in zip([0, *ends], ends, strict=False):
        data = np.full(MARGIN + end + 256, 10, np.uint8)
        data[MARGIN : MARGIN + end] = folded.data[:end]
        both(data[MARGIN:], start, end, SIEVE, SCRATCH, plain, sifted)
    close(plain)
    close(sifted)
    return int(plain[G_COUNT]), int(sifted[G_COUNT])


PIECES = (
    "Jean", "Durand", "a", "mot", "06 39 98 12 34", "jean@poste.example", "14/03/1985", "\n",
    "\n\n", "1 85 03 44 109 123", "mots " * 40, "\n" * 70, "-" * 130, ";", "@", "12",
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from((" ", "\n", ";"))), max_size=60))
def test_as_many_as_reading_counts(parts: list[tuple[str, str]]) -> None:
    plain, sifted = counts("".join(piece + gap for piece, gap in parts), [])
    assert plain == sifted


def test_whole_lists_and_in_pieces() -> None:
    """A region ends at a word; an open group and the words before it are carried along."""
    draw = random.Random("crowd")
    people: list[Any] = disguises.people(120, seed=31)
    lines = [f"{p.surname} {p.first} {p.phone} né le {p.born[2]:02d}/{p.born[1]:02d}/{p.born[0]}"
             for p in people]  # fmt: skip
    filler = ["du texte sans personne", "", "12", "x", "fin"]
    for _ in range(40):
        text = "\n".join(draw.choice(lines if draw.random() < 0.4 else filler) for _ in range(150))
        spaces = [at for at, c in enumerate(fold(text).data[: len(text)]) if c in (10, 32)]
        cuts = [at + 1 for at in draw.sample(spaces, 5)]
        plain, sifted = counts(text, cuts)
        assert plain == sifted
        assert plain > 20


def test_words_before_an_empty_line_belong_to_nobody() -> None:
    """However far they are."""
    for far in ("", "\n" * 100, ";" * 200):
        assert counts(f"deux mots\n\n{far}06 39 98 12 34", []) == (0, 0)
        assert counts(f"deux\n\nmots\n{far.strip()}06 39 98 12 34", []) == (0, 0)
        assert counts(f"\n\ndeux mots\n{far.strip()}06 39 98 12 34", []) == (1, 1)
