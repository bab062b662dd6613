"""One result for a text that was matched window by window, because it is too long for one.

Each window is a document of its own, and the strongest verdict is that of the whole: what stands
far apart in so long a text says no more together. Fragments in several windows are a repost from
as many records on as in one. Windows overlap, so that what stands across an edge stands whole in
one of them; a row told of two windows counts once.
"""

from __future__ import annotations

from matching import decide
from matching.result import NOT_READ, Match, ScanResult, Verdict

STRENGTH = {verdict: -number for number, verdict in enumerate(Verdict)}


class Whole:
    """Gathers the results of one leak, window by window; holds `most` matches, all if it is 0."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._best: dict[int, Match] = {}
        self._strong: set[int] = set()
        self._weak: set[int] = set()
        self._verdict = Verdict.NONE
        self._records = self._review = self._candidates = 0
        self._notes: dict[str, None] = {}
        self._samples = 0

    def add(self, found: ScanResult) -> None:
        """One window's result, or one for the whole document without its texts."""
        self._verdict = max(self._verdict, found.verdict, key=STRENGTH.__getitem__)
        strong = [match.row for match in found.matches[: found.records]]
        weak = [match.row for match in found.matches[found.records :]]
        self._records += found.records - len(self._strong.intersection(strong))
        self._review += found.review_records - len(self._weak.intersection(weak))
        self._strong.update(strong)
        self._weak.update(weak)
        self._candidates += found.candidates
        self._samples += found.is_sample
        for note in found.notes:
            if NOT_READ not in note or self._samples == 1:
                self._notes[note] = None
        for match in found.matches:
            known = self._best.setdefault(match.row, match)
            if match.bits > known.bits:
                self._best[match.row] = match
        if self._most and len(self._best) > 2 * self._most:
            self._best = {match.row: match for match in self._ordered()[: self._most]}

    def _ordered(self) -> list[Match]:
        return sorted(self._best.values(), key=lambda match: (-match.bits, match.row))

    def result(self, document: str, size: int, sha256: str) -> ScanResult:
        """What all windows say."""
        verdict = self._verdict
        if verdict is Verdict.FRAGMENT and self._records >= decide.MANY:
            verdict = Verdict.REPOST
        candidates = max(self._candidates, self._records)
        chance = decide.tail(candidates, self._records, decide.OVERLAP) if self._records else 1.0
        matches = self._ordered()
        notes = list(self._notes)
        if self._samples > 1:
            notes.append(f"{self._samples} windows were judged by such a sample")
        return ScanResult(
            document, size, sha256, verdict, self._records, self._review, candidates, chance,
            tuple(matches[: self._most] if self._most else matches), tuple(notes),
        )  # fmt: skip
