"""No authority stamps: the dossier says so in both languages, is asked for again, and gets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from sqlalchemy import Engine

from evidence.custody.stamping import Stamper
from evidence.custody.verify import verify_log
from evidence.dossier.completing import complete
from evidence.dossier.export import Exported, export
from evidence.errors import EvidenceError
from evidence.timestamp.authority import Authority
from evidence.verify import verifier
from index.leases import utc_now
from tests.evidence.dossiers import Prepared, prepare
from tests.evidence.tsa import TimeStampServer

NOT_HAD = "that the dossier existed by any time: not time-stamped"


class Clock:
    """The stampers' clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    from index.engine import open_record

    folder = tmp_path_factory.mktemp("unstamped")
    engine = open_record(f"sqlite:///{folder}/vigie.db")
    yield prepare(engine, folder, [], captures=1)
    engine.dispose()


def made(case: Prepared, edition: str, stamper: Stamper, *authorities: Authority) -> Exported:
    maker = replace(case.maker, stamper=stamper, authorities=authorities)
    number = len(list(case.folder.glob("made-*")))
    return export(
        case.engine, case.case, edition, case.folder / f"made-{number}", maker, who="jeanne",
        reason="",
    )  # fmt: skip


def words(file: Path) -> str:
    document = pypdfium2.PdfDocument(file)
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return " ".join(text.replace("\u00a0", " ").split())


@pytest.mark.parametrize(
    ("fault", "fr", "en"),
    [
        ("down", "n’a pas répondu à temps", "gave no answer in time"),
        ("slow", "n’a pas répondu à temps", "gave no answer in time"),
        ("nonce", "ne répond pas à la demande", "does not answer the request"),
        ("use", "n’est pas destiné à l’horodatage", "is not for time stamps"),
    ],
)
def test_it_says_so_is_asked_for_again_and_gets_it(
    case: Prepared, tsa: TimeStampServer, clock: Clock, fault: str, fr: str, en: str
) -> None:
    good = tsa.authority("un", seconds=1.0 if fault == "slow" else 15.0)
    bad = replace(good, url="http://127.0.0.1:9/tsr") if fault == "down" else good
    tsa.fault = "" if fault == "down" else fault
    stamper = Stamper(case.engine, [bad], clock=clock)
    told = made(case, "public", stamper, bad)
    assert (told.stamped, list(told.not_stamped)) == ([], ["un"])
    state = (told.folder / "horodatage/ETAT.txt").read_text("utf-8")
    assert "un : NON HORODATÉ. " in state
    assert fr in state
    assert "un: NOT TIME-STAMPED. " in state
    assert en in state
    assert "n’est pas horodaté" in words(told.folder / "rapport.pdf")
    assert "is not time-stamped" in words(told.folder / "rapport-en.pdf")
    assert "n’est pas horodaté" in (told.folder / "LIMITES.md").read_text("utf-8")
    report = verifier.verify(told.folder)
    assert (report.failed, NOT_HAD in report.not_proven) == ([], True)

    # Nobody is asked again at once; after a while, by `vigie watch`, with the same digest.
    tsa.fault = ""
    later = Stamper(case.engine, [good], clock=clock)
    assert later.retry() == []
    clock.ahead = timedelta(minutes=6)
    assert [one.stamp is not None for one in later.retry()] == [True]
    assert later.retry() == []
    assert [one.stamp is not None for one in complete(case.engine, told.folder, later)] == [True]
    report = verifier.verify(told.folder)
    assert (report.failed, NOT_HAD in report.not_proven) == ([], False)
    assert "un : horodaté" in (told.folder / "horodatage/ETAT.txt").read_text("utf-8")
    assert verify_log(case.engine, [good]).failed == []


def test_the_court_edition_says_it_on_its_two_minute_page_and_one_of_two_is_enough(
    case: Prepared, tsa: TimeStampServer, clock: Clock
) -> None:
    down = replace(tsa.authority("deux"), url="http://127.0.0.1:9/tsr")
    none = made(case, "court", Stamper(case.engine, [down], clock=clock), down)
    assert "n’est pas horodaté" in words(none.folder / "synthese.pdf")
    assert "n’est pas horodaté" in words(none.folder / "pieces/piece-01.pdf")
    told = json.loads((none.folder / "manifest.json").read_text("utf-8"))
    assert not [one for one in told["files"] if one["path"].startswith("horodatage/")]

    both = [tsa.authority("un"), down]
    one = made(case, "court", Stamper(case.engine, both, clock=clock), *both)
    assert (one.stamped, list(one.not_stamped)) == (["un"], ["deux"])
    assert "n’est pas horodaté" not in words(one.folder / "rapport.pdf")
    report = verifier.verify(one.folder)
    assert report.failed == []
    assert "a time by deux: not time-stamped" in report.not_proven


def test_nothing_is_put_into_a_damaged_dossier_nor_into_another_s(
    case: Prepared, engine: Engine, tsa: TimeStampServer, clock: Clock
) -> None:
    authority = tsa.authority("un")
    stamper = Stamper(case.engine, [authority], clock=clock)
    told = made(case, "public", stamper, authority)
    with pytest.raises(EvidenceError, match="not made from this record"):
        complete(engine, told.folder, Stamper(engine, [authority]))
    (told.folder / "LIMITES.md").write_text("Tout est prouvé.\n")
    with pytest.raises(EvidenceError, match=r"damaged.*LIMITES\.md"):
        complete(case.engine, told.folder, stamper)
