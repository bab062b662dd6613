"""A query's tree as Elasticsearch's own query objects. No text of a user is parsed there.

Words and values were folded before (index.words), so every leaf is a term, a phrase of terms, a
prefix or a range; all of it in filter context, since nothing is sorted by relevance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any as Anything

from index.errors import WrongChoice
from index.query import DATES, All, Any, Node, Not, Range, Value, Words

Query = dict[str, Anything]
WORDS, KEYS = "vigie.words", "vigie.keys"


def compiled(node: Node) -> Query:
    """The query object of a tree."""
    match node:
        case Words(prefix=True):
            *whole, last = node.words
            parts: list[Query] = [{"term": {WORDS: word}} for word in whole]
            return {"bool": {"filter": [*parts, {"prefix": {WORDS: last}}]}}
        case Words() if len(node.words) == 1:
            return {"term": {WORDS: node.words[0]}}
        case Words():
            return {"match_phrase": {WORDS: " ".join(node.words)}}
        case Value():
            return {"term": {KEYS: f"{node.field}={node.value}"}}
        case Range():
            return _range(node)
        case Not():
            return {"bool": {"must_not": [compiled(node.part)]}}
        case Any():
            return {
                "bool": {
                    "should": [compiled(part) for part in node.parts],
                    "minimum_should_match": 1,
                }
            }
        case All():
            return {"bool": {"filter": [compiled(part) for part in node.parts]}}


def known(name: str, allowed: Sequence[str]) -> str:
    """The field in the documents; raises WrongChoice."""
    if name not in allowed:
        raise WrongChoice(f"The search knows no {name}; use one of {', '.join(allowed)}.")
    return f"vigie.{name}"


def _range(node: Range) -> Query:
    found: Query = {}
    if node.low is not None:
        found["gt" if node.low_open else "gte"] = _plain(node.low)
    if node.high is not None:
        found["lt" if node.high_open else "lte"] = _plain(node.high)
    name = f"vigie.{node.field}"
    if not found:
        return {"exists": {"field": name}}
    if node.field in DATES:
        found["format"] = "epoch_millis"
    return {"range": {name: found}}


def _plain(value: float) -> float:
    return int(value) if float(value).is_integer() else value
