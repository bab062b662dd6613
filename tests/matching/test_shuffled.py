"""Values of one row that stand on another row's line give a shuffled table away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from matching.blocks import Found
from matching.kernel.kinds import R_VALUE
from matching.normalise.fold import fold
from matching.result import ScanResult, Verdict
from matching.shuffled import strays
from tests.matching.disguises import LeakOnDisk

Scan = Callable[[str], ScanResult]
SWAPS = (
    (4,),
    (12,),
    (4, 5),
    (0, 4),
    (0, 3),
    (0, 5, 12),
)


@pytest.mark.parametrize("swapped", SWAPS)
def test_two_rows_that_swapped_some_columns_are_no_fragment(
    swapped: Sequence[int], leak: LeakOnDisk, scan: Scan
) -> None:
    for at in range(0, 400, 40):
        one, two = leak.people[at].columns(), leak.people[at + 2000].columns()
        for column in swapped:
            one[column], two[column] = two[column], one[column]
        found = scan(";".join(one) + "\n" + ";".join(two))
        assert not found.verdict.raises_alert


def test_a_value_of_another_row_where_ones_own_is_missing_is_a_stray() -> None:
    folded = fold("nir-b phone-a\nmail-a phone-b policy-b")
    found = [
        Found(0, 120.0, False, 0, 0, [("email", 14, 20, 0, 30.0)]),
        Found(1, 90.0, False, 0, 0, [("phone", 21, 28, 0, 27.0)]),
    ]
    places = {1: [14], 2: [6], 3: [0], 4: [21]}
    held = {0: (("email", 1), ("phone", 2)), 1: (("nir", 3), ("phone", 4))}

    def values(row: int) -> list[tuple[str, int, float, int]]:
        return [(kind, R_VALUE, 30.0, signature) for kind, signature in held[row]]

    assert strays(found, folded, values, places) == 2
    del places[4]
    assert strays(found, folded, values, places) == 0


def test_the_line_that_another_rows_value_stands_on_is_mixed_too() -> None:
    """Also where its own value of the kind stands there a second time, as a password may."""
    folded = fold("nir-a phone-a born-b\nnir-b phone-b born-a born-b")
    found = [
        Found(0, 120.0, False, 0, 0, [("nir", 0, 5, 0, 36.0)]),
        Found(1, 120.0, False, 0, 0, [("nir", 21, 26, 0, 36.0)]),
    ]
    places = {1: [0], 2: [35], 3: [21], 4: [14, 42]}
    held = {0: (("nir", 1), ("birth_date", 2)), 1: (("nir", 3), ("birth_date", 4))}

    def values(row: int) -> list[tuple[str, int, float, int]]:
        return [(kind, R_VALUE, 30.0, signature) for kind, signature in held[row]]

    assert strays(found, folded, values, places) == 2
    assert strays(found, folded, values, places | {2: [14]}) == 0


def test_two_whole_rows_are_a_fragment(leak: LeakOnDisk, scan: Scan) -> None:
    for at in range(0, 400, 40):
        rows = [";".join(leak.people[row].columns()) for row in (at, at + 2000)]
        assert scan("\n".join(rows)).verdict is Verdict.FRAGMENT


def test_what_a_household_shares_is_no_stray() -> None:
    folded = fold("mail-a phone\nmail-b phone")
    found = [
        Found(0, 90.0, False, 0, 0, [("email", 0, 6, 0, 30.0), ("phone", 7, 12, 0, 27.0)]),
        Found(1, 90.0, False, 0, 0, [("email", 13, 19, 0, 30.0), ("phone", 20, 25, 0, 27.0)]),
    ]
    places = {1: [0], 2: [13], 3: [7, 20]}
    held = {0: (1, 3), 1: (2, 3)}

    def values(row: int) -> list[tuple[str, int, float, int]]:
        return [("email", R_VALUE, 30.0, signature) for signature in held[row]]

    assert strays(found, folded, values, places) == 0
    held = {0: (2, 3), 1: (1, 3)}
    assert strays(found, folded, values, places) == 2
