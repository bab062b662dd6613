"""What a crawl leaves in the record: pages, links, matches, and nothing that was not judged."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from index.alerts import AlertStore
from index.leases import Leases, source_lease
from index.schema import Alert, Capture, Hit, Pending, Seen
from tests.crawler.fake_crawl import Bench


def test_a_whole_crawl(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        send(sock, {"t": "ask", "id": 7, "keys": [["http://s/1", "1"], ["http://s/2", "1"]]})
        answer, _ = receive(sock)
        assert answer == {"t": "known", "id": 7, "states": ["new", "new"]}, answer
        open(os.path.join(temp, "profile"), "w").write("left behind")
        send(sock, *page(1))
        send(sock, *page(2, "leaked 4711 4712"))
        done()
        """
    )
    assert (outcome.outcome, outcome.error, outcome.new_alerts) == ("finished", "", 1)
    assert (outcome.counts.pages, outcome.counts.posts, outcome.counts.matched) == (2, 2, 1)
    assert [bench.count(table) for table in (Seen, Capture, Hit, Alert)] == [2, 1, 1, 1]
    detail = AlertStore(bench.engine).get(1)
    assert detail.alert.records == 2
    assert detail.hits[0].capture.sealed == "original-1.age"
    assert bench.originals.sealed == [b"leaked 4711 4712"]
    assert "leaked" not in str(detail)
    assert bench.frontier.known("s", [("http://s/2", "1"), ("http://s/2", "2")]) == [
        "same",
        "changed",
    ]


def test_an_unchanged_refetch_seals_nothing(bench: Bench) -> None:
    code = 'send(sock, *page(2, "leaked 4711")); done()'
    bench.crawl(code)
    outcome = bench.crawl(code)
    assert outcome.new_alerts == 0
    assert len(bench.originals.sealed) == 1
    assert bench.count(Capture) == 1


def test_what_is_gone_is_noted_for_its_address_and_for_the_posts_of_its_thread(
    bench: Bench,
) -> None:
    bench.crawl(
        """
        header, body = page(1, "leaked 4711")
        header["posts"][0]["location"] = "http://s/1"
        send(sock, header, body)
        send(sock, *page(2, "leaked 4712", thread="http://s/t"))
        send(sock, *page(3, "leaked 4713", thread="http://s/u"))
        done()
        """
    )
    outcome = bench.crawl(
        """
        def problem(kind, address):
            send(sock, {"t": "problem", "kind": kind, "address": address, "what": "."})
        problem("gone", "http://S/1")
        problem("gone", "http://s/t")
        problem("timeout", "http://s/u")
        problem("gone", "")
        done()
        """
    )
    assert outcome.outcome == "finished"
    with Session(bench.engine) as session:
        found = session.scalars(select(Alert).order_by(Alert.id)).all()
        assert [one.gone_at is not None for one in found] == [True, True, False]


def test_a_stale_crawl_writes_nothing_more(bench: Bench) -> None:
    taken = Leases(bench.engine, owner="test").acquire(source_lease("s"), 60)
    assert taken is not None
    outcome = bench.crawl('send(sock, *page(1, "leaked 1")); time.sleep(600)')
    assert outcome.outcome == "stale"
    assert [bench.count(table) for table in (Seen, Capture, Alert)] == [0, 0, 0]
    assert bench.originals.discarded == ["original-1.age"]


