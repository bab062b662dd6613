"""How many people a document names, recognised or not: the base of the overlap test.

The recognised records show what a record of this document looks like: which traits it has, and how
often. Each trait is counted over the whole text, without any leak, and gives a ratio estimate of
the records; the median of those that nearly all recognised records show is taken (docs/adr/0011).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matching.blocks import Found
from matching.certainty import best_by_row
from matching.decide import MANY
from matching.kernel import kinds as k
from matching.kernel.bench import Bench
from matching.kernel.reading import tokenise_array
from matching.normalise.fold import Folded
from matching.regions import all_parts

MOST = 1000  # recognised records that are looked at, strong ones and weak ones
SHOWN = 0.7  # share of the recognised records that must show a trait
SEVERAL = 5  # recognised records from which each stands where its own fields do
UNIT = 1000  # bytes; in longer units every occurrence of a trait counts by itself
MOST_EACH = 2  # times that one record may show a trait: two phones on lines of their own
TYPICAL = 0.25  # quantile of what records show: those whose fields were found in one place
WIDEST = 1200  # bytes between the fields of one record
LONGEST_ROW = 16_000  # bytes of a line that may be the row of a table, about one person
POSTCODES = (1_000, 98_999)
MARKS = b";|\t,"
LOCAL = frozenset(("postcode", "city", "doctor", "laboratory", "insurer"))
NAMES = frozenset(("surname", "first_name", "full_name", "name"))

# What ends a line, an object, a tuple or an item of a list.
ENDS = re.compile(
    rb"\n|\}(?=[\s,;]*\{)|\)(?=[\s,;]*\()|</(?:tr|li|p|div|dl|article)>|<(?:br|tr|li|p)\b[^>\n]{0,80}>"
)
LABEL = re.compile(rb"[^\n,;|\t{}()]{0,24}$")
# Words with a sign behind them are a label: somewhere behind one that labels end with, or at once.
# Two patterns, for one of both would try every letter against the rest of the text.
CLOSED = re.compile(rb"[^a-z]*[a-z].*[:=\"'>.] *$", re.DOTALL)
SIGNED = re.compile(rb"[a-z][^a-z ]+ *$")
WORD = re.compile(rb"[a-z]{2,}|[0-9]+")
LETTER, DIGIT = re.compile(rb"[a-z]"), re.compile(rb"[0-9]")

Places = NDArray[np.int64]


class People:
    """Counts the people of texts; shares the tokeniser's working memory, so not thread-safe."""

    def __init__(self, bench: Bench, keys: NDArray[np.uint64]) -> None:
        """`keys` only make the tokeniser run: nothing is looked up."""
        self._bench = bench
        self._keys = keys

    def count(self, folded: Folded, found: Sequence[Found]) -> int:
        """People of a text in which the rows `found` were recognised; none where none was.

        Never fewer than distinct rows.
        """
        if not found:
            return 0
        best = best_by_row(found)
        text = bytes(folded.data[: folded.size])
        some = best[:: -(-len(best) // MOST)]
        extents = Extents(text, some)
        rows = extents.estimate(rows_alike(text, some))
        estimates = [
            number
            for number in (
                rows, *map(extents.estimate, (*self._typed(folded), labels(text, some)))
            )
            if number > 0
        ] or [extents.estimate(lines_alike(text, extents))]  # fmt: skip
        return max(len(best), round(max(rows, sorted(estimates)[(len(estimates) - 1) // 2])))

    def _typed(self, folded: Folded) -> list[Places]:
        """Where each kind of typed value begins in a text."""
        kinds: list[list[Places]] = [[] for _ in range(6)]
        behind = 0
        t = self._bench.tokens
        for start, end in all_parts(folded):
            count = tokenise_array(
                folded.data, start, end, False, t, self._bench.scratch, self._keys
            )
            first = t.start[:count].astype(np.int64)
            size, kind, aux = t.end[:count] - t.start[:count], t.kind[:count], t.aux[:count]
            new = first >= behind
            code = (kind == k.NUMBER) & (size == 5) & (aux >= POSTCODES[0]) & (aux <= POSTCODES[1])
            shown = (
                (kind == k.NIR) & (aux > 0), kind == k.EMAIL, (kind == k.PHONE) & (aux > 0),
                (kind == k.DATE) & (aux > 0), kind == k.STREET, code,
            )  # fmt: skip
            for places, wanted in zip(kinds, shown, strict=True):
                places.append(first[new & wanted])
            behind = end
        return [np.unique(np.concatenate(places)) for places in kinds if places]


class Extents:
    """From where to where each recognised record stands, in whole units where they are short."""

    def __init__(self, text: bytes, found: Sequence[Found]) -> None:
        ends = np.array([0, *(each.end() for each in ENDS.finditer(text)), len(text)], np.int64)
        self.cuts = np.unique(ends)
        many = len(found) >= SEVERAL
        first, last = np.array([_place(each, many=many) for each in found], np.int64).T
        unit, behind = self._unit(first), self._unit(np.maximum(first, last - 1))
        short = self._short()
        self.long = ~short[unit] | ~short[behind]
        self.start = np.where(short[unit], self.cuts[unit], first)
        self.end = np.where(short[behind], self.cuts[behind + 1], last)

    def _unit(self, places: Places) -> Places:
        found: Places = np.searchsorted(self.cuts, places, "right") - 1
        return np.minimum(found, len(self.cuts) - 2)

    def _short(self) -> NDArray[np.bool_]:
        short: NDArray[np.bool_] = np.diff(self.cuts) <= UNIT
        return short

    def estimate(self, places: Places) -> float:
        """Records of the whole text by one trait: 0 where too few recognised ones show it.

        In a short unit a trait counts once, however often it stands there. The fields of a row that
        agrees by chance are scattered over its neighbours' lines, so that of many records none is
        taken to have a trait more than MOST_EACH times, in running text more than once.
        """
        if not len(places):
            return 0.0
        unit = self._unit(places)
        once = np.ones(len(places), np.bool_)
        once[1:] = (unit[1:] != unit[:-1]) | ~self._short()[unit[1:]]
        places = places[once]
        each = np.searchsorted(places, self.end) - np.searchsorted(places, self.start)
        each = np.minimum(each, np.where(self.long, 1, MOST_EACH if len(each) >= MANY else MOST))
        showing = each[each > 0]
        if len(showing) < SHOWN * len(each):
            return 0.0
        return float(len(places) / np.quantile(showing, TYPICAL, method="lower"))


def _place(each: Found, *, many: bool) -> tuple[int, int]:
    """Where a record stands: what lies far off belongs to another mention.

    One of many stands where its own fields do, since a town that its neighbours show too may be
    found at theirs. One of few may be spread over several blocks.
    """
    own = [field for field in each.fields if field[0] not in LOCAL]
    fields = own if many and len(own) > 1 else each.fields
    start = min(field[1] for field in fields)
    near = [field[2] for field in fields if field[2] - start <= WIDEST]
    return start, max(near, default=start + 1)


def labels(text: bytes, found: Sequence[Found]) -> Places:
    """Where the label stands that most recognised names have before them."""
    seen: Counter[bytes] = Counter()
    for each in found:
        name = next((field for field in each.fields if field[0] in NAMES), None)
        before = LABEL.search(text[max(0, name[1] - 24) : name[1]]) if name else None
        if before and (CLOSED.match(before[0]) or SIGNED.search(before[0])):
            seen[before[0]] += 1
    if not seen:
        return np.zeros(0, np.int64)
    label = seen.most_common(1)[0][0]
    return np.array([at.start() for at in re.finditer(re.escape(label), text)], np.int64)


def rows_alike(text: bytes, found: Sequence[Found]) -> Places:
    """Where lines begin that are rows of the table in which most recognised records stand: so many
    columns, and in each that is filled what those have there.

    Rows are recognised by what they show, so that a table is seldom filled as well as its
    recognised rows are: a line may leave half of its columns empty.
    """
    # Each line once: all records of a text may stand in the same one.
    held = Counter(filter(None, (_row_at(text, each.start) for each in found)))
    lines = {row: text[slice(*row)] for row in held}
    known: Counter[tuple[int, int]] = Counter()
    for row, records in held.items():
        known[columns(lines[row])] += records
    known.pop((0, 0), None)
    if not known:
        return np.zeros(0, np.int64)
    wanted = known.most_common(1)[0][0]
    rows = [_shape(line, wanted[1]) for line in lines.values() if columns(line) == wanted]
    allowed = [set(column) | {b""} for column in zip(*rows, strict=True)]
    starts, at = [], 0
    for line in text.split(b"\n"):
        if columns(line) == wanted:
            shape = _shape(line, wanted[1])
            fits = all(one in some for one, some in zip(shape, allowed, strict=True))
            if fits and sum(map(bool, shape)) * 2 >= len(shape):
                starts.append(at)
        at += len(line) + 1
    return np.array(starts, np.int64)


def _shape(line: bytes, mark: int) -> list[bytes]:
    """What each column of a row is made of: letters, digits, both, an address, or nothing."""
    return [
        b"@" if b"@" in cell
        else (b"a" if LETTER.search(cell) else b"") + (b"0" if DIGIT.search(cell) else b"")
        for cell in line.split(bytes((mark,)))
    ]  # fmt: skip


def lines_alike(text: bytes, extents: Extents) -> Places:
    """Where units begin that hold about as many words and numbers as the recognised records."""
    sizes = [len(WORD.findall(text[a:b])) for a, b in zip(extents.start, extents.end, strict=True)]
    low, high = min(sizes) - 1, max(sizes) + 1
    cuts = extents.cuts
    return np.array(
        [
            a
            for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
            if b - a <= UNIT and low <= len(WORD.findall(text[a:b])) <= high
        ],
        np.int64,
    )


def columns(line: bytes) -> tuple[int, int]:
    """(how many, which) of the mark that divides a line, zeros where none stands twice."""
    count, mark = max((line.count(mark), -mark) for mark in MARKS)
    return (count, -mark) if count >= 2 else (0, 0)


def _row_at(text: bytes, at: int) -> tuple[int, int] | None:
    """From where to where the line around a byte goes, None where it is too long for a row."""
    first, last = max(0, at - LONGEST_ROW), at + LONGEST_ROW
    start, end = text.rfind(b"\n", first, at) + 1, text.find(b"\n", at, last)
    if (start == 0 and first > 0) or (end < 0 and last < len(text)):
        return None
    return start, end if end >= 0 else len(text)


def called(folded: Folded, each: Found) -> frozenset[bytes]:
    """The words of a recognised person's surname, or of the whole name where it is one column."""
    return frozenset(
        word
        for kind, start, end, _, _ in each.fields
        if kind in NAMES - {"first_name"}
        for word in bytes(folded.data[start:end]).split()
    )


def of_views(counts: Sequence[int], rows: Sequence[set[int]]) -> int:
    """How many people a document names, from the counts of its texts and the rows found in each.

    A text may be another view of the one around it (a page's markup and what a reader sees): it
    adds people in proportion to the rows that no other text showed.
    """
    total, seen = 0.0, set[int]()
    for count, here in sorted(zip(counts, rows, strict=True), key=lambda each: -each[0]):
        if here:
            total += count * len(here - seen) / len(here)
            seen |= here
    return round(total)


def of_layers(names: Sequence[str], counts: Sequence[int]) -> int:
    """Groups of identifiers in a document where nobody was found, from those of its layers.

    The depth that shows most counts, since deeper layers may be views of the others. Layers of one
    depth stand beside each other and are added.
    """
    depths: dict[int, int] = {}
    for name, count in zip(names, counts, strict=True):
        depth = name.count(">") + 1 if name else 0
        depths[depth] = depths.get(depth, 0) + count
    return max(depths.values(), default=0)
