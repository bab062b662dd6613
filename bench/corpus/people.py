"""The people of the bench: those in the leak, and strangers of the same country.

Both are drawn by the demo's generator of synthetic patients, with different seeds; nothing here
knows how the matcher reads a text. A stranger who by chance shares a NIR, phone or address with
somebody of the leak is left out, so that every alert about a stranger is a false one.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from vigie.demo.leak import generate, invent_rows, read_rows

STRANGERS = 120_000
NO_MARK = re.compile(r"[̀-ͯ]")


def plain(text: str) -> str:
    """Lower case without accents; the bench's own idea of "the same word"."""
    return NO_MARK.sub("", unicodedata.normalize("NFD", text)).lower()


@dataclass(frozen=True, slots=True)
class Person:
    """One invented patient as the file writes them; numbers also as bare digits."""

    row: int
    cells: tuple[str, ...]
    nir: str
    surname: str
    first: str
    born: tuple[int, int, int]  # year, month, day; zeros where there is none
    phone: str
    email: str
    street: str
    postcode: str
    city: str
    doctor: str
    laboratory: str
    insurer: str
    member: str
    password: str
    comment: str

    def value(self, column: str) -> str:
        """A column's value as text, "" where there is none."""
        if column == "born":
            year, month, day = self.born
            return f"{day:02d}/{month:02d}/{year}" if year else ""
        return str(getattr(self, column))


def bare(text: str) -> str:
    """The digits, and the letter of Corsican NIRs, of a number."""
    return "".join(c for c in text.upper() if c.isdigit() or c in "AB")


def born(text: str) -> tuple[int, int, int]:
    """(year, month, day) of dd/mm/yyyy, zeros for anything else."""
    parts = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text)
    return (int(parts[3]), int(parts[2]), int(parts[1])) if parts else (0, 0, 0)


def person(row: int, cells: tuple[str, ...]) -> Person:
    """A person from the cells of one row of the demo's file."""
    phone = bare(cells[9]) or bare(cells[8])
    return Person(
        row, cells, bare(cells[1]) if len(bare(cells[1])) in (13, 15) else "", cells[3].strip(),
        cells[5].strip(), born(cells[7]), phone if len(phone) == 10 else "", cells[10],
        cells[11], cells[12], cells[13], cells[14], cells[15], cells[16], cells[17], cells[19],
        cells[20],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """Who is in the leak, in row order, and who is not."""

    csv: Path
    inside: list[Person]
    outside: list[Person]

    def draw(self, draw: random.Random) -> Person:
        """Somebody of the leak."""
        return self.inside[draw.randrange(len(self.inside))]


def make_world(folder: Path, rows: int, seed: int, strangers: int = STRANGERS) -> World:
    """Write the leak of `rows` rows into `folder` and invent the strangers."""
    csv = folder / "leak.csv"
    if not csv.exists():
        generate(csv, rows=rows, seed=seed)
    inside = [person(row, each.cells()) for row, each in enumerate(read_rows(csv))]
    taken = {each.nir[:13] for each in inside} | {each.phone for each in inside}
    taken |= {each.email.lower() for each in inside}
    named = {(plain(each.surname), plain(each.first), each.born) for each in inside}
    taken.discard("")
    outside = [
        each
        for each in (
            person(-1, row.cells()) for row in invent_rows(strangers, seed=seed + 1_000_003)
        )
        if each.nir[:13] not in taken
        and each.phone not in taken
        and each.email.lower() not in taken
        and (plain(each.surname), plain(each.first), each.born) not in named
    ]
    return World(csv, inside, outside)
