"""Lists that share people or values with the leak, of the bench's kinds: none is a repost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from matching.normalise import wrapped
from matching.normalise.fold import fold
from matching.result import ScanResult, Verdict
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk

Scan = Callable[[str], ScanResult]


@pytest.mark.parametrize("count", [5, 8, 12, 40])
def test_values_shuffled_between_few_persons(count: int, leak: LeakOnDisk, scan: Scan) -> None:
    draw = random.Random(f"shuffled {count}")
    alerts = 0
    for _ in range(20):
        columns = list(zip(*(p.columns() for p in draw.sample(leak.people, count)), strict=True))
        rows = zip(*(draw.sample(column, count) for column in columns), strict=True)
        alerts += scan("\n".join(";".join(row) for row in rows)).verdict.raises_alert
    assert alerts <= (2 if count == 5 else 0)


def test_the_same_rows_unshuffled_are_a_repost(leak: LeakOnDisk, scan: Scan) -> None:
    draw = random.Random("whole")
    for _ in range(10):
        rows = [";".join(p.columns()) for p in draw.sample(leak.people, 40)]
        assert scan("\n".join(rows)).verdict is Verdict.REPOST


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_a_list_of_names_and_streets_that_knows_some_of_them(
    share: float, leak: LeakOnDisk, scan: Scan
) -> None:
    """No identifier stands in it to count people by, and each known row says enough."""
    draw = random.Random(f"club {share}")
    strangers = disguises.people(400, seed=77)
    for _ in range(10):
        known = draw.sample(leak.people, int(60 * share))
        people = known + draw.sample(strangers, 60 - len(known))
        draw.shuffle(people)
        rows = [
            f"{p.surname};{p.first};{p.address};{p.postcode};{p.town};{p.doctor}" for p in people
        ]
        assert not scan("\n".join(rows)).verdict.raises_alert


def test_a_number_broken_by_a_mail_program(leak: LeakOnDisk, scan: Scan) -> None:
    p = leak.people[321]
    nir = f"{p.nir[0]}\n{p.nir[1:3]} {p.nir[3:5]} {p.nir[5:7]} {p.nir[7:10]} {p.nir[10:]}"
    text = f"Bonjour, on me dit que {p.first} {p.surname}, numero de securite sociale {nir}, y est."
    assert [match.row for match in scan(text).matches] == [321]


def test_a_quotation_behind_a_broken_number_marks_no_table(leak: LeakOnDisk, scan: Scan) -> None:
    p = leak.people[322]
    groups = [p.nir[0], p.nir[1:3], p.nir[3:5], p.nir[5:7] + "\n" + p.nir[7:10], p.nir[10:]]
    text = f"Bonjour, on me dit que {p.first}, numero de securite sociale {' '.join(groups)}, "
    assert [match.row for match in scan(text + "avec « cancer » en note, y est.").matches] == [322]


def test_rows_that_end_and_begin_with_digits_stay_apart() -> None:
    rows = "\n".join(
        f"1 rue A;44000;NANTES et la suite de la ligne;0612345{n};12" for n in range(9)
    )
    folded = fold(rows)
    before = folded.data.tobytes()
    wrapped.mend(folded)
    assert folded.data.tobytes() == before
