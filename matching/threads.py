"""What posts of one thread say of the rows of a leak, post by post and together.

A post by itself may say too little. `traces` gives what it says from `spread.FLOOR` bits on;
rows that the thread's other posts point to are looked for by their own record too, since a birth
date alone points to too many rows to lead anywhere. `scan_thread` matches a whole thread as one
document: as a text, and as what its posts say together of one row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from matching import crowd, decide, spread
from matching.kernel import kinds as k
from matching.normalise.fold import Folded
from matching.normalise.spelt import fold_text
from matching.result import How, Match, ScanResult, TextLayer, Verdict

if TYPE_CHECKING:
    from matching.scan import Scanner

PER_POST = 50  # rows that one post may speak for below the thresholds
SUSPECTS = 200  # rows that one thread may point to
FEW_WORDS = 12  # as in the kernel: more words make each of them agree by chance more easily
WINDOW = 1600  # bytes in which one record stands, as in the kernel
PLACES = 8  # of a value that are looked about
PLACE = 500  # bytes of a post for each of which it is as good as another post
LIST = 20  # people of a text that is no piece of one record

Post = Sequence[TextLayer]
Value = tuple[str, int, float, int]  # type, role, bits, signature of one value of a row


def traces(scanner: Scanner, post: Post, suspects: Sequence[int] = ()) -> tuple[Match, ...]:
    """What a post says of rows, the strongest first, from FLOOR to below the alert threshold.

    Field types may come twice in a match where the file has two such columns. Lists of people say
    nothing. Raises DamagedFileError.
    """
    post = _pieces(post)
    found = {
        match.row: match
        for match in scanner.weak(post, spread.FLOOR, PER_POST)
        if spread.tells(fields_of(match))
    }
    wanted = [row for row in dict.fromkeys(suspects) if row not in found][:SUSPECTS]
    if wanted:
        by_record = _by_record(scanner, post, wanted)
        found |= {match.row: match for match in by_record if match.bits < decide.ALERT}
    return tuple(sorted(found.values(), key=lambda match: (-match.bits, match.row)))


def fields_of(match: Match) -> dict[str, float]:
    """Bits by field type."""
    return spread.counted(match.fields, match.field_bits, match.bits)


def _by_record(scanner: Scanner, post: Post, rows: Sequence[int]) -> Iterator[Match]:
    """Exact values of these rows in the layers of a post."""
    for layer in post:
        folded = fold_text(layer.text)
        shown = scanner.shown(folded)
        words = sum(1 for each in shown.values() if each[0][0] == k.WORD)
        words = words * WINDOW // max(WINDOW, folded.size)  # of one window
        for row in rows:
            match = _of_record(scanner, row, shown, words, folded, layer)
            if match is not None:
                yield match


def _of_record(
    scanner: Scanner,
    row: int,
    shown: Mapping[int, list[tuple[int, int, int]]],
    words: int,
    folded: Folded,
    layer: TextLayer,
) -> Match | None:
    crowd = 0.5 * max(0, (words // FEW_WORDS).bit_length())
    values = [each for each in scanner.values(row) if each[3] in shown]
    best: tuple[float, dict[str, float], dict[str, tuple[int, int]]] = 0.0, {}, {}
    for low, high in _windows(values, shown, folded.size):
        fields, places = _fields(values, shown, low, high, crowd)
        bits = spread.combined(fields) if spread.tells(fields) else 0.0
        best = max(best, (bits, fields, places), key=lambda each: each[0])
    bits, fields, places = best
    if not fields:
        return None
    names = sorted(fields, key=lambda field: places[field])
    return Match(
        leak=scanner.name,
        row=row,
        bits=bits,
        fields=tuple(names),
        spans=tuple(folded.span(*places[name]) for name in names),
        layer=layer.name,
        field_bits=tuple(fields[name] for name in names),
        how=tuple(str(How.EXACT) for _ in names),
    )


def _windows(
    values: Sequence[Value], shown: Mapping[int, list[tuple[int, int, int]]], size: int
) -> list[tuple[int, int]]:
    """Which bytes of a post may hold one record: all of a short one, else what stands about each
    value of the person herself, for a long list has everybody's words somewhere."""
    if size <= WINDOW:
        return [(0, size)]
    return [
        (first - WINDOW // 2, first + WINDOW // 2)
        for field, _, _, signature in values
        if field in spread.PERSONAL
        for _, first, _ in shown[signature][:PLACES]
    ]


def _fields(
    values: Sequence[Value],
    shown: Mapping[int, list[tuple[int, int, int]]],
    low: int,
    high: int,
    crowd: float,
) -> tuple[dict[str, float], dict[str, tuple[int, int]]]:
    """Bits by field type of what stands in [low, high), and where."""
    fields: dict[str, float] = {}
    places: dict[str, tuple[int, int]] = {}
    for field, role, weight, signature in values:
        place = next((each for each in shown[signature] if low <= each[1] < high), None)
        if place is None:
            continue
        if role in (k.R_JOINED, k.R_LOCAL):
            if field in fields:
                continue
        elif role in (k.R_WORD, k.R_HOUSE):
            weight = max(0.0, weight - crowd)
        fields[field] = fields.get(field, 0.0) + weight
        places.setdefault(field, (place[1], place[2]))
    return {field: bits for field, bits in fields.items() if bits > 0.0}, places


@dataclass(slots=True)
class _Recognised:
    """A row as `decide` looks at it."""

    row: int
    bits: float
    fields: list[tuple[str, int, int, int, float]]
    start: int
    tied: bool = False
    conflicts: int = 0
    layer: int = 0
    called: frozenset[bytes] = frozenset()


def scan_thread(
    scanner: Scanner, document: str, size: int, sha256: str, posts: Sequence[Post]
) -> ScanResult:
    """A whole thread as one document. Spans of the layer "" are those of `joined`'s text."""
    whole = joined(posts)
    layers = [TextLayer(name, text) for name, (text, _) in whole.items()]
    base = scanner.scan(document, size, sha256, layers, all_matches=True, to_the_end=True)
    known = {match.row for match in base.matches if match.bits >= decide.ALERT}
    starts = whole[""][1]
    found = [match for match in _together(scanner, posts, starts) if match.row not in known]
    if not found:
        return base
    rest = [match for match in base.matches if match.row not in {each.row for each in found}]
    matches = sorted([*found, *rest], key=lambda match: (-match.bits, match.row))
    records = base.records + len(found)
    if base.verdict.raises_alert:
        return replace(base, records=records, matches=tuple(matches))
    strong = [match for match in matches if match.bits >= decide.ALERT]
    told = decide.decide(
        [_as_recognised(match) for match in strong],
        # Where no text named anybody, groups of identifiers are no people like these.
        max(base.candidates if base.matches else 0, len(strong)),
        rows=scanner.rows, known_file=False, mention=False,
    )  # fmt: skip
    return replace(
        base,
        verdict=told.verdict if told.verdict is not Verdict.NONE else base.verdict,
        records=records,
        candidates=told.candidates,
        chance=told.chance,
        matches=tuple(matches),
    )


def joined(posts: Sequence[Post]) -> dict[str, tuple[str, list[int]]]:
    """The layers of a thread by name: their texts one after another, and where each post's
    begins (-1 for a post without that layer). The layer "" is always there."""
    found: dict[str, tuple[str, list[int]]] = {"": ("", [])}
    parts: dict[str, list[str]] = defaultdict(list)
    starts: dict[str, list[int]] = defaultdict(list)
    at: dict[str, int] = defaultdict(int)
    names = dict.fromkeys(["", *(layer.name for post in posts for layer in post)])
    for post in posts:
        texts: dict[str, str] = {}
        for layer in post:
            texts.setdefault(layer.name, layer.text)
        for name in names:
            if name in texts:
                starts[name].append(at[name])
                parts[name].append(texts[name])
                at[name] += len(texts[name]) + len(spread.GAP)
            else:
                starts[name].append(-1)
    for name in names:
        found[name] = (spread.GAP.join(parts[name]), starts[name])
    return found


def _together(scanner: Scanner, posts: Sequence[Post], starts: Sequence[int]) -> list[Match]:
    """Rows that reach the alert threshold by what the posts' own texts say together."""
    outer = [_pieces([layer for layer in post if not layer.name]) for post in posts]
    first = [traces(scanner, post) for post in outer]
    suspects = _suspects(first)
    by_row: dict[int, list[tuple[int, Match]]] = defaultdict(list)
    for number, post in enumerate(outer):
        for match in traces(scanner, post, suspects):
            by_row[match.row].append((number, match))
    places = sum(max(1, sum(len(layer.text) for layer in post) // PLACE) for post in outer)
    found = []
    for said in by_row.values():
        sum_ = spread.together([fields_of(match) for _, match in said], places)
        if sum_.bits >= decide.ALERT and len(sum_.posts) > 1:
            used = [said[place] for place in sum_.posts]
            found.append(_one_match(sum_.bits, used, starts))
    return found


def _pieces(post: Post) -> list[TextLayer]:
    """The texts of a post that may be a piece of one record: a list of people, in which somebody's
    values stand by chance, is judged as a text of its own."""
    return [layer for layer in post if crowd.count(fold_text(layer.text)) < LIST]


def _suspects(found: Sequence[Sequence[Match]]) -> list[int]:
    bits: dict[int, float] = defaultdict(float)
    for post in found:
        for match in post:
            bits[match.row] += match.bits
    return sorted(bits, key=lambda row: (-bits[row], row))[:SUSPECTS]


def _one_match(bits: float, used: Sequence[tuple[int, Match]], starts: Sequence[int]) -> Match:
    best: dict[str, tuple[float, int, int, str]] = {}
    for number, match in used:
        for place, field in enumerate(match.fields):
            worth = match.field_bits[place]
            if field not in best or worth > best[field][0]:
                start, end = match.spans[place]
                at = starts[number]
                best[field] = (worth, at + start, at + end, match.how[place])
    ordered = sorted(best.items(), key=lambda item: item[1][1])
    return Match(
        leak=used[0][1].leak,
        row=used[0][1].row,
        bits=bits,
        fields=tuple(field for field, _ in ordered),
        spans=tuple((told[1], told[2]) for _, told in ordered),
        field_bits=tuple(told[0] for _, told in ordered),
        how=tuple(told[3] for _, told in ordered),
    )


def _as_recognised(match: Match) -> _Recognised:
    fields = [
        (field, start, end, k.Q_EXACT, bits)
        for field, (start, end), bits in zip(
            match.fields, match.spans, match.field_bits, strict=True
        )
    ]
    return _Recognised(match.row, match.bits, fields, min(span[0] for span in match.spans))
