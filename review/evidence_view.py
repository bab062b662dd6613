"""What the alert page draws: bits as bars from nothing to the threshold, and masked snippets.

Widths are given in SVG user units, one a bit, so that no inline style is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.views import THRESHOLDS, HitView
from index.why import Step, Why, why

SHOWN_RECORDS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a waterfall as it is drawn."""

    step: Step

    @property
    def left(self) -> float:
        """Where the bar begins; a step can also lead back."""
        return round(max(0.0, min(self.step.start, self.step.sum)), 2)

    @property
    def width(self) -> float:
        """How wide it is, at least visible."""
        return round(max(abs(self.step.bits), 0.4), 2)


@dataclass(frozen=True, slots=True)
class RecordBar:
    """One recognised record and its waterfall."""

    why: Why

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Its steps, ready to be drawn."""
        return tuple(Bar(step) for step in self.why.steps)

    @property
    def odds(self) -> float:
        """How many chance agreements as strong as this a day may bring: 2 to the minus `after`."""
        return float(2.0 ** min(1000.0, -self.why.after))


@dataclass(frozen=True, slots=True)
class Evidence:
    """The strongest records of an alert's hits, on one scale of `scale` bits."""

    records: tuple[RecordBar, ...]
    more: int
    scale: float


def evidence(hits: Sequence[HitView]) -> Evidence:
    """Every record once, at its strongest, the strongest first."""
    best: dict[tuple[str, int], Mapping[str, Any]] = {}
    for hit in hits:
        for match in hit.matches:
            key = (str(match["leak"]), int(match["row"]))
            if key not in best or float(match["bits"]) > float(best[key]["bits"]):
                best[key] = match
    ordered = sorted(best.values(), key=lambda match: (-float(match["bits"]), int(match["row"])))
    records = tuple(RecordBar(why(match)) for match in ordered[:SHOWN_RECORDS])
    top = max([*THRESHOLDS, *(record.why.bits for record in records)])
    return Evidence(records, max(0, len(ordered) - SHOWN_RECORDS), round(top * 1.06, 1))


@dataclass(frozen=True, slots=True)
class SnippetView:
    """A masked excerpt: (text, field or "") pairs, and the layer it was read from."""

    layer: str
    segments: tuple[tuple[str, str], ...]


def snippets(hits: Sequence[HitView], limit: int = 10) -> tuple[SnippetView, ...]:
    """The excerpts of the hits, each once."""
    found: dict[SnippetView, None] = {}
    for hit in hits:
        for snippet in hit.snippets:
            segments = tuple((str(part[0]), str(part[1] or "")) for part in snippet["segments"])
            found.setdefault(SnippetView(str(snippet.get("layer", "")), segments))
    return tuple(found)[:limit]
