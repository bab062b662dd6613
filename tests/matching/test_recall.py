"""Every disguise is recognised, the right row named, and spans point at what was seen."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from matching.decide import ALERT
from matching.result import ScanResult, TextLayer, Verdict
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk

Scan = Callable[[str], ScanResult]
RECORDS = 300


@pytest.mark.parametrize("kind", disguises.CLASSES)
def test_recall(kind: str, leak: LeakOnDisk, scan: Scan) -> None:
    draw = random.Random(f"recall {kind}")
    found, named, wrong = 0, 0, 0
    for _ in range(RECORDS):
        row = draw.randrange(len(leak.people))
        person = leak.people[row]
        text = disguises.disguise(kind, draw, person)
        result = scan(text)
        found += result.verdict is not Verdict.NONE and row in [m.row for m in result.matches]
        for match in result.matches:
            if match.bits >= ALERT:
                named += 1
                wrong += match.row != row and not alike(leak.people[match.row], person, text)
    least = 0.995 if kind not in disguises.SLIPS else 0.97
    assert found >= least * RECORDS
    assert wrong <= 0.002 * named


def alike(one: disguises.Person, two: disguises.Person, text: str) -> bool:
    """Whether two rows agree in all that the text shows (rows with equal values count as one)."""
    return all(
        a == b or (b not in text and a not in text)
        for a, b in zip(one.columns(), two.columns(), strict=True)
    )


@pytest.mark.parametrize("kind", ["verbatim", "delimiter", "sql", "nir", "date", "prose"])
def test_records_with_much_evidence_are_alerted(kind: str, leak: LeakOnDisk, scan: Scan) -> None:
    draw = random.Random(kind)
    rows = [draw.randrange(len(leak.people)) for _ in range(100)]
    alerted = [
        scan(disguises.disguise(kind, draw, leak.people[row])).verdict.raises_alert for row in rows
    ]
    assert sum(alerted) >= 98


def test_many_rows_at_once_name_each_row_once(leak: LeakOnDisk, scan: Scan) -> None:
    rows = range(1000, 1400)
    result = scan("\n".join(";".join(leak.people[row].columns()) for row in rows))
    assert result.verdict is Verdict.REPOST
    assert result.records == 400
    assert sorted(match.row for match in result.matches) == list(rows)


def test_relatives_on_neighbouring_lines_are_told_apart(leak: LeakOnDisk, scan: Scan) -> None:
    homes: dict[tuple[str, str, str], list[int]] = {}
    for row, person in enumerate(leak.people):
        homes.setdefault((person.surname, person.address, person.phone), []).append(row)
    families = [rows for rows in homes.values() if len(rows) > 1][:150]
    assert len(families) == 150
    for rows in families:
        one = leak.people[rows[0]]
        text = f"{one.surname};{one.first};{one.birthday};{one.phone};{one.address};{one.town}"
        assert [match.row for match in scan(text).matches if match.bits >= ALERT] == [rows[0]]


@pytest.mark.parametrize("mark", ["\n", "\n\n", "\r\n"])
def test_cards_of_several_people(mark: str, leak: LeakOnDisk, scan: Scan) -> None:
    rows = [11, 507, 2048, 5999]
    cards = []
    for row in rows:
        p = leak.people[row]
        lines = [f"Nom : {p.surname}", f"Prénom : {p.first}", f"Né le : {p.birthday}"]
        cards.append(mark.join([*lines, f"Tél : {p.phone}", f"Sécu : {p.nir}"]))
    for between in (mark, mark + mark, mark + "---" + mark):
        result = scan(between.join(cards))
        assert sorted(match.row for match in result.matches) == rows
        assert result.records == 4


def test_vertical_lists_without_labels(leak: LeakOnDisk, scan: Scan) -> None:
    rows = [3, 1502, 4000]
    people = [leak.people[row] for row in rows]
    text = "\n".join(f"{p.surname}\n{p.first}\n{p.birthday}\n{p.phone}\n{p.nir}" for p in people)
    assert {match.row for match in scan(text).matches if match.bits >= ALERT} == set(rows)


def test_one_line_of_json_objects_and_of_tuples(leak: LeakOnDisk, scan: Scan) -> None:
    import json

    rows = [77, 78, 79, 80, 81]
    objects = [dict(zip(disguises.LABELS, leak.people[r].columns(), strict=True)) for r in rows]
    assert sorted(m.row for m in scan(json.dumps(objects)).matches) == rows
    values = ",".join(
        "(" + ",".join(f"'{v}'" for v in leak.people[r].columns() if "'" not in v) + ")"
        for r in rows
    )
    dump = "INSERT INTO p VALUES " + values  # noqa: S608 - a text to be found
    assert sorted(m.row for m in scan(dump).matches) == rows


def test_a_record_across_the_cut_between_regions(leak: LeakOnDisk, scan: Scan) -> None:
    line = ";".join(leak.people[42].columns())
    for filling in ("lorem ipsum dolor ", "lorem ipsum dolor\n"):
        for size in range(32 * 1024 - 300, 32 * 1024 + 100, 37):
            text = (filling * (size // len(filling) + 1))[:size] + " \n"[filling[-1] == "\n"] + line
            result = scan(text + " et la suite " * 900)
            assert [match.row for match in result.matches] == [42], (filling, size)


def test_spans_are_code_points_of_the_text(leak: LeakOnDisk, scan: Scan) -> None:
    person = leak.people[10]
    row = person.columns()
    text = "𝐕endu œuvré \u200b: " + " ; ".join(row) + " fin"
    match = scan(text).matches[0]
    assert match.row == 10
    seen = {
        field: text[start:end]
        for field, (start, end) in zip(match.fields, match.spans, strict=True)
    }
    assert seen["nir"] == row[0]
    assert seen["phone"] == person.phone
    assert seen["email"] == person.email
    assert seen["birth_date"] == person.birthday
    assert seen["postcode"] == person.postcode
    assert seen["surname"].replace(" ", "-") == person.surname


def test_layers_are_scanned_and_named(leak: LeakOnDisk, scanner: Scanner) -> None:
    line = ";".join(leak.people[5].columns())
    layers = [TextLayer("", "rien ici"), TextLayer("base64>gzip", line)]
    result = scanner.scan("post", 1, "", layers)
    assert result.matches[0].layer == "base64>gzip"
    assert result.verdict is Verdict.FRAGMENT


def test_all_matches_or_the_first_thousand(leak: LeakOnDisk, scanner: Scanner) -> None:
    text = "\n".join(";".join(person.columns()) for person in leak.people[:1500])
    some = scanner.scan("post", 1, "", [TextLayer("", text)])
    every = scanner.scan("post", 1, "", [TextLayer("", text)], all_matches=True)
    assert len(some.matches) == 1000
    assert len({match.row for match in every.matches}) == 1500
    assert some.records == every.records == 1500
    assert [m.bits for m in some.matches] == sorted((m.bits for m in some.matches), reverse=True)
