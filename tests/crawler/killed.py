"""One crawl by a process that may be killed at any moment (tests/crawler/test_kill.py).

Arguments: the record's file, the address to crawl. Prints "ready", then the outcome. The matcher is
stood in for; the fork server, its child, the supervisor and the record are the real ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

from crawler.forkserver import ForkServer
from crawler.judge import Judge
from crawler.parts import Parts
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec
from crawler.supervise import Supervisor
from crawler.turn import Turns
from index.engine import open_record
from index.frontier import Frontier
from index.leases import Keeper, Leases, utc_now
from index.links import LinkStore
from index.recorder import Recorder
from index.sources import SourceStore
from index.validators import ValidatorStore
from index.vault import Vault
from tests.crawler.fake_crawl import FakeMatcher, Originals


def main(record: str, address: str) -> None:
    engine = open_record(f"sqlite:///{record}")
    vault = Vault(bytes(32))
    frontier, recorder, originals = Frontier(engine, vault), Recorder(engine), Originals()
    sources = SourceStore(engine)
    parts = Parts(
        judge=Judge(FakeMatcher(), ["leak"], frontier, recorder, originals),
        recorder=recorder,
        frontier=frontier,
        originals=originals,
        links=LinkStore(engine, vault),
        validators=ValidatorStore(engine, vault),
        spent=lambda source, hosts: sources.spending.add(source, hosts, utc_now()),
    )
    keeper = Keeper(Leases(engine))
    keeper.start()
    spec = SourceSpec(
        id="s", start=(f"{address}/",), engine="spirit", delay=0.0, concurrency=2,
        allow_addresses=("127.0.0.0/8",), crawl_seconds=120.0,
    )  # fmt: skip
    with RunFolder(Path(record).parent) as folder, ForkServer() as forks:
        turns = Turns(Supervisor(forks, parts, folder), keeper, sources)
        print("ready", flush=True)  # noqa: T201
        outcome = turns.take(spec)
        print(outcome.outcome if outcome else "busy", flush=True)  # noqa: T201
    keeper.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
