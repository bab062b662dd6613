"""One record over several blocks of one text: posts of a page, a list of names and one of phones.

What lies apart says less together than what lies side by side: there are as many ways to put two
blocks together as there are blocks. That price is the one of threads (`matching.spread`). Blocks
that show somebody else's values beside the row's are no part of it: rows whose values were
shuffled between persons would otherwise be found again in a heap of wrong records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from matching import spread
from matching.normalise.fold import Folded

MOST_TEXT = 256 * 1024  # bytes of a text in which blocks are put together
REACH = 24 * 1024  # bytes that they may lie apart
LINE = 100  # bytes of a line
Field = tuple[str, int, int, int, float]  # type, start, end, quality, bits


@dataclass(slots=True)
class Found:
    """One accepted row in one layer, positions in folded bytes.

    `tied`: another row was accepted that explains the same places about as well; `rivalled`: this
    is one of such rows, the accepted one too. `called`: words of the name.
    """

    row: int
    bits: float
    tied: bool
    conflicts: int
    layer: int
    fields: list[Field] = field(default_factory=list)
    called: frozenset[bytes] = frozenset()
    rivalled: bool = False

    @property
    def start(self) -> int:
        """First byte of its first field."""
        return min((each[1] for each in self.fields), default=0)


def wanted(folded: Folded) -> bool:
    """Whether a text is short enough for its blocks to be put together."""
    return folded.size <= MOST_TEXT


def asked(folded: Folded, least: float) -> float:
    """How many bits several places of a text have to tell of a row to make a match of `least`."""
    return least + spread.least_price(_places(folded))


def _places(folded: Folded) -> int:
    """How many places of a text a record may be put together from: its lines, or as many of
    LINE bytes, for a list may stand in a single one."""
    lines = int(np.count_nonzero(folded.data[: folded.size] == 10)) + 1
    return max(lines, folded.size // LINE)


def put_together(found: Sequence[Found], folded: Folded, least: float) -> list[Found]:
    """What reaches `least` bits alone, and rows that do so by what several blocks say.

    A finding all of whose places another, put together, explains as well is left out.
    """
    parts: dict[int, list[Found]] = defaultdict(list)
    for each in found:
        if not each.conflicts:
            parts[each.row].append(each)
    if all(len(several) < 2 for several in parts.values()):
        return [each for each in found if each.bits >= least]
    places = _places(folded)
    made = [
        whole
        for several in parts.values()
        if len(several) > 1 and (whole := _join(several, places)).bits >= least
    ]
    covered = _Covered(made)
    alone = [each for each in found if each.bits >= least and not covered.by_another(each)]
    return alone + made


def _join(several: list[Found], places: int) -> Found:
    """The row as its parts say together; the strongest part alone when they do not."""
    several = sorted(several, key=lambda each: -each.bits)[: spread.MOST_POSTS]
    first = several[0]
    near = [each for each in several if abs(each.start - first.start) <= REACH]
    told = [
        spread.counted(
            [each[0] for each in part.fields], [each[4] for each in part.fields], part.bits
        )
        for part in near
    ]
    together = spread.together(told, places)
    if together.bits <= first.bits or len(together.posts) < 2:
        return Found(first.row, 0.0, first.tied, 0, first.layer)
    fields = {each[:3]: each for number in together.posts for each in near[number].fields}
    return Found(
        first.row, together.bits, False, 0, first.layer,
        sorted(fields.values(), key=lambda each: (each[1], each[2])), first.called,
        first.rivalled,
    )  # fmt: skip


def _counted(part: Found) -> dict[str, float]:
    names = [each[0] for each in part.fields]
    return spread.counted(names, [each[4] for each in part.fields], part.bits)


class _Covered:
    """Which places the rows put together explain."""

    def __init__(self, made: Iterable[Found]) -> None:
        self._rows: dict[tuple[int, int, int], set[int]] = defaultdict(set)
        for each in made:
            for place in each.fields:
                self._rows[(each.layer, place[1], place[2])].add(each.row)

    def by_another(self, found: Found) -> bool:
        """Whether one other row explains every place of a finding."""
        others: set[int] | None = None
        for place in found.fields:
            rows = self._rows.get((found.layer, place[1], place[2]), set()) - {found.row}
            others = rows if others is None else others & rows
            if not others:
                return False
        return bool(others)


def torn(found: Sequence[Found], kept: Iterable[Found], conflicts: int) -> int:
    """In how many places values of rows stand beside other rows' values.

    Rows of one name or address that begin at the same place are one. `conflicts` is how many make
    a finding unclean. Relatives are found in each other's records with conflicts too, but by values
    that a clean finding explains.
    """
    clean = [place for each in kept if each.conflicts < conflicts for place in each.fields]
    starts, ends = {place[1] for place in clean}, {place[2] for place in clean}
    return len(
        {
            each.start
            for each in found
            if each.conflicts >= conflicts
            and not any(place[1] in starts or place[2] in ends for place in each.fields)
        }
    )
