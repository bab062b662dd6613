"""Lists that page without gaps, and decisions that never overwrite each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from index.alerts import SORTS, AlertFilter, AlertStore
from index.engine import open_record
from index.errors import Conflict, NotFound, ReasonMissing, WrongChoice
from index.leases import Leases, source_lease
from index.recorder import Fence, KeptPost, PageFacts, Recorder
from index.schema import Act, Outbox
from index.views import AlertView
from matching.result import Verdict
from vigie.commands.alerts import _with_why

BuildPost = Callable[..., KeptPost]


@pytest.fixture
def store(engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost) -> AlertStore:
    """A record of its own with nine alerts."""
    return nine_alerts(engine, fence, page, build_post)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory, build_post: BuildPost) -> Iterator[AlertStore]:
    """The same nine for tests that only read."""
    engine = open_record(f"sqlite:///{tmp_path_factory.mktemp('listed')}/vigie.db")
    grant = Leases(engine, owner="test").acquire(source_lease("s"), 600)
    assert grant is not None
    page = PageFacts(
        status=200, fetched_at=datetime.now(UTC), bytes=1, sha256="ab" * 32, peer="127.0.0.1"
    )
    yield nine_alerts(engine, Fence("s", grant.token), page, build_post)
    engine.dispose()


def nine_alerts(engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost) -> AlertStore:
    """Some of the same moment and of the same size."""
    for number in range(9):
        moment = datetime(2026, 5, 1 + number // 3, tzinfo=UTC)
        recorder = Recorder(engine, clock=lambda moment=moment: moment)  # type: ignore[misc]
        post = build_post(
            f"p{number}",
            rows=range(number % 4 + 1),
            leak="first" if number % 2 else "second",
            fields=["nir"] if number % 3 else ["phone", "email"],
        )
        recorder.record_page(fence, page, [], [post])
    return AlertStore(engine)


@pytest.mark.parametrize("sort", sorted(SORTS))
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 4, 100])
def test_pages_hold_every_alert_once_in_order(
    listed: AlertStore, sort: str, descending: bool, limit: int
) -> None:
    found: list[AlertView] = []
    after = ""
    while True:
        page = listed.list(sort=sort, descending=descending, limit=limit, after=after)
        found += page.alerts
        after = page.next
        if not after:
            break
    assert sorted(alert.id for alert in found) == list(range(1, 10))
    keys = [(getattr(alert, sort), alert.id) for alert in found]
    assert keys == sorted(keys, reverse=descending)


def test_an_alert_that_comes_between_pages_hides_none(
    store: AlertStore, engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    first = store.list(limit=4)
    Recorder(engine).record_page(fence, page, [], [build_post("new")])
    rest = store.list(limit=100, after=first.next)
    assert sorted(a.id for a in (*first.alerts, *rest.alerts)) == list(range(1, 10))


def test_filters(store: AlertStore) -> None:
    assert {a.id for a in store.list(AlertFilter(leak="first")).alerts} == {2, 4, 6, 8}
    assert {a.id for a in store.list(AlertFilter(field="email")).alerts} == {1, 4, 7}
    assert store.list(AlertFilter(field='"')).alerts == ()
    assert {a.id for a in store.list(AlertFilter(ids=[3, 5, 99])).alerts} == {3, 5}
    assert store.list(AlertFilter(ids=[])).alerts == ()
    assert store.list(AlertFilter(source="nowhere")).alerts == ()
    store.decide(1, "dismissed", "no", "j", 1)
    assert {a.id for a in store.list(AlertFilter(status="dismissed")).alerts} == {1}
    assert store.counts() == {"open": 8, "confirmed": 0, "dismissed": 1}
    assert store.choices() == {"leak": ("first", "second"), "source": ("s",)}


@pytest.mark.parametrize(
    "call",
    [
        {"sort": "password"},
        {"after": "nonsense"},
        {"after": "WyJpZCIsIDEsIDFd", "sort": "bits"},
        {"wanted": AlertFilter(status="lost")},
    ],
)
def test_what_does_not_exist_is_said(store: AlertStore, call: dict[str, object]) -> None:
    with pytest.raises(WrongChoice):
        store.list(**call)  # type: ignore[arg-type]


def test_a_decision_leaves_an_act_and_an_outbox_row(store: AlertStore, engine: Engine) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    view = store.decide(2, "confirmed", "  it is ours ", "jeanne", 1)
    assert (view.status, view.reason, view.decided_by, view.version) == (
        "confirmed",
        "it is ours",
        "jeanne",
        2,
    )
    assert view.decided_at is not None
    assert view.decided_at > before
    with Session(engine) as session:
        act = session.scalars(select(Act).where(Act.what == "decide")).one()
        assert (act.who, act.what, act.subject) == ("jeanne", "decide", "alert:2")
        assert act.detail == {"from": "open", "to": "confirmed", "version": 2}
        assert act.reason == "it is ours"
        body = session.scalars(select(Outbox.body).order_by(Outbox.id.desc()).limit(1)).one()
        assert body["vigie"]["status"] == "confirmed"
        assert "ours" not in str(body)


@pytest.mark.parametrize("status", ["confirmed", "dismissed"])
@pytest.mark.parametrize("reason", ["", "   \n"])
def test_a_decision_needs_a_reason(store: AlertStore, status: str, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        store.decide(1, status, reason, "j", 1)
    assert store.get(1).alert.status == "open"


def test_the_second_of_two_deciders_is_told(store: AlertStore) -> None:
    store.decide(1, "confirmed", "yes", "jeanne", 1)
    with pytest.raises(Conflict, match="jeanne"):
        store.decide(1, "dismissed", "no", "paul", 1)
    assert store.get(1).alert.reason == "yes"
    assert store.decide(1, "open", "", "paul", 2).status == "open"


def test_unknown_alerts_and_statuses(store: AlertStore) -> None:
    with pytest.raises(NotFound):
        store.get(99)
    with pytest.raises(NotFound):
        store.decide(99, "open", "", "j", 1)
    with pytest.raises(WrongChoice):
        store.decide(1, "deleted", "r", "j", 1)
    with pytest.raises(WrongChoice):
        store.decide(1, "confirmed", "r" * 2000, "j", 1)


def test_json_is_the_contract(store: AlertStore) -> None:
    found = store.get(1).alert.to_json()
    assert list(found) == [
        "id", "case", "leak", "source", "location", "also", "verdict", "records", "fields",
        "first_seen", "last_seen", "found_after_s", "gone_at", "status",
    ]  # fmt: skip
    assert found["first_seen"] == "2026-05-01T00:00:00.000Z"


def test_the_strongest_match_of_each_alert_says_why(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    recorder = Recorder(engine)
    recorder.record_page(fence, page, posts=[build_post("a", rows=[5, 4])])
    recorder.record_page(fence, page, posts=[build_post("a", rows=[6], text="more")])
    recorder.record_page(fence, page, posts=[build_post("b", rows=[])])
    recorder.record_page(fence, page, posts=[build_post("c", rows=[9], verdict=Verdict.REVIEW)])
    store = AlertStore(engine)
    alerts = store.list(sort="id", descending=False).alerts
    found = store.strongest([alert.id for alert in alerts])
    assert {alert: match["row"] for alert, match in found.items()} == {alerts[0].id: 6}
    assert store.strongest([]) == {}
    told = list(_with_why(store, alerts))
    assert [each["why"] and each["why"]["row"] for each in told] == [6, None]
    assert told[0]["bits"] == 66.0
    assert {**alerts[0].to_json(), "path": [], "bits": 66.0, "why": told[0]["why"]} == told[0]


def test_what_was_seen_is_kept_with_its_match(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    post = build_post("a", rows=[5, 4], fields=["phone", "city"])
    long = "x" * 999 + "\0\ud800"
    finding = replace(post.findings[0], seen=(("••• ••", long),))
    Recorder(engine).record_page(fence, page, posts=[replace(post, findings=(finding,))])
    matches = AlertStore(engine).get(1).hits[0].matches
    assert matches[0]["seen"][0] == "••• ••"
    assert len(matches[0]["seen"][1]) == 200
    assert "seen" not in matches[1]
