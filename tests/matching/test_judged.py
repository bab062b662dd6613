"""What was judged of a stretch of text is remembered for that very stretch, and no longer."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import decide
from matching.blocks import MOST_TEXT
from matching.kernel import judged
from matching.kernel import kinds as k
from matching.normalise.fold import fold
from matching.scan import Scanner
from native.jit import kernel, pointer
from tests.matching.disguises import LeakOnDisk
from tests.matching.test_glimpse import (
    ALL,
    EVERY_LENGTH,
    EVERY_WORD,
    GLIMPSE,
    KEYS,
    MARGIN,
    PIECES,
    SCRATCH,
    SIEVE,
    SOME,
    compare,
)
from tests.matching.test_screen import assert_same


@kernel
def tag(f, low, high, keys):  # type: ignore[no-untyped-def]
    return judged.tag_of(pointer(f), low, high, pointer(keys))


@kernel
def ask(tag, row, kind, exact):  # type: ignore[no-untyped-def]
    return judged.question(tag, row, kind, exact)


def seen_of(text: str, low: int, high: int) -> tuple[object, ...]:
    """(numbers and addresses, set) that are seen of the folded text's [low, high)."""
    folded = fold(text)
    data = np.full(MARGIN + folded.size + 256, 10, np.uint8)
    data[MARGIN : MARGIN + folded.size] = folded.data[: folded.size]
    GLIMPSE.seats[:] = 0
    count, _, _ = compare(
        data[MARGIN:], folded.size, low, high, EVERY_LENGTH, SOME, ALL, len(ALL.kind), GLIMPSE,
        SIEVE, SCRATCH, EVERY_WORD, KEYS,
    )  # fmt: skip
    told = sorted((SOME.kind[t], SOME.key[t], SOME.aux[t]) for t in range(count))
    return count, told, sorted({int(sig) for sig in GLIMPSE.seats if sig})


LINES = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(("", " ", "-", ".", "'", ","))), max_size=40
).map(lambda parts: "".join(piece + gap for piece, gap in parts))


@given(LINES, LINES, LINES, LINES, st.text(alphabet="ab1 9-0.@'/z;x*", max_size=200))
def test_what_is_seen_hangs_on_nothing_beyond_the_tag(
    one: str, other: str, behind: str, last: str, stretch: str
) -> None:
    """The bytes that a tag covers besides the stretch are all that reading it may look at."""
    before, after = "\nun mot ", ("\n" + "suite du texte, " * 8)[: judged.BEHIND]
    assert len(before) == judged.BEFORE
    seen = []
    for head, tail in ((one, behind), (other, last)):
        low = fold(head).size + len(before)
        text = head + before + stretch + after + tail
        seen.append(seen_of(text, low, low + len(stretch)))
    assert seen[0] == seen[1]


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=200, max_size=600), st.integers(0, 399), st.integers(1, 255))
def test_any_byte_of_a_stretch_and_beside_it_changes_its_tag(
    text: bytes, at: int, change: int
) -> None:
    data = np.full(MARGIN + 1024, 10, np.uint8)
    data[MARGIN : MARGIN + len(text)] = np.frombuffer(text, np.uint8)
    low, high = 20, len(text) - judged.BEHIND
    asked = low - judged.BEFORE + at % (high + judged.BEHIND - low + judged.BEFORE)
    before = tag(data[MARGIN:], low, high, KEYS)
    moved = np.roll(data, 17)
    assert tag(moved[MARGIN:], low + 17, high + 17, KEYS) == before
    data[MARGIN + asked] ^= change
    assert tag(data[MARGIN:], low, high, KEYS) != before
    assert tag(data[MARGIN:], low, high + 1, KEYS) != before


def filler(draw: random.Random, size: int) -> str:
    """Lines in which no name stands."""
    return "".join(f"item {draw.randrange(1000)}, list {draw.random():.3f}\n" for _ in range(size))


def test_a_row_is_found_where_its_name_was_judged_before(
    leak: LeakOnDisk, scanner: Scanner
) -> None:
    """The same name, three times without and once with what else its row holds, to which nothing
    but the name leads."""
    draw = random.Random(11)
    found = 0
    for person in leak.people[:10]:
        name = f"written by {person.first} {person.surname}\n"
        more = f"{person.doctor}, {person.lab}, {person.phone[:6]}**{person.phone[8:]}\n"
        lines = filler(draw, 120)
        space = "\n" * MOST_TEXT  # in shorter texts blocks are put together, and more is read
        text = 3 * (lines + name + lines) + space + lines + name + more + lines
        found += len(assert_same(scanner, text).matches)
    assert found > 5


def test_nothing_is_remembered_beyond_the_text(leak: LeakOnDisk, scanner: Scanner) -> None:
    draw = random.Random(12)
    person = leak.people[3]
    name = f"written by {person.first} {person.surname}\n"
    row = f"{person.first} {person.surname} {person.phone} {person.email} {person.town}\n"
    folded = fold(filler(draw, 200) + name + filler(draw, 4000) + row)
    regions = scanner.regions
    memory = regions._screen.judged
    parts = regions.worth_reading(folded, decide.REVIEW)
    next(parts)
    assert np.count_nonzero(memory) > 0
    parts.close()  # type: ignore[attr-defined]
    assert np.count_nonzero(memory) == 0


@pytest.mark.parametrize("row", [0, 1, 490_999])
def test_rows_and_kinds_are_asked_apart(row: int) -> None:
    asked = {
        ask(np.uint64(7), number, kind, exact)
        for number in (row, row + 1) for kind in (k.PAIR, k.DATE) for exact in (False, True)
    }  # fmt: skip
    assert len(asked) == 8
    assert 0 not in asked
