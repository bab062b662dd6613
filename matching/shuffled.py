"""Values of the leak shuffled between few persons: each row's values stand beside other rows'.

Among few persons a shuffle leaves much of one together, and a line of it may hold no conflict that
one slip would not explain. But what is missing there then stands on the lines of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from matching.blocks import MOST_TEXT, Found
from matching.kernel.kinds import R_VALUE
from matching.normalise.fold import Folded

FEW = 30  # rows of a text that are looked at
LINE = 2000  # bytes of a line, on either side of a record
ONES_OWN = frozenset(
    ("nir", "phone", "email", "insurer_number", "birth_date", "password", "comment")
)  # what two persons rarely share

Value = tuple[str, int, float, int]  # type, role, bits, signature of one value of a row


def strays(
    found: Sequence[Found],
    folded: Folded,
    values: Callable[[int], Iterable[Value]],
    places: Mapping[int, Sequence[int]],
) -> int:
    """How many rows have a value that stands away from their own line, on another row's or while
    another row's value of the kind stands on theirs; and how many have such a value on their line.

    `found` are the rows of one text, `places` says where each signature stands in it. What both
    rows hold (the phone of a household) is no stray.
    """
    few = found[:FEW]
    held = [
        {s: kind for kind, role, _, s in values(each.row) if _is_own(kind, role)} for each in few
    ]
    lines = [_line(each, folded) for each in few]

    def on(line: tuple[int, int], signature: int) -> bool:
        return any(_in(line, at) for at in places.get(signature, ()))

    torn: set[int] = set()
    for at, (mine, line) in enumerate(zip(held, lines, strict=True)):
        away = {s: kind for s, kind in mine.items() if places.get(s) and not on(line, s)}
        others = [n for n, theirs in enumerate(held) if theirs is not mine]
        # The line it stands on is as mixed as the one it is gone from.
        lent = {n for n in others if any(on(lines[n], s) and s not in held[n] for s in away)}
        # Whoever's value stands in its stead is as mixed.
        lent |= {
            n
            for n in others
            for s, kind in held[n].items()
            if kind in away.values() and s not in mine and on(line, s)
        }
        if lent:
            torn |= {at, *lent}
    return len(torn)


def wanted(found: Sequence[Found], folded: Folded) -> bool:
    """Whether a text is one of few rows, more than one, which values could be shuffled between."""
    return 1 < len(found) <= FEW and folded.size <= MOST_TEXT


def _is_own(kind: str, role: int) -> bool:
    return kind in ONES_OWN and role == R_VALUE


def _in(line: tuple[int, int], at: int) -> bool:
    return line[0] <= at < line[1]


def _line(each: Found, folded: Folded) -> tuple[int, int]:
    first, last = each.start, max(field[2] for field in each.fields)
    low, high = max(0, first - LINE), min(folded.size, last + LINE)
    text = bytes(folded.data[low:high])
    start = text.rfind(b"\n", 0, first - low) + 1
    end = text.find(b"\n", last - low)
    return low + start, low + (end if end >= 0 else len(text))
