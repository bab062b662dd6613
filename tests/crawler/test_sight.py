"""A crawl looks for canaries and asks for the addresses of alerts again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crawler.revisiting import due_now
from crawler.supervise import Supervisor
from index.canaries import CanaryStore
from index.engine import writing
from index.revisits import Due, RevisitStore, forget, pause_after
from index.schema import Alert, Revisit
from index.vault import Vault
from tests.crawler.fake_crawl import Bench

VAULT = Vault(bytes(32))
ALERT = """
header, body = page(1, "leaked 4711")
header["posts"][0]["location"] = "http://s/1"
send(sock, header, body)
done()
"""
ANSWER = """
assert pending == ["http://s/1"], pending
send(sock, {"t": "ask", "id": 1, "keys": [["http://s/1", "1"], ["http://s/2", ""]]})
answer, _ = receive(sock)
assert answer["states"] == ["changed", "new"], answer
"""


def overdue(bench: Bench) -> None:
    with writing(bench.engine) as connection:
        connection.execute(update(Revisit).values(due=datetime.now(UTC) - timedelta(minutes=1)))


def kept(bench: Bench) -> tuple[Alert, Revisit]:
    with Session(bench.engine) as session:
        alert, revisit = (
            session.scalars(select(Alert)).one(),
            session.scalars(select(Revisit)).one(),
        )
        session.expunge_all()
        return alert, revisit


def test_an_alert_is_looked_at_again_and_its_end_is_noted(bench: Bench) -> None:
    bench.crawl(ALERT)
    alert, revisit = kept(bench)
    assert b"http://s/1" not in revisit.sealed_address
    assert (revisit.due - alert.first_seen) == timedelta(minutes=15)
    assert bench.crawl("assert not pending; done()").outcome == "finished"
    overdue(bench)
    still = ANSWER + 'header, body = page(1, "leaked 4711")\n'
    still += 'header["posts"][0]["location"] = "http://s/1"; send(sock, header, body); done()'
    assert bench.crawl(still).outcome == "finished"
    alert, revisit = kept(bench)
    assert (revisit.outcome, revisit.looks, alert.gone_at) == ("there", 1, None)
    assert revisit.due > datetime.now(UTC) + timedelta(minutes=14)
    overdue(bench)
    away = (
        'send(sock, {"t": "problem", "kind": "KIND", "address": "http://s/1", "what": "."}); done()'
    )
    for kind in ("timeout", "unreachable", "forbidden", "login-wall", "challenge"):
        bench.crawl(ANSWER + away.replace("KIND", kind))
        alert, revisit = kept(bench)
        assert (revisit.outcome, alert.gone_at) == (kind, None)
        overdue(bench)
    bench.crawl(ANSWER + away.replace("KIND", "soft-gone"))
    alert, revisit = kept(bench)
    assert revisit.outcome == "soft-gone"
    assert alert.gone_at is not None


def test_a_crawl_that_was_stopped_looked_at_nothing(bench: Bench) -> None:
    bench.crawl(ALERT)
    overdue(bench)
    bench.crawl('done("failed")')
    assert kept(bench)[1].due < datetime.now(UTC)


def test_a_dismissed_alert_is_left_alone_and_its_address_forgotten(bench: Bench) -> None:
    bench.crawl(ALERT)
    overdue(bench)
    store = RevisitStore(bench.engine, VAULT)
    assert len(store.due("s", 10)) == 1
    with writing(bench.engine) as connection:
        connection.execute(update(Alert).values(status="dismissed"))
    assert (store.due("s", 10), store.next_due("s")) == ([], None)
    assert forget(bench.engine) == 1
    with Session(bench.engine) as session:
        assert session.scalars(select(Revisit)).all() == []


@pytest.mark.parametrize(("requests", "asked"), [(1, 1), (40, 10), (100_000, 100)])
def test_what_is_known_gets_a_share_of_a_crawl(requests: int, asked: int, source: Any) -> None:
    class Store:
        most = 0

        def due(self, _source: str, most: int) -> list[Due]:
            self.most = most
            return []

    store = Store()
    spec = source("http://s/", max_requests=requests, max_pages=1_000_000)
    assert due_now(store, spec) == []  # type: ignore[arg-type]
    assert store.most == asked


def test_another_key_opens_no_address(bench: Bench) -> None:
    bench.crawl(ALERT)
    overdue(bench)
    assert RevisitStore(bench.engine, Vault(b"1" * 32)).due("s", 10) == []


@pytest.mark.parametrize(
    ("hours", "minutes"), [(0, 15), (23, 15), (25, 60), (24 * 8 - 1, 60), (24 * 9, 24 * 60)]
)
def test_the_schedule_thins_out(hours: int, minutes: int) -> None:
    assert pause_after(timedelta(hours=hours)) == timedelta(minutes=minutes)


def test_canaries_are_found_by_word_and_by_address(bench: Bench) -> None:
    canaries = CanaryStore(bench.engine, VAULT)
    canaries.add("s", "text", "kestrel-7h2m9q4x", 600.0, "me")
    canaries.add("s", "address", "http://s/9", 600.0, "me")
    canaries.add("s", "text", "never-posted-at-all", 600.0, "me")
    bench.crawl(
        """
        send(sock, {"t": "ask", "id": 1, "keys": [["http://s/9", "1"], ["http://s/2", ""]]})
        receive(sock)
        send(sock, *page(1, "a harmless text, kestrel-7h2m9q4x, nothing else"))
        done()
        """
    )
    found = canaries.of("s")
    assert [one.found_at is not None for one in found] == [True, True, False]
    assert found[0].delay_s is not None
    assert 0 <= found[0].delay_s < 60
    first = found[1].last_seen
    code = 'send(sock, {"t": "done", "outcome": "finished", "counts": {"unchanged": COUNT}})'
    bench.crawl(code.replace("COUNT", "0"))
    assert canaries.of("s")[1].last_seen == first
    bench.crawl(code.replace("COUNT", "3"))
    assert canaries.of("s")[1].last_seen != first, "a list that did not change still holds it"


def test_what_pages_hold_is_counted(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        for n, role, held in ((1, "list", 20), (2, "list", 0), (3, "item", 1), (4, "odd", 5),
                              (5, "item", -7)):
            header, body = page(n, posts=0)
            send(sock, {**header, "role": role, "held": held}, body)
        done()
        """
    )
    told: dict[str, Any] = {k: v for k, v in outcome.counts.sight.items() if v}
    assert told == {
        "lists": 2, "list_held": 20, "lists_empty": 1, "items": 2, "item_held": 1, "items_empty": 1,
    }  # fmt: skip


