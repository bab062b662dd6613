"""What digits are read as: a phone whose zero changed places, the fraction of a second."""

from __future__ import annotations

import numpy as np
import pytest

from matching.kernel import kinds as k
from matching.kernel.reading import tokenise_array
from matching.kernel.tokens import new_scratch, new_tokens
from matching.normalise import words
from matching.normalise.fold import fold

KEYS = np.arange(1, 2 * len(k.SUB_KEYS) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
# As a scanner has them: for these the kernel is compiled already.
PAIRS = KEYS.reshape(-1, 2)
TOKENS, SCRATCH = new_tokens(4096), new_scratch(words.table())


def read(text: str, kind: int) -> set[int]:
    """The keys of all values of one kind read in a text."""
    folded = fold(text)
    count = tokenise_array(folded.data, 0, folded.size, False, TOKENS, SCRATCH, PAIRS)
    return {int(TOKENS.key[t]) for t in range(count) if TOKENS.kind[t] == kind}


def phones(text: str) -> set[int]:
    return read(text, k.PHONE)


@pytest.mark.parametrize(
    "text", ["6012345678", "60 12 34 56 78", "60.12.34.56.78", "601 234 5678", "6012 34 56 78"]
)
def test_a_zero_that_changed_places_is_seen(text: str) -> None:
    assert phones(text) == phones("06 12 34 56 78") != set()


@pytest.mark.parametrize("text", ["10 200 34567", "60 12345678", "601234567 8", "10.10.123.234"])
def test_ten_digits_in_other_groups_are_no_such_phone(text: str) -> None:
    right = phones(f"0{text[0]}{text[2:]}")
    assert not phones(text) & right


@pytest.mark.parametrize("point", ".,")
def test_the_fraction_of_a_second_is_no_number(point: str) -> None:
    number = read("123456", k.NUMBER)
    assert not read(f"2024-05-12 08:33:44{point}123456", k.NUMBER) & number
    for before in ("08:33.", "08:3x:44.", "08:33:44 ", "08;33;44.", "08:33:4."):
        assert read(f"2024 {before}123456", k.NUMBER) >= number, before


@pytest.mark.parametrize("clock", ["T00:00:00", " 00:00:00", "T22:00:00"])
def test_a_column_behind_a_date_with_a_clock_is_read(clock: str) -> None:
    assert phones(f"1950-11-06{clock},0633756961,49840") == phones("0633756961") != set()
    assert read(f"1950-11-06{clock},49840", k.NUMBER) >= read("49840", k.NUMBER) != set()
    assert not read(f"1950-11-06{clock},498 x", k.NUMBER) & read("498", k.NUMBER)
