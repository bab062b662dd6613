"""Escapes of strings are read as the patterns say, by a compiled pass."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction import charset
from extraction.rewrites import LEFT, REWRITES

ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2})*|u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*|[nrt/\"'\\])"
)
PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
UNESCAPE: Callable[[bytes], str] = next(each[3] for each in REWRITES if each[0] == "json")
WORDS = [
    "\\", "\\\\", "\\x", "\\u", "n", "x4", "1", "00e9", "\\u00e9", "\\ud83d", "\\ude00", "\\n",
    '"', "/", "\x00", "é", "\ud83d", "😀", "a" * 70, "\\xc3", "\\xa9", "\\xE2", "\\x82", "\\xac",
    "\\xed", "\\xa0", "\\xff", "\\xfe", "\\xef", "\\xbb", "\\xbf", "\\x00", "\\x41", "\\x81",
    "\\x41\\x42\\x43\\x44\\x45\\x46\\x47\\x48", "\\x00\\x00\\xfe\\xff\\x00\\x00\\x00A",
]  # fmt: skip


def meant(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[1] == "x":
        return charset.decode(bytes.fromhex(escape.replace("\\x", "")))[0]
    if escape[1] == "u":
        units = bytes.fromhex(escape.replace("\\u", ""))
        return units.decode("utf-16-be", "surrogatepass")
    return PLAIN.get(escape[1], escape[1])


def check(text: str) -> None:
    assert UNESCAPE(text.encode("utf-8", "surrogatepass")) == ESCAPE.sub(meant, text)


@given(words=st.lists(st.sampled_from(WORDS), max_size=40))
@settings(max_examples=500)
def test_escapes_are_those_of_the_pattern(words: list[str]) -> None:
    check("".join(words))


@pytest.mark.parametrize("length", [*range(1, 8), 15, 16, 17, 40])
@pytest.mark.parametrize(
    "data", [b"\xe9l\xe8ve ", "élève ".encode(), b"\xff\xfee\x00", b"\xef\xbb\xbfa", b"\x00a"]
)
def test_a_run_of_bytes_is_read_in_its_charset(data: bytes, length: int) -> None:
    run = (data * length)[:length]
    check("before " + "".join(f"\\x{byte:02x}" for byte in run) + " behind")


def test_escapes_at_every_place_of_a_block_and_at_the_end() -> None:
    for lead in range(130):
        for escape in ("\\n", "\\\\", "\\u00e9", "\\xe9", "\\ud83d\\ude00", "\\u00e", "\\x4", "\\"):
            check("." * lead + escape)
            check("." * lead + escape + "." * 70)


def test_more_runs_than_are_left_at_once() -> None:
    runs = ["\\xff\\xfea\\x00" + "\\x41" * (number % 30) for number in range(2 * LEFT + 5)]
    check(" \\n".join(runs))
    check("\\xff\\xfe " * LEFT)
