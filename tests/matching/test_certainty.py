"""Long copies of the file are recognised without reading them to their end."""

from __future__ import annotations

import random
from itertools import cycle, islice

import pytest

from matching import certainty
from matching.result import ScanResult, TextLayer, Verdict
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk


@pytest.fixture(autouse=True)
def short_texts_count_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certainty, "LARGE", 256 * 1024)


def copy_of(leak: LeakOnDisk, rows: int = 8_000, people: int = 6_000) -> str:
    lines = [" | ".join(person.columns()) for person in leak.people[:people]]
    return "\n".join(islice(cycle(lines), rows)) + "\n"


def strangers(count: int) -> str:
    return "\n".join("; ".join(who.columns()) for who in disguises.people(count, seed=77)) + "\n"


def scanned(scanner: Scanner, text: str, *, all_matches: bool = False) -> ScanResult:
    return scanner.scan(
        "x", len(text), "aa", [TextLayer("", text)], all_matches=all_matches, to_the_end=all_matches
    )


def test_a_copy_is_a_repost_long_before_its_end(scanner: Scanner, leak: LeakOnDisk) -> None:
    found = scanned(scanner, copy_of(leak))
    assert found.verdict is Verdict.REPOST
    assert 1_000 < found.records < len(leak.people)
    assert any("the rest was not read" in note for note in found.notes)
    assert found.candidates < 2 * found.records


def test_all_reads_on_and_names_every_row(scanner: Scanner, leak: LeakOnDisk) -> None:
    found = scanned(scanner, copy_of(leak), all_matches=True)
    assert found.records >= len(leak.people) - 5
    assert not found.notes


def test_a_copy_in_front_of_another_list_is_read_to_its_end(
    scanner: Scanner, leak: LeakOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [" | ".join(person.columns()) for person in leak.people[:1_000]]
    text = "\n".join(own) + "\n" + strangers(6_000)
    found = scanned(scanner, text)
    assert not any("not read" in note for note in found.notes)
    assert found.records >= 995
    assert found.verdict is scanned(scanner, text, all_matches=True).verdict


def test_what_is_sampled_in_one_text_does_not_outvote_another(
    scanner: Scanner, leak: LeakOnDisk
) -> None:
    # A copy out of the file's order, and a long list of people some of whom are in the file,
    # without what only the file has: together they are another list, but only reading both tells.
    draw = random.Random(3)
    lines = copy_of(leak, 8_000, people=2_000).splitlines(keepends=True)
    draw.shuffle(lines)
    known, others = leak.people, disguises.people(8_000, seed=78)
    listed = [f"{who.nir} {who.phone}\n" for who in (*known, *others)]
    draw.shuffle(listed)
    alone = scanned(scanner, "".join(lines))
    assert alone.verdict is Verdict.REPOST
    assert alone.notes
    layers = [TextLayer("", "".join(lines)), TextLayer("gzip", "".join(listed))]
    found = scanner.scan("x", 1, "aa", layers)
    assert found.verdict is Verdict.SAME_PEOPLE
    assert not found.notes


def test_the_places_hang_on_the_secret_and_are_the_same_again() -> None:
    size = 400 * certainty.STRETCH
    one, same, other = (list(certainty.places(0, size, key, 0)) for key in (b"a", b"a", b"b"))
    assert one == same
    assert one != other
    assert len(set(one)) == certainty.LOOKS
    assert all(0 < start < end <= size for start, end in one)


def test_no_text_of_which_half_is_something_else_is_left_unread() -> None:
    draw = random.Random(5)
    stopped = 0
    for _ in range(2_000):
        failed = 0
        for drawn in range(1, certainty.LOOKS + 1):
            failed += draw.random() < 0.5
            stopped += certainty.chance(drawn, failed) < certainty.SURE
    assert stopped == 0
    assert certainty.chance(36, 0) >= certainty.SURE > certainty.chance(37, 0)
