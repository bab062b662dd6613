"""A table of markup in one line has rows for the matcher: none lends its neighbours values."""

from __future__ import annotations

import html
import random

from extraction.read import extract
from matching.normalise.fold import fold
from matching.normalise.markup import end_rows, raw_texts
from matching.result import TextLayer
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk, Person


def table(people: list[Person]) -> str:
    rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in p.columns()) for p in people)
    return "".join(f"<tr>{row}</tr>" for row in rows)


def test_the_raw_texts_are_those_that_another_layer_shows() -> None:
    names = ("", "html", "json", "entities", "entities>html#2", "html>json", "base64>url")
    assert raw_texts(TextLayer(name, "") for name in names) == {"", "entities"}
    assert raw_texts([TextLayer("", "<tr>"), TextLayer("url", "")]) == frozenset()


def test_a_row_ends_a_line_and_all_places_stay() -> None:
    text = "é<TR><td>a</td></TR ><tr>b</tr></track></tr>"
    folded, plain = fold(text), fold(text)
    end_rows(folded)
    changed = [at for at in range(plain.size) if folded.data[at] != plain.data[at]]
    assert [text[at : at + 4].lower() for at in changed] == ["</tr"] * 3
    assert "</track" not in [text[at : at + 7] for at in changed]
    assert {int(folded.data[at]) for at in changed} == {10}
    assert [folded.span(at, at + 1) for at in changed] == [(at, at + 1) for at in changed]


def test_rows_of_a_table_in_one_line_are_their_own(scanner: Scanner, leak: LeakOnDisk) -> None:
    draw = random.Random(5)
    planted = draw.sample(range(len(leak.people)), 40)
    others = disguises.people(400, seed=79)
    people = [*(leak.people[number] for number in planted), *others]
    draw.shuffle(people)
    layers = [
        TextLayer(each.name, each.as_given) for each in extract(table(people).encode()).layers
    ]
    raw = raw_texts(layers)
    assert "" in raw
    lines = bytes(scanner._folded(layers[0], raw).data).count(b"\n/tr>")
    assert lines == len(people)
    found = scanner.scan("post", 1, "", layers, all_matches=True)
    strong = {match.row for match in found.matches if match.bits >= 52}
    assert strong <= set(planted)
    assert len(strong) >= 36
