"""What a panel is made of, before it is written the way Kibana keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TIME = "@timestamp"
# How many values of a field a panel shows.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Metric:
    """A number. `field` is empty for a count of documents; `only` narrows it, in KQL."""

    id: str
    label: str
    operation: Literal["count", "median", "percentile"] = "count"
    field: str = ""
    only: str = ""
    percentile: int = 50


@dataclass(frozen=True, slots=True)
class Values:
    """Documents by their values of a keyword field, those with the highest first metric first."""

    id: str
    label: str
    field: str
    size: int = SHOWN


@dataclass(frozen=True, slots=True)
class OverTime:
    """Documents by a date, in spans that Kibana chooses for the time shown."""

    id: str
    label: str
    field: str = TIME


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart. `only` narrows all of it, in KQL; `w` and `h` are in the dashboard's grid of 48
    columns."""

    id: str
    title: str
    description: str
    chart: Literal["number", "bars", "rows", "lines", "table"]
    metrics: tuple[Metric, ...]
    by: OverTime | Values | None = None
    split: Values | None = None
    only: str = ""
    w: int = 24
    h: int = 12


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Panels over one kind of document, row by row."""

    id: str
    kind: Literal["alert", "hit"]
    title: str
    description: str
    panels: tuple[Panel, ...]
