"""The record's due times are the schedule: one crawl for missed ones, one scheduler at work, and
no source twice at once."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from crawler.errors import ForkServerError
from crawler.outcome import CrawlOutcome
from crawler.turn import Turns, back_off, midnight
from index.leases import SCHEDULER, Keeper, Leases, source_lease
from index.schema import Crawl, Lease
from index.sources import SourceStore
from scheduler import Scheduler, why_not
from tests.scheduler.conftest import FakeSupervisor, MakeWatch, spec, until


def test_a_new_source_is_crawled_at_once_and_then_waits(make: MakeWatch) -> None:
    watch = make(spec("a"), spec("b"))
    watch.scheduler.start()
    until(lambda: sorted(watch.supervisor.started) == ["a", "b"])
    until(lambda: not watch.scheduler.busy())
    time.sleep(0.8)
    assert len(watch.supervisor.started) == 2
    state = watch.sources.states()["a"]
    assert state.last_outcome == "finished"
    assert (state.pages, state.posts, state.failures) == (3, 1, 0)
    assert state.next_due is not None
    assert timedelta(minutes=59) < state.next_due - datetime.now(UTC) < timedelta(minutes=67)


def test_it_comes_again_when_due(make: MakeWatch) -> None:
    watch = make(spec("a", every=0.4))
    watch.scheduler.start()
    until(lambda: len(watch.supervisor.started) >= 3, 10)


@pytest.mark.parametrize(
    ("outcomes", "bounded"),
    [
        (["finished", "finished", "failed"], [True, False, False]),
        (["failed", "budget", "finished", "budget"], [True, True, True, False]),
    ],
)
def test_only_a_first_crawl_is_bounded_in_time(
    make: MakeWatch, outcomes: list[str], bounded: list[bool]
) -> None:
    """It lasts until one came to its end: what a budget cut off was not read whole."""
    watch = make()
    for outcome in outcomes:
        watch.supervisor.outcome = outcome
        assert watch.turns.take(spec("a", since=86400.0)) is not None
    assert [bool(one.floor) for one in watch.supervisor.specs] == bounded
    first = datetime.fromisoformat(watch.supervisor.specs[0].floor)
    assert timedelta(hours=23) < datetime.now(UTC) - first < timedelta(hours=25)
    watch.turns.take(spec("b"))
    assert watch.supervisor.specs[-1].floor == "", "all is wanted"


def test_a_source_whose_first_crawl_is_forgotten_has_no_other_first(make: MakeWatch) -> None:
    """It rested so long that the record holds no crawl of it any more."""
    watch = make()
    watch.turns.take(spec("a", since=86400.0))
    watch.sources.forget_old(datetime.now(UTC) + timedelta(seconds=1))
    watch.turns.take(spec("a", since=86400.0))
    assert [bool(one.floor) for one in watch.supervisor.specs] == [True, False]


def test_a_timer_from_an_outdated_look_starts_nothing(make: MakeWatch) -> None:
    watch = make(spec("a"))
    watch.scheduler.start()
    until(lambda: watch.supervisor.started)
    until(lambda: not watch.scheduler.busy())
    watch.scheduler._begin("a")  # what a timer does that was set while the first crawl ran
    until(lambda: not watch.scheduler.busy())
    assert watch.supervisor.started == ["a"]


def test_missed_runs_are_made_up_once(make: MakeWatch, engine: Engine) -> None:
    watch = make(spec("a", every=60.0))
    watch.sources.ensure(["a"])
    watch.sources.wake("a", datetime.now(UTC) - timedelta(days=3))
    watch.scheduler.start()
    until(lambda: watch.supervisor.started)
    time.sleep(0.8)
    assert watch.supervisor.started == ["a"]


def test_two_schedulers_one_works_and_the_other_takes_over(make: MakeWatch) -> None:
    first = make(spec("a", every=0.3), owner="one", lease=1.0)
    second = make(spec("a", every=0.3), owner="two", lease=1.0)
    first.keeper.start()
    second.keeper.start()
    first.scheduler.start()
    until(lambda: first.supervisor.started)
    second.scheduler.start()
    until(lambda: second.scheduler.is_standby)
    time.sleep(0.8)
    assert second.supervisor.started == []
    assert first.scheduler.is_active
    first.scheduler.stop(3)
    first.keeper.stop()
    until(lambda: second.supervisor.started)
    assert second.scheduler.is_active


def test_a_paused_holder_that_wakes_starts_nothing(make: MakeWatch, engine: Engine) -> None:
    asleep = make(spec("a", every=0.3), owner="one", lease=1.0)
    asleep.scheduler.start()
    until(lambda: asleep.supervisor.started)
    # As if the process had been stopped for longer than its lease: it neither renews nor looks.
    asleep.scheduler._timers.pause()
    awake = make(spec("a", every=0.3), owner="two", lease=30)
    until(lambda: not Leases(engine, owner="x").held(SCHEDULER))
    awake.scheduler.start()
    until(lambda: awake.supervisor.started)
    asleep.scheduler._timers.resume()
    asleep.keeper.renew_all()
    until(lambda: not asleep.scheduler.is_active)
    count = len(asleep.supervisor.started)
    time.sleep(0.8)
    assert len(asleep.supervisor.started) == count


def test_a_source_is_never_crawled_twice_at_once(make: MakeWatch) -> None:
    watch = make(spec("a"), owner="one", seconds=1.5)
    command = make(spec("a"), owner="two")
    watch.scheduler.start()
    until(lambda: watch.supervisor.started)
    assert command.turns.take(spec("a")) is None
    until(lambda: not watch.scheduler.busy())
    outcome = command.turns.take(spec("a"))
    assert outcome is not None
    assert outcome.outcome == "finished"


def test_a_crawl_elsewhere_makes_the_scheduler_wait(make: MakeWatch, engine: Engine) -> None:
    other = Leases(engine, owner="two")
    grant = other.acquire(source_lease("a"), 60)
    assert grant is not None
    watch = make(spec("a"))
    watch.scheduler.start()
    time.sleep(0.8)
    assert watch.supervisor.started == []
    other.release(grant)
    until(lambda: watch.supervisor.started, 8)


def test_hundreds_of_new_sources_begin_one_after_the_other(make: MakeWatch) -> None:
    watch = make()
    watch.sources.ensure([f"s{n:03}" for n in range(300)])
    due = sorted(state.next_due for state in watch.sources.states().values() if state.next_due)
    assert due[9] == due[0] < due[10]
    assert timedelta(seconds=100) < due[-1] - due[0] < timedelta(seconds=150)


def test_a_bounded_number_at_once(make: MakeWatch) -> None:
    watch = make(*(spec(f"s{n}") for n in range(9)), workers=3, seconds=0.3)
    watch.scheduler.start()
    until(lambda: len(watch.supervisor.started) == 9)
    assert watch.supervisor.most_at_once == 3


@pytest.mark.parametrize("switch", [{"paused": True}, {"killed": True}])
def test_paused_and_killed_sources_rest_until_resumed(
    make: MakeWatch, switch: dict[str, bool]
) -> None:
    watch = make(spec("a"), spec("b"))
    watch.sources.ensure(["a"])
    watch.sources.switch("a", "jeanne", **switch)
    watch.scheduler.start()
    until(lambda: "b" in watch.supervisor.started)
    time.sleep(0.6)
    assert "a" not in watch.supervisor.started
    watch.sources.switch("a", "jeanne", paused=False, killed=False)
    until(lambda: "a" in watch.supervisor.started)


def test_killing_ends_a_crawl_that_runs(make: MakeWatch) -> None:
    watch = make(spec("a"), seconds=30)
    watch.scheduler.start()
    until(lambda: watch.supervisor.started)
    watch.sources.switch("a", "jeanne", killed=True)
    until(lambda: watch.supervisor.stopped == ["killed"])
    until(lambda: not watch.scheduler.busy())
    time.sleep(0.6)
    assert watch.supervisor.started == ["a"]


def test_nothing_after_the_authority_ended(make: MakeWatch) -> None:
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    watch = make(spec("a", authority_until=yesterday), spec("b"))
    watch.scheduler.start()
    until(lambda: "b" in watch.supervisor.started)
    time.sleep(0.6)
    assert watch.supervisor.started == ["b"]
    last = spec(authority_until="2027-06-30")
    assert why_not(last, None, datetime(2027, 6, 30, 9, tzinfo=UTC)) == ""
    assert why_not(last, None, datetime(2027, 7, 1, 9, tzinfo=UTC)) == "authority ended"


def test_authority_that_ends_during_a_crawl_ends_the_crawl(make: MakeWatch) -> None:
    watch = make(seconds=60)
    now = datetime.now(UTC)
    watch.turns._clock = lambda: now
    today = max(now.date(), now.astimezone().date()).isoformat()
    bounded = spec("a", authority_until=today)
    found: list[CrawlOutcome | None] = []
    turn = threading.Thread(target=lambda: found.append(watch.turns.take(bounded)))
    turn.start()
    until(lambda: watch.supervisor.started)
    now += timedelta(days=2)
    turn.join(5)
    assert found
    assert found[0] is not None
    assert found[0].outcome == "stopped"


def test_one_switch_stops_every_crawl_and_lets_none_start(make: MakeWatch) -> None:
    watch = make(spec("a", every=0.2), spec("b", every=0.2), seconds=60)
    watch.scheduler.start()
    until(lambda: len(watch.supervisor.started) == 2)
    watch.sources.halt("shell:me", on=True)
    until(lambda: not watch.scheduler.busy())
    time.sleep(0.8)
    assert len(watch.supervisor.started) == 2
    assert "*" not in watch.sources.states()
    watch.sources.halt("shell:me", on=False)
    until(lambda: len(watch.supervisor.started) == 4)


def test_a_site_that_asks_to_be_left_alone_is(make: MakeWatch) -> None:
    watch = make(wait=900.0)
    watch.turns.take(spec("a", every=1.0))
    due = watch.sources.states()["a"].next_due
    assert due is not None
    assert due - datetime.now(UTC) > timedelta(seconds=890)


def test_jobs_are_done(make: MakeWatch) -> None:
    watch = make(spec("a"))
    watch.scheduler.start()
    until(lambda: watch.supervisor.started)
    until(lambda: not watch.scheduler.busy())
    watch.sources.ask("crawl", "a", "jeanne")
    until(lambda: len(watch.supervisor.started) == 2)
    watch.sources.ask("pause", "a", "jeanne")
    watch.sources.ask("dance", "a", "jeanne")
    watch.sources.ask("pause", "nowhere", "jeanne")
    until(lambda: not watch.sources.jobs())
    assert watch.sources.states()["a"].paused


def test_a_failing_source_backs_off_and_harms_no_other(make: MakeWatch) -> None:
    sick = spec("sick", every=0.3)
    watch = make(sick, outcome="failed")
    watch.scheduler.start()
    until(lambda: watch.supervisor.started == ["sick", "sick"], 10)
    until(lambda: watch.sources.states()["sick"].failures == 2)
    state = watch.sources.states()["sick"]
    assert state.interval_s is not None
    assert state.interval_s >= 2.0
    assert state.last_success is None


@pytest.mark.parametrize(
    ("error", "said"),
    [(ForkServerError("no child could be started"), "no child"), (KeyError("secret"), "KeyError")],
)
def test_what_breaks_is_recorded_and_the_next_goes_on(
    make: MakeWatch, error: Exception, said: str
) -> None:
    watch = make(spec("a"), spec("b"), error=error)
    watch.scheduler.start()
    until(lambda: sorted(watch.supervisor.started) == ["a", "b"])
    until(lambda: not watch.scheduler.busy())
    state = watch.sources.states()["a"]
    assert (state.last_outcome, state.failures) == ("failed", 1)
    assert said in state.last_error
    assert "secret" not in state.last_error


def test_a_link_wakes_a_source_also_while_it_is_crawled(make: MakeWatch) -> None:
    watch = make(spec("a"), seconds=0.8)
    watch.scheduler.start()
    until(lambda: watch.supervisor.started)
    watch.sources.wake("a", datetime.now(UTC))
    until(lambda: len(watch.supervisor.started) == 2, 12)
    until(lambda: not watch.scheduler.busy())
    watch.sources.wake("a", datetime.now(UTC))
    until(lambda: len(watch.supervisor.started) == 3, 12)


def test_what_a_dead_process_left_running_is_taken_up(make: MakeWatch, engine: Engine) -> None:
    dead = make(spec("a"), owner="dead")
    held = dead.keeper.hold(source_lease("a"))
    assert held is not None
    dead.sources.ensure(["a"])
    dead.sources.begin("a", held.grant.token)
    with Session(engine) as session:
        lease = session.get(Lease, source_lease("a"))
        assert lease is not None
        lease.until = datetime.now(UTC) - timedelta(seconds=1)
        session.commit()
    watch = make(spec("a"))
    watch.scheduler.start()
    until(lambda: watch.supervisor.started)
    with Session(engine) as session:
        outcomes = session.scalars(select(Crawl.outcome).order_by(Crawl.id)).all()
    assert outcomes[0] == "interrupted"


def test_the_daily_budget_holds(make: MakeWatch) -> None:
    watch = make()
    bounded = spec("a", daily_budget=5)
    outcomes = []
    for _ in range(3):
        outcomes.append(watch.turns.take(bounded))
        watch.sources.spending.add("a", {"s": 2, "elsewhere": 1}, datetime.now(UTC))
    assert [item.outcome for item in outcomes if item] == ["finished", "finished", "budget"]
    assert [item.max_requests for item in watch.supervisor.specs] == [5, 2]
    due = watch.sources.states()["a"].next_due
    assert due == midnight(datetime.now(UTC)) + timedelta(days=1)


def test_a_hosts_budget_holds_over_all_sources(make: MakeWatch) -> None:
    watch = make()
    watch.sources.spending.add("other", {"s": 4}, datetime.now(UTC))
    bounded = spec("a", host_budget=5)
    first = watch.turns.take(bounded)
    assert first is not None
    assert first.outcome == "finished"
    assert watch.supervisor.specs[0].host_budgets == (("s", 1),)
    watch.sources.spending.add("a", {"s": 1}, datetime.now(UTC))
    second = watch.turns.take(bounded)
    assert second is not None
    assert second.outcome == "budget"


def test_stopping_ends_running_crawls_and_makes_them_due(make: MakeWatch) -> None:
    watch = make(*(spec(f"s{n}") for n in range(6)), workers=2, seconds=60)
    watch.scheduler.start()
    until(lambda: len(watch.supervisor.started) == 2)
    began = time.monotonic()
    assert watch.scheduler.stop(5)
    assert time.monotonic() - began < 3
    assert watch.supervisor.stopped == ["stopping", "stopping"]
    states = watch.sources.states()
    for source in watch.supervisor.started:
        assert states[source].last_outcome == "stopped"
        due = states[source].next_due
        assert due is not None
        assert due <= datetime.now(UTC)


def test_failures_back_off_within_bounds() -> None:
    waits = [back_off(60, n) for n in range(1, 12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (120, 3600)
    assert back_off(86400, 3) == 86400


def test_a_lively_source_comes_round_sooner_than_a_quiet_one(make: MakeWatch) -> None:
    intervals = []
    clock = [datetime.now(UTC)]
    for posts in (500, 0):
        watch = make(posts=posts)
        watch.turns._clock = watch.sources._clock = lambda: clock[0]
        name = f"p{posts}"
        for _ in range(3):
            watch.turns.take(spec(name, every=60.0))
            clock[0] += timedelta(hours=1)
        intervals.append(watch.sources.states()[name].interval_s)
    assert intervals == [60.0, 240.0]


def test_the_active_one_does_the_chores(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.CHORES_EVERY", 0.2)
    monkeypatch.setattr("scheduler.CHORES_AFTER", 0.4)
    done: list[str] = []
    keepers = [Keeper(Leases(engine, owner=name), seconds=30) for name in ("one", "two")]
    made = []
    for keeper, name in zip(keepers, ("one", "two"), strict=True):
        sources = SourceStore(engine)
        turns = Turns(FakeSupervisor(), keeper, sources)  # type: ignore[arg-type]
        made.append(Scheduler(dict, turns, sources, keeper, chores=partial(done.append, name)))
        made[-1].start()
        time.sleep(0.3)
    time.sleep(1.0)
    for scheduler in made:
        scheduler.stop()
    assert len(done) >= 2
    assert set(done) == {"one"}
