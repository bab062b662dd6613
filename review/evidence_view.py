"""What the alert page draws: bits as bars from nothing to the threshold, and masked snippets.

Widths are given in SVG user units, one a bit, so that no inline style is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.views import THRESHOLDS, HitView

SHOWN_RECORDS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a waterfall: `field` adds `bits` from `start`. Bits, log2 likelihood ratio."""

    field: str
    bits: float
    start: float

    @property
    def left(self) -> float:
        """Where the bar begins; a step can also lead back."""
        return round(max(0.0, min(self.start, self.start + self.bits)), 2)

    @property
    def width(self) -> float:
        """How wide it is, at least visible."""
        return round(max(abs(self.bits), 0.4), 2)


@dataclass(frozen=True, slots=True)
class RecordBar:
    """One recognised record: its row in the leak, never a value."""

    row: int
    leak: str
    bits: float
    fields: tuple[str, ...]
    steps: tuple[Bar, ...]
    layer: str


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
    records = tuple(_record(match) for match in ordered[:SHOWN_RECORDS])
    top = max([*THRESHOLDS, *(record.bits for record in records)])
    return Evidence(records, max(0, len(ordered) - SHOWN_RECORDS), round(top * 1.06, 1))


def _record(match: Mapping[str, Any]) -> RecordBar:
    fields = tuple(dict.fromkeys(str(field) for field in match["fields"]))
    return RecordBar(
        row=int(match["row"]),
        leak=str(match["leak"]),
        bits=float(match["bits"]),
        fields=fields,
        steps=_steps(match),
        layer=str(match.get("layer", "")),
    )


def _steps(match: Mapping[str, Any]) -> tuple[Bar, ...]:
    """The waterfall: one step a field, and a last one for what the fields have in common."""
    weights = match.get("field_bits") or ()
    fields = match["fields"]
    if len(weights) != len(fields):
        return ()
    steps: list[Bar] = []
    total = 0.0
    for field, bits in sorted(zip(fields, weights, strict=True), key=lambda pair: -pair[1]):
        if abs(bits) < 0.05:
            continue
        steps.append(Bar(str(field), float(bits), total))
        total += float(bits)
    rest = float(match["bits"]) - total
    if steps and abs(rest) >= 0.1:
        steps.append(Bar("rest", rest, total))
    return tuple(steps)


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
