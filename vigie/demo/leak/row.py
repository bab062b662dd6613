"""One row of the leak, and how the file is read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

ENCODING = "latin-1"
DELIMITER = ";"
LINE_END = "\r\n"
HEADER = (
    "ID_PATIENT",
    "NUM_SECU",
    "CIVILITE",
    "NOM",
    "NOM_NAISSANCE",
    "PRENOM",
    "SEXE",
    "DATE_NAISSANCE",
    "TEL_FIXE",
    "TEL_PORTABLE",
    "EMAIL",
    "ADRESSE",
    "CODE_POSTAL",
    "VILLE",
    "MEDECIN_TRAITANT",
    "LABORATOIRE",
    "MUTUELLE",
    "NUM_ADHERENT",
    "DATE_PRELEVEMENT",
    "MOT_DE_PASSE",
    "COMMENTAIRE",
)


@dataclass(frozen=True, slots=True)
class LeakRow:
    """One person as the file writes them, every field as text, empty where it is missing.

    Fields stand in the order of `HEADER`. No value holds the delimiter, a quote or a line end,
    so that a line splits at its delimiters.
    """

    patient_id: str
    nir: str
    title: str
    surname: str
    birth_surname: str
    first_name: str
    sex: str
    birth_date: str
    landline: str
    mobile: str
    email: str
    street: str
    postcode: str
    city: str
    doctor: str
    laboratory: str
    insurer: str
    insurer_number: str
    sampled: str
    password: str
    comment: str

    @classmethod
    def from_line(cls, line: str) -> LeakRow:
        """A row from one line without its end; raises ValueError on another number of fields."""
        cells = line.split(DELIMITER)
        if len(cells) != len(HEADER):
            raise ValueError(f"a row of {len(cells)} fields where {len(HEADER)} are due")
        return cls(*cells)

    def cells(self) -> tuple[str, ...]:
        """The fields in the order of `HEADER`."""
        return astuple(self)

    def line(self) -> str:
        """The row as the file holds it, without the line's end."""
        return DELIMITER.join(self.cells())


def read_rows(path: Path) -> Iterator[LeakRow]:
    """The rows of a file that `generate` wrote, in order; the header is left out."""
    with path.open(encoding=ENCODING, newline=LINE_END) as lines:
        next(lines, None)
        for line in lines:
            yield LeakRow.from_line(line.removesuffix(LINE_END))


def pick_rows(path: Path, wanted: Iterable[int]) -> dict[int, LeakRow]:
    """The rows of these numbers (the first data row is 0); raises IndexError beyond the end."""
    numbers = set(wanted)
    found: dict[int, LeakRow] = {}
    with path.open("rb") as lines:
        next(lines, None)
        for number, line in enumerate(lines):
            if number in numbers:
                found[number] = LeakRow.from_line(line.decode(ENCODING).removesuffix(LINE_END))
    if missing := numbers - found.keys():
        raise IndexError(f"{path} has no row {min(missing)}")
    return found
