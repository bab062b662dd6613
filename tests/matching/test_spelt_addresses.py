"""Mail addresses spelt against harvesters are read as what they mean, and nothing else is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.kernel.spelt import ITEM, PIECE, REACH
from matching.normalise import spelt
from matching.normalise.fold import Room, fold
from matching.result import TextLayer
from matching.scan import Scanner
from tests.matching.disguises import LeakOnDisk

AT = ("[at]", " [at] ", "(at)", " (at) ", "{at}", "<at>", "(a)", "[@]", "( at )", " @ ", " at ",
      " AT ", " chez ", " arobase ", " [arobase] ")  # fmt: skip
DOTS = (".", "[.]", " [dot] ", "[dot]", " (point) ", "(.)", "{dot}")


def read(text: str) -> str:
    folded = fold(text)
    spelt.mend(folded)
    assert set(folded.data[folded.size :].tolist()) == {10}
    return bytes(folded.data[: folded.size]).decode("ascii")


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("dot", DOTS)
@pytest.mark.parametrize("before", ["", "mail : ", "é" * 61 + "\n", "x" * 59 + " "])
def test_a_spelt_address_is_read(at: str, dot: str, before: str) -> None:
    text = f"{before}jean.martin7{at}poste{dot}example{dot}org, merci"
    assert read(text).endswith("jean.martin7@poste.example.org, merci")
    assert len(read(text)) == len(before) + len("jean.martin7@poste.example.org, merci")


@pytest.mark.parametrize("text", [
    "rendez-vous chez martin.example demain", "look at example.org", "meet me at 10.30",
    "tableau[a] [dot] produit", "f(a).b", "x[at] = y", "a@b.example", "@nom.prenom salut",
    "jean7 at home", "jean7 [at] home", "cout @ 10.5", "m.dupont chez lui. ensuite", "a (at) b",
    "jean7 @home.example", "jean7@ home.example", "(at)", "[at]poste.example", " at ", "@",
    "jean.martin7[at poste.example", "1 at 2.5",
])  # fmt: skip
def test_other_words_and_brackets_stay(text: str) -> None:
    assert read(text) == text


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "7", ".", "at", " at ", "[at]", "@", " @ ", " ", "[dot]", "(a)",
                              "é", "œ", "chez", " chez ", "x1", "org", "\n", "<", "["]),
             max_size=60).map("".join)
)  # fmt: skip
def test_spans_lead_back_to_what_stands_in_the_text(text: str) -> None:
    plain, mended = fold(text), fold(text)
    spelt.mend(mended)
    place = 0
    for at in range(mended.size):
        start, end = mended.span(at, at + 1)
        assert place <= start < end <= len(text)
        place = start
        byte = int(mended.data[at])
        if chr(byte) not in "@.":
            alone = [each for each in range(plain.size) if plain.span(each, each + 1)[0] == start]
            assert byte in [int(plain.data[each]) for each in alone]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["x", "mot ", "é à ", "œ", "a b.\n", "\\u0041 ", " at (", "\t1\r\n"]),
            st.integers(0, 2 * PIECE),
            st.sampled_from(AT),
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_long_texts_are_folded_and_read_piece_by_piece(parts: list[tuple[str, int, str]]) -> None:
    text = "".join(
        f"{(filler * size)[:size]} jean.martin7{at}poste{'.example' * 4}[.]org"
        for filler, size, at in parts
    )
    found, expected = spelt.fold_text(text), fold(text)
    spelt.mend(expected)
    assert found.size == expected.size
    assert bytes(found.data) == bytes(expected.data)
    for at in range(0, found.size, 997):
        assert found.span(at, at + 1) == expected.span(at, at + 1)


LONGEST = "(point)".join(["d" * 63] * 5 + ["org"])  # of hosts, with all that is read of it


@pytest.mark.parametrize("edge", [PIECE, PIECE - REACH, 2 * PIECE, 2 * PIECE - REACH])
@pytest.mark.parametrize("address", ["a7 [at] b.org", f"{'n' * 60}.7 [arobase] {LONGEST}"])
def test_an_address_over_the_edge_of_a_piece(edge: int, address: str) -> None:
    for at in range(edge - len(address) - 70, edge + 70, 3):
        # What stands in the room from a text before is no part of this one.
        room = Room()
        for _ in range(2):
            room.clear()
            room.take(4 * PIECE)[:] = ord("x")
        room.clear()
        text = "é" * 40 + "." * (at - 41) + " " + address + " fin" + "." * PIECE
        found, expected = spelt.fold_text(text, room), fold(text)
        spelt.mend(expected)
        assert bytes(found.data) == bytes(expected.data)
        assert b"@" in bytes(found.data)


def test_a_text_folded_twice_is_mended_once() -> None:
    strange = "\U0001d4d0"  # its letter is looked up, and the text is folded anew
    found = spelt.fold_text(f"{strange} jean.martin7 [at] poste.example {strange}")
    assert bytes(found.data[: found.size]) == b"a jean.martin7@poste.example a"


def test_more_than_there_is_room_for_at_first() -> None:
    text = "jean.martin7 [at] poste.example\n" * (2 * spelt.ROOM // ITEM)
    found = spelt.fold_text(text)
    assert bytes(found.data).count(b"jean.martin7@poste.example\n") == 2 * spelt.ROOM // ITEM


def test_many_at_once_and_none_is_lost() -> None:
    draw = random.Random(3)
    right, text = [], []
    for number in range(2_000):
        right.append(f"nom{number}@poste{number}.example.org")
        at, dots = draw.choice(AT), [draw.choice(DOTS) for _ in range(2)]
        text.append(f"nom{number}{at}poste{number}{dots[0]}example{dots[1]}org")
    assert read("\n".join(text)).split("\n") == right


@pytest.mark.parametrize("at", AT)
def test_the_row_is_found_by_a_spelt_address(scanner: Scanner, leak: LeakOnDisk, at: str) -> None:
    person = next(p for p in leak.people[40:] if any(c.isdigit() for c in p.email))
    address = person.email.replace("@", at)
    text = f"Contact : {address} né le {person.birthday}, {person.postcode}"
    found = scanner.scan("post", 1, "", [TextLayer("", text)]).matches
    assert [match.row for match in found][:1] == [leak.people.index(person)]
    start, end = found[0].spans[found[0].fields.index("email")]
    assert text[start:end] == address
    assert found[0].how[found[0].fields.index("email")] == "other-format"
