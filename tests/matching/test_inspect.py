"""Layouts and headers nobody wrote the inspector for."""

# ruff: noqa: ARG005 - the writers of columns share one signature
from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from matching.errors import LeakFileError, SchemaError
from matching.fields import FieldType
from matching.inspect import inspect
from matching.schema import Schema, read_schema
from tests.matching import disguises
from tests.matching.disguises import Person

Write = Callable[[random.Random, Person], str]

VALUES: dict[str, Write] = {
    "nir": lambda d, p: p.nir + p.key,
    "nir spaced": lambda d, p: disguises.nir_form(d, p.nir, p.key),
    "surname": lambda d, p: p.surname,
    "first_name": lambda d, p: p.first,
    "full_name": lambda d, p: f"{p.surname} {p.first}",
    "birth_date": lambda d, p: p.birthday,
    "birth_date iso": lambda d, p: "{}-{:02d}-{:02d}".format(*p.born),
    "birth_date mixed": lambda d, p: disguises.date_form(d, p.born),
    "sex": lambda d, p: "FM"[p.nir[0] == "1"],
    "phone": lambda d, p: p.phone,
    "phone mixed": lambda d, p: disguises.phone_form(d, p.phone),
    "phone nine": lambda d, p: p.phone[1:],
    "email": lambda d, p: p.email,
    "street": lambda d, p: p.address,
    "postcode": lambda d, p: p.postcode,
    "city": lambda d, p: p.town,
    "doctor": lambda d, p: p.doctor,
    "laboratory": lambda d, p: p.lab,
    "insurer": lambda d, p: p.insurer,
    "insurer_number": lambda d, p: p.member,
    "date": lambda d, p: f"{d.randint(1, 28):02d}/{d.randint(1, 12):02d}/{d.randint(2015, 2020)}",
    "password": lambda d, p: p.first.lower() + str(d.randint(10, 9999)) + d.choice("!$*"),
    "comment": lambda d, p: d.choice(("vue à jeun ce matin au laboratoire", "rappeler après midi",
                                      "ne pas joindre au travail svp merci")),
    "ignore": lambda d, p: str(d.randint(0, 3)),
}  # fmt: skip


def write(
    path: Path, columns: list[tuple[str, str]], delimiter: str, encoding: str, header: bool,
    quote: str = "", missing: float = 0.1,
) -> None:  # fmt: skip
    draw = random.Random(str(columns))
    rows = [[name for name, _ in columns]] if header else []
    for person in disguises.people(400, seed=7):
        cells = [VALUES[kind](draw, person) for _, kind in columns]
        rows.append(["" if draw.random() < missing else cell for cell in cells])
    text = "\n".join(delimiter.join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    path.write_text(text + "\n", encoding)


LAYOUTS = (
    ([("NUM_SS", "nir"), ("NOM_USUEL", "surname"), ("PRENOM_1", "first_name"),
      ("DDN", "birth_date"),
      ("TEL_PORTABLE", "phone"), ("CP", "postcode"), ("VILLE", "city"),
      ("MEDECIN_TRAITANT", "doctor"), ("MUTUELLE", "insurer"), ("OBSERVATIONS", "comment")],
     ";", "latin-1"),
    ([("N° de sécu", "nir spaced"), ("Né(e) le", "birth_date mixed"), ("Patient", "full_name"),
      ("Tél. dom.", "phone mixed"), ("Courriel", "email"), ("Commune", "city")], "\t", "utf-8"),
    ([("assure_nir", "nir"), ("nomNaissance", "surname"), ("prenomUsage", "first_name"),
      ("dateNaissance", "birth_date iso"), ("gsm", "phone nine"), ("codePostal", "postcode"),
      ("localite", "city"), ("voie", "street"), ("mdp", "password")], ",", "utf-8-sig"),
    ([("Nom de famille", "surname"), ("Prénom", "first_name"), ("Date de visite", "date"),
      ("Labo", "laboratory"), ("No contrat mutuelle", "insurer_number"), ("Adresse mail", "email"),
      ("Lieu de naissance", "ignore"), ("Sexe", "sex")], "|", "cp1252"),
    ([("champ1", "first_name"), ("champ2", "surname"), ("champ3", "nir"), ("champ4", "phone mixed"),
      ("champ5", "birth_date"), ("champ6", "date"), ("champ7", "email"), ("champ8", "street"),
      ("champ9", "postcode"), ("champ10", "city"), ("champ11", "doctor")], ";", "utf-16"),
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(LAYOUTS)))
@pytest.mark.parametrize("quote", ["", '"'])
def test_headers_never_seen(tmp_path: Path, number: int, quote: str) -> None:
    columns, delimiter, encoding = LAYOUTS[number]
    path = tmp_path / "fuite.csv"
    write(path, columns, delimiter, encoding, header=True, quote=quote)
    found = inspect(path)
    assert found.header
    assert found.delimiter == delimiter
    assert "".encode(found.encoding) is not None
    expected = [kind.split()[0] for _, kind in columns]
    assert [str(kind) for _, kind in found.columns] == expected
    assert [name for name, _ in found.columns] == [name for name, _ in columns]


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_without_header_the_values_decide(tmp_path: Path, number: int) -> None:
    columns, delimiter, encoding = LAYOUTS[number]
    path = tmp_path / "fuite.csv"
    write(path, columns, delimiter, encoding, header=False)
    found = inspect(path)
    assert not found.header
    assert [name for name, _ in found.columns] == [str(at) for at in range(len(columns))]
    sure = ("nir", "birth_date", "phone", "email", "postcode", "city", "street", "doctor",
            "surname", "first_name", "full_name")  # fmt: skip
    for (_, kind), (_, said) in zip(columns, found.columns, strict=True):
        if kind.split()[0] in sure and kind != "phone nine":
            assert str(said) == kind.split()[0]


def test_encodings_are_told_by_their_bytes(tmp_path: Path) -> None:
    columns = LAYOUTS[0][0]
    for encoding, said in (
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"), ("latin-1", "latin-1"), ("cp850", "cp850"),
    ):  # fmt: skip
        path = tmp_path / encoding
        write(path, columns, ";", encoding, header=True)
        assert inspect(path).encoding == said


def test_a_schema_survives_toml(tmp_path: Path) -> None:
    schema = Schema(
        "cp1252", "\t", True,
        (
            ("N° de sécu", FieldType.NIR), ('odd "name"\\', FieldType.COMMENT),
            ("a b", FieldType.CITY),
        ),
    )  # fmt: skip
    path = tmp_path / "schema.toml"
    path.write_text(schema.to_toml(), "utf-8")
    assert read_schema(path) == schema


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns = 3", "columns"),
        ("[columns]\nA = 'nirr'", "types are"),
        ("colour = 1\n[columns]\nA = 'nir'", "colour"),
        ("delimiter = ';;'\n[columns]\nA = 'nir'", "one character"),
        ("encoding = 'utf-9'\n[columns]\nA = 'nir'", "encoding"),
        ("[columns\n", "TOML"),
    ],
)
def test_a_wrong_schema_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "schema.toml"
    path.write_text(text)
    with pytest.raises(SchemaError, match=said):
        read_schema(path)


@pytest.mark.parametrize("text", ["", "\n\n \n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vide.csv"
    path.write_text(text)
    with pytest.raises(LeakFileError, match="empty"):
        inspect(path)
