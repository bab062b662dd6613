"""What several blocks of a short text say of one row is found, and only such texts are read."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from matching import blocks, decide, spread
from matching.blocks import Found
from matching.kernel import scattered
from matching.normalise.fold import fold
from matching.result import TextLayer, Verdict
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk, Person
from tests.matching.test_screen import assert_same, ordinary, reading_all

__all__ = ["ordinary"]


def slipped(draw: random.Random, word: str) -> str:
    at = draw.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def names(draw: random.Random, p: Person) -> str:
    return f"{p.first} {p.surname}, {p.town}"


def homes(draw: random.Random, p: Person) -> str:
    return f"{p.first} {p.surname}\n{p.address}"


def born(draw: random.Random, p: Person) -> str:
    return f"{p.surname} {p.first} {disguises.date_form(draw, p.born)}"


def phone(draw: random.Random, p: Person) -> str:
    return f"tel {p.phone}"


def masked(draw: random.Random, p: Person) -> str:
    return f"{p.first} {p.surname} {p.phone[:4]} ** ** {p.phone[8:]}"


def mail(draw: random.Random, p: Person) -> str:
    local, _, domain = p.email.partition("@")
    return f"{slipped(draw, local)}@{domain}"


def misspelt(draw: random.Random, p: Person) -> str:
    return f"{p.first} {slipped(draw, p.surname)} {p.town} {p.doctor}"


def cared(draw: random.Random, p: Person) -> str:
    return f"{p.first[:1]}. {p.surname} {p.first}, {p.doctor}, {p.lab}"


def insured(draw: random.Random, p: Person) -> str:
    return f"{p.surname}, {p.insurer} {p.member}, {p.postcode}"


PIECES: list[Callable[[random.Random, Person], str]] = [
    names, homes, born, phone, masked, mail, misspelt, cared, insured,
]  # fmt: skip


def text_of(draw: random.Random, people: list[Person], ordinary: str) -> str:
    """Blocks of one person between ordinary text, and others of which one block tells."""
    person, *others = draw.sample(people, 8)
    if draw.random() < 0.5:
        told = [piece(draw, person) for piece in draw.sample(PIECES, draw.randint(2, 4))]
        told += [draw.choice(PIECES)(draw, other) for other in others[: draw.randrange(8)]]
    else:  # too little each
        told = [names(draw, person), phone(draw, person)]
        told += [draw.choice((names, phone))(draw, other) for other in others[: draw.randrange(8)]]
    draw.shuffle(told)
    parts: list[str] = []
    for each in told:
        at, size = draw.randrange(len(ordinary) // 2), draw.choice((30, 400, 3000, 9000))
        parts += [ordinary[at : at + size], draw.choice(("\n", "\n\n")), each, "\n\n"]
    return "".join(parts)


@pytest.mark.parametrize("seed", range(6))
def test_blocks_of_one_text(seed: int, leak: LeakOnDisk, scanner: Scanner, ordinary: str) -> None:
    draw = random.Random(f"scattered {seed}")
    together = 0
    for _ in range(40):
        text = text_of(draw, leak.people, ordinary)
        assert len(text) < blocks.MOST_TEXT
        found = assert_same(scanner, text)
        if found.verdict is not Verdict.NONE:
            # Those of which no place alone says enough are put together from blocks.
            first = next(iter(scanner.regions.worth_reading(fold(text), decide.REVIEW)), None)
            together += first is None
    assert together >= 2


def test_names_that_come_again_are_no_reason_to_read(
    leak: LeakOnDisk, scanner: Scanner, ordinary: str
) -> None:
    """The same name with the same town at a hundred places says no more than once."""
    draw = random.Random(5)
    person = leak.people[3]
    parts = [
        ordinary[at : at + 2000] + f"\n\n{person.first} {person.surname}, {person.town}\n\n"
        for at in (draw.randrange(len(ordinary) // 2) for _ in range(100))
    ]
    folded = fold("".join(parts))
    asked = blocks.asked(folded, decide.REVIEW)
    assert not scanner.regions.may_hold(folded, decide.REVIEW, asked)
    held = scanner.regions._screen.scattered
    assert held.info[scattered.P_HELD] > 0
    assert held.many.max() == 1


def test_more_rows_than_are_held(leak: LeakOnDisk, scanner: Scanner) -> None:
    """A short text of more names than can be kept is read as ever."""
    text = "\n\n".join(f"{p.first} {p.surname}, {p.town}" for p in leak.people[:1500])
    text = text[: blocks.MOST_TEXT - 10]
    assert_same(scanner, text)


def test_what_was_noted_is_forgotten(leak: LeakOnDisk, scanner: Scanner) -> None:
    person = leak.people[3]
    line = f"{person.first} {person.surname}, {person.town}\n" + "lorem ipsum dolor " * 300
    for _ in range(2):
        scanner.regions.may_hold(fold(line), decide.REVIEW, decide.REVIEW)
        held = scanner.regions._screen.scattered
        assert held.many[held.row > 0].tolist() in ([], [0])
    with reading_all(scanner):
        scanner.scan("post", 1, "", [TextLayer("", line)])


def test_the_price_of_several_blocks_is_the_least_of_all() -> None:
    for blocks_ in range(1, 300):
        most = min(spread.MOST_POSTS, blocks_)
        prices = [spread.price(blocks_, used) for used in range(2, most + 1)]
        assert spread.least_price(blocks_) == min(prices, default=0.0)


def test_a_list_in_a_single_line_has_as_many_places_as_one_in_lines() -> None:
    """Of a directory in one line, pieces of many people would make somebody of the leak."""
    apart = [
        Found(7, 28.0, False, 0, 0, [("surname", 0, 9, 0, 15.0), ("first_name", 10, 15, 0, 13.0)]),
        Found(7, 30.0, False, 0, 0, [("phone", 20_000, 20_010, 0, 30.0)]),
    ]
    short = blocks.put_together(apart, fold("x" * 100), decide.REVIEW)
    assert [each.bits for each in short] == [58.0]
    line = fold("x" * 40_000)
    long = blocks.put_together(apart, line, decide.REVIEW)
    assert [each.bits for each in long] == [58.0 - spread.price(400, 2)]
    assert blocks.asked(line, decide.REVIEW) == decide.REVIEW + spread.least_price(400)
