"""Addresses: where they begin and end, and those of nobody, which are read once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.build import build
from matching.inspect import inspect
from matching.kernel.mail import email_bounds, put_email
from matching.kernel.tokens import new_scratch, new_tokens, scratch_pointers, token_pointers
from matching.keys import load_key, new_key
from matching.normalise import words
from matching.normalise.fold import fold
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from native.jit import kernel, pointer
from tests.matching.disguises import LeakOnDisk
from tests.matching.test_screen import SPACE

MARGIN = 64
LOCAL = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789._-+%")
DOMAIN = LOCAL - frozenset(b"_+%")


@kernel
def bounds(f, at, floor):  # type: ignore[no-untyped-def]
    """`email_bounds` of an array."""
    return email_bounds(pointer(f), at, floor)


@kernel
def put(f, at, every, tokens, scratch, keys):  # type: ignore[no-untyped-def]
    """`put_email` of an array: (tokens, position behind it)."""
    n = np.int64(0)
    t, s = token_pointers(tokens), scratch_pointers(scratch)
    return put_email(pointer(f), at, 0, every, t, n, s, pointer(keys))


def by_byte(text: bytes, at: int, floor: int) -> tuple[int, int]:
    start = at
    while start > floor and at - start < 100 and text[start - 1] in LOCAL:
        start -= 1
    while start < at and text[start : start + 1] in (b".", b"-"):
        start += 1
    end = at + 1
    while end - at < 200 and text[end : end + 1] and text[end] in DOMAIN:
        end += 1
    while end > at and not text[end - 1 : end].isalpha():
        end -= 1
    return start, end


@settings(max_examples=400, deadline=None)
@given(
    st.text(alphabet="ab9._-+% ", max_size=230),
    st.text(alphabet="ab9.-_ ", max_size=230),
    st.integers(0, 230),
)
def test_it_ends_where_reading_byte_by_byte_does(local: str, domain: str, floor: int) -> None:
    text = f"{local}@{domain}".encode()
    data = np.full(MARGIN + len(text) + 128, 10, np.uint8)
    data[MARGIN : MARGIN + len(text)] = np.frombuffer(text, np.uint8)
    at = len(local)
    floor = min(floor, at)
    assert bounds(data[MARGIN:], at, floor) == by_byte(text + b"\n", at, floor)


def test_one_of_nobody_is_left_out_where_that_was_asked(leak: LeakOnDisk) -> None:
    folded = fold("jean.martin+shop@example.org jean.martin@example.org ")
    keys = load_key(leak.ref.key_file).sub_keys(bytes(16)).ravel()
    tokens, scratch = new_tokens(64), new_scratch(words.table())
    plain = folded.data[: folded.size].tobytes().rindex(b"@")
    tagged = folded.data[: folded.size].tobytes().index(b"@")
    assert put(folded.data, plain, False, tokens, scratch, keys)[0] == 2
    key, first = int(tokens.key[0]), int(tokens.key[1])
    scratch.nobodys[first % len(scratch.nobodys)] = first
    assert put(folded.data, plain, False, tokens, scratch, keys) == (0, folded.size - 1)
    assert put(folded.data, plain, True, tokens, scratch, keys)[0] == 2
    assert put(folded.data, tagged, True, tokens, scratch, keys)[0] == 2
    assert int(tokens.key[0]) == key


def test_one_of_a_row_is_seen_again_though_its_first_part_is_everybodys(
    tmp_path: Path, leak: LeakOnDisk
) -> None:
    rows = [
        f"{p.first};{p.surname};contact@maison{number}.example;{p.birthday}"
        for number, p in enumerate(leak.people[:60])
    ]
    csv = tmp_path / "leak.csv"
    csv.write_text("\n".join(["PRENOM;NOM_USUEL;EMAIL;DDN", *rows]) + "\n", "latin-1")
    build(csv, new_key(tmp_path / "key"), tmp_path / "leak.vfp", inspect(csv))
    opened = Scanner(LeakRef(tmp_path / "leak.vfp", tmp_path / "key"))
    filler = "Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n" * (SPACE // 50)
    text = f"{filler}contact@nobody.example\ncontact@maison7.example\n{filler}"
    read = []
    for _ in range(3):
        opened.scan("post", len(text), "", [TextLayer("", text)])
        read.append(opened.regions.read)
    opened.close()
    assert read[0] > 0
    assert read == [read[0]] * 3
