"""The two sealed files of an original: other keys, other lives."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import Engine, select

from capture.errors import CaptureError
from capture.originals import WORK, SealedOriginals
from capture.unseal import unseal
from evidence.working import clear
from index.alerts import AlertStore
from index.engine import reading
from index.schema import Act
from tests.evidence.seeding import seed_alert

BODY = b"1850578006084;QUENOUILLE"


def key(folder: Path, name: str) -> tuple[Path, str]:
    identity = pyrage.x25519.Identity.generate()
    file = folder / name
    file.write_text(str(identity))
    return file, str(identity.to_public())


def test_neither_key_opens_the_others_file(tmp_path: Path) -> None:
    court, court_public = key(tmp_path, "court")
    work, work_public = key(tmp_path, "work")
    originals = SealedOriginals(tmp_path / "o", [court_public], work_public)
    name = originals.seal(BODY, {"address": "x"}, {"openings.json": b"[]"})
    sealed, working = tmp_path / "o" / name, tmp_path / "o" / WORK / name
    assert unseal(sealed, court)[1] == unseal(working, work)[1] == BODY
    for file, wrong in ((sealed, work), (working, court)):
        with pytest.raises(CaptureError, match="does not open"):
            unseal(file, wrong)
    # A copy of the disk without the private keys yields nothing.
    for path in (tmp_path / "o").rglob("*"):
        assert path.is_dir() or b"QUENOUILLE" not in path.read_bytes()
    originals.discard(name)
    assert not sealed.exists()
    assert not working.exists()


def test_the_review_key_is_no_recipient_of_the_sealed_file(tmp_path: Path) -> None:
    _, public = key(tmp_path, "k")
    with pytest.raises(CaptureError, match="key of its own"):
        SealedOriginals(tmp_path, [public], public)


def test_without_a_work_recipient_there_is_no_working_copy(tmp_path: Path) -> None:
    _, public = key(tmp_path, "k")
    SealedOriginals(tmp_path / "o", [public]).seal(BODY, {})
    assert not (tmp_path / "o" / WORK).exists()


@pytest.fixture
def working(engine: Engine, tmp_path: Path) -> tuple[Path, Path]:
    """The folder of originals, and one working copy whose alert is open."""
    _, court = key(tmp_path, "court")
    _, work = key(tmp_path, "work")
    folder = tmp_path / "originals"
    name = SealedOriginals(folder, [court], work).seal(BODY, {})
    seed_alert(engine, sealed=name)
    return folder, folder / WORK / name


def deletions(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        details = connection.scalars(select(Act.detail).where(Act.what == "delete"))
        return [str(detail["why"]) for detail in details]


def test_it_goes_when_the_alert_is_decided(engine: Engine, working: tuple[Path, Path]) -> None:
    folder, file = working
    now = datetime.now(UTC)
    assert clear(engine, folder, 30, now) == 0
    alerts = AlertStore(engine)
    alert = alerts.list().alerts[0]
    alerts.decide(alert.id, "confirmed", "ours", "jeanne", alert.version)
    assert clear(engine, folder, 30, now) == 1
    assert not file.exists()
    assert (folder / file.relative_to(folder / WORK)).exists()  # the sealed one stays
    assert deletions(engine) == ["decided"]


def test_it_goes_after_its_days(engine: Engine, working: tuple[Path, Path]) -> None:
    folder, file = working
    now = datetime.now(UTC)
    assert clear(engine, folder, 30, now + timedelta(days=29)) == 0
    assert clear(engine, folder, 30, now + timedelta(days=31)) == 1
    assert not file.exists()
    assert deletions(engine) == ["its days are over"]


def test_a_copy_that_nothing_names_goes_after_an_hour(engine: Engine, tmp_path: Path) -> None:
    _, court = key(tmp_path, "court")
    _, work = key(tmp_path, "work")
    folder = tmp_path / "originals"
    name = SealedOriginals(folder, [court], work).seal(BODY, {})
    now = datetime.now(UTC)
    assert clear(engine, folder, 30, now) == 0  # its crawl may be writing it down
    old = (now - timedelta(hours=2)).timestamp()
    os.utime(folder / WORK / name, (old, old))
    assert clear(engine, folder, 30, now) == 1
