"""The query language of both search indexes: parsed here once, into a tree.

    base médecins             both words, in any order, without case and accents
    "base de patients"        these words in this order
    medec*                    words that begin so
    status:open               a field's value, without case and accents
    records:>=10              also > < <=, and records:10..500 (both ends belong to it)
    first_seen:2026-07        a month, a day or a time; first_seen:2026-07-01..2026-07-14
    forum OR paste            either; ( ) group; -word or NOT word: without it

What looks like a field but is none (https://…) is words. `OR` and `NOT` are operators in capitals
only. Brackets that do not match are mended. Times are UTC. Raises WrongQuery for a number or
date that cannot be read, and for a query that is too long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from index import words
from index.errors import WrongQuery

KEYWORDS = ("leak", "source", "verdict", "status", "field", "host", "id")
NUMBERS = ("alert", "case", "records", "bits", "found_after", "gone_after")
DATES = ("first_seen", "last_seen", "posted", "gone")
SYNONYMS = {"fields": "field"}
MAX_LENGTH, MAX_TERMS, MAX_DEPTH = 2000, 32, 8
TOKEN = re.compile(
    r"""(?:(?P<open>\()|(?P<close>\))|(?P<minus>-(?=[\w("]))
        |(?:(?P<field>\w+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s()"]+)))""",
    re.VERBOSE,
)
RANGE = re.compile(r"(>=|<=|>|<)?(.*)", re.DOTALL)
DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](.+))?)?)?")


@dataclass(frozen=True, slots=True)
class Words:
    """These folded words one after the other; with `prefix` the last one may go on, and then
    the words before it only have to be there."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A keyword field has this folded value."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Range:
    """A number field (or a date, in milliseconds since 1970 UTC) lies in [low, high]; an end that
    is None is open, one with `_open` does not belong to it."""

    field: str
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every part fits; none means everything fits."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part fits."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not fit."""

    part: Node


Node = Words | Value | Range | All | Any | Not
Token = tuple[Literal["open", "close", "minus", "or", "not", "term"], Node | None]


def parse(untrusted_query: str) -> Node:
    """The tree of a query; raises WrongQuery."""
    if len(untrusted_query) > MAX_LENGTH:
        raise WrongQuery(f"The query is longer than {MAX_LENGTH} characters; shorten it.", "long")
    tokens = _tokens(untrusted_query.replace("\0", " "))
    if sum(kind == "term" for kind, _ in tokens) > MAX_TERMS:
        raise WrongQuery(f"The query has more than {MAX_TERMS} terms; use fewer.", "terms")
    return _Parser(tokens).whole()


def both(*nodes: Node) -> Node:
    """All of these, flat."""
    parts: list[Node] = []
    for node in nodes:
        parts.extend(node.parts if isinstance(node, All) else [node])
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for match in TOKEN.finditer(text):
        if match["open"]:
            found.append(("open", None))
        elif match["close"]:
            found.append(("close", None))
        elif match["minus"]:
            found.append(("minus", None))
        elif match["word"] in ("OR", "NOT") and not match["field"]:
            found.append(("or" if match["word"] == "OR" else "not", None))
        elif match["word"] != "AND" or match["field"]:
            term = _term(match["field"] or "", match["word"], match["phrase"])
            if term is not None:
                found.append(("term", term))
    return found


def _term(
    untrusted_field: str, untrusted_word: str | None, untrusted_phrase: str | None
) -> Node | None:
    value = untrusted_word if untrusted_word is not None else (untrusted_phrase or "")
    name = untrusted_field.casefold()
    name = SYNONYMS.get(name, name)
    if name in KEYWORDS:
        return Value(name, words.fold(value.strip()))
    if name in NUMBERS or name in DATES:
        return _range(name, value.strip())
    starred = untrusted_word is not None and value.endswith("*")
    text = f"{untrusted_field} {value}" if untrusted_field else value
    split = tuple(words.split(text))
    if not split:
        return None
    # A star after what is no letter (as in "a-*") stars nothing.
    return Words(split, prefix=starred and value.rstrip("*")[-1:].isalnum())


def _range(field: str, untrusted_text: str) -> Range:
    low_text, dots, high_text = untrusted_text.partition("..")
    if dots:
        low = _bounds(field, low_text)[0] if low_text else None
        high = _bounds(field, high_text) if high_text else None
        return Range(field, low, high[1] if high else None, high_open=bool(high and high[2]))
    found = RANGE.fullmatch(untrusted_text)
    sign, value = (found[1] or "", found[2]) if found else ("", untrusted_text)
    first, behind, has_length = _bounds(field, value)
    if sign == ">":
        # Behind a day means from the next one on.
        return Range(field, low=behind, low_open=not has_length)
    if sign == ">=":
        return Range(field, low=first)
    if sign == "<":
        return Range(field, high=first, high_open=True)
    return Range(
        field,
        low=None if sign == "<=" else first,
        high=behind,
        high_open=has_length,
    )


def _bounds(field: str, untrusted_text: str) -> tuple[float, float, bool]:
    """Where a value begins and ends; and whether its end is already behind it."""
    if field in DATES:
        first, behind = _dates(field, untrusted_text)
        return _milliseconds(first), _milliseconds(behind), behind > first
    text = untrusted_text.removeprefix("#")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        raise WrongQuery(
            f"{field}: needs a number, for example {field}:10, {field}:>=10 or {field}:10..500.",
            "number",
            field,
        )
    return float(text), float(text), False


def _dates(field: str, untrusted_text: str) -> tuple[datetime, datetime]:
    wrong = WrongQuery(
        f"{field}: needs a date, for example {field}:2026-07-14, {field}:2026-07, "
        f"{field}:>=2026-07-14T08:00Z or {field}:2026-07-01..2026-07-14.",
        "date",
        field,
    )
    found = DATE.fullmatch(untrusted_text)
    if not found:
        raise wrong
    try:
        year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
        if found[4]:
            moment = datetime.fromisoformat(untrusted_text.replace(" ", "T"))
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
            return moment, moment
        first = datetime(year, month, day, tzinfo=UTC)
        if found[3]:
            return first, first + timedelta(days=1)
        if found[2]:
            return first, (first + timedelta(days=32)).replace(day=1)
        return first, first.replace(year=year + 1)
    except (ValueError, OverflowError):
        raise wrong from None


def _milliseconds(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


class _Parser:
    """Recursive descent; whatever stands in a wrong place is passed over."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Node:
        parts = []
        while self._at < len(self._tokens):
            parts.append(self._either(0))
            if self._next() == "close":
                self._at += 1
        return both(*(part for part in parts if part is not None))

    def _next(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else "end"

    def _either(self, depth: int) -> Node | None:
        if depth > MAX_DEPTH:
            raise WrongQuery(
                f"The query has more than {MAX_DEPTH} brackets within another.", "depth"
            )
        parts = [self._together(depth)]
        while self._next() == "or":
            self._at += 1
            parts.append(self._together(depth))
        found = [part for part in parts if part is not None]
        if not found:
            return None
        return found[0] if len(found) == 1 else Any(tuple(found))

    def _together(self, depth: int) -> Node | None:
        parts: list[Node] = []
        while self._next() not in ("or", "close", "end"):
            part = self._one(depth)
            if part is not None:
                parts.append(part)
        return both(*parts) if parts else None

    def _one(self, depth: int) -> Node | None:
        kind, term = self._tokens[self._at]
        self._at += 1
        if kind == "term":
            return term
        if kind == "open":
            inner = self._either(depth + 1)
            if self._next() == "close":
                self._at += 1
            return inner
        # "not" or "minus"; several of them in a row count as they stand.
        negate = True
        while self._next() in ("not", "minus"):
            negate = not negate
            self._at += 1
        if self._next() in ("or", "close", "end"):
            return None
        part = self._one(depth)
        return Not(part) if negate and part is not None else part
