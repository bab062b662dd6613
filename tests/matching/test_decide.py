"""Verdicts from recognised rows, and the probability printed with them."""

from __future__ import annotations

from math import comb

import pytest

from matching.blocks import Found
from matching.decide import SOME_WORDS, decide, tail
from matching.kernel import kinds as k
from matching.result import Verdict


def row(number: int, bits: float = 90.0, *kinds: str, at: int = 0, conflicts: int = 0) -> Found:
    fields = [(kind, at, at + 1, 0, 1.0) for kind in (kinds or ("nir", "surname"))]
    return Found(number, bits, False, conflicts, 0, fields)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 2), (40, 3), (300, 2), (300, 9), (20, 0), (3, 4)])
def test_tail_is_the_binomial_tail(n: int, k: int) -> None:
    exact = sum(comb(n, i) * 0.007**i * 0.993 ** (n - i) for i in range(k, n + 1))
    assert tail(n, k, 0.007) == pytest.approx(exact, rel=1e-9, abs=1e-300)


def told(found: list[Found], people: int) -> Verdict:
    return decide(found, people, rows=491_000, known_file=False, mention=False).verdict


def scattered(count: int) -> list[Found]:
    return [row(i * 7919 % 490_000, at=i * 50) for i in range(count)]


def test_few_rows_alone_are_a_fragment_and_many_a_repost() -> None:
    assert told(scattered(1), 1) is Verdict.FRAGMENT
    assert told(scattered(3), 3) is Verdict.FRAGMENT
    assert told(scattered(60), 60) is Verdict.REPOST


@pytest.mark.parametrize(("known", "people"), [(2, 300), (7, 1000), (1, 20), (20, 100), (30, 100)])
def test_some_people_of_another_list_are_no_repost(known: int, people: int) -> None:
    assert told(scattered(known), people) is Verdict.SAME_PEOPLE


@pytest.mark.parametrize(("known", "people"), [(5, 7), (5, 6), (6, 9), (7, 11), (20, 40)])
def test_a_few_bystanders_do_not_make_it_another_list(known: int, people: int) -> None:
    assert told(scattered(known), people).raises_alert


@pytest.mark.parametrize(("known", "people"), [(4, 6), (4, 7), (5, 8), (6, 10), (19, 40)])
def test_a_short_list_that_a_club_could_share_is_another_list(known: int, people: int) -> None:
    assert told(scattered(known), people) is Verdict.SAME_PEOPLE


def test_the_order_of_the_file_gives_a_diluted_fragment_away() -> None:
    kept = [row(100 + i, at=i * 50) for i in range(6)]
    assert told(kept, 60) is Verdict.FRAGMENT
    assert told([row(100 + i * 900, at=i * 50) for i in range(6)], 60) is Verdict.SAME_PEOPLE


def test_columns_that_only_this_file_has_give_it_away() -> None:
    rows = [row(i * 997, 90.0, "surname", "phone", "doctor", "laboratory") for i in range(4)]
    assert told(rows, 60) is Verdict.FRAGMENT


def test_a_doctor_and_a_laboratory_found_among_strangers_give_nothing_away() -> None:
    """One list of 1,857 strangers in a single line was told as a repost for these fields."""
    near = [("surname", 0, 5, k.Q_EXACT, 20.0), ("first_name", 6, 9, k.Q_EXACT, 9.75)]
    doctor = ("doctor", 20, 25, k.Q_EXACT, 7.75)
    laboratory = ("laboratory", 30, 36, k.Q_EXACT, 1.75)
    neighbour = ("doctor", 20, 25, k.Q_SOME, 7.75)
    far = [(kind, start + 5_000, end + 5_000, how, bits) for kind, start, end, how, bits in near]

    def one(fields: list[tuple[str, int, int, int, float]]) -> Verdict:
        return told([Found(1, 58.9, False, 0, 0, fields)], 1857)

    assert k.Q_SOME == SOME_WORDS
    assert one([*near, doctor, laboratory]) is Verdict.FRAGMENT
    assert one([*near, neighbour, laboratory]) is Verdict.SAME_PEOPLE
    assert one([*far, doctor, laboratory]) is Verdict.SAME_PEOPLE
    stock = ("comment", 40, 60, k.Q_PART, 2.0)
    assert one([*near, stock]) is Verdict.SAME_PEOPLE
    assert one([*near, (*stock[:4], 14.0)]) is Verdict.FRAGMENT


