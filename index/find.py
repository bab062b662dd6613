"""Alerts found by the words of a person in the review application, through the search index.

The index answers with numbers only; what is shown comes from the record, so a decision made a
moment ago is right on the page even where the index has not heard of it yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.errors import WrongQuery
from index.query import All, Any, Node, Range, parse
from index.search import MAX_PAGE, SearchIndex

NUMBER = re.compile(r"(#?)(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class FoundAlerts:
    """Numbers of alerts, the newest first; `more` when older ones fit too."""

    ids: tuple[int, ...]
    more: bool = False


def find_alerts(search: SearchIndex, untrusted_query: str, most: int = MAX_PAGE) -> FoundAlerts:
    """The newest alerts that fit a query (index.query). `#17` is alert 17; a bare number is that
    alert and every place it stands in. Raises WrongQuery and IndexUnavailable."""
    page = search.search(
        _tree(untrusted_query.strip()), kind="alert", sort="number", descending=True, limit=most
    )
    return FoundAlerts(tuple(hit.number for hit in page.hits), bool(page.next))


def _tree(untrusted_query: str) -> Node:
    number = NUMBER.fullmatch(untrusted_query)
    if number is None:
        tree = parse(untrusted_query)
        if tree == All():
            # Everything would fit, which nobody means who types a sign that is no word.
            raise WrongQuery("The query holds no word, number or field:value.", "empty")
        return tree
    alert = Range("alert", float(number[2]), float(number[2]))
    return alert if number[1] else Any((alert, parse(number[2])))
