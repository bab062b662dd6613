"""Small layers are looked at together, and all is told that each by itself would tell."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from matching import small_layers
from matching.normalise.fold import Folded, fold
from matching.regions import Regions, shows_a_street
from matching.result import ScanResult, TextLayer, Verdict
from matching.scan import Scanner
from tests.matching.disguises import CLASSES, LeakOnDisk, disguise

CODE = "def read(self, name):\n    return self._found.get(name, None)  # nothing to see here\n"
NOISE = (
    CODE * 9,
    CODE * 120,
    "one place or another, a square of it\n" * 3,
    "write to me@example.org or you@example.org\nand wait for an answer\n" * 4,
    "naïve – œuvre \u200b\n" * 30,
    "-\n" * 200,
)


def document(draw: random.Random, count: int, *texts: str) -> list[TextLayer]:
    """A long text and so many small layers, among them these."""
    small = [draw.choice(NOISE) + str(number) for number in range(count - len(texts))]
    for text in texts:
        small.insert(draw.randint(0, len(small)), text)
    names = [f"json>{'html>' * (number % 3)}{number}" for number in range(count)]
    inner = [TextLayer(name, text.encode()) for name, text in zip(names, small, strict=True)]
    return [TextLayer("", (CODE * 4000).encode()), *inner]


def both(scanner: Scanner, layers: Sequence[TextLayer]) -> tuple[ScanResult, ScanResult]:
    """The result, and the one of layers that are read one by one."""
    found = scanner.scan("d", 1, "", layers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_layers, "FEWEST", 1 << 30)
        return found, scanner.scan("d", 1, "", layers)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long each text was that was looked at."""
    sizes: list[int] = []
    for name in ("worth_reading", "may_hold"):

        def noted(
            self: Regions, folded: Folded, *least: float, of: Any = getattr(Regions, name)
        ) -> Any:
            sizes.append(folded.size)
            return of(self, folded, *least)

        monkeypatch.setattr(Regions, name, noted)
    return sizes


def test_layers_that_show_nothing_are_read_together(scanner: Scanner, read: list[int]) -> None:
    layers = document(random.Random(1), 12, *(CODE * 120, CODE) * 6)
    assert scanner.scan("d", 1, "", layers).verdict is Verdict.NONE
    assert len(read) == 3  # the document, the smallest, the others


@pytest.mark.parametrize("kind", CLASSES)
def test_a_record_in_one_of_them_is_told_as_before(
    scanner: Scanner, leak: LeakOnDisk, kind: str
) -> None:
    draw = random.Random(kind)
    told = 0
    for person in draw.sample(leak.people, 12):
        text = disguise(kind, draw, person)
        lead = draw.choice(("", CODE * 3, CODE * 90, CODE * 120))
        found, alone = both(scanner, document(draw, draw.randint(4, 20), lead + text))
        assert found.to_json() == alone.to_json()
        told += found.verdict is not Verdict.NONE
    assert told >= 10


@pytest.mark.parametrize("part", range(4))
def test_a_record_at_a_layers_edge_is_no_part_of_the_next(
    scanner: Scanner, leak: LeakOnDisk, part: int
) -> None:
    draw = random.Random(part)
    for person in draw.sample(leak.people, 10):
        cells = person.columns()
        halves = CODE + " ".join(cells[:4]), " ".join(cells[4:8]) + "\n" + CODE
        found, alone = both(scanner, document(draw, 6 + part, *halves))
        assert found.to_json() == alone.to_json()


def test_a_street_in_a_short_layer_is_reason_to_read_it(scanner: Scanner, leak: LeakOnDisk) -> None:
    draw = random.Random(5)
    for person in draw.sample(leak.people, 20):
        text = f"{person.first[0]}. {person.surname}, {person.address}\n{person.town}"
        found, alone = both(scanner, document(draw, 9, text, *(CODE * 9,) * 6))
        assert found.to_json() == alone.to_json()


def test_a_layer_whose_lines_end_in_carriage_returns(scanner: Scanner, leak: LeakOnDisk) -> None:
    draw = random.Random(6)
    for person in draw.sample(leak.people, 10):
        found, alone = both(scanner, document(draw, 9, "\r".join(person.columns())))
        assert found.to_json() == alone.to_json()
        assert found.records == 1


def test_as_many_people_are_counted(scanner: Scanner) -> None:
    draw = random.Random(7)
    for count in (4, 9, 20):
        layers = document(draw, count)
        for document_itself in (layers[0], TextLayer("", (NOISE[3] * 900).encode())):
            found, alone = both(scanner, [document_itself, *layers[1:]])
            assert found.candidates == alone.candidates
            assert found.to_json() == alone.to_json()


def test_a_damaged_street_word_is_none() -> None:
    for lead in range(70):
        for word in (" rue ", " lotissement ", " allee "):
            assert shows_a_street(fold("." * lead + word))
            assert shows_a_street(fold("." * lead + word + "x" * 80))
            assert not shows_a_street(fold("." * lead + word.strip() + " "))
            assert not shows_a_street(fold("." * lead + word.rstrip()))
            assert not shows_a_street(fold("." * lead + word[:-1] + "s "))


def test_a_document_without_texts(scanner: Scanner) -> None:
    found, alone = both(scanner, [])
    assert found.to_json() == alone.to_json()
