"""What the sections of vigie.toml are made of: durations, and tables without unknown keys."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from crawler.accounts import hours_of

DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,12})?) ?(ms|s|m|h|d)?")
UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


def _seconds(value: object) -> object:
    if isinstance(value, str):
        found = DURATION.fullmatch(value.strip())
        if not found:
            raise ValueError('is no duration: write for example "60s", "5m", "12h" or "90d"')
        return float(found[1]) * UNIT[found[2]]
    return value


def _joined(value: object) -> object:
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return ",".join(value)
    return value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0)]
# One address or several, as a list or with commas between them.
Addresses = Annotated[str, BeforeValidator(_joined)]


class Section(BaseModel):
    """A table of vigie.toml: no other keys, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _hours(value: object) -> object:
    if isinstance(value, str):
        hours_of(value)
    return value


Hours = Annotated[str, BeforeValidator(_hours)]
