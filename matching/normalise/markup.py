"""Rows of tables in markup that stands in one line end a line for the matcher, as for a reader."""

from __future__ import annotations

import re
from collections.abc import Iterable

from matching.normalise.fold import NEWLINE, Folded
from matching.result import TextLayer

END_OF_ROW = re.compile(rb"</tr\b")
MARKUP = "html"  # the layer that shows what a reader sees


def raw_texts(layers: Iterable[TextLayer]) -> frozenset[str]:
    """The names of layers whose markup another layer shows."""
    ways = (layer.name.rpartition(">") for layer in layers)
    return frozenset(outer for outer, _, step in ways if step.partition("#")[0] == MARKUP)


def end_rows(folded: Folded) -> None:
    """Write a line end in the stead of the first byte of each row's closing tag: all places stay.

    Without it a record in a table of one line would be read together with its neighbours' values.
    """
    for tag in END_OF_ROW.finditer(bytes(folded.data[: folded.size])):
        folded.data[tag.start()] = NEWLINE