def test_a_post_that_cannot_be_judged_comes_again(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        send(sock, *page(1, "poison"))
        send(sock, *page(2, "leaked 1"))
        done()
        """
    )
    assert outcome.outcome == "failed"
    assert outcome.error == "judge (1)"
    assert outcome.partly
    assert outcome.counts.problems == ({"kind": "judge", "count": 1},)
    assert "poison" not in outcome.error
    assert bench.count(Alert) == 1
    asked = [("http://s/1", "1"), ("http://s/2", "1")]
    assert bench.frontier.known("s", asked) == ["new", "same"]


@pytest.mark.parametrize("lost", ["poison", "fatal"])
@pytest.mark.parametrize("told", ['thread="http://s/t"', 'path=("http://s/", "http://S/t")'])
def test_a_thread_is_read_when_all_its_pages_were_judged(
    bench: Bench, lost: str, told: str
) -> None:
    code = f"""
        def part(n, text, *seen):
            header, body = page(n, text, {told})
            header["seen"] = [[f"http://s/{{n}}#0", "1"], *seen]
            return header, body
        send(sock, *part(1, "one"))
        send(sock, *part(2, "TEXT"))
        send(sock, *part(3, "leaked 1", ["http://s/t", "comments:3"]))
        send(sock, *page(4))
        done()
        """
    outcome = bench.crawl(code.replace("TEXT", lost))
    assert outcome.outcome == "failed"
    assert bench.count(Alert) == 1
    asked = [("http://s/t", "comments:3"), *((f"http://s/{n}#0", "1") for n in (1, 2, 3))]
    asked.append(("http://s/4", "1"))
    assert bench.frontier.known("s", asked) == ["new", "same", "new", "same", "same"]
    assert bench.crawl(code.replace("TEXT", "two")).outcome == "finished"
    assert bench.frontier.known("s", asked) == ["same"] * 5


def test_a_matcher_that_is_down_is_told_apart_from_one_bad_post(bench: Bench) -> None:
    down = bench.crawl('send(sock, *page(1, "fatal")); send(sock, *page(2, "fatal")); done()')
    assert (down.outcome, down.error, down.partly) == ("failed", "scan (2)", False)
    bad = bench.crawl('send(sock, *page(1, "fatal")); send(sock, *page(2)); done()')
    assert (bad.outcome, bad.error, bad.partly) == ("failed", "scan (1)", True)


def test_a_full_disk_for_originals_loses_no_match(bench: Bench) -> None:
    bench.originals.full = True
    code = 'send(sock, *page(2, "leaked 1")); done()'
    outcome = bench.crawl(code)
    assert outcome.counts.problems == ({"kind": "seal", "count": 1},)
    assert bench.frontier.known("s", [("http://s/2", "1")]) == ["new"]
    bench.originals.full = False
    assert bench.crawl(code).new_alerts == 1


def test_links_wait_for_the_source_that_reads_them(bench: Bench) -> None:
    outcome = bench.crawl(
        """
        for address in ("http://paste/AB12", "http://paste/AB12", "http://elsewhere/x",
                        "http://s/own", "file:///etc/passwd"):
            send(sock, {"t": "link", "address": address, "found_at": "http://s/1"})
        send(sock, *page(1))
        done()
        """
    )
    assert outcome.outcome == "finished"
    assert [item.address for item in bench.frontier.pending("pastes")] == ["http://paste/AB12"]
    assert bench.count(Pending) == 1
    assert bench.woken == ["pastes"]
    assert outcome.counts.problems == ({"kind": "link-dropped", "count": 3},)


def test_links_are_safe_before_their_page_is_marked_as_read(bench: Bench) -> None:
    bench.crawl(
        """
        send(sock, {"t": "link", "address": "http://paste/1", "found_at": "http://s/1"})
        send(sock, *page(1))
        os.kill(os.getpid(), 9)
        """
    )
    assert bench.frontier.known("s", [("http://s/1", "1")]) == ["same"]
    assert len(bench.frontier.pending("pastes")) == 1


def test_pending_addresses_are_handed_over_and_settled(bench: Bench) -> None:
    bench.frontier.add_pending("s", ["http://s/1", "http://s/2"])
    outcome = bench.crawl(
        """
        assert pending == ["http://s/1", "http://s/2"], pending
        send(sock, *page(1))
        done()
        """
    )
    assert outcome.outcome == "finished"
    assert [item.address for item in bench.frontier.pending("s")] == ["http://s/2"]
    with Session(bench.engine) as session:
        assert session.scalars(select(Pending.attempts)).all() == [1]