def test_a_paste_that_left_the_list_is_seen_to_go(
    bench: Bench, forks: Any, hostile: Any, source: Any, reply: Any
) -> None:
    """By a real crawl: there, then a fault that says nothing, then a soft 404."""
    supervisor = Supervisor(forks, bench.supervisor._parts, bench.folder)
    spec = replace(source(hostile.address, engine="generic", render="never"), id="s")
    rows = [f"<li><a href='/n/{name}'>une note {name}</a></li>" for name in ("b2", "c3", "d4")]
    for name in ("b2", "c3", "d4"):
        hostile.page(f"/n/{name}", f"<main><pre>{name} est un texte sans importance</pre></main>")
    hostile.page("/", f"<main><ul><li><a href='/n/a1'>la note</a></li>{''.join(rows)}</ul></main>")
    paste = "<main><pre>leaked 4711 4712 4713 4714 4715</pre></main>"
    hostile.page("/n/a1", paste)
    first = supervisor.crawl(spec, token=bench.token)
    assert (first.outcome, first.new_alerts) == ("finished", 1)
    assert first.counts.sight["list_held"] == 4
    hostile.page("/", f"<main><ul>{''.join(rows)}</ul></main>")

    def again() -> tuple[str, bool]:
        overdue(bench)
        assert supervisor.crawl(spec, token=bench.token).outcome == "finished"
        alert, revisit = kept(bench)
        return revisit.outcome, alert.gone_at is not None

    assert again() == ("there", False)
    hostile.answers["/n/a1"] = reply(b"<h1>busy</h1>", status="500 Oops")
    assert again() == ("server-error", False)
    hostile.page("/n/a1", "<title>Not found</title><h1>Not found</h1><p>This paste was removed.")
    assert again() == ("soft-gone", True)
    hostile.page("/n/a1", paste)
    assert again() == ("there", False)
