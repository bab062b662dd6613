"""The forms in which tables travel: separated, as objects, as statements, as text."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Sequence

from vigie.demo.leak import HEADER, LeakRow

LEAK_LINE = ";".join(HEADER)
CARD = ("surname", "first_name", "birth_date", "nir", "mobile", "email", "city")
LABEL = {
    "surname": "Nom",
    "first_name": "Prénom",
    "birth_date": "Date de naissance",
    "nir": "N° sécu",
    "mobile": "Portable",
    "email": "E-mail",
    "city": "Ville",
    "street": "Adresse",
    "postcode": "CP",
    "doctor": "Médecin traitant",
    "comment": "Commentaire",
    "password": "Mot de passe",
    "landline": "Fixe",
    "insurer": "Mutuelle",
    "insurer_number": "N° adhérent",
    "laboratory": "Laboratoire",
}
ENGLISH = {
    "surname": "last_name",
    "first_name": "first_name",
    "birth_date": "dob",
    "nir": "ssn",
    "mobile": "phone",
    "email": "email",
    "city": "city",
    "street": "address",
    "postcode": "zip",
    "doctor": "doctor",
    "password": "password",
}


def cut(row: LeakRow, fields: Sequence[str]) -> list[str]:
    """The named fields in the order asked for."""
    return [str(getattr(row, field)) for field in fields]


def verbatim(rows: Sequence[LeakRow], *, header: bool = True) -> str:
    """Lines as the leak holds them."""
    return "\n".join(([LEAK_LINE] if header else []) + [row.line() for row in rows])


def separated(rows: Sequence[LeakRow], fields: Sequence[str], mark: str, *, header: bool) -> str:
    """One line a row, fields parted by `mark`."""
    lines = [mark.join(cut(row, fields)) for row in rows]
    return "\n".join(([mark.join(LABEL[field] for field in fields)] if header else []) + lines)


def quoted_csv(rows: Sequence[LeakRow], fields: Sequence[str]) -> str:
    """Commas, every field in quotes."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([ENGLISH[field] for field in fields])
    writer.writerows(cut(row, fields) for row in rows)
    return out.getvalue()


def as_json(rows: Sequence[LeakRow], fields: Sequence[str], *, ascii_only: bool = False) -> str:
    """A list of objects."""
    found = [
        {ENGLISH[field]: value for field, value in zip(fields, cut(row, fields), strict=True)}
        for row in rows
    ]
    return json.dumps(found, indent=2, ensure_ascii=ascii_only)


def as_sql(rows: Sequence[LeakRow], fields: Sequence[str], table: str = "patients") -> str:
    """INSERT statements."""
    names = ", ".join(f"`{ENGLISH[field]}`" for field in fields)
    lines = []
    for number, row in enumerate(rows, start=1):
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in cut(row, fields))
        head = f"INSERT INTO `{table}` (`id`, {names})"
        lines.append(f"{head} VALUES ({number}, {values});")
    return "\n".join(lines)


def as_html(rows: Sequence[LeakRow], fields: Sequence[str]) -> str:
    """A table as page source."""
    head = "".join(f"<th>{html.escape(LABEL[field])}</th>" for field in fields)
    body = "\n".join(
        "  <tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in cut(row, fields)) + "</tr>"
        for row in rows
    )
    return f'<table class="export">\n  <tr>{head}</tr>\n{body}\n</table>'


def cards(rows: Sequence[LeakRow], fields: Sequence[str]) -> str:
    """`Label : value`, a block a person."""
    blocks = []
    for row in rows:
        pairs = zip(fields, cut(row, fields), strict=True)
        blocks.append("\n".join(f"{LABEL[field]} : {value}" for field, value in pairs))
    return "\n\n".join(blocks)


def as_yaml(rows: Sequence[LeakRow], fields: Sequence[str]) -> str:
    """A list of mappings with quoted values."""
    lines = []
    for row in rows:
        lead = "- "
        for field, value in zip(fields, cut(row, fields), strict=True):
            lines.append(f"{lead}{ENGLISH[field]}: {json.dumps(value, ensure_ascii=False)}")
            lead = "  "
    return "\n".join(lines)


def as_markdown(rows: Sequence[LeakRow], fields: Sequence[str]) -> str:
    """A table of pipes with a rule under its head."""
    lines = ["| " + " | ".join(LABEL[field] for field in fields) + " |", "|---" * len(fields) + "|"]
    lines += ["| " + " | ".join(cut(row, fields)) + " |" for row in rows]
    return "\n".join(lines)


def fenced(text: str) -> str:
    """As a block of code, which a forum shows letter by letter."""
    return f"```\n{text}\n```"
