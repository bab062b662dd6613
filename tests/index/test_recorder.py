"""One page, one transaction: alerts are unique, grow, reopen, and join cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from index.alerts import AlertStore
from index.documents import alert_document
from index.errors import StaleLease
from index.leases import Leases, source_lease
from index.recorder import Fence, KeptPost, PageFacts, Recorder, records_key
from index.schema import (
    Act,
    Alert,
    AlertRecord,
    Base,
    Capture,
    Case,
    Hit,
    Outbox,
    Pending,
    Seen,
)
from matching.result import Verdict
from tests.index.conftest import key_of

BuildPost = Callable[..., KeptPost]


def count(engine: Engine, table: type[Base]) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_match_makes_everything_at_once(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    recorded = Recorder(engine).record_page(
        fence, page, [(b"l" * 16, b"s" * 16)], [build_post("a", rows=[3, 1, 2])]
    )
    assert [alert.records for alert in recorded.new] == [3]
    assert recorded.captured == (True,)
    tables = (Seen, Capture, Hit, Alert, Case, Outbox)
    assert [count(engine, table) for table in tables] == [1, 1, 1, 1, 1, 3]
    assert count(engine, AlertRecord) == 3
    detail = AlertStore(engine).get(recorded.new[0].id)
    assert detail.hits[0].capture.sha256 == page.sha256
    assert detail.hits[0].snippets[0]["segments"] == [["•••", "nir"]]
    assert detail.alert.fields == ("nir", "phone")


def test_what_did_not_match_leaves_only_seen(engine: Engine, fence: Fence, page: PageFacts) -> None:
    Recorder(engine).record_page(fence, page, [(b"l" * 16, b"s" * 16)])
    tables = (Seen, Capture, Hit, Alert, Case, Outbox)
    assert [count(engine, table) for table in tables] == [1, 0, 0, 0, 0, 0]


def test_an_unchanged_refetch_adds_nothing(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    times = iter([now, now + timedelta(hours=1)])
    recorder = Recorder(engine, clock=lambda: next(times))
    post = build_post("a", rows=[1, 2])
    assert not recorder.is_known(post)
    first = recorder.record_page(fence, page, [], [post])
    assert recorder.is_known(post)
    second = recorder.record_page(fence, page, [], [post])
    assert second.new == second.grown == ()
    assert second.captured == (False,)
    assert [count(engine, table) for table in (Capture, Hit, Alert)] == [1] * 3
    # The hit, the alert, that it is announced, and that it was still there.
    assert count(engine, Outbox) == 4
    alert = AlertStore(engine).get(first.new[0].id).alert
    assert alert.last_seen == now + timedelta(hours=1)
    assert alert.first_seen == now
    assert alert.version == 1


def test_a_post_edited_to_and_fro_is_captured_twice(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    recorder = Recorder(engine)
    one, two = build_post("a", rows=[1], text="one"), build_post("a", rows=[1], text="two")
    captured = [
        recorder.record_page(fence, page, [], [post]).captured[0] for post in (one, two) * 3
    ]
    assert captured == [True, True, False, False, False, False]
    assert recorder.is_known(one)
    # The same text read with better eyes is news, once.
    more = build_post("a", rows=[1, 2], text="one")
    assert [recorder.record_page(fence, page, [], [post]).captured[0] for post in (more, more)] == [
        True,
        False,
    ]
    assert count(engine, Capture) == 3
    # Elsewhere the same text is another capture.
    assert recorder.record_page(fence, page, [], [build_post("b", text="one")]).captured == (True,)


@pytest.mark.parametrize("status", ["dismissed", "confirmed"])
def test_a_decided_alert_reopens_for_new_records_only(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost, status: str
) -> None:
    recorder, store = Recorder(engine), AlertStore(engine)
    alert = recorder.record_page(fence, page, [], [build_post("a", rows=[1])]).new[0]
    decided = store.decide(alert.id, status, "looked at it", "jeanne", alert.version)
    # The same record in another text of the same place is no news.
    recorder.record_page(fence, page, [], [build_post("a", rows=[1], text="edited")])
    assert store.get(alert.id).alert.status == status
    grown = recorder.record_page(fence, page, [], [build_post("a", rows=[1, 2])]).grown
    assert [item.id for item in grown] == [alert.id]
    now = store.get(alert.id).alert
    assert (now.status, now.records, now.version) == ("open", 2, decided.version + 1)
    assert now.reason == "looked at it"
    with Session(engine) as session:
        acts = session.scalars(select(Act.what).order_by(Act.id)).all()
    assert [act for act in acts if act != "capture"] == ["decide", "reopen"]


def test_records_gather_over_captures(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    recorder = Recorder(engine)
    for rows in ([1, 2], [2, 3], [9]):
        recorder.record_page(fence, page, [], [build_post("a", rows=rows, fields=["phone"])])
    alert = AlertStore(engine).list().alerts[0]
    assert alert.records == 4
    with Session(engine) as session:
        assert session.scalar(select(Alert.records_key)) == records_key([1, 2, 3, 9])
    assert count(engine, Alert) == 1
    assert len(AlertStore(engine).get(alert.id).hits) == 3


def test_the_verdict_never_weakens(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    recorder = Recorder(engine)
    recorder.record_page(fence, page, [], [build_post("a", rows=[1])])
    recorder.record_page(fence, page, [], [build_post("a", rows=range(50), verdict=Verdict.REPOST)])
    recorder.record_page(fence, page, [], [build_post("a", rows=[1], text="less")])
    alert = AlertStore(engine).list().alerts[0]
    assert (alert.verdict, alert.records) == ("repost", 50)


def test_one_location_through_two_sources_is_one_alert(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    grant = Leases(engine, owner="test").acquire(source_lease("other"), 600)
    assert grant is not None
    recorder = Recorder(engine)
    recorder.record_page(fence, page, [], [build_post("a", also=["raw/a"])])
    recorder.record_page(
        Fence("other", grant.token), page, [], [build_post("raw/a", text="raw text")]
    )
    alerts = AlertStore(engine).list().alerts
    assert len(alerts) == 1
    assert alerts[0].also == ("http://site/raw/a",)
    assert count(engine, Hit) == 2


@pytest.mark.parametrize("verdict", [Verdict.SAME_PEOPLE, Verdict.REVIEW, Verdict.MENTION])
def test_weaker_verdicts_wait_in_the_quieter_queue(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost, verdict: Verdict
) -> None:
    Recorder(engine).record_page(fence, page, [], [build_post("a", verdict=verdict)])
    store = AlertStore(engine)
    assert store.list().alerts == ()
    assert [item.hit.verdict for item in store.queue()] == [str(verdict)]
    assert [count(engine, table) for table in (Capture, Hit, Alert, Case, Outbox)] == [
        1, 1, 0, 0, 1,
    ]  # fmt: skip


def test_cases_join_by_text_and_by_record_set(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    recorder = Recorder(engine)
    recorder.record_page(fence, page, [], [build_post("a", rows=[1, 2], text="same text")])
    recorder.record_page(fence, page, [], [build_post("b", rows=[5], text="same text")])
    recorder.record_page(fence, page, [], [build_post("c", rows=[2, 1], text="other text")])
    recorder.record_page(fence, page, [], [build_post("d", rows=[1], text="a part only")])
    cases = {alert.location[-1]: alert.case for alert in AlertStore(engine).list().alerts}
    assert cases["a"] == cases["b"] == cases["c"]
    assert cases["d"] != cases["a"]
    assert count(engine, Case) == 2


def test_a_closed_case_takes_no_more(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    recorder = Recorder(engine)
    recorder.record_page(fence, page, [], [build_post("a", rows=[1])])
    with Session(engine) as session:
        case = session.scalars(select(Case)).one()
        case.status = "closed"
        session.commit()
    recorder.record_page(fence, page, [], [build_post("b", rows=[1])])
    assert len({alert.case for alert in AlertStore(engine).list().alerts}) == 2


def test_records_none_is_no_record_set(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    """Two files known by hash, neither readable, are not the same repost."""
    recorder = Recorder(engine)
    for place in ("a", "b"):
        post = build_post(place, rows=[], verdict=Verdict.REPOST)
        recorder.record_page(fence, page, [], [post])
    assert count(engine, Case) == 2


def test_a_stale_holder_writes_nothing(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    taken = Leases(engine, owner="test").acquire(source_lease("s"), 600)
    assert taken is not None
    with pytest.raises(StaleLease):
        Recorder(engine).record_page(fence, page, [(b"l" * 16, b"s" * 16)], [build_post("a")])
    assert [count(engine, table) for table in (Seen, Capture, Alert)] == [0, 0, 0]
    Recorder(engine).record_page(Fence("s", taken.token), page, [], [build_post("a")])


def test_seconds_from_post_to_alert(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    recorder = Recorder(engine, clock=lambda: now)
    for place, posted in (
        ("known", now - timedelta(seconds=42)),
        ("unknown", None),
        ("future", now + timedelta(hours=3)),
        ("skewed", now + timedelta(seconds=30)),
    ):
        recorder.record_page(fence, page, [], [build_post(place, posted_at=posted)])
    found = {a.location.rsplit("/")[-1]: a.found_after_s for a in AlertStore(engine).list().alerts}
    assert found == {"known": 42.0, "unknown": None, "future": None, "skewed": 0.0}


def test_hostile_characters_are_storable(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    from dataclasses import replace

    post = replace(build_post("a"), title="\ud800 \x00 " + "t" * 9000, location="http://x/\udfff")
    alert = Recorder(engine).record_page(fence, page, [], [post]).new[0]
    assert AlertStore(engine).get(alert.id).alert.title.startswith("?")


def test_pending_leaves_with_seen(engine: Engine, fence: Fence, page: PageFacts) -> None:
    now = datetime.now(UTC)
    with Session(engine) as session:
        for source in ("s", "t"):
            row = Pending(source=source, location_key=b"k" * 16, sealed_address=b"x", added=now)
            session.add(row)
        session.commit()
    Recorder(engine).record_page(fence, page, [(b"k" * 16, b"1" * 16)])
    with Session(engine) as session:
        assert session.scalars(select(Pending.source)).all() == ["t"]


def test_an_address_that_is_gone_is_noted_once_and_taken_back_when_it_is_seen_again(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    now = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    recorder = Recorder(engine, clock=lambda: now)
    recorder.record_page(fence, page, [], [build_post("a"), build_post("b", rows=[2])])
    now += timedelta(hours=30)
    assert recorder.record_gone(fence, key_of("a")) == 1
    assert recorder.record_gone(fence, key_of("nobody's")) == 0
    first, now = now, now + timedelta(hours=1)
    assert recorder.record_gone(fence, key_of("a")) == 0
    assert gone(engine) == {"http://site/a": first, "http://site/b": None}
    # The index is told, by the document as it is then.
    with Session(engine) as session:
        body = alert_document(session.get_one(Alert, 1))["vigie"]
        assert session.scalar(select(func.count()).where(Outbox.document_id == "alert-1")) == 2
    assert (body["gone"], body["gone_after"]) == ("2026-07-02T14:00:00.000Z", 30 * 3600.0)
    recorder.record_page(fence, page, [], [build_post("a")])
    assert gone(engine)["http://site/a"] is None


def test_a_stale_crawl_says_nothing_is_gone(
    engine: Engine, fence: Fence, page: PageFacts, build_post: BuildPost
) -> None:
    Recorder(engine).record_page(fence, page, [], [build_post("a")])
    with pytest.raises(StaleLease):
        Recorder(engine).record_gone(Fence(fence.source, fence.token + 1), key_of("a"))
    assert gone(engine) == {"http://site/a": None}


def gone(engine: Engine) -> dict[str, datetime | None]:
    with Session(engine) as session:
        return {alert.location: alert.gone_at for alert in session.scalars(select(Alert))}
