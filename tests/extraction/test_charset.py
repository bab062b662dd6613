"""Bytes to text: every byte is accounted for, and nothing is repaired."""

from __future__ import annotations

import codecs

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.charset import PIECE, _mixed, decode, known, length_as_utf_8, western
from extraction.kernel.points import count_points

FRENCH = "Né à Orléans, prénom: Anaïs; « cœur » — 12 €; où ? ça, déjà, là-bas, forêt, naïf"


@pytest.mark.parametrize(
    ("charset", "bom"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
    ],
)
def test_a_byte_order_mark_decides_against_the_declaration(charset: str, bom: bytes) -> None:
    assert decode(bom + FRENCH.encode(charset), "latin-1") == (FRENCH, charset)


@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "utf-16-le", "utf-16-be"])
def test_french_is_read_without_any_declaration(charset: str) -> None:
    assert decode(FRENCH.encode(charset))[0] == FRENCH


@pytest.mark.parametrize("declared", ["cp850", "mac_roman", "iso8859-2", "shift_jis", "utf-16"])
def test_a_right_declaration_is_followed(declared: str) -> None:
    text = "Anaïs née à Orléans" if declared not in ("shift_jis", "iso8859-2") else "Dvořák ř"
    text = "カタカナ" if declared == "shift_jis" else text
    assert decode(text.encode(declared), declared)[0] == text


@pytest.mark.parametrize("declared", ["latin-1", "ISO-8859-1", "windows-1252", "cp850", "x-none"])
def test_valid_utf_8_wins_over_a_wrong_declaration(declared: str) -> None:
    assert decode(FRENCH.encode(), declared) == (FRENCH, "utf-8")


def test_latin_1_under_a_utf_8_label_keeps_its_letters() -> None:
    assert decode("Prénom: Anaïs\n".encode("latin-1"), "utf-8")[0] == "Prénom: Anaïs\n"


def test_mixed_encodings_in_one_file_are_both_read() -> None:
    body = "Anaïs — œuvre\n".encode() + "Noémie\n".encode("latin-1") + "Zoé\n".encode()
    assert decode(body)[0] == "Anaïs — œuvre\nNoémie\nZoé\n"


def test_a_meta_element_is_heeded() -> None:
    body = '<html><meta charset="windows-1251"><p>Мария'.encode("cp1251")
    assert decode(body)[0].endswith("Мария")


def test_mojibake_is_left_as_it_was_posted() -> None:
    mojibake = "PrÃ©nom: AnaÃ¯s"
    assert decode(mojibake.encode()) == (mojibake, "utf-8")


def test_a_body_cut_inside_a_letter_is_still_utf_8() -> None:
    body = ("é" * 50).encode()[:-1]
    text, charset = decode(body)
    assert (text[:49], charset) == ("é" * 49, "utf-8")
    assert len(text) == 50


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "unicode_escape", "utf-7", "zlib", "rot13", "é", ""]
)
def test_codecs_that_are_no_charset_are_refused(name: str) -> None:
    assert known(name) == ""
    assert decode(b"plain \\u0041 text", name)[0] == "plain \\u0041 text"


@given(st.binary(max_size=400), st.sampled_from(["", "utf-8", "utf-16", "big5", "latin-1", "nope"]))
def test_any_bytes_under_any_label_become_text(body: bytes, declared: str) -> None:
    text, charset = decode(body, declared)
    assert isinstance(text, str)
    assert codecs.lookup(charset)
    assert text.count("\x00") <= body.count(0)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_was_encoded_as_utf_8_comes_back(text: str) -> None:
    body = text.encode()
    if (
        not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8))
        and body.count(0) < 2
    ):
        assert decode(body)[0] == text


def stray(error: UnicodeError) -> tuple[str, int]:
    """What is meant by a stray byte: one at a time."""
    assert isinstance(error, UnicodeDecodeError)
    return western(error.object[error.start : error.end]), error.end


codecs.register_error("tests-stray-bytes", stray)
ODD = bytes([0x41, 0x80, 0x81, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE9, 0xED, 0xF0, 0xF4, 0xF5, 0xFF])


@pytest.mark.parametrize("before", [0, PIECE - 3])
@given(body=st.lists(st.sampled_from([*ODD, 0]), max_size=12).map(bytes))
def test_the_short_way_through_stray_bytes_gives_the_same(before: int, body: bytes) -> None:
    body = b"\xf0\x9f\x98\x80" * (before > 0) + b"a" * before + body
    assert _mixed(body) == body.decode("utf-8", "tests-stray-bytes")
    assert decode(codecs.BOM_UTF8 + body)[0] == body.decode("utf-8", "tests-stray-bytes")


def test_nul_bytes_stay_in_place() -> None:
    assert decode(b"a\x00b\x00")[0] == "a\x00b\x00"


@pytest.mark.parametrize("declared", ["", "utf-8", "latin-1", "iso-2022-jp", "utf-16"])
@given(
    body=st.one_of(
        st.text(max_size=60).map(str.encode),
        st.binary(max_size=60),
        st.sampled_from(["é" * 20_000, "é" * 16_383 + "a€", "€" * 30_000]).map(str.encode),
    )
)
def test_what_need_not_be_decoded_is_what_decoding_would_give(declared: str, body: bytes) -> None:
    text, used = decode(body, declared)
    length = length_as_utf_8(body, declared)
    if length is not None:
        assert (used, text.encode(), len(text)) == ("utf-8", body, length)
    elif declared == "" and body[:1].isascii() and 0 not in body:
        assert used != "utf-8" or text.encode() != body


def counted(body: bytes) -> int:
    return int(count_points(np.frombuffer(body, np.uint8)))


@given(
    before=st.integers(50, 70),
    parts=st.lists(
        st.sampled_from([*ODD, 0x90, 0x9F, 0xA0, 0xE1, 0xF1, "é", "€", "😀"]), max_size=9
    ),
    behind=st.sampled_from([0, 1, 63, 64, 200]),
)
def test_characters_are_counted_as_strict_decoding_does(
    before: int, parts: list[int | str], behind: int
) -> None:
    odd = b"".join(each.encode() if isinstance(each, str) else bytes([each]) for each in parts)
    body = b"a" * before + odd + b"b" * behind
    try:
        assert counted(body) == len(body.decode())
    except UnicodeDecodeError:
        assert counted(body) == -1


def test_every_character_is_counted_and_every_cut_one_refused() -> None:
    points = [*range(0x80, 0xD800, 7), *range(0xE000, 0x110000, 77), 0xD7FF, 0xFFFF, 0x10FFFF]
    for char in map(chr, points):
        whole = b"a" * 62 + char.encode()
        assert counted(whole) == 63
        assert counted(whole[:-1]) == counted(whole[:-1] + b"b" * 70) == -1
    assert counted(b"") == 0


def test_no_charset_is_guessed_for_a_program() -> None:
    words = "Здравствуйте, это обычное письмо о погоде и дороге домой. ".encode("koi8-r") * 20
    assert decode(words)[1].replace("_", "-") == "koi8-r"
    assert decode(words.replace(b" ", b"\0" * 2))[1] == "windows-1252"
    assert decode(words + b"\0" * 8)[1] == decode(words)[1]  # the padding of one field
