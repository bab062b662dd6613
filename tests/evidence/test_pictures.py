"""Pictures beside a capture: the original sealed twice, the masked copy kept, failures as rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from capture.originals import WORK, SealedOriginals
from capture.picture import Picture, PictureFailed
from capture.unseal import unseal
from evidence.beside import picture
from evidence.beside.gatherer import Gatherer, Proxied
from evidence.beside.piece import Target
from evidence.store import Store
from evidence.working import clear
from index.alerts import AlertStore
from index.engine import reading
from index.schema import Act, EvidenceItem
from tests.evidence.seeding import seed_alert

SECRET = b"QUENOUILLE 1850578006084"
TAKEN = Picture(
    b"PNG " + SECRET, b"<p>" + SECRET, b"masked png", b"masked html",
    {"request": "second", "at": "2026-11-28T12:00:00Z"},
)  # fmt: skip


def key(folder: Path, name: str) -> tuple[Path, str]:
    identity = pyrage.x25519.Identity.generate()
    (folder / name).write_text(str(identity))
    return folder / name, str(identity.to_public())


def run(engine: Engine, folder: Path, take: Callable[[Target], Picture], *keys: str) -> None:
    originals = SealedOriginals(folder / "originals", keys[:1], keys[1] if len(keys) > 1 else "")
    kinds = {"page": lambda target: picture.gather(target, take, originals)}
    store = Store(folder / "evidence")
    Gatherer(engine, store, kinds, Proxied(), together={"page": picture.BESIDE}).run()


def rows(engine: Engine) -> dict[str, EvidenceItem]:
    with reading(engine) as connection, Session(connection, expire_on_commit=False) as session:
        return {item.kind: item for item in session.scalars(select(EvidenceItem))}


def test_the_original_is_sealed_and_only_the_masked_copy_is_kept(
    engine: Engine, tmp_path: Path
) -> None:
    court, court_public = key(tmp_path, "court")
    work, work_public = key(tmp_path, "work")
    seed_alert(engine)
    asked: list[str] = []

    def take(target: Target) -> Picture:
        asked.append(target.location)
        return TAKEN

    run(engine, tmp_path, take, court_public, work_public)
    found = rows(engine)
    assert asked == ["https://paste.example/p/1"]  # one visit for all three
    assert {kind: item.state for kind, item in found.items()} == dict.fromkeys(
        ("page", "dom", "visit"), "made"
    )
    store = Store(tmp_path / "evidence")
    assert store.get(found["page"].file) == b"masked png"
    assert store.get(found["dom"].file) == b"masked html"
    visit = json.loads(store.get(found["visit"].file))
    assert (visit["request"], visit["original"]) == ("second", "sealed")
    for kind, original in (("page", TAKEN.untrusted_page), ("dom", TAKEN.untrusted_dom)):
        sealed = found[kind].sealed
        assert unseal(tmp_path / "originals" / sealed, court)[1] == original
        assert unseal(tmp_path / "originals" / WORK / sealed, work)[1] == original
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"QUENOUILLE" not in path.read_bytes(), path
    with reading(engine) as connection:
        logged = connection.scalars(select(Act.detail).where(Act.what == "item")).all()
    assert found["page"].sealed in {detail.get("sealed") for detail in logged}
    run(engine, tmp_path, take, court_public, work_public)
    assert len(asked) == 1

    # The working copies live as the alert does.
    folder = tmp_path / "originals"
    later = datetime.now(UTC) + timedelta(hours=2)
    assert clear(engine, folder, 30, later) == 0
    alerts = AlertStore(engine)
    alert = alerts.list().alerts[0]
    alerts.decide(alert.id, "confirmed", "ours", "jeanne", alert.version)
    assert clear(engine, folder, 30, later) == 2
    assert (folder / found["page"].sealed).exists()


def test_without_recipients_no_original_is_kept(engine: Engine, tmp_path: Path) -> None:
    seed_alert(engine)
    run(engine, tmp_path, lambda _target: TAKEN)
    found = rows(engine)
    assert found["page"].sealed == ""
    assert "not kept" in Store(tmp_path / "evidence").get(found["visit"].file).decode()
    assert not list((tmp_path / "originals").rglob("*.age"))


@pytest.mark.parametrize("for_good", [False, True])
def test_a_failure_is_a_row_of_each(engine: Engine, tmp_path: Path, for_good: bool) -> None:
    seed_alert(engine)

    def take(_target: Target) -> Picture:
        raise PictureFailed("no Chromium was found", for_good=for_good)

    run(engine, tmp_path, take)
    for item in rows(engine).values():
        assert (item.state, item.error) == ("failed", "no Chromium was found")
        assert item.attempts == (5 if for_good else 1)
    assert len(rows(engine)) == 3


def test_an_address_with_a_masked_value_is_not_visited(engine: Engine, tmp_path: Path) -> None:
    seed_alert(engine, host="paste.example/•••")
    run(engine, tmp_path, lambda _target: pytest.fail("visited"))
    assert {item.state for item in rows(engine).values()} == {"not-possible"}
