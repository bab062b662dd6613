"""Streets named after a day, and house numbers: neither tells more of a person than it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from matching import crowd
from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.normalise.fold import fold
from matching.result import LeakRef, ScanResult, TextLayer
from matching.scan import Scanner

HEADER = "NOM_USUEL;PRENOM;DDN;TEL_FIXE;ADR;CP;VILLE;NUM_ADHERENT"
PLAIN = "MARCHAND;ANNE;13/08/1978;0243523379;3 rue du 8 Mai 1945;35700;RENNES;812739745"


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanner]:
    folder = tmp_path_factory.mktemp("streets")
    others = [
        f"NOM{letter * 3};PRENOM{letter};0{number % 9 + 1}/04/19{number + 40};02435{number:05d};"
        f"{number} rue du Port;35000;RENNES;91273{number:04d}"
        for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz" * 2)
    ]
    csv = folder / "fuite.csv"
    other = "DURAND;PAUL;02/03/1961;0243523380;12 rue des Fauvettes;35700;RENNES;813840852"
    csv.write_text("\n".join((HEADER, PLAIN, other, *others)) + "\n", "latin-1")
    key = new_key(folder / "leak.key")
    build(csv, key, folder / "leak.vfp", inspect(csv))
    scanner = Scanner(LeakRef(folder / "leak.vfp", folder / "leak.key"))
    yield scanner
    scanner.close()


def scanned(scanner: Scanner, text: str) -> ScanResult:
    return scanner.scan("post", len(text), "", [TextLayer("", text)], all_matches=True)


def post(street: str) -> str:
    return f"Anne Marchand, née le 13 août 1978,\ndemeurant {street}, à Rennes, figure dans la base"


@pytest.mark.parametrize(
    "street",
    ["3 rue du 8 Mai 1945", "3 rue du 08/05/1945", "3 av. du 8 mai 1945", "3 rue du\n8 mai 1945",
     "3 place du 11 novembre 1918", "rue du 19 mars 1962", "3 r. 8 mai 1945", "3 imp 8 Mai 1945"],
)  # fmt: skip
def test_the_day_of_a_street_is_no_birth_date(scanner: Scanner, street: str) -> None:
    """As one, it would begin another record, and the name would stand without the home."""
    fields = set(scanned(scanner, post(street)).matches[0].fields)
    assert {"surname", "first_name", "birth_date", "city"} <= fields
    assert crowd.count(fold(post(street).replace("née le", "né(e) le"))) == 1


@pytest.mark.parametrize(
    "street", ["3 rue, 8 mai 1945", "mari, né le 8 mai 1945", "du 8 mai 1945", "rue 8/5/1945"]
)
def test_any_other_day_is_one(scanner: Scanner, street: str) -> None:
    fields = {name for match in scanned(scanner, post(street)).matches for name in match.fields}
    assert not {"birth_date", "city"} <= fields


def test_a_house_number_alone_says_nothing(scanner: Scanner) -> None:
    """Every line of a log has a number as small."""
    told = scanner.weak([TextLayer("", "GET /items/813840852?page=12 200")], 5.0, 5)
    assert [match.fields for match in told] == [("insurer_number",)]
    beside = scanner.weak([TextLayer("", "813840852 12 fauvettes")], 5.0, 5)
    assert [match.fields for match in beside] == [("insurer_number", "street")]
    assert beside[0].bits > told[0].bits


def test_where_a_street_has_no_other_words_its_number_stands(scanner: Scanner) -> None:
    """What 3 rue du 8 mai 1945 is made of says little, and not nothing."""
    told = scanner.weak([TextLayer("", "812739745 3 rue")], 5.0, 5)
    assert [match.fields for match in told] == [("insurer_number", "street")]
