"""The other ways of writing a value: the value stays the same, a slip changes one spot."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.demo.posts import spelling

WORDS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=4, max_size=14)


@given(st.from_regex(r"0[1-7][0-9]{8}", fullmatch=True))
def test_every_phone_form_holds_the_same_number(digits: str) -> None:
    forms = spelling.phone_forms(digits)
    assert len(set(forms)) == len(forms) == 8
    for form in forms:
        national = form.replace("(0)", "").replace("+33", "0").removeprefix("0033")
        assert re.sub(r"\D", "", national).lstrip("0") == digits[1:]


@pytest.mark.parametrize("text", ["06 39 98 12 34", "+33639981234", "06.39.98.12.34", "0639981234"])
def test_phones_of_the_file_are_read(text: str) -> None:
    assert spelling.phone_digits(text) == "0639981234"


def test_nir_forms_keep_all_characters() -> None:
    forms = spelling.nir_forms("2850" + "32A109123" + "29")
    assert forms[3] == "2 85 03 2A 109 123 / 29"
    for form in forms:
        letters = re.sub(r"[^0-9A-Z]", "", form)
        assert letters in ("2850" + "32A109123" + "29", "2850" + "32A109123")


def test_dates_in_words_and_digits() -> None:
    forms = spelling.date_forms("14/03/1985")
    assert {"1985-03-14", "14/03/85", "14 mars 1985", "19850314", "14 mars 85"} <= set(forms)
    assert spelling.date_forms("01/08/1990")[6] == "1er août 90"
    assert spelling.english_date("14/03/1985") == "March 14, 1985"


@given(WORDS, st.integers(0, 1000))
def test_slips_change_one_spot_and_never_the_first(word: str, seed: int) -> None:
    random = Random(seed)
    other = spelling.substituted(word, random)
    assert sum(a != b for a, b in zip(word, other, strict=True)) == 1
    assert len(spelling.shortened(word, random)) == len(word) - 1
    turned = spelling.swapped(word, random)
    assert turned != word
    assert sorted(turned) == sorted(word) or len(turned) == len(word) - 1
    assert {other[0], turned[0]} == {word[0]}


def test_bare_is_upper_case_without_accents() -> None:
    assert spelling.bare("Jeanne-Élise Lefèvre") == "JEANNE-ELISE LEFEVRE"
