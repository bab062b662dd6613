"""The masked copy of a page is another document: only allow-listed words and looks are in it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.masked_page import MAX_DEPTH, MAX_NODES, TooLarge, masked_page
from capture.masking import MASK, mask_parts, mask_text

AT = "2026-11-28T12:00:00Z"
INLINE = {"display": "inline"}
BLOCK = {"display": "block"}


def element(tag: str, style: dict[str, str], *children: Any, size: int = 100) -> list[Any]:
    return ["e", tag, style, size, size, list(children)]


def shown(*children: Any) -> str:
    """What stands in the body, without our own head and banner."""
    return masked_page(element("body", BLOCK, *children), AT).partition("</div>")[2]


def text_of(page: str) -> str:
    return re.sub(r"<[^>]*>", "", page)


def test_a_word_that_two_elements_share_is_masked_in_both() -> None:
    joined = shown(element("p", BLOCK, ["t", "de"], element("b", INLINE, ["t", "Roy"])))
    assert text_of(joined) == MASK * 2
    apart = shown(element("p", BLOCK, ["t", "de "], element("b", INLINE, ["t", "Roy"])))
    assert text_of(apart) == f"de {MASK}"
    blocks = shown(element("p", BLOCK, ["t", "de"]), element("p", BLOCK, ["t", "nom"]))
    assert text_of(blocks) == "denom"  # two lines, two words


def test_nothing_but_known_elements_and_styles_is_taken_over() -> None:
    style = {
        "display": "block", "color": "rgb(1, 2, 3)", "background-image": "url(http://x/QUENOUILLE)",
        "font-family": "QUENOUILLE, monospace", "width": "1850578006084px", "content": "'x'",
        "margin-top": "1850px", "font-size": "16px;} body{x:y", "text-align": "QUENOUILLE",
    }  # fmt: skip
    page = masked_page(
        element("body", BLOCK, element("script", style, ["t", "nom"]),
                element("x-quenouille onload=1", style, ["t", "<i>prénom</i>"])), AT
    )  # fmt: skip
    assert "QUENOUILLE" not in page.upper().replace("MONOSPACE", "")
    assert "<script" not in page
    assert "onload" not in page
    assert "1850" not in page
    assert "body{x" not in page
    assert "font-family:monospace" in page
    assert "color:rgb(1, 2, 3)" in page


def test_small_coloured_boxes_draw_no_letters() -> None:
    red = {"display": "block", "background-color": "rgb(250, 0, 1)"}
    assert "250" not in masked_page(element("body", BLOCK, element("div", red, size=4)), AT)
    assert "250" in masked_page(element("body", BLOCK, element("div", red, size=40)), AT)


def test_a_picture_is_a_grey_box() -> None:
    assert text_of(shown(["p", 80, 60])) == ""
    assert "picture" in shown(["p", 80, 60])


def test_bounds_hold() -> None:
    deep: Any = ["t", "x"]
    for _ in range(MAX_DEPTH + 1):
        deep = element("div", BLOCK, deep)
    with pytest.raises(TooLarge):
        masked_page(deep, AT)
    with pytest.raises(TooLarge):
        masked_page(element("body", BLOCK, *([["t", "x"]] * MAX_NODES)), AT)
    with pytest.raises((ValueError, IndexError)):
        masked_page(["z"], AT)


@given(st.text("Le Roy,nom 12@.é\n", max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_parts_show_no_more_than_the_whole(text: str, cuts: list[int]) -> None:
    """Wherever a text is cut, each part shows what the whole shows there, or a mask."""
    bounds = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    parts = [text[low:high] for low, high in pairwise(bounds)]
    masked = mask_parts(parts)
    assert len(masked) == len(parts)
    left = re.findall(r"\w+", "".join(masked).replace(MASK, " "))
    whole = re.findall(r"\w+", mask_text(text).replace(MASK, " "))
    remaining = iter(whole)
    assert all(word in remaining for word in left)
