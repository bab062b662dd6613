"""A query's tree as SQL over the embedded index's tables.

A page is found in one of two ways, whichever is short: from a part that few documents fit, all
of which are then sorted; or along the sort column's own index, asking each document whether the
rest fits, until the page is full.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.errors import WrongChoice
from index.query import DATES, NUMBERS, All, Any, Node, Not, Range, Value, Words

COLUMNS = {
    name: {"case": "case_number", "number": "ordinal"}.get(name, name)
    for name in (*NUMBERS, *DATES, "number")
}
# A part that fits more documents than this is no place to begin from.
FEW = 5_000


@dataclass(slots=True)
class Sql:
    """A condition and its values, in order."""

    text: str
    values: list[object] = field(default_factory=list)


class Compiler:
    """Makes conditions over `document d` of one kind."""

    def __init__(self, connection: sqlite3.Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind

    def condition(self, node: Node) -> Sql:
        """Whether one document fits; never NULL."""
        match node:
            case Words():
                return _holds(node)
            case Value(field="id"):
                return Sql("d.id = ?", [node.value])
            case Value():
                return Sql(
                    f"EXISTS (SELECT 1 FROM facet f WHERE f.key IN ({self._keys(node)}) "  # noqa: S608
                    "AND f.number = d.number)"
                )
            case Range():
                # The plus keeps SQLite from fetching all of a wide range and sorting it.
                return _range(node, "+d.")
            case Not():
                inner = self.condition(node.part)
                return Sql(f"NOT {inner.text}", inner.values)
            case All() | Any():
                return self._several(node)

    def driver(self, node: Node) -> Sql | None:
        """The numbers of documents that one part fits which few documents do; None when every
        part fits many, or none has to fit."""
        parts = node.parts if isinstance(node, All) else (node,)
        best: tuple[int, Sql] | None = None
        for part in parts:
            found = self._numbers(part)
            if found is None:
                continue
            count = self._connection.execute(
                f"SELECT count(*) FROM ({found.text} LIMIT {FEW + 1})",  # noqa: S608 - constants
                found.values,
            ).fetchone()[0]
            if count <= FEW and (best is None or count < best[0]):
                best = count, found
        return best[1] if best else None

    def _numbers(self, node: Node) -> Sql | None:
        match node:
            case Words():
                return Sql("SELECT rowid AS number FROM words WHERE words MATCH ?",
                           [match_text(node)])  # fmt: skip
            case Value(field="id"):
                return Sql("SELECT number FROM document WHERE id = ?", [node.value])
            case Value():
                keys = self._keys(node)
                return Sql(f"SELECT number FROM facet WHERE key IN ({keys})")  # noqa: S608
            case Range():
                inner = _range(node)
                return Sql(
                    f"SELECT number FROM document d WHERE d.kind = ? AND {inner.text}",  # noqa: S608
                    [self._kind, *inner.values],
                )
            case _:
                return None

    def _several(self, node: All | Any) -> Sql:
        parts = [self.condition(part) for part in node.parts]
        if not parts:
            return Sql("1" if isinstance(node, All) else "0")
        word = " AND " if isinstance(node, All) else " OR "
        return Sql(
            "(" + word.join(part.text for part in parts) + ")",
            [value for part in parts for value in part.values],
        )

    def _keys(self, node: Value) -> str:
        rows = self._connection.execute(
            "SELECT key FROM facet_value WHERE kind = ? AND name = ? AND value = ?",
            (self._kind, node.field, node.value),
        ).fetchall()
        return ",".join(str(row[0]) for row in rows) or "-1"


def _holds(node: Words) -> Sql:
    """Whether one document's text holds the words. They lie there folded, with one space between
    them, so this finds what FTS5 finds; asked of one document after another it is far cheaper."""
    if not node.prefix:
        parts = [(" || ' '", f" {' '.join(node.words)} ")]
    else:
        *whole, last = node.words
        parts = [*((" || ' '", f" {word} ") for word in whole), ("", f" {last}")]
    return Sql(
        "(" + " AND ".join(f"instr(' ' || d.searched{end}, ?) > 0" for end, _ in parts) + ")",
        [value for _, value in parts],
    )


def match_text(node: Words) -> str:
    """FTS5's words: each is letters and digits alone, quoted all the same."""
    if not node.prefix:
        return '"' + " ".join(node.words) + '"'
    *whole, last = node.words
    return " AND ".join([*(f'"{word}"' for word in whole), f'"{last}" *'])


def column(name: str, allowed: Sequence[str]) -> str:
    """The column of a field; raises WrongChoice."""
    if name not in allowed:
        raise WrongChoice(f"The search knows no {name}; use one of {', '.join(allowed)}.")
    return COLUMNS[name]


def _range(node: Range, table: str = "d.") -> Sql:
    name = f"{table}{COLUMNS[node.field]}"
    parts, values = [f"{name} IS NOT NULL"], []
    if node.low is not None:
        parts.append(f"{name} {'>' if node.low_open else '>='} ?")
        values.append(node.low)
    if node.high is not None:
        parts.append(f"{name} {'<' if node.high_open else '<='} ?")
        values.append(node.high)
    return Sql("(" + " AND ".join(parts) + ")", [_plain(value) for value in values])


def _plain(value: float) -> object:
    return int(value) if float(value).is_integer() else value
