"""People of lists are counted by what their recognised records look like, in any shape."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pytest

from matching.blocks import Found
from matching.kernel.bench import new_bench
from matching.normalise import words
from matching.normalise.fold import fold
from matching.people import LONGEST_ROW, People, called, of_views, rows_alike
from matching.result import ScanResult, Verdict
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk, Person
from tests.timing import grows_at_most

Scan: TypeAlias = Callable[[str], ScanResult]
Shape: TypeAlias = Callable[[Sequence[Person]], str]


def lines(entry: Callable[[Person], str]) -> Shape:
    return lambda people: "\n".join(map(entry, people))


def as_object(p: Person) -> dict[str, str]:
    return {"nom": f"{p.surname} {p.first}", "adresse": f"{p.address}, {p.postcode} {p.town}"}


SHAPES: dict[str, Shape] = {
    "columns": lines(lambda p: f"{p.surname};{p.first};{p.address};{p.postcode};{p.town}"),
    "sentences": lines(lambda p: f"M. {p.first} {p.surname}, {p.address}, {p.postcode} {p.town}"),
    "two lines": lines(lambda p: f"{p.surname} {p.first}\n{p.address} {p.postcode} {p.town}"),
    "blocks": lines(
        lambda p: (
            f"Nom : {p.surname}\nPrénom : {p.first}\nAdresse : {p.address}\n"
            f"CP : {p.postcode}\nVille : {p.town}\n"
        )
    ),
    "one line of objects": lambda people: json.dumps([as_object(p) for p in people]),
    "html": lines(lambda p: f"<li>{p.surname} {p.first}<br>{p.address} {p.postcode} {p.town}</li>"),
    "running text": lambda people: " - ".join(
        f"{p.surname} {p.first}, {p.address}, {p.postcode} {p.town}" for p in people
    ),
}


def mixed(leak: LeakOnDisk, known: int, of: int) -> list[Person]:
    draw = random.Random(f"{known} of {of}")
    taken = {(p.surname, p.first) for p in leak.people}
    others = [p for p in disguises.people(4000, seed=78) if (p.surname, p.first) not in taken]
    people = draw.sample(leak.people, known) + draw.sample(others, of - known)
    draw.shuffle(people)
    return people


@pytest.mark.parametrize("shape", SHAPES)
def test_a_list_of_which_a_third_is_known_is_no_repost(
    shape: str, leak: LeakOnDisk, scan: Scan
) -> None:
    for of in (40, 400):
        found = scan(SHAPES[shape](mixed(leak, of * 3 // 10, of)))
        assert found.verdict in (Verdict.SAME_PEOPLE, Verdict.REVIEW)
        assert 0.65 * of <= found.candidates <= 1.35 * of


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_cut_to_the_same_columns_are_a_repost(
    shape: str, leak: LeakOnDisk, scan: Scan
) -> None:
    found = scan(SHAPES[shape](mixed(leak, 60, 60)))
    assert found.verdict is Verdict.REPOST
    assert found.candidates <= 70


def test_rows_that_agree_by_chance_over_many_lines_count_one_person_each() -> None:
    lines = [f"nom{n} prenom{n}, {n} rue des lilas" for n in range(1, 801)]
    folded = fold("\n".join(lines))
    size = len(lines[400]) + 1
    found = [
        Found(n, 40.0, False, 0, 0, [("surname", at, at + 4, 0, 20.0),
                                     ("street", at + 20 * size, at + 20 * size + 9, 0, 20.0)])
        for n, at in enumerate(range(50 * size, 700 * size, 20 * size))
    ]  # fmt: skip
    people = People(new_bench(words.table(), 64), np.arange(64, dtype=np.uint64))
    assert people.count(folded, found) >= 400


def test_rows_that_show_less_are_people_too(leak: LeakOnDisk, scan: Scan) -> None:
    """Rows are recognised by their home here, and only theirs is in the table: 30 of 30, it was."""
    known = {(p.surname, p.first) for p in leak.people}

    def row(p: Person) -> str:
        home = f"{p.postcode};{p.town}" if (p.surname, p.first) in known else ";"
        return f"{p.surname};{p.first};{home};Dr {leak.people[0].surname} Anne"

    found = scan("\n".join(map(row, mixed(leak, 30, 100))))
    assert 90 <= found.candidates <= 110
    assert not found.verdict.raises_alert


def test_a_town_found_in_the_entry_before_makes_no_person_less() -> None:
    """In a directory of one town each entry's town may be found in its neighbour's: 16, it was."""
    entries = [f"nom{n} prenom{n}\n{n} rue des lilas, 35280 bourg\n" for n in range(10, 43)]
    size = len(entries[0])
    found = [
        Found(n, 45.0, False, 0, 0, [("postcode", at - 12, at - 7, 0, 10.0),
                                     ("surname", at, at + 5, 0, 15.0),
                                     ("street", at + 15, at + 31, 0, 18.0)])
        for n, at in enumerate(range(3 * size, 30 * size, 3 * size))
    ]  # fmt: skip
    people = People(new_bench(words.table(), 64), np.arange(64, dtype=np.uint64))
    assert people.count(fold("".join(entries)), found) == 33


def test_another_table_of_as_many_columns_is_no_people(leak: LeakOnDisk, scan: Scan) -> None:
    copy = SHAPES["columns"](mixed(leak, 40, 40))
    stock = "\n".join(f"{n};{n * 3}.50;carton;{n % 7};ligne" for n in range(200))
    found = scan(f"{copy}\n{stock}")
    assert found.verdict is Verdict.REPOST
    assert found.candidates <= 45


def test_what_other_posts_show_does_not_hide_a_fragment(leak: LeakOnDisk, scan: Scan) -> None:
    p = leak.people[77]
    talk = "\n\n".join(f"Vends vélo, me joindre au 06 1{n} 22 33 4{n % 10}" for n in range(10, 40))
    found = scan(f"{talk}\n\n{p.surname};{p.first};{p.nir};{p.email}\n\n{talk}")
    assert (found.verdict, found.records, found.candidates) == (Verdict.FRAGMENT, 1, 1)


def test_views_of_one_text_count_its_people_once() -> None:
    assert of_views([200, 190], [{1, 2, 3, 4}, {1, 2, 3}]) == 200
    assert of_views([200, 190], [{1, 2}, {3, 4}]) == 390
    assert of_views([200, 0], [{1, 2}, set()]) == 200
    assert of_views([], []) == 0


def test_the_words_of_a_surname() -> None:
    folded = fold("Jean DE LA TOUR, 1985")
    fields = [("first_name", 0, 4, 0, 9.0), ("surname", 5, 15, 0, 12.0), ("date", 17, 21, 0, 9.0)]
    assert called(folded, Found(1, 60.0, False, 0, 0, fields)) == {b"de", b"la", b"tour"}


ROW = b"martin;jean;12 rue des lilas;35000;rennes "


def record(number: int, at: int) -> Found:
    """One that was recognised by the names of ROW, which begins at a byte."""
    names = [("surname", at, at + 6, 0, 20.0), ("first_name", at + 7, at + 11, 0, 20.0)]
    return Found(number, 40.0, False, 0, 0, names)


def in_one_line(rows: int) -> tuple[bytes, list[Found]]:
    """A list in a single line, of which all are recognised."""
    return ROW * rows, [record(number, number * len(ROW)) for number in range(rows)]


def test_records_in_one_line_cost_what_their_text_does() -> None:
    """Each was asked what its line looks like, and all of them stand in the same one."""
    short, long = in_one_line(125), in_one_line(1000)
    assert grows_at_most(lambda given: rows_alike(*given), short, long, factor=20, slack=0.02)


@pytest.mark.parametrize("more", [-1, 1])
def test_a_line_too_long_for_a_row_is_none(more: int) -> None:
    """It is no pattern for others, however many of the recognised records stand in it."""
    wide = ROW + b"x" * (LONGEST_ROW - len(ROW) + more)
    text = b"\n".join((wide, b";" * 9, b"martin;jean;paul"))
    found = [*(record(number, 0) for number in range(3)), record(4, text.rindex(b"martin"))]
    rows = rows_alike(text, found).tolist()
    assert rows == ([text.rindex(b"martin")] if more > 0 else [0])
