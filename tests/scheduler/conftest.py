"""A scheduler with a supervisor that only counts, over a real record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from crawler.outcome import CrawlOutcome
from crawler.source import SourceSpec
from crawler.turn import Turns
from index.engine import open_record
from index.leases import Keeper, Leases
from index.sources import CrawlCounts, SourceStore
from scheduler import Scheduler


@dataclass
class FakeSupervisor:
    """Counts crawls; each lasts until it is let go."""

    seconds: float = 0.0
    outcome: str = "finished"
    posts: int = 1
    wait: float = 0.0
    error: Exception | None = None
    started: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    specs: list[SourceSpec] = field(default_factory=list)

    def crawl(
        self, spec: SourceSpec, *, token: int, crawl: int, stop: Callable[[], str], progress: Any
    ) -> CrawlOutcome:
        with self.lock:
            self.started.append(spec.id)
            self.specs.append(spec)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.error is not None:
                raise self.error
            end = time.monotonic() + self.seconds
            while time.monotonic() < end:
                if reason := stop():
                    self.stopped.append(reason)
                    return CrawlOutcome("stopped", CrawlCounts())
                time.sleep(0.01)
            counts = CrawlCounts(pages=3, posts=self.posts)
            return CrawlOutcome(self.outcome, counts, wait=self.wait)
        finally:
            with self.lock:
                self.at_once -= 1


@dataclass
class Watch:
    """One scheduler with all it needs, as one process would have."""

    scheduler: Scheduler
    turns: Turns
    keeper: Keeper
    supervisor: FakeSupervisor
    sources: SourceStore


MakeWatch = Callable[..., Watch]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.LOOK_EVERY", 0.15)
    monkeypatch.setattr("scheduler.BUSY_ELSEWHERE", timedelta(seconds=0.5))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    record = open_record(f"sqlite:///{tmp_path}/vigie.db")
    yield record
    record.dispose()


@pytest.fixture
def make(engine: Engine) -> Iterator[MakeWatch]:
    made: list[Watch] = []

    def build(
        *specs: SourceSpec, owner: str = "one", workers: int = 4, lease: float = 30, **fake: Any
    ) -> Watch:
        sources = SourceStore(engine)
        keeper = Keeper(Leases(engine, owner=owner), seconds=lease)
        supervisor = FakeSupervisor(**fake)
        turns = Turns(supervisor, keeper, sources)  # type: ignore[arg-type]
        by_id = {spec.id: spec for spec in specs}
        scheduler = Scheduler(lambda: by_id, turns, sources, keeper, workers=workers)
        made.append(Watch(scheduler, turns, keeper, supervisor, sources))
        return made[-1]

    yield build
    for watch in made:
        watch.scheduler.stop(3)
        watch.keeper.stop()


def spec(name: str = "s", **changes: Any) -> SourceSpec:
    return SourceSpec(id=name, start=("http://s/",), **{"every": 3600.0, **changes})


def until(condition: Callable[[], object], seconds: float = 6.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
