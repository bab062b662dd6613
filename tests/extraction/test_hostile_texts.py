"""Texts made to be slow, huge or unreadable, and texts in disguise."""

from __future__ import annotations

import base64
import gc
import gzip
import random
import resource
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from extraction import child, mojibake, passwords
from extraction.layers import Limits
from extraction.read import extract, unwrap
from extraction.sandbox import Sandbox
from tests.extraction.samples import lines
from tests.timing import grows_at_most

ACCENTS = ["Élise", "Noël", "François", "Œuvré", "Zoë", "née", "à", "Château-d'Olonne"]
ROW = "MARTINEAU;Jeanne-Élise;né à Orléans;0639981234 – œuvre Gaëlle"


@pytest.mark.parametrize("charset", ["cp1252", "latin-1", "cp850", "mac_roman"])
@pytest.mark.parametrize("times", [1, 2])
def test_utf_8_read_in_an_old_charset_is_mended(charset: str, times: int) -> None:
    spoilt = ROW
    for _ in range(times):
        spoilt = spoilt.encode().decode(charset, "surrogateescape")
        if any(char >= "\udc80" for char in spoilt):
            pytest.skip("this charset has no sign for a byte of it")
    layers = unwrap(f"voici\n{spoilt}\nmerci")
    assert any(ROW in layer.text for layer in layers[1:])
    assert layers[times].name == ">".join(["mojibake"] * times)


def test_a_no_break_space_made_a_space_is_mended() -> None:
    assert mojibake.mend("nÃ©e Ã  Lyon") == "née à Lyon"


def test_genuine_letters_stay_what_they_are() -> None:
    for text in (ROW, "São Tomé, Ærø, ÇÀÉ, 25 °C, «à»", "naïveté «Âge» √2 ├─┤ Ångström"):
        assert [layer.name for layer in unwrap(text)] == [""]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=15))
def test_what_was_spoilt_is_mended_whole(text: str) -> None:
    assume(mojibake.mend(text) == "")
    assert mojibake.mend(text.encode().decode("latin-1")) == ("" if text.isascii() else text)


@given(st.lists(st.sampled_from(ACCENTS),
                min_size=8, max_size=40), st.integers(1, 3))  # fmt: skip
def test_a_long_line_of_accents_is_no_noise(words: list[str], times: int) -> None:
    text = "; ".join(("NOM", *words, "06 39 98 12 34"))
    for _ in range(times):
        text = text.encode().decode("latin-1")
    mended = [text]
    while mended[-1]:
        mended.append(mojibake.mend(mended[-1]))
    assert len(mended) == times + 2, mended


def test_noise_is_not_mended_but_a_line_between_is() -> None:
    draw = random.Random(5)
    noise = [
        bytes(draw.choices([*range(10), *range(11, 256)], k=500)).decode("latin-1")
        for _ in range(2)
    ]
    assert mojibake.mend(noise[0]) == ""
    spoilt = ROW.encode().decode("latin-1")
    assert mojibake.mend("\n".join((noise[0], spoilt, noise[1]))).strip() == ROW


