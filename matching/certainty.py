"""When a long text need not be read to its end: the verdict `repost` is certain already.

Stretches drawn at random over the whole text are read, each is judged as a document of its own,
and a sign test says whether the majority of the text can be anything else (docs/adr/0010). The
draw is keyed: who posts a text cannot know which of its places are looked at, and the same text
is read at the same places again.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from matching import decide
from matching.blocks import Found
from matching.kernel.bench import PART, REGION
from matching.kernel.screen import cut_part
from matching.normalise.fold import Folded
from matching.result import NOT_READ, Verdict

STRETCH = (
    REGION * 3 // 4
)  # bytes of one stretch, some hundred rows; moved to lines it fits a region
LARGE = 4 * 1024 * 1024  # bytes that are left to read, below which stopping saves too little
TRIES = (200, 2_000, 20_000)  # rows found after which the rest is sampled
LOOKS = 128  # stretches drawn at most
FAILURES = 12  # stretches that are no repost, from which the text is read to its end
SURE = 1e-9  # probability of stopping in a text most of whose stretches are no repost

Read = Callable[[int, int], "list[Found]"]
Count = Callable[[Folded, Sequence[Found]], int]


@dataclass(frozen=True, slots=True)
class Judge:
    """How stretches are judged: `read` gives the findings of one, `count` the people of a text in
    which some were recognised, `rows` is how many the leak holds."""

    read: Read
    count: Count
    rows: int


@dataclass(slots=True)
class Sample:
    """What the stretches read of one text show; `read` counts bytes, once each."""

    found: list[Found] = field(default_factory=list)
    people: int = 0
    read: int = 0
    stretches: int = 0

    def note(self, size: int) -> str:
        """What the result says about the rest of a text of `size` bytes."""
        return (
            f"read {self.read} of {size} bytes, {self.stretches} stretches drawn over the whole "
            f"text; nearly all are copies of the file, so {NOT_READ} and its rows are not told"
        )


def pays(rows: int, tries: int, left: int) -> bool:
    """Whether to sample now: `rows` found so far, `tries` samples taken, `left` bytes unread."""
    return tries < len(TRIES) and rows >= TRIES[tries] and left >= LARGE


def chance(drawn: int, failed: int) -> float:
    """Probability that at most `failed` of `drawn` stretches are no repost where half of the text
    is none, times the looks taken at it (Bonferroni)."""
    return LOOKS * sum(math.comb(drawn, n) for n in range(failed + 1)) / 2.0**drawn


def places(begun: int, size: int, secret: bytes, tries: int) -> Iterator[tuple[int, int]]:
    """Distinct stretches behind byte `begun` of a text, in an order that hangs on `secret`."""
    seed = hashlib.sha256(secret + b"places" + size.to_bytes(8, "big") + bytes((tries,))).digest()
    draw = random.Random(int.from_bytes(seed, "big"))  # noqa: S311 - the seed is the secret
    every = range(begun // STRETCH + 2, size // STRETCH)
    for number in draw.sample(every, min(LOOKS, len(every))):
        yield number * STRETCH, (number + 1) * STRETCH


def sample(
    folded: Folded, begun: int, known: Sequence[Found], secret: bytes, tries: int, judge: Judge
) -> Sample | None:
    """What random stretches show when they make `repost` certain, None when they do not.

    `known` was found in the first `begun` bytes. All positions are those of the whole text.
    """
    seen = Sample([*known], people_in(folded, 0, begun, known, judge.count), begun)
    failed = 0
    # The same text has the same draw, wherever it stands: two crawls of a post tell the same rows.
    text = hashlib.sha256(folded.data[: folded.size].data).digest()
    secret = hashlib.sha256(secret + text).digest()
    for place in places(begun, folded.size, secret, tries):
        start, end = (line_before(folded, at) for at in place)
        found = judge.read(start, end)
        people = people_in(folded, start, end, found, judge.count)
        seen.found += found
        seen.people += people
        seen.read += end - start
        seen.stretches += 1
        failed += not is_repost(found, people, judge.rows)
        if chance(seen.stretches, failed) < SURE:
            return seen if is_repost(seen.found, seen.people, judge.rows) else None
        if failed > FAILURES:
            return None
    return None


def is_repost(found: Sequence[Found], people: int, rows: int) -> bool:
    """Whether what was found in a part of a text makes that part a repost."""
    told = decide.decide(best_by_row(found), people, rows=rows, known_file=False, mention=False)
    return told.verdict is Verdict.REPOST


def line_before(folded: Folded, at: int) -> int:
    """The end of a line or word at or shortly before byte `at`."""
    return int(cut_part(folded.data, max(0, at - PART), folded.size)[0])


def people_in(folded: Folded, start: int, end: int, found: Sequence[Found], count: Count) -> int:
    """How many people a stretch shows, recognised or not."""
    part = Folded(folded.data[start:], end - start, None)
    return count(part, [_moved(each, start) for each in found])


def _moved(each: Found, start: int) -> Found:
    fields = [(kind, a - start, b - start, how, bits) for kind, a, b, how, bits in each.fields]
    return replace(each, fields=fields)


def best_by_row(found: Sequence[Found]) -> list[Found]:
    """The strongest finding of each row, the strongest row first."""
    best: dict[int, Found] = {}
    for each in found:
        known = best.get(each.row)
        if known is None or each.bits > known.bits:
            best[each.row] = each
    return sorted(best.values(), key=lambda each: (-each.bits, each.row))
