"""A recorder killed at any moment loses no alert and doubles none."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from index.alerts import AlertStore
from index.embedded import EmbeddedIndex
from index.engine import open_record
from index.index_status import status
from index.outbox import SEARCH
from index.schema import Alert, AlertRecord, Capture, Case, Hit, Outbox, Seen
from index.shipper import Shipper

PAGES, POSTS = 120, 2
# Crawls the same made-up site again and again, asking what is known as a crawl child does.
CRAWLER = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime
    from index.embedded import EmbeddedIndex
    from index.engine import open_record
    from index.frontier import Frontier
    from index.leases import Leases, source_lease
    from index.recorder import Fence, Finding, KeptPost, PageFacts, Recorder
    from index.shipper import Shipper
    from index.vault import Vault
    from matching.result import Match, ScanResult, Verdict

    engine = open_record(sys.argv[1])
    shipper = Shipper(engine, EmbeddedIndex(__import__("pathlib").Path(sys.argv[2])))
    shipper.start()
    frontier = Frontier(engine, Vault(bytes(32)))
    recorder = Recorder(engine)
    grant = Leases(engine).acquire(source_lease("s"), 600)
    print("begins", flush=True)
    page = PageFacts(200, datetime.now(UTC), 10, "ab" * 32)
    for number in range(int(sys.argv[3])):
        seen = [(f"http://site/{number}", "1")]
        if frontier.known("s", seen) == ["same"]:
            continue
        posts = []
        for post in range(int(sys.argv[4])):
            rows = [number * 10 + post, number * 10 + post + 5]
            matches = tuple(Match("leak", row, 60.0, ("nir",), ((0, 1),)) for row in rows)
            result = ScanResult("", 1, "", Verdict.FRAGMENT, 2, 0, 2, 1e-9, matches)
            name = f"{number}#{post}"
            posts.append(KeptPost(frontier.location_key(name), frontier.content_key(name),
                                  "http://site/" + name, (Finding("leak", result),)))
        recorder.record_page(Fence("s", grant.token), page, frontier.keys(seen), posts)
    shipper.stop(30)
    print("finished", flush=True)
    """
)


def test_killed_at_random_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    url, index_file = f"sqlite:///{tmp_path}/vigie.db", tmp_path / "index.db"
    open_record(url).dispose()
    command = [sys.executable, "-c", CRAWLER, url, str(index_file), str(PAGES), str(POSTS)]
    chance = random.Random(7)
    kills = 0
    while True:
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()
            if kills < 8:
                time.sleep(chance.uniform(0.0, 0.25))
                child.kill()
            said = child.stdout.read()
        child.wait()
        if said == b"finished\n":
            break
        kills += 1
        assert kills < 40
    assert kills > 5
    engine = open_record(url)
    with Session(engine) as session:
        found = {
            table.__tablename__: session.scalar(select(func.count()).select_from(table))
            for table in (Seen, Capture, Hit, Alert, Case, AlertRecord)
        }
        locations = set(session.scalars(select(Alert.location)))
        outbox = set(session.scalars(select(Outbox.document_id).where(Outbox.channel == SEARCH)))
    alerts = PAGES * POSTS
    assert found == {
        "seen": PAGES, "capture": alerts, "hit": alerts, "alert": alerts, "case_file": alerts,
        "alert_record": 2 * alerts,
    }  # fmt: skip
    assert locations == {f"http://site/{n}#{p}" for n in range(PAGES) for p in range(POSTS)}
    assert outbox == {f"alert-{view.id}" for view in AlertStore(engine).list(limit=500).alerts}
    index = EmbeddedIndex(index_file)
    while Shipper(engine, index).ship_once():
        pass
    compared = status(engine, index)
    assert (compared.documents, compared.missing, compared.extra) == (2 * alerts, 0, 0)
    index.close()
    engine.dispose()
