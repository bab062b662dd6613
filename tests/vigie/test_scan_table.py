"""What `vigie scan` tells a person of its documents."""

from __future__ import annotations

import pytest

from matching.result import Match, ScanResult, Verdict
from vigie.scan_table import FEW, FIELDS, Results

FOUND = Match("fuite", 7, 61.0, ("nir", "phone", "email", "surname", "city"), ((0, 3),) * 5)


def result(
    name: str, verdict: Verdict = Verdict.NONE, *matches: Match, notes: tuple[str, ...] = ()
) -> ScanResult:
    return ScanResult(name, 1, "", verdict, len(matches), 0, 1, 1e-9, matches, notes)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def printed(capsys: pytest.CaptureFixture[str], *given: ScanResult) -> str:
    results = Results()
    for each in given:
        results.add(each)
    results.print()
    return capsys.readouterr().out


def test_each_of_few_has_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, *(result(f"{number}.txt") for number in range(FEW)))
    assert all(f"{number}.txt" in out for number in range(FEW))
    assert "documents were read" not in out


def test_of_many_those_that_say_something(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = [result(f"quiet-{number}") for number in range(FEW + 5)]
    told = [
        result("hit.txt", Verdict.FRAGMENT, FOUND),
        result("shut.txt", notes=("a picture was not read",)),
        result("sale.txt", Verdict.MENTION),
    ]
    out = printed(capsys, *quiet[:9], told[0], *quiet[9:], *told[1:])
    assert "quiet" not in out
    for each in told:
        assert each.document in out
    assert "shut.txt: a picture was not read" in out
    assert f"{FEW + 8} documents were read; nothing of a leak is in the {FEW + 5} others." in out


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("C", f"{FEW + 1} documents were read; nothing of a leak is in them."),
     ("fr_FR.UTF-8", f"{FEW + 1} documents lus ; rien d'une fuite n'y figure.")],
)  # fmt: skip
def test_many_without_anything_are_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, locale: str, sentence: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert printed(capsys, *(result(str(number)) for number in range(FEW + 1))) == sentence + "\n"


def test_a_single_other_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    told = [result(f"hit-{number}", Verdict.REVIEW) for number in range(FEW)]
    out = printed(capsys, *told, result("quiet"))
    assert f"{FEW + 1} documents were read; nothing of a leak is in the other." in out


def test_rows_without_a_verdict_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = [result(f"quiet-{number}") for number in range(FEW)]
    assert "household.txt" in printed(capsys, *quiet, result("household.txt", Verdict.NONE, FOUND))


@pytest.mark.parametrize("columns", [60, 80])
def test_a_narrow_terminal_shows_every_number_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    found = ScanResult("x", 1, "", Verdict.REPOST, 491_000, 0, 500_000, 1e-300, (FOUND,), ())
    out = printed(capsys, found)
    cells = [[cell.strip() for cell in line.split("│")] for line in out.splitlines()]
    rows = [row for row in cells if len(row) > 5]
    columns_of = ["".join(parts) for parts in zip(*rows, strict=True)]
    assert all(number in columns_of for number in ("491000", "500000", "1e-300"))
    assert "repost" in columns_of


def test_of_thousands_only_those_are_kept() -> None:
    results = Results()
    for number in range(1000):
        results.add(result(str(number)))
    assert (results.count, len(results.rows)) == (1000, FEW)


def test_a_long_list_of_fields_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, result("x", Verdict.FRAGMENT, FOUND))
    assert f"fuite row 7, 61 bits: {', '.join(FOUND.fields[:FIELDS])}, +1" in out


def test_nothing_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, result("\x1b[2Ja\nb", notes=("n\x1b[31m",)))
    assert "\x1b" not in out
    assert r"\x1b[2Ja\nb: n\x1b[31m" in out.replace("\\x0a", "\\n")
