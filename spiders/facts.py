"""Values out of a site's JSON, whatever stands there instead of what was expected."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit


def dicts(untrusted: Any) -> list[dict[str, Any]]:
    """The objects in a list; [] for anything else."""
    return (
        [one for one in untrusted if isinstance(one, dict)] if isinstance(untrusted, list) else []
    )


def inner(untrusted: Any, *names: str) -> dict[str, Any]:
    """An object within objects; {} where there is none."""
    for name in names:
        untrusted = untrusted.get(name) if isinstance(untrusted, dict) else None
    return untrusted if isinstance(untrusted, dict) else {}


def text(untrusted: Any) -> str:
    """A text; "" for anything else."""
    return untrusted if isinstance(untrusted, str) else ""


def number(untrusted: Any) -> int:
    """A whole number, also one written as text; 0 for anything else."""
    if isinstance(untrusted, int) and not isinstance(untrusted, bool):
        return untrusted
    if isinstance(untrusted, str) and untrusted.isascii() and untrusted.isdigit():
        return int(untrusted[:18])
    return 0


def page_number(address: str, key: str = "page") -> int:
    """The page an address asks for; 1 when it asks for none."""
    return max(1, number(parse_qs(urlsplit(address).query).get(key, ["1"])[0]))
