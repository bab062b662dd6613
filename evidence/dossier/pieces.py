"""`pieces/`: what a lawyer files. Numbered PDFs with stamp space, continuous pages, a bordereau.

A piece's number is the record's (table `piece`): it is given once, stays over re-exports and is
never given again. A piece over the bound is split between its blocks into parts, each a file.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
from sqlalchemy import Engine, insert, select

from evidence.dossier.facts import moment
from evidence.dossier.typeset import Typesetter
from index.engine import writing
from index.schema import Piece as PieceRow

MAX_BYTES = 4_000_000  # of one file: about what a court takes in one message
SPARE = 4_096  # page numbers of the second pass may add some bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """One piece before it has a number. `key` is what it is about, for ever; `blocks` are what
    may be parted; `told` is the rest that its template reads."""

    key: str
    title: str
    template: str
    blocks: tuple[Mapping[str, Any], ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """One file of a piece."""

    draft: Draft
    blocks: tuple[Mapping[str, Any], ...]
    number: int
    pages: int
    part: int = 1
    parts: int = 1
    first: int = 1

    @property
    def name(self) -> str:
        """Its file below pieces/."""
        tail = f"-{self.part}" if self.parts > 1 else ""
        return f"piece-{self.number:02d}{tail}.pdf"


def numbers(engine: Engine, case: int, keys: Sequence[str], now: datetime) -> dict[str, int]:
    """The number of every piece that the case ever had, new ones given in the order of `keys`."""
    with writing(engine) as connection:
        rows = connection.execute(
            select(PieceRow.key, PieceRow.number).where(PieceRow.case == case)
        ).all()
        found = {row.key: row.number for row in rows}
        for key in keys:
            if key not in found:
                found[key] = max(found.values(), default=0) + 1
                connection.execute(
                    insert(PieceRow).values(
                        case=case, number=found[key], key=key, first_exported=now
                    )
                )
    return found


class Filing:
    """Makes the files. `base` is what every template reads (evidence.dossier.reports)."""

    def __init__(self, typesetter: Typesetter, base: Mapping[str, Any], max_bytes: int) -> None:
        self._typesetter, self._base = typesetter, dict(base)
        self._max = max(100_000, max_bytes) - SPARE

    def files(
        self, drafts: Sequence[Draft], given: Mapping[str, int], claim: Mapping[str, str],
        now: datetime,
    ) -> Iterator[tuple[str, bytes]]:  # fmt: skip
        """(name below the dossier, bytes): every part in the order of numbers, the bordereau."""
        ordered = sorted(drafts, key=lambda draft: given[draft.key])
        parts = [part for draft in ordered for part in self._parts(draft, given[draft.key])]
        first = 1
        for part in parts:
            part.first = first
            first += part.pages
        total = first - 1
        listed = []
        for part in parts:
            data = self._compile(part, total)
            listed.append(_listed(part, data))
            yield f"pieces/{part.name}", data
        gone = sorted(set(given.values()) - {given[draft.key] for draft in drafts})
        told = {**self._base, "claim": dict(claim), "pieces": listed, "gone": gone,
                "total": total, "today": moment(now)}  # fmt: skip
        yield "pieces/bordereau.pdf", self._typesetter.compile("bordereau", _json(told), "fr")

    def _parts(self, draft: Draft, number: int) -> list[_Part]:
        found = self._split(draft, draft.blocks, number)
        for at, part in enumerate(found, start=1):
            part.part, part.parts = at, len(found)
        return found

    def _split(
        self, draft: Draft, blocks: tuple[Mapping[str, Any], ...], number: int
    ) -> list[_Part]:
        """Halves until each fits; one block alone stays as it is."""
        part = _Part(draft, blocks, number, 0)
        made = self._compile(part, 0)
        if len(made) > self._max and len(blocks) > 1:
            half = len(blocks) // 2
            return [
                *self._split(draft, blocks[:half], number),
                *self._split(draft, blocks[half:], number),
            ]
        part.pages = page_count(made)
        return [part]

    def _compile(self, part: _Part, total: int) -> bytes:
        piece = {
            "number": part.number, "title": part.draft.title, "first": part.first, "total": total,
            "part": part.part, "parts": part.parts,
        }  # fmt: skip
        told = {**self._base, **part.draft.told, "piece": piece, "blocks": list(part.blocks)}
        return self._typesetter.compile(part.draft.template, _json(told), "fr")


def _listed(part: _Part, data: bytes) -> dict[str, Any]:
    return {
        "number": part.number, "title": part.draft.title, "part": part.part, "parts": part.parts,
        "first": part.first, "last": part.first + part.pages - 1, "file": part.name,
        "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip


def page_count(pdf: bytes) -> int:
    """How many pages a PDF of ours has."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        return len(document)
    finally:
        document.close()


def _json(told: Mapping[str, Any]) -> str:
    return json.dumps(dict(told), ensure_ascii=False)
