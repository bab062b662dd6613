"""Signs of packings, and the lines about them, are those that plain patterns find."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction import marks
from extraction.kernel import signs
from extraction.kernel.found import FEWEST_LEFT
from extraction.kernel.marks import TAIL
from extraction.marks import Marks
from tests.extraction import plain_signs

WORDS = [
    "a", " ", "\n", "\n\n", "\r\n", "é", "€", "\U0001f600", "plain words of a line\n", "x" * 240,
    "<", "</", "<p>", "<TD class=a>", "<x>", "<br/>", "<pr>", "<pre >", "<b9>", "<span\n>", ">",
    "&", "&amp;", "&#233;", "&#xe9;", "&#xe9", "&a;", "&a.b[]=", "&é=", "&_?-=", "=", ";",
    "%", "%41", "%C3%a9", "%4", "=41", "=3D", "=C3=A9", "=0A=", "=92l", "=92", "=9A",
    "=31=32=33=34",
    "\\", "\\n", "\\\\", "\\x4", "\\xe9", "\\u00e9", "\\u00", "\\N", "\\\"",
    "Ã", "Ã©", "├®", "√©", "â", "\u2588", "Ë", "=\n", "=\r\n",
]  # fmt: skip
GROWN = st.builds(
    lambda unit, times: unit * times,
    st.sampled_from(["a", "é", "=", "&a", "x\n", "\\", "y=\n", "<p "]),
    st.sampled_from([2, 30, 31, 32, 70, 75, 76, 119, 120, 121, 249, 250, 251, 599, 600, 601]),
)
TEXTS = st.lists(st.one_of(st.sampled_from(WORDS), GROWN), max_size=60).map("".join)


def read(text: str, most: int) -> Marks:
    """The marks of a text, whose lines are told however short it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "WHOLE", 0)
        patch.setattr(marks, "LIST", most)
        patch.setattr(marks, "_rooms", [])
        return Marks(text.encode())


def check(text: str, most: int = marks.LIST) -> None:
    found = read(text, most)
    for kind in range(signs.KINDS):
        expected = plain_signs.places(kind, text)
        assert found.count(kind) == len(expected), kind
        assert found.near(kind) == plain_signs.near(expected, text).encode(), kind


@given(text=TEXTS, lead=st.sampled_from([0, 1, 63, TAIL - 70, 3 * TAIL]))
def test_signs_and_lines_are_those_of_the_patterns(text: str, lead: int) -> None:
    check(lead * "." + text)


@pytest.mark.parametrize("most", [FEWEST_LEFT + 1, FEWEST_LEFT + 8])
def test_lists_that_fill_up_lose_nothing(most: int) -> None:
    draw = random.Random(most)
    gaps = ["\n", "\n" * 9, "lines between them\n" * 6, "long " * 200]
    text = "".join(draw.choice(WORDS) + draw.choice(gaps) for _ in range(2_500))
    check(text, most)


@pytest.mark.parametrize("word", [word for word in WORDS if not word.isalnum()])
def test_a_sign_that_the_end_cuts(word: str) -> None:
    for size in range(len(word)):
        for lead in (0, 5, TAIL, 2 * TAIL - 1):
            check("." * lead + word[: size + 1])


def test_a_short_text_is_told_whole_and_a_text_without_signs_not_at_all() -> None:
    text = "far away\n" * 20 + "\\n" + "far away\n" * 20
    assert Marks(text.encode()).near(signs.ESCAPE) == text.encode()
    assert read("nothing\n" * 9, marks.LIST).near(signs.ESCAPE) == b""
