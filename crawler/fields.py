"""Fields of a frame from an untrusted child, each held to a type and a bound."""

from __future__ import annotations

from typing import Any

MAX_POSTS = 10_000
MAX_ADDRESS = 8_192


class BadMessage(Exception):
    """A child sent a frame that is not of the agreed shape; its crawl ends as failed."""


def text(untrusted: dict[str, Any], name: str, bound: int) -> str:
    """A bounded string field, "" when absent; raises BadMessage."""
    value = untrusted.get(name, "")
    if not isinstance(value, str) or len(value) > bound:
        raise BadMessage(f"field {name} is no text of at most {bound} characters")
    return value


def number(untrusted: dict[str, Any], name: str) -> int:
    """An integer field; raises BadMessage."""
    value = untrusted.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadMessage(f"field {name} is no whole number")
    return value


def texts(untrusted: dict[str, Any], name: str, bound: int) -> tuple[str, ...]:
    """A list of bounded strings; raises BadMessage."""
    value = untrusted.get(name, [])
    if not isinstance(value, (list, tuple)) or len(value) > MAX_POSTS:
        raise BadMessage(f"field {name} is no list")
    if not all(isinstance(item, str) and len(item) <= bound for item in value):
        raise BadMessage(f"field {name} is no list of texts of at most {bound} characters")
    return tuple(value)


def pairs(untrusted: dict[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    """A list of pairs of strings; raises BadMessage."""
    value = untrusted.get(name, [])
    if not isinstance(value, (list, tuple)) or len(value) > MAX_POSTS:
        raise BadMessage(f"field {name} is no list")
    for pair in value:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise BadMessage(f"field {name} is no list of pairs")
        if not all(isinstance(item, str) for item in pair):
            raise BadMessage(f"field {name} is no list of pairs of texts")
    return tuple((first, second) for first, second in value)


def hosts_of(untrusted: dict[str, Any]) -> dict[str, int]:
    """The counts of a "sent" frame, bounded; raises BadMessage."""
    hosts = untrusted.get("hosts")
    if not isinstance(hosts, dict) or len(hosts) > MAX_POSTS:
        raise BadMessage("the counts of requests are no object")
    for host, count in hosts.items():
        whole = isinstance(count, int) and not isinstance(count, bool)
        if not isinstance(host, str) or len(host) > 300 or not whole or not 0 <= count < 10**6:
            raise BadMessage("a count of requests is none")
    return dict(hosts)


def unchanged_of(untrusted: dict[str, Any]) -> int:
    """How many pages a "done" frame says were as they had been; 0 when it says nothing usable."""
    counts = untrusted.get("counts")
    value = counts.get("unchanged") if isinstance(counts, dict) else None
    whole = isinstance(value, int) and not isinstance(value, bool)
    return min(10**6, max(0, value)) if whole and value is not None else 0


def seconds_of(untrusted: dict[str, Any], name: str) -> float:
    """A number of seconds from 0 to a day, 0 when absent or no number."""
    value = untrusted.get(name, 0.0)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return min(86_400.0, max(0.0, float(value))) if is_number and value == value else 0.0


def validators_of(untrusted: dict[str, Any]) -> list[dict[str, Any]]:
    """The pages of a "lists" frame, each of the shape of a Validator; raises BadMessage."""
    pages = untrusted.get("pages")
    if not isinstance(pages, list) or len(pages) > MAX_POSTS:
        raise BadMessage("the lists are no list")
    found = []
    for page in pages:
        if not isinstance(page, dict):
            raise BadMessage("a list is no object")
        told: dict[str, Any] = {
            name: text(page, name, MAX_ADDRESS)
            for name in ("address", "etag", "modified", "next_page", "site")
        }
        told["lists"] = list(texts(page, "lists", MAX_ADDRESS))
        told["logged_in"] = page.get("logged_in") is True
        found.append(told)
    return found
