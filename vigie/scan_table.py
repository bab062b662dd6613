"""The documents of a scan for people: a table, and a sentence for those in which nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from matching.result import ScanResult, Verdict
from vigie import console
from vigie.explain import language

if TYPE_CHECKING:
    from matching.result import Match
    from review.wording import Words

FIELDS = 4  # of a match that are named
FEW = 20  # documents that all have their row; of more those that say something


class Sentences(NamedTuple):
    """What is said in one language; English has none of the application's words to load."""

    heads: tuple[str, ...]
    none_of: str
    rest: str
    other: str  # where that is one


SENTENCES = {
    "en": Sentences(
        ("document", "verdict", "records", "review", "people", "chance", "strongest"),
        "{count} documents were read; nothing of a leak is in them.",
        "{count} documents were read; nothing of a leak is in the {silent} others.",
        "{count} documents were read; nothing of a leak is in the other.",
    ),
    "fr": Sentences(
        ("document", "verdict", "enreg.", "à vérifier", "personnes", "hasard", "le plus fort"),
        "{count} documents lus ; rien d'une fuite n'y figure.",
        "{count} documents lus ; rien d'une fuite ne figure dans les {silent} autres.",
        "{count} documents lus ; rien d'une fuite ne figure dans l'autre.",
    ),
}
STYLE = {
    Verdict.REPOST: "bold red", Verdict.FRAGMENT: "red",
    Verdict.SAME_PEOPLE: "yellow", Verdict.REVIEW: "yellow",
}  # fmt: skip


class Results:
    """What is said of each document until all are read: of thousands without anything no more than
    their number is kept."""

    def __init__(self) -> None:
        self.rows: list[ScanResult] = []
        self.count = 0

    def add(self, result: ScanResult) -> None:
        """The next document."""
        self.count += 1
        if self.count <= FEW or _says_something(result):
            self.rows.append(result)

    def print(self) -> None:
        """All of it, on stdout, in the user's language."""
        if not self.count:
            return
        rows = self.rows
        if self.count > FEW:
            rows = [each for each in rows if _says_something(each)]
        if rows:
            print_table(rows)
        if silent := self.count - len(rows):
            told = SENTENCES[language()]
            rest = told.other if silent == 1 else told.rest
            sentence = rest if rows else told.none_of
            print(sentence.format(count=self.count, silent=silent))  # noqa: T201


def _says_something(result: ScanResult) -> bool:
    return result.verdict is not Verdict.NONE or bool(result.matches or result.notes)


def print_table(rows: list[ScanResult]) -> None:
    """One line a document, then what is noted of each."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    words = _french() if language() == "fr" else None
    document, verdict, *numbers, strongest = SENTENCES[language()].heads
    table = Table()
    table.add_column(document, overflow="fold", min_width=14)
    table.add_column(verdict, overflow="fold")
    for label in numbers:
        table.add_column(label, overflow="fold", justify="right")
    table.add_column(strongest, overflow="fold")
    for row in rows:
        best = row.matches[0] if row.matches else None
        seen = _strongest(best, words) if best else ""
        verdict = words.either("verdict", str(row.verdict)).lower() if words else row.verdict
        table.add_row(
            Text(console.visible(row.document)),
            Text(verdict, style=STYLE.get(row.verdict, "")),
            str(row.records),
            str(row.review_records),
            str(row.candidates),
            f"{row.chance:.1g}" if row.records else "",
            Text(console.visible(seen)),
        )
    out = Console(highlight=False)
    out.print(table)
    for row in rows:
        for note in row.notes:
            out.print(Text(console.visible(f"{row.document}: {note}")), soft_wrap=True)


def _french() -> Words:
    from review.wording import Words

    return Words("fr")


def _strongest(match: Match, words: Words | None) -> str:
    found = list(dict.fromkeys(match.fields))
    more = [f"+{len(found) - FIELDS}"] * (len(found) > FIELDS)
    if words is None:
        fields = ", ".join([*found[:FIELDS], *more])
        return f"{match.leak} row {match.row}, {match.bits:.0f} bits: {fields}"
    fields = ", ".join([*(words.either("field", name) for name in found[:FIELDS]), *more])
    return f"{match.leak} ligne {match.row}, {match.bits:.0f} bits : {fields}"
