"""Runs found by masks are those that plain patterns find, whatever block they begin or end in."""

from __future__ import annotations

import base64
import re
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction import encoded, formats, marks, spans
from extraction.kernel.found import FEWEST_LEFT
from extraction.kernel.marks import TAIL
from extraction.marks import Marks
from tests.extraction.plain_signs import RUN, AllRuns, likely

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
DIGITS = re.compile(rb"[0-9a-fA-F]{32,}")
PAIRS = re.compile(rb"(?:[0-9a-fA-F]{2}[ :-]){7,}[0-9a-fA-F]{2}")


def packed_in(utf_8: bytes) -> list[bytes]:
    return list(encoded._base64_runs(utf_8, spans_of(utf_8)))


def packed_in_all(utf_8: bytes) -> list[bytes]:
    """The same, where no run is left out but words of small letters."""
    return list(encoded._base64_runs(utf_8, cast("spans.Spans", AllRuns(utf_8))))


def spans_of(utf_8: bytes) -> spans.Spans:
    return spans.Spans(utf_8, Marks(utf_8))


@pytest.mark.parametrize("room", [FEWEST_LEFT + 1, marks.LIST])
@pytest.mark.parametrize("lead", [0, TAIL - 70, 3 * TAIL])
@given(text=PIECES)
def test_masks_find_what_patterns_find(room: int, lead: int, text: str) -> None:
    utf_8 = (lead * "." + text).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "LIST", room)
        patch.setattr(marks, "_rooms", [])
        found = spans_of(utf_8)
    assert packed_in(utf_8) == packed_in_all(utf_8)
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
    runs = [m.span() for m in RUN.finditer(utf_8) if likely(m[0])]
    assert not set(found.base64()) - set(runs)
    assert packed_in(utf_8) == packed_in_all(utf_8)
    expected = [m.span() for pattern in (DIGITS, PAIRS) for m in pattern.finditer(utf_8)]
    assert list(found.hex()) == sorted(expected)


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
@pytest.mark.parametrize("gap", [b" ", b"\n", b"\n  > ", b"=\r\n", b" \t", "é".encode()])
def test_no_run_that_holds_something_is_left_out(gap: bytes, heads: list[bytes]) -> None:
    text = gap.join(base64.b64encode(head).rstrip(b"=") for head in heads)
    assert packed_in(text) == packed_in_all(text)


@given(
    head=st.sampled_from([magic for magic, _ in formats.MAGIC] + [b"RIFF1234WEBP", b"%PDF-"]),
    rest=st.binary(min_size=15, max_size=300),
    place=st.integers(0, 20),
)
def test_no_archive_or_document_is_left_out(head: bytes, rest: bytes, place: int) -> None:
    for data in (head + rest, rest[:place] + head + rest + b"%%EOF"):
        text = b"in " + base64.b64encode(data) + b" a text"
        assert packed_in(text) == packed_in_all(text)


def test_words_paths_and_lines_of_dashes_are_left_out() -> None:
    words = b"InterpolationSyntaxError libs/statechart/test/Jamfile " + b"-" * 43 + b" \n"
    assert not list(spans_of(words * 50).base64())


@pytest.mark.parametrize("before", ["-" * 20, "_" * 60])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n > ", "\n\t"])
def test_a_line_is_looked_at_where_base64_may_follow(before: str, end: str) -> None:
    for others in ("", "# a remark", "\n" + "QUJDREVGR0hJSktMTU5PUA==\n"):
        utf_8 = f"{before}{end}{others}".encode()
        assert packed_in(utf_8) == packed_in_all(utf_8)
    assert not list(spans_of(f"{before}{end}# a remark".encode()).base64())
    assert list(spans_of(f"{before}{end}QUJD\n".encode()).base64())


def test_runs_of_noise_are_left_out() -> None:
    noise = b" ".join(base64.b64encode(bytes((n, 1, 2, 3)) * 5) for n in range(160, 200))
    assert not list(spans_of(noise).base64())
