"""What the sections of vigie.toml are made of: durations, and tables without unknown keys."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

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


def _since(value: object) -> object:
    if value is None or value == "all":
        return None
    if isinstance(value, str) and DURATION.fullmatch(value.strip()):
        return _seconds(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError('is how far back the first crawl reads: write for example "90d", or "all"')


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0)]
# How far back; None for all. It may come back out of the record, where it was kept as JSON.
Since = Annotated[float | None, BeforeValidator(_since)]
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


def _address(value: object) -> object:
    if isinstance(value, str) and not re.match(r"https?://[^/\s]", value):
        raise ValueError("is no address to watch: it begins with http:// or https://")
    return value


def _network(value: object) -> object:
    if isinstance(value, str):
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise ValueError('is no network: write for example "10.0.0.0/8"') from None
    return value


def _digest(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ValueError("is no SHA-256: 64 hexadecimal digits, as sha256sum prints them")
    return value


def _server(value: object) -> object:
    if isinstance(value, str):
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise ValueError('is no address of a server: write for example "9.9.9.9"') from None
    return value


def _clock(value: object) -> object:
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
            known = parts.scheme in ("ntp", "http", "https") and parts.port != 0
        except ValueError:  # a port that is none
            known = False
        if not known or not parts.hostname or re.search(r"\s", value):
            raise ValueError(
                'is no clock: write for example "ntp://ntp.example.fr" or "https://www.example.fr/"'
            )
    return value


Address = Annotated[str, BeforeValidator(_address)]
ServerAddress = Annotated[str, BeforeValidator(_server)]
Clock = Annotated[str, BeforeValidator(_clock)]
Network = Annotated[str, BeforeValidator(_network)]
Digest = Annotated[str, BeforeValidator(_digest)]
WRITTEN = {  # what a pattern wants, for those that are no list of words
    "id": 'takes letters, digits, ".", "_" and "-", the first a letter or a digit',
    "name": 'takes small letters, digits and "-", the first a letter or a digit',
    "robots": 'is "obey", or "override: " and the reason',
    "proxy": 'is written like "socks5h://127.0.0.1:9050"',
    "prefix": 'takes small letters, digits and "_", the first a letter',
    "fingerprint": "is the certificate's SHA-256 in hexadecimal digits",
}


def mistake(problem: Mapping[str, Any]) -> str:
    """What is wrong with a value, of one of pydantic's errors."""
    if problem["type"] == "string_pattern_mismatch":
        pattern = str(problem["ctx"]["pattern"])
        if words := re.fullmatch(r"\^\(\|?([\w|]+)\)\$", pattern):
            return f"is one of {words[1].replace('|', ', ')}"
        if known := WRITTEN.get(str(problem["loc"][-1])):
            return known
    return str(problem["msg"]).removeprefix("Value error, ")
