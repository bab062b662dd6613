"""A leak of more rows than are read at a time gives the same file as one read at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from matching import build as build_module
from matching.keys import new_key
from matching.schema import schema_from

COLUMNS = {
    "NUM_SECU": "nir",
    "NOM": "surname",
    "PRENOM": "first_name",
    "NE_LE": "birth_date",
    "TEL": "phone",
    "MAIL": "email",
    "ADRESSE": "street",
    "CP": "postcode",
    "VILLE": "city",
    "MDP": "password",
    "NOTE": "comment",
}


def lines(rows: int) -> list[str]:
    names = ("MARTIN", "DUBOIS", "LE GOFF", "KERVELLA", "MOREAU")
    return [
        f"1{50 + at % 40:02}0{1 + at % 9}35{at % 900:03}{at % 990:03};"
        f"{names[at % 5]};Jeanne{at % 7};"
        f"{1 + at % 28:02}/0{1 + at % 9}/19{50 + at % 40};06399{80_000 + at};p{at}@example.org;"
        f"{at % 90} rue des Lilas;35{at % 900:03};Rennes;soleil{at};vu le matin numéro {at} à jeun"
        for at in range(rows)
    ]


@pytest.mark.parametrize(
    ("chunk", "room"), [(1, 1_000_000), (64, 1_000_000), (257, 1_000_000), (257, 4_800)]
)
def test_rows_in_several_chunks_are_as_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, room: int
) -> None:
    leak = tmp_path / "leak.csv"
    leak.write_text("\n".join([";".join(COLUMNS), *lines(300)]) + "\n", encoding="latin-1")
    schema = schema_from(
        {"encoding": "latin-1", "delimiter": ";", "header": True, "columns": COLUMNS}, "here"
    )
    key = new_key(tmp_path / "leak.key")
    build_module.build(leak, key, tmp_path / "whole.vfp", schema, name="leak")
    monkeypatch.setattr(build_module, "CHUNK", chunk)
    monkeypatch.setattr(build_module, "ENTRY_ROOM", room)
    build_module.build(leak, key, tmp_path / "parts.vfp", schema, name="leak")
    assert (tmp_path / "parts.vfp").read_bytes() == (tmp_path / "whole.vfp").read_bytes()
