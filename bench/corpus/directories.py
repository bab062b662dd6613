"""Directories: name, street and town of many people, no identifier, in the shapes lists have.

`written` takes anybody: strangers make a hard negative, rows of the leak cut to these columns a
repost.
"""

from __future__ import annotations

import html
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.corpus.forms import no_accents
from bench.corpus.people import Person

Entry = Callable[[Person], str]


def home(each: Person) -> str:
    """Street, postcode and town as on an envelope."""
    return f"{each.street}, {each.postcode} {each.city}"


def cells(each: Person) -> tuple[str, ...]:
    """The columns of a directory."""
    return (each.surname, each.first, each.street, each.postcode, each.city)


def as_block(each: Person) -> str:
    """Label: value, one a line, a blank line behind."""
    names = ("Nom", "Prénom", "Adresse", "CP", "Ville")
    return "".join(f"{n} : {v}\n" for n, v in zip(names, cells(each), strict=True))


def as_object(each: Person) -> dict[str, str]:
    """Name and address as one object."""
    return {"nom": f"{each.surname} {each.first}", "adresse": home(each)}


def as_cells(each: Person) -> str:
    """One row of an HTML table."""
    return "<tr>" + "".join(f"<td>{html.escape(v)}</td>" for v in cells(each)) + "</tr>"


def as_card(each: Person) -> str:
    """A vCard of version 3."""
    return (
        f"BEGIN:VCARD\nVERSION:3.0\nN:{each.surname};{each.first};;;\n"
        f"FN:{each.first} {each.surname}\nADR;TYPE=home:;;{each.street};{each.city};;"
        f"{each.postcode};France\nEND:VCARD"
    )


def as_value(each: Person) -> str:
    """One tuple of an INSERT."""
    return "(" + ",".join("'" + v.replace("'", "''") + "'" for v in cells(each)) + ")"


def as_element(each: Person) -> str:
    """One XML element a person, on lines of their own."""
    names = ("nom", "prenom", "rue", "cp", "ville")
    inside = "\n".join(
        f"  <{n}>{html.escape(v)}</{n}>" for n, v in zip(names, cells(each), strict=True)
    )
    return f"<abonne>\n{inside}\n</abonne>"


LINES: dict[str, Entry] = {
    "csv": lambda p: ";".join(cells(p)),
    "commas": lambda p: ",".join(f'"{v}"' for v in cells(p)),
    "pipes": lambda p: " | ".join(cells(p)),
    "tabs": lambda p: "\t".join(cells(p)),
    "blocks": as_block,
    "json lines": lambda p: json.dumps(as_object(p), ensure_ascii=False),
    "vcards": as_card,
    "xml": as_element,
    "titles": lambda p: f"M. {p.first} {p.surname}, {home(p)}",
    "two lines": lambda p: f"{p.surname} {p.first}\n{home(p)}",
    "three lines": lambda p: f"{p.first} {p.surname}\n{p.street}\n{p.postcode} {p.city}\n",
    "upper case": lambda p: no_accents(f"{p.surname} {p.first} {home(p)}").upper(),
    "initials": lambda p: f"{p.surname} {p.first[:1]}. {home(p)}",
    "widths": lambda p: f"{p.surname:24.24}{p.first:18.18}{p.street:34.34}{p.postcode} {p.city}",
    "town first": lambda p: f"{p.city} ({p.postcode}) - {p.surname} {p.first}, {p.street}",
    "list items": lambda p: f"<li>{p.surname} {p.first}<br>{html.escape(home(p))}</li>",
    "no town": lambda p: f"{p.surname} {p.first}, {p.street}",
    "no street": lambda p: f"{p.surname} {p.first} ({p.postcode} {p.city})",
}
WHOLE: dict[str, Callable[[Sequence[Person]], str]] = {
    "html table": lambda some: "<table>\n" + "\n".join(map(as_cells, some)) + "\n</table>",
    "html table in a line": lambda some: "<table>" + "".join(map(as_cells, some)) + "</table>",
    "json array": lambda some: json.dumps([as_object(p) for p in some], ensure_ascii=False),
    "json indented": lambda some: json.dumps(
        [dict(zip(("nom", "prenom", "rue", "cp", "ville"), cells(p), strict=True)) for p in some],
        ensure_ascii=False, indent=1,
    ),
    "insert": lambda some: (
        "INSERT INTO abonnes VALUES " + ",".join(map(as_value, some)) + ";"  # noqa: S608 - a text
    ),
    "running text": lambda some: " - ".join(f"{p.surname} {p.first}, {home(p)}" for p in some),
}  # fmt: skip
SHAPES = (*LINES, *WHOLE, "mixed")


def written(shape: str, people: Sequence[Person]) -> str:
    """The people as a directory in one of SHAPES."""
    if shape in WHOLE:
        return WHOLE[shape](people)
    if shape == "mixed":  # three kinds of lines, as pages put together by hand have
        kinds = (LINES["titles"], LINES["json lines"], LINES["list items"])
        return "\n".join(kinds[at * 7 % 3](each) for at, each in enumerate(people))
    return "\n".join(map(LINES[shape], people))


def of_one_town(draw: random.Random, people: Sequence[Person]) -> list[Person]:
    """The same people, all living in one of their towns."""
    town = draw.choice(people)
    return [replace(each, postcode=town.postcode, city=town.city) for each in people]
