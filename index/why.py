"""Why a match is believed: its bits field by field, in the form of Fellegi and Sunter.

A waterfall starts at the prior: before anything is read, one window and one row are a chance
pair out of the 2^49 that a day compares (1e9 windows, 491,000 rows). Every field that agrees
adds its bits; what fields say twice is taken off at the end. Nothing here holds a value: `seen`
is masked, and empty in hits recorded before it was kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from index.views import THRESHOLDS

PRIOR = -49.0  # log2 of the odds before anything is read, for a day's comparisons
REST = "rest"  # the step for what fields have in common, and for what speaks against
LEAST = 0.05  # a step smaller than this says nothing


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a waterfall: `field` adds `bits` (log2) to the sum of those before it."""

    field: str
    bits: float
    start: float
    how: str = ""
    seen: str = ""

    @property
    def sum(self) -> float:
        """The sum behind this step."""
        return self.start + self.bits


@dataclass(frozen=True, slots=True)
class Why:
    """One recognised record: its row in the leak, its bits, and the steps that lead to them."""

    leak: str
    row: int
    bits: float
    layer: str
    fields: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def after(self) -> float:
        """log2 of the odds when everything was read."""
        return PRIOR + self.bits

    def to_json(self) -> dict[str, Any]:
        """For commands: the steps in their order, one decimal each."""
        steps = [{**asdict(step), "sum": step.sum} for step in self.steps]
        return {
            "leak": self.leak,
            "row": self.row,
            "bits": round(self.bits, 1),
            "layer": self.layer,
            "prior_bits": PRIOR,
            "review_bits": THRESHOLDS[0],
            "alert_bits": THRESHOLDS[1],
            "steps": [
                {
                    "field": step["field"],
                    "seen": step["seen"],
                    "how": step["how"],
                    "bits": round(step["bits"], 1),
                    "sum": round(step["sum"], 1),
                }
                for step in steps
            ],
        }


def why(match: Mapping[str, Any]) -> Why:
    """The explanation of one match as matching writes it (`ScanResult.to_json`), with `seen` where
    the record kept it."""
    return Why(
        leak=str(match["leak"]),
        row=int(match["row"]),
        bits=float(match["bits"]),
        layer=str(match.get("layer", "")),
        fields=tuple(dict.fromkeys(str(field) for field in match["fields"])),
        steps=_steps(match),
    )


def _steps(match: Mapping[str, Any]) -> tuple[Step, ...]:
    """The strongest field first, and at the end what is left to the record's own bits."""
    fields = [str(field) for field in match["fields"]]
    weights = [float(bits) for bits in match.get("field_bits") or ()]
    if len(weights) != len(fields):
        return ()
    how = _beside(match.get("how"), len(fields))
    seen = _beside(match.get("seen"), len(fields))
    steps: list[Step] = []
    total = 0.0
    for field, bits, code, shown in sorted(
        zip(fields, weights, how, seen, strict=True), key=lambda part: -part[1]
    ):
        if abs(bits) >= LEAST:
            steps.append(Step(field, bits, total, code, shown))
            total += bits
    rest = float(match["bits"]) - total
    if steps and abs(rest) >= 2 * LEAST:
        steps.append(Step(REST, rest, total))
    return tuple(steps)


def _beside(told: Any, count: int) -> list[str]:
    """What stands beside the fields, or blanks where it was not recorded."""
    found = [str(each) for each in told or ()]
    return found if len(found) == count else [""] * count
