"""A date among the words of a row's comment is not held against the row as another's birth date."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from matching.build import build
from matching.inspect import inspect
from matching.keys import load_key
from matching.result import LeakRef, ScanResult, TextLayer
from matching.scan import Scanner

HEADER = "NOM_USUEL;PRENOM;DDN;TEL_FIXE;ADR;CP;VILLE;COMMENTAIRE"
HOME = "0243523379;135 rue des Fauvettes;35700;RENNES"
REMARK = "Adresse à vérifier (patient diabétique, Imurel, vu le 19/10/2018)"
FAMILY = [
    f"MARCHAND;ANNE;13/08/1978;{HOME};{REMARK}",
    f"MARCHAND;LUC;02/03/1975;{HOME};Ne pas rappeler avant midi",
    f"MARCHAND;JADE;05/06/2004;{HOME};",
]


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanner]:
    folder = tmp_path_factory.mktemp("family")
    others = [
        f"NOM{letter * 3};PRENOM{letter};0{number % 9 + 1}/04/19{number + 40};02435{number:05d};"
        f"{number} rue du Port;35000;RENNES;Rappeler pour un contrôle dans {number} mois"
        for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz" * 2)
    ]
    csv = folder / "fuite.csv"
    csv.write_text("\n".join((HEADER, *FAMILY, *others)) + "\n", "latin-1")
    (folder / "leak.key").write_text("5e" * 32 + "\n")
    (folder / "leak.key").chmod(0o600)
    # Always the same key and salt: pieces of a byte agree by chance under one key in a hundred.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matching.build._recipe", lambda *_: b"quoted dates")
        build(csv, load_key(folder / "leak.key"), folder / "leak.vfp", inspect(csv))
    scanner = Scanner(LeakRef(folder / "leak.vfp", folder / "leak.key"))
    yield scanner
    scanner.close()


def scanned(scanner: Scanner, text: str) -> ScanResult:
    return scanner.scan("post", len(text), "", [TextLayer("", text)], all_matches=True)


REST = "MARCHAND 0243523379 135 rue des Fauvettes"


@pytest.mark.parametrize(
    "remark", [
        "Adresse à vérifier (patient diabétique, Imurel, vu le 19/10/2018)",
        "Adresse à vérifier (patient encore diabétique, Imurel, vu le 19/10/2018)",
        "vérifier patient diabétique Imurel, vu le 19/10/2018",
    ],
)  # fmt: skip
def test_a_date_of_the_comment_is_no_birth_date(family: Scanner, remark: str) -> None:
    """The first name is left out, so that a birth date of somebody else would be a relative's."""
    found = scanned(family, f"{remark} — {REST}")
    assert found.verdict == "fragment"
    assert [match.row for match in found.matches] == [0]


def test_any_other_date_still_is(family: Scanner) -> None:
    """The same row with a date that does not belong to the words of its comment."""
    remark = "Adresse à vérifier (patient diabétique, Imurel"
    for apart in (" — ", ";", "\n", " | "):
        found = scanned(family, f"{remark}{apart}né le 19/10/2018{apart}{REST}")
        assert found.verdict != "fragment", apart
