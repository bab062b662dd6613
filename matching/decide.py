"""From the rows recognised in a document to its verdict.

Thresholds: a day of 1e9 windows against 491,000 rows is 2^49 comparisons; 52 bits leave less
than one chance agreement a week, 35 bits are worth a person's look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from matching.result import Verdict
from matching.spread import PERSONAL

ALERT = 52.0
REVIEW = 35.0
MANY = 10  # records from which a fragment is a repost
OVERLAP = 0.007  # share of any list of French people that 491,000 of 68 million rows hold
LOCAL = 0.3  # the most that a list of other people shares with the file: a town's club, a practice
UNLIKELY = 0.03  # probability at LOCAL, itself the most, below which a list is not one of those
HALF = 0.5  # a list of which less than this is known is another list
SMALL = 6  # so few people that their share says nothing
MARGIN = 7.0  # bits a weak row needs beyond what all of a list's people agree in by chance: 1 %
NEIGHBOURS = 3  # rows this near in the file count as kept in the file's order
TORN = 2  # conflicts from which a row's values are mixed with somebody else's
MIXED = 0.5  # as many mixed places for each clean one make a list of shuffled values
WHOLE = 80.0  # bits of a record that no shuffling leaves together
SOME_WORDS = 4  # the kernel's Q_SOME: who decides, the review application too, loads no kernel
BESIDE = 600  # bytes from a person's name or number within which her laboratory stands
STOCK = 6.0  # bits of a comment below which many people's comments hold it


class Recognised(Protocol):
    """What deciding needs of one recognised row."""

    row: int
    bits: float
    tied: bool
    conflicts: int
    layer: int
    fields: list[tuple[str, int, int, int, float]]
    called: frozenset[bytes]

    @property
    def start(self) -> int:
        """Where it stands in its layer."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict and the numbers it rests on."""

    verdict: Verdict
    records: int
    review_records: int
    candidates: int
    chance: float
    notes: tuple[str, ...] = ()


def decide(
    found: Sequence[Recognised],
    people: int,
    *,
    rows: int,
    known_file: bool,
    mention: bool,
    torn: int = 0,
    strays: int = 0,
) -> Decision:
    """`people` is how many the document names, recognised or not (`matching.people`), `rows` how
    many the leak holds, `torn` in how many places values of different rows stand together,
    `strays` how many of the rows have values beside another of them (`matching.shuffled`)."""
    whole = [each for each in found if not each.tied]
    strong = [each for each in whole if each.bits >= ALERT]
    weak = [each for each in whole if each.bits < ALERT]
    candidates = max(people, len(strong))
    chance = tail(candidates, len(strong), OVERLAP) if strong else 1.0
    verdict = _verdict(strong, weak, candidates, rows)
    if verdict.raises_alert and is_mixed(strong or weak, torn, strays):
        verdict = Verdict.SAME_PEOPLE
    notes: tuple[str, ...] = ()
    if known_file:
        verdict = Verdict.REPOST
        notes = ("the document's hash is that of a known copy",)
    elif verdict is Verdict.NONE and mention:
        verdict = Verdict.MENTION
    return Decision(verdict, len(strong), len(weak), candidates, chance, notes)


def _verdict(
    strong: Sequence[Recognised], weak: Sequence[Recognised], candidates: int, rows: int
) -> Verdict:
    if not strong:
        # Each record alone says too little, but a whole list of them does not.
        least = needed(candidates, rows)
        sure = sum(not each.conflicts and each.bits >= least for each in weak)
        if sure >= MANY and is_this_file(sure, candidates):
            return Verdict.REPOST
        return Verdict.REVIEW if weak else Verdict.NONE
    known = len(strong) + len(weak)
    other = candidates >= SMALL and not is_this_file(known, candidates)
    if other and not own_traits(strong) and not in_file_order(strong):
        return Verdict.SAME_PEOPLE
    return Verdict.REPOST if known >= MANY else Verdict.FRAGMENT


def is_this_file(known: int, people: int) -> bool:
    """Whether so many recognised of so many people are more than any other list shares."""
    return known >= HALF * people and tail(people, known, LOCAL) < UNLIKELY


def needed(people: int, rows: int) -> float:
    """Bits from which a row counts in a list: each of its people is compared with every row."""
    return math.log2(max(1, people) * max(1, rows)) + MARGIN


def is_mixed(found: Sequence[Recognised], torn: int, strays: int) -> bool:
    """Whether the document mixes values of different persons, as no copy of the file does."""
    clean = sum(each.conflicts < TORN for each in found)
    mixed = torn + strays + len(found) - clean
    if strays > MIXED * clean:
        return True  # however much of a row was left together
    # One in twenty-five strangers who answer below a record has a name, phone or address that goes
    # with those of some row; that says nothing against a record which stands there whole.
    whole = sum(each.conflicts == 0 and each.bits >= WHOLE for each in found)
    return mixed > MIXED * clean and mixed > whole


def own_traits(strong: Sequence[Recognised]) -> bool:
    """Whether most records show what only this file has: laboratory with doctor, a comment."""
    return sum(map(_shows_own, strong)) * 2 > len(strong)


def _shows_own(each: Recognised) -> bool:
    """A long list of strangers holds everybody's doctor and laboratory somewhere: a neighbour's
    name, a street called after the same man. They count where the person stands, and a doctor by
    the whole name."""
    persons = [start for kind, start, *_ in each.fields if kind in PERSONAL]
    return any(_own_beside(each, at) for at in persons)


def _own_beside(each: Recognised, at: int) -> bool:
    beside: dict[str, float] = {}
    for kind, start, _, how, bits in each.fields:
        if abs(start - at) <= BESIDE and not (kind == "doctor" and how == SOME_WORDS):
            beside[kind] = max(bits, beside.get(kind, 0.0))
    pair = "laboratory" in beside and ("doctor" in beside or "insurer_number" in beside)
    secret = "password" in beside and "insurer_number" in beside
    return pair or secret or beside.get("comment", 0.0) >= STOCK


def in_file_order(strong: Sequence[Recognised]) -> bool:
    """Whether neighbours in the document are neighbours in the file, more often than by chance.

    Those of one surname do not count: a household stands together in any list.
    """
    ordered = sorted(strong, key=lambda each: (each.layer, each.start))
    near = sum(
        0 < abs(one.row - two.row) <= NEIGHBOURS and not one.called & two.called
        for one, two in pairwise(ordered)
    )
    return near >= 2 and near * 3 >= len(ordered)


def tail(n: int, k: int, p: float) -> float:
    """P(X >= k) for X binomial(n, p): exact sums in log space, cut where terms vanish."""
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    mean = n * p
    if k <= mean:
        return 1.0 - sum(_term(n, i, log_p, log_q) for i in range(k))
    found = 0.0
    for i in range(k, n + 1):
        term = _term(n, i, log_p, log_q)
        found += term
        if term < found * 1e-12:
            break
    return min(1.0, found)


def _term(n: int, i: int, log_p: float, log_q: float) -> float:
    log = math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
    return math.exp(log + i * log_p + (n - i) * log_q)