HOSTILE: dict[str, Callable[[int], str]] = {
    "one class": lambda size: "A" * size,
    "hex": lambda size: "0a " * (size // 3),
    "almost base64": lambda size: ("A" * 19 + " ") * (size // 20),
    "base64 lines": lambda size: ("A" * 76 + "\n") * (size // 77),
    "base64 of equals": lambda size: "=" * size,
    "ampersands": lambda size: "&" * size,
    "open entities": lambda size: "&a" * (size // 2),
    "form": lambda size: "&a" * (size // 3) + "=",
    "percent": lambda size: "%" * size,
    "percent 2": lambda size: "%2" * (size // 2),
    "equals lines": lambda size: ("a" * 74 + "=\n") * (size // 76),
    "backslashes": lambda size: "\\" * size,
    "escapes": lambda size: "\\u00" * (size // 4),
    "open tags": lambda size: "<p" * (size // 2),
    "table cells": lambda size: "<td>" * (size // 4),
    "comments": lambda size: "<!--" * (size // 4),
    "mojibake": lambda size: "Ã" * size,
    "mojibake spaces": lambda size: "Ã " * (size // 2),
    "box drawing": lambda size: "├─" * (size // 2),
    "zero width": lambda size: "a\u200b" * (size // 2),
    "nul": lambda size: "\x00" * size,
    "quoted": lambda size: "=3D" * (size // 3),
    "passwords": lambda size: "mot de passe " * (size // 13),
    "quotes": lambda size: "\"'" * (size // 2),
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_time_grows_with_the_length_and_no_faster(shape: str) -> None:
    """Eight times the length costs far less than the 64 times of a quadratic pattern."""

    def read(text: str) -> None:
        unwrap(text)
        passwords.candidates([text])

    short, long = HOSTILE[shape](20_000), HOSTILE[shape](160_000)
    assert grows_at_most(read, short, long, factor=32, slack=0.05)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_and_keep_their_plain_letters(body: bytes) -> None:
    found = extract(body + b" MARTINEAU 0639981234 ", limits=Limits(seconds=5))
    assert found.layers
    assert all(isinstance(layer.text, str) for layer in found.layers)


@pytest.mark.parametrize(
    "before",
    [b"\x00\x01\x02", "\u202e\u2066".encode(), b"\xff\xfe\xff", b"\xed\xa0\x80", b"\xc3\x28"],
)
def test_broken_charsets_drop_nothing_of_a_row(before: bytes) -> None:
    body = before + b"MARTINEAU;0639981234;" + before
    found = extract(body, content_type="text/plain; charset=utf-8")
    if not before.startswith(b"\xff\xfe"):
        assert "MARTINEAU;0639981234;" in found.layers[0].text


def test_the_memory_of_a_long_single_line_is_bounded() -> None:
    """One line without an end is read like any other: no copy a pattern makes is a multiple."""
    size = 48 * 1024 * 1024
    line = (b"word " * (size // 5)) + lines(";").encode()
    with Sandbox(Limits(seconds=60, memory=1024 * 1024 * 1024)) as box:
        found = box.extract(line)
    assert found.layers[0].text.endswith(lines(";"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 * 1024 * 1024


def test_no_document_pays_for_those_before_it() -> None:
    """The windows of a long file are documents to the child: its memory is that of one window."""
    # One character beyond 16 bits makes four bytes of each.
    window = ("word &eacute; " * 300_000 + "\U0001f600").encode()
    with Sandbox(Limits(seconds=60)) as box:
        box.extract(window)
        box.extract(window)
        first = _peak(box.pid)
        for _ in range(6):
            box.extract(window)
        assert _peak(box.pid) < first + 12 * 1024 * 1024


def test_what_readers_leave_in_circles_is_given_back() -> None:
    class Circle:
        pass

    circle = Circle()
    circle.held = circle  # type: ignore[attr-defined]
    seen = weakref.ref(circle)
    gc.disable()
    try:
        give_back = child.memory_keeper()
        left = Circle()
        left.held = left  # type: ignore[attr-defined]
        later = weakref.ref(left)
        del circle, left
        assert later() is not None
        give_back(1, 1)
        assert later() is not None, "not worth it yet"
        give_back(child.COLLECT_BYTES, 1)
        assert later() is None
        assert seen() is not None, "what was there before is not looked through again"
    finally:
        gc.unfreeze()
        gc.enable()


def _peak(pid: int) -> int:
    told = Path(f"/proc/{pid}/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) * 1024


def test_nothing_but_its_answer_holds_a_text() -> None:
    """What is held in a circle stays until the next collection, many documents later."""
    found = extract(b"\x1f\x8b" + gzip.compress(ROW.encode())[2:])
    assert found.layers[0].text == ROW
    assert gc.get_referrers(found.layers[0]) == [found.layers]


@given(
    st.lists(
        st.sampled_from(["base64", "hex", "gzip", "zlib", "url", "entities", "quoted", "json"]),
        min_size=1, max_size=3,
    ),
    st.sampled_from(["MARTINEAU;Élise;0639981234;rue des Lilas", lines(";"), ROW]),
)  # fmt: skip
def test_layers_in_any_order_come_out(steps: list[str], row: str) -> None:
    text = row
    for step in steps:
        text = ENCODERS[step](text)
    assert any(row in layer.text for layer in unwrap(f"voici {text} "))


def _gzip(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode())).decode()


def _zlib(text: str) -> str:
    import zlib

    return zlib.compress(text.encode()).hex()


def _quoted(text: str) -> str:
    return "".join(f"={byte:02X}" for byte in text.encode())


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


ENCODERS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "gzip": _gzip,
    "zlib": _zlib,
    "url": _percent,
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "quoted": _quoted,
    "json": _escaped,
}
