"""Folding: every text folds, and every folded byte leads back to its code point."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matching.normalise.fold import PADDING, fold


def folded(text: str) -> str:
    found = fold(text)
    return bytes(found.data[: found.size]).decode("ascii")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Élodie FRANÇOIS", "elodie francois"),
        ("Œuvre, cœur, Ægir, Straße", "oeuvre, coeur, aegir, strasse"),
        ("e\u0301te\u0301", "ete"),
        ("MAR\u200bTI\u00adN", "martin"),
        ("ｆｕｌｌ ０６", "full 06"),
        ("Мartin ВЕRNАRD", "martin bernard"),
        ("l’été – «oui»", 'l\'ete - "oui"'),
        ("06•39●98", "06*39*98"),
        ("٠٦", "06"),
        ("a\rb\rc", "a\nb\nc"),
        ("a\r\nb", "a \nb"),
        ('"Agn\\u00e8s \\u0153"', '"agnes oe"'),
        ("𝐌𝐚𝐫𝐭𝐢𝐧", "martin"),
        ("\ud800x\udfff", " x "),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_folds_to_bytes_that_lead_back(text: str) -> None:
    found = fold(text)
    assert len(found.data) == found.size + PADDING
    assert (found.data < 128).all()
    for at in range(found.size):
        start, end = found.span(at, at + 1)
        assert 0 <= start < end <= len(text)


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_span_is_the_word_it_was(before: str, behind: str) -> None:
    text = f"{before} œil\u200bZÉBULON {behind}"
    found = fold(text)
    at = bytes(found.data[: found.size]).rindex(b"zebulon") if "ZÉB" not in behind else -1
    if at >= 0 and "zebulon" not in folded(behind):
        start, end = found.span(at, at + 7)
        assert text[start:end] == "ZÉBULON"


@example(b"\xf4\x90\x80\x80")  # beyond the last code point
@example(b"\xed\xa0\x80 and \xe2\xc3\xa9")
@given(st.binary(max_size=200))
def test_any_bytes_fold(untrusted: bytes) -> None:
    """A child that lies about its text makes nobody read beyond a table: each sequence that is
    none is a space."""
    folded = fold(untrusted)
    assert folded.size <= 3 * len(untrusted)
    assert bytes(folded.data[folded.size :]) == b"\n" * PADDING
    try:
        text = untrusted.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return
    assert bytes(fold(text).data) == bytes(folded.data)


@pytest.mark.parametrize("stray", [b"\xf4\x90\x80\x80", b"\xf7\xbf\xbf\xbf", b"\xc3", b"\x80"])
def test_a_stray_sequence_is_blank(stray: bytes) -> None:
    folded = fold(b"a" + stray + b"b")
    assert bytes(folded.data[: folded.size]) == b"a" + b" " * len(stray) + b"b"
