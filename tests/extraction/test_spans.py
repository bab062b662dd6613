"""Runs found by masks are those that plain patterns find, whatever block they begin or end in."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction import encoded, formats, marks, signs, spans
from extraction.kernel.marks import FEWEST_LEFT, LONG, SHORTEST, TAIL
from extraction.marks import Marks

PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["a", "Z", "9", "-", "/", " ", ":", "\n", "é", "=", "%", "\\", "f0", "F0:"]
        ),
        st.builds(
            lambda unit, times: unit * times,
            st.sampled_from(["a", "b9", "Qz", "0f", "e1 ", "A0-", "7", "x/y-", "=41", "=", "=9"]),
            st.integers(1, 450),
        ),
    ),
    max_size=12,
).map("".join)
FULL_LINE = "|".join(rf"(?<=^[^\n]{{{width}}}=)" for width in range(70, 76))
SOFT_BREAK = re.compile(rf"=(?:{FULL_LINE})\r?\n(?=\S)", re.MULTILINE)
RUN = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
DIGITS = re.compile(rb"[0-9a-fA-F]{32,}")
PAIRS = re.compile(rb"(?:[0-9a-fA-F]{2}[ :-]){7,}[0-9a-fA-F]{2}")


def likely(run: bytes) -> bool:
    return len(run) >= LONG or not run[:SHORTEST].islower()


def spans_of(utf_8: bytes) -> spans.Spans:
    return spans.Spans(utf_8, Marks(utf_8))


@pytest.mark.parametrize("room", [FEWEST_LEFT + 1, marks.LIST])
@pytest.mark.parametrize("lead", [0, TAIL - 70, 3 * TAIL])
@given(text=PIECES)
def test_masks_find_what_patterns_find(room: int, lead: int, text: str) -> None:
    utf_8 = (lead * "." + text).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "LIST", room)
        found = spans_of(utf_8)
    assert list(found.base64()) == [m.span() for m in RUN.finditer(utf_8) if likely(m[0])]
    expected = [m.span() for pattern in (DIGITS, PAIRS) for m in pattern.finditer(utf_8)]
    assert list(found.hex()) == sorted(expected)


@pytest.mark.parametrize("between", ["9", " 9", "f", "f0", "f0 a", "x"])
@pytest.mark.parametrize("times", [7, 8, 12])
def test_pairs_that_begin_in_the_last_of_others(between: str, times: int) -> None:
    utf_8 = f"{8 * 'e1 '}{between}{times * 'a0-'}{times * 'b1:'}.{80 * ' '}{9 * 'c2 '}".encode()
    assert list(spans_of(utf_8).hex()) == [match.span() for match in PAIRS.finditer(utf_8)]


@pytest.mark.parametrize("number", [*range(5, 9), *range(18, 23), *range(30, 34), *range(398, 402)])
@pytest.mark.parametrize("unit", ["a", "B", "7", "f0 ", "A1:"])
@pytest.mark.parametrize("behind", ["", ".", "f0", "zzaf0", "g"])
def test_lengths_about_every_bound(number: int, unit: str, behind: str) -> None:
    utf_8 = f".{unit * number}{behind}".encode()
    found = spans_of(utf_8)
    assert list(found.base64()) == [m.span() for m in RUN.finditer(utf_8) if likely(m[0])]
    expected = [m.span() for pattern in (DIGITS, PAIRS) for m in pattern.finditer(utf_8)]
    assert list(found.hex()) == sorted(expected)


@given(text=PIECES)
def test_bytes_of_quoted_printable_are_those_of_the_pattern(text: str) -> None:
    utf_8 = text.encode()
    found = list(signs.equals(utf_8, Marks(utf_8)))
    soft = list(signs.soft_breaks(utf_8, Marks(utf_8)))
    # A byte of one sign may be the next one's sign: all are told, not only those apart.
    assert found == [
        match.span()
        for at in range(len(utf_8))
        if utf_8[at] == ord("=") and (match := signs.EQUALS.match(utf_8, at))
    ]
    assert [(len(utf_8[:a].decode()), len(utf_8[:b].decode())) for a, b in soft] == [
        match.span() for match in SOFT_BREAK.finditer(text)
    ]


TAGS = st.lists(
    st.sampled_from(
        ["<", "</", "<p>", "<TD class=a>", "<x>", "<br/>", "\\", "\\n", "\\u00e9", "\\N", "a"]
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("many", [0.0, signs.MANY, 1.0])
@given(text=TAGS, lead=st.integers(0, 2 * TAIL))
def test_tags_and_escapes_are_those_of_the_pattern(many: float, text: str, lead: int) -> None:
    utf_8 = (lead * "." + text).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signs, "MANY", many)
        for sign, pattern in (("tags", signs.MARKUP), ("escapes", signs.ESCAPE)):
            found = list(signs.marked(sign, pattern)(utf_8, Marks(utf_8)))
            assert found == [match.span() for match in pattern.finditer(utf_8)]


@given(
    heads=st.lists(
        st.one_of(
            st.binary(min_size=15, max_size=40),
            st.text(min_size=15, max_size=30).map(str.encode),
            st.text(min_size=15, max_size=30).map(lambda text: text.encode("utf-16-le", "ignore")),
            st.sampled_from([*(magic for magic, _ in formats.MAGIC), b"x\x9c", b"BZh", b"\x1f\x8b"])
            .map(lambda magic: magic + bytes(range(1, 30))),
            st.binary(min_size=290, max_size=310),
        ),
        min_size=40, max_size=60,
    )
)  # fmt: skip
def test_no_run_that_may_begin_something_is_left_out(heads: list[bytes]) -> None:
    text = b" ".join(base64.b64encode(head).rstrip(b"=") for head in heads)
    kept = dict(spans_of(text).base64())
    at = 0
    for run in text.split(b" "):
        promising = len(run) >= LONG or encoded._may_begin(run[: spans.HEAD])
        if len(run) >= SHORTEST and likely(run) and promising:
            assert kept[at] == at + len(run)
        at += len(run) + 1


def test_runs_of_noise_are_left_out() -> None:
    noise = b" ".join(base64.b64encode(bytes((n, 1, 2, 3)) * 5) for n in range(160, 200))
    assert not list(spans_of(noise).base64())
