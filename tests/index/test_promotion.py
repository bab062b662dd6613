"""A person makes an alert of a quiet hit: it stays, is gathered, and the search index is right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from evidence.keeping import due
from index.accounts import AccountStore
from index.alerts import AlertFilter, AlertStore
from index.documents import hit_document
from index.embedded import EmbeddedIndex
from index.engine import open_record, reading
from index.errors import NotFound, ReasonMissing
from index.leases import utc_now
from index.rebuild import rebuild
from index.review_queries import ReviewQueries
from index.schema import Act, Capture, Hit
from review.server import serving
from review.settings import Settings
from tests.index.test_rebuild import differing, ship
from tests.review.conftest import Served, indexed, post
from tests.review.seeding import seed


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Engine]:
    engine = open_record(f"sqlite:///{tmp_path}/vigie.db")
    seed(engine, alerts=2, quiet=6)
    yield engine
    engine.dispose()


def quiet(engine: Engine, verdict: str) -> int:
    return next(one.hit.id for one in ReviewQueries(engine).queue(verdict))


@pytest.mark.parametrize("verdict", ["review", "same-people", "mention"])
def test_it_is_an_alert_from_then_on(record: Engine, verdict: str) -> None:
    hit = quiet(record, verdict)
    store = AlertStore(record)
    alert = store.promote(hit, " les mêmes lignes qu’hier ", "jeanne")
    assert (alert.verdict, alert.status, alert.records) == (verdict, "open", 0)
    detail = store.get(alert.id)
    assert [one.id for one in detail.hits] == [hit]
    assert detail.alert.location == detail.hits[0].capture.location
    with reading(record) as connection:
        act = connection.execute(select(Act.__table__).where(Act.what == "promote")).one()
        assert hit not in due.quiet(connection, utc_now() + timedelta(days=400))
    assert (act.who, act.subject, act.reason) == (
        "jeanne", f"alert:{alert.id}", "les mêmes lignes qu’hier",
    )  # fmt: skip
    assert store.decide(alert.id, "confirmed", "vu", "jeanne", alert.version).status == "confirmed"
    with pytest.raises(NotFound):
        store.promote(hit, "encore", "jeanne")


def test_it_needs_a_reason_and_a_quiet_hit(record: Engine) -> None:
    store = AlertStore(record)
    with pytest.raises(ReasonMissing):
        store.promote(quiet(record, "review"), " ", "jeanne")
    for hit in (1, 999):
        with pytest.raises(NotFound):
            store.promote(hit, "vu", "jeanne")
    assert store.counts(AlertFilter())["open"] <= 2


def test_the_index_is_the_same_as_one_made_anew(record: Engine, tmp_path: Path) -> None:
    with closing(EmbeddedIndex(tmp_path / "index.db")) as index:
        rebuild(record, index)
        hit = quiet(record, "review")
        AlertStore(record).promote(hit, "vu", "jeanne")
        ship(record, index)
        assert differing(record, index) == 0
    with Session(record) as session:
        row = session.get_one(Hit, hit)
        assert "alert" not in hit_document(row, session.get_one(Capture, row.capture))["vigie"]


def test_on_its_page(record: Engine, tmp_path: Path) -> None:
    accounts = AccountStore(record)
    accounts.add("jeanne", "une phrase que personne ne devine")
    with (
        indexed(record, tmp_path) as search,
        serving(record, Settings(port=0), search) as settings,
        Served(record, accounts, settings, search).user() as user,
    ):
        hit = quiet(record, "review")
        page = f"/queue/{hit}"
        assert "En faire une alerte" in user.get(page).text
        assert post(user, f"{page}/promote", {"reason": " "}, page=page).status_code == 422
        done = post(user, f"{page}/promote", {"reason": "mêmes lignes"}, page=page)
        assert (done.status_code, done.headers["location"]) == (303, "/alerts/3")
        assert user.get(page).status_code == 404
        assert "Ouverte par une personne" in user.get("/alerts/3").text