def test_between_the_thresholds_is_review_unless_it_is_a_whole_list() -> None:
    assert told([row(5, 40.0)], 1) is Verdict.REVIEW
    assert told([row(i * 997, 40.0) for i in range(40)], 40) is Verdict.REPOST
    shuffled = [row(i * 997, 40.0, conflicts=2) for i in range(40)]
    assert told(shuffled, 40) is Verdict.REVIEW


def test_known_copies_and_terms() -> None:
    assert decide([], 0, rows=1, known_file=True, mention=False).verdict is Verdict.REPOST
    assert decide([], 0, rows=1, known_file=False, mention=True).verdict is Verdict.MENTION
    assert decide([], 9, rows=491_000, known_file=False, mention=False).verdict is Verdict.NONE


def test_a_household_is_no_order_of_the_file() -> None:
    kept = [row(100 + i, at=i * 50) for i in range(6)]
    for each in kept:
        each.called = frozenset((b"martineau",))
    assert told(kept, 60) is Verdict.SAME_PEOPLE
    for number, each in enumerate(kept):
        each.called = frozenset((b"martineau%d" % number,))
    assert told(kept, 60) is Verdict.FRAGMENT


def test_a_local_list_shares_a_third_by_chance() -> None:
    # Of six or seven people at 30 %, half are known in one list of fifteen.
    assert told(scattered(4), 7) is Verdict.SAME_PEOPLE
    assert told(scattered(7), 7) is Verdict.FRAGMENT
    assert told(scattered(300), 1000) is Verdict.SAME_PEOPLE
    assert told(scattered(600), 1000) is Verdict.REPOST


def test_weak_rows_count_above_what_a_long_list_agrees_in_by_chance() -> None:
    weak = [row(i * 7919 % 490_000, 39.0, "surname", at=i * 50) for i in range(9_000)]
    assert told(weak, 10_000) is Verdict.REVIEW
    assert told(weak[:90], 100) is Verdict.REPOST


@pytest.mark.parametrize(
    ("bits", "conflicts", "torn", "verdict"),
    [
        ([180.0], 0, 1, Verdict.FRAGMENT), ([180.0, 90.0], 0, 2, Verdict.FRAGMENT),
        ([180.0], 0, 2, Verdict.SAME_PEOPLE), ([180.0], 1, 1, Verdict.SAME_PEOPLE),
        ([60.0], 0, 1, Verdict.SAME_PEOPLE), ([60.0] * 3, 0, 1, Verdict.FRAGMENT),
    ],
)  # fmt: skip
def test_a_stranger_below_a_whole_record_says_nothing_against_it(
    bits: list[float], conflicts: int, torn: int, verdict: Verdict
) -> None:
    """Who answers a post may have the name and address of some row; values that were shuffled
    leave no record whole."""
    found = [row(900 * n, each, at=90 * n, conflicts=conflicts) for n, each in enumerate(bits)]
    told_ = decide(found, 2, rows=491_000, known_file=False, mention=False, torn=torn)
    assert told_.verdict is verdict


@pytest.mark.parametrize(("strays", "verdict"), [(2, "same-people"), (1, "fragment")])
def test_rows_that_hold_each_others_values_are_no_copy_however_much_is_left_of_them(
    strays: int, verdict: str
) -> None:
    found = [row(900 * n, 130.0, at=90 * n) for n in range(2)]
    told_ = decide(found, 2, rows=491_000, known_file=False, mention=False, strays=strays)
    assert told_.verdict == verdict
