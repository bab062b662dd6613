"""What `vigie scan` prints for people; with `--explain` each match as a table: seen, how, bits.

What was seen is masked as the record masks it (capture.masking): nothing personal in plain, also
on the screen of someone who has the file before them, since screens are shared and logged.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from matching.result import ScanResult
from vigie import console

if TYPE_CHECKING:
    from rich.table import Table

    from index.why import Why
    from matching.result import TextLayer
    from review.wording import Words

SHOWN = 5  # matches of a document that are tabled unless all are asked for


@dataclass(frozen=True, slots=True)
class Explained(ScanResult):
    """A result that can say what was seen of each field of its matches, masked."""

    seen: tuple[tuple[str, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The contract's object; each match also has `seen` and `why`."""
        from index.why import why

        found = ScanResult.to_json(self)
        del found["seen"]
        for match, seen in zip(found["matches"], self.seen, strict=True):
            match["seen"] = list(seen)
            match["why"] = why(match).to_json()
        return found

    def explanations(self) -> list[Why]:
        """Why each match is believed, in the order of the matches."""
        from index.why import why

        return [why(match) for match in self.to_json()["matches"]]


def explained(result: ScanResult, layers: Sequence[TextLayer]) -> Explained:
    """The result with what stood in the layers for each field, masked."""
    from capture.masking import seen_values

    texts = {layer.name: layer.text for layer in layers}
    told = {field.name: getattr(result, field.name) for field in fields(ScanResult)}
    seen = tuple(seen_values(texts.get(match.layer, ""), match.spans) for match in result.matches)
    return Explained(**told, seen=seen)


def language(environ: Mapping[str, str] = os.environ) -> str:
    """ "fr" when the first of LC_ALL, LC_MESSAGES and LANG that is set says so, else "en"."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "fr" if environ[name].lower().startswith("fr") else "en"
    return "en"


def print_explanations(results: Sequence[ScanResult], *, all_matches: bool = False) -> None:
    """The tables of every result that has matches, on stdout, in the user's language."""
    from rich.console import Console
    from rich.text import Text

    from review.wording import Words

    words = Words(language())
    # Into a pipe or a file there is no width to keep to.
    out = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    found = [result for result in results if isinstance(result, Explained) and result.matches]
    if not found:
        out.print(Text(words.text("explain.nothing")))
    for result in found:
        name = console.visible(result.document)
        verdict = words.either("verdict", str(result.verdict))
        out.print(Text(words.text("explain.title", document=name, verdict=verdict), style="bold"))
        every = result.explanations()
        for why in every if all_matches else every[:SHOWN]:
            out.print(_table(why, words))
            out.print(Text(_scale(why, words), style="dim"))
        more = 0 if all_matches else len(every) - SHOWN
        if more > 0:
            out.print(Text(words.count("explain.more", more)))


def _table(why: Why, words: Words) -> Table:
    from rich.table import Table
    from rich.text import Text

    leak, row = console.visible(why.leak), words.number(why.row)
    title = words.text("explain.match", leak=leak, row=row, bits=words.number(why.bits, 1))
    if why.layer:
        title += ", " + words.text("explain.layer", layer=console.visible(why.layer))
    table = Table(title=Text(title), title_justify="left")
    heads = ("alert.col_field", "explain.seen", "alert.col_how", "alert.col_bits", "alert.col_sum")
    for head in heads:
        right = head in ("alert.col_bits", "alert.col_sum")
        table.add_column(
            Text(words.text(head)), justify="right" if right else "left", overflow="fold"
        )
    for cells in _rows(why, words):
        table.add_row(*(Text(cell) for cell in cells))
    table.add_section()
    bits = words.number(why.bits, 1)
    table.add_row(*(Text(cell) for cell in (words.text("alert.total"), "", "", bits, bits)))
    return table


def _rows(why: Why, words: Words) -> Iterator[tuple[str, ...]]:
    nothing = words.number(0, 1)
    yield words.text("alert.prior"), "", "", nothing, nothing
    for step in why.steps:
        how = words.how(step.how) if step.how else ""
        if step.field == "rest":
            how = words.text("alert.rest_how")
        sign = "+" if step.bits >= 0 else "−"
        yield (
            console.visible(words.either("field", step.field)),
            console.visible(step.seen),
            console.visible(how),
            sign + words.number(abs(step.bits), 1),
            words.number(step.sum, 1),
        )


def _scale(why: Why, words: Words) -> str:
    from index.views import THRESHOLDS

    return words.text(
        "explain.scale",
        review=words.number(THRESHOLDS[0]),
        alert=words.number(THRESHOLDS[1]),
        bits=words.number(why.bits, 1),
        chance=words.chance(2.0 ** min(1000.0, -why.after)),
    )
