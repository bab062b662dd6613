"""Runs found by masks are those that plain patterns find, whatever block they begin or end in."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction import encoded, formats, signs, spans

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
    return len(run) >= spans.TAR_HEAD or not run[: spans.SHORTEST].islower()


@pytest.mark.parametrize("block", [64, 1024, spans.BLOCK])
@given(text=PIECES)
def test_masks_find_what_patterns_find(block: int, text: str) -> None:
    utf_8 = text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "BLOCK", block)
        found = spans.Spans(utf_8)
    assert list(found.base64()) == [m.span() for m in RUN.finditer(utf_8) if likely(m[0])]
    expected = [m.span() for pattern in (DIGITS, PAIRS) for m in pattern.finditer(utf_8)]
    assert list(found.hex()) == sorted(expected)


@pytest.mark.parametrize("number", [*range(5, 9), *range(18, 23), *range(30, 34), *range(398, 402)])
@pytest.mark.parametrize("unit", ["a", "B", "7", "f0 ", "A1:"])
@pytest.mark.parametrize("behind", ["", ".", "f0", "zzaf0", "g"])
def test_lengths_about_every_bound(number: int, unit: str, behind: str) -> None:
    utf_8 = f".{unit * number}{behind}".encode()
    found = spans.Spans(utf_8)
    assert list(found.base64()) == [m.span() for m in RUN.finditer(utf_8) if likely(m[0])]
    expected = [m.span() for pattern in (DIGITS, PAIRS) for m in pattern.finditer(utf_8)]
    assert list(found.hex()) == sorted(expected)


@given(text=PIECES, block=st.sampled_from([5, 64, signs.BLOCK]))
def test_bytes_of_quoted_printable_are_those_of_the_pattern(text: str, block: int) -> None:
    utf_8 = text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signs, "BLOCK", block)
        found = list(signs.equals(utf_8))
        soft = list(signs.soft_breaks(utf_8))
    # A byte of one sign may be the next one's sign: all are told, not only those apart.
    assert found == [
        match.span()
        for at in range(len(utf_8))
        if utf_8[at] == ord("=") and (match := signs.EQUALS.match(utf_8, at))
    ]
    assert [(len(utf_8[:a].decode()), len(utf_8[:b].decode())) for a, b in soft] == [
        match.span() for match in SOFT_BREAK.finditer(text)
    ]


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
    kept = dict(spans.Spans(text).base64())
    at = 0
    for run in text.split(b" "):
        promising = len(run) >= spans.TAR_HEAD or encoded._may_begin(run[: spans.HEAD])
        if len(run) >= spans.SHORTEST and likely(run) and promising:
            assert kept[at] == at + len(run)
        at += len(run) + 1


def test_runs_of_noise_are_left_out() -> None:
    noise = b" ".join(base64.b64encode(bytes((n, 1, 2, 3)) * 5) for n in range(160, 200))
    assert not list(spans.Spans(noise).base64())
