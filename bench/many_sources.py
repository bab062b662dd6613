"""Five hundred sources on two cores, on the real clock. Prints one JSON object.

Every source is a small board on a port of its own on loopback; every second one has five new posts
each interval. The scheduler runs as `vigie watch` runs it. A crawl is late when it starts more than
30 s after it was due. `--minutes 20` is the run whose figures stand in docs/crawling.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.loopback.boards import Pace, boards
from bench.loopback.serving import Site
from bench.loopback.watching import Sampler, Watch, configured, watching
from crawler.outcome import CrawlOutcome, Progress
from crawler.source import SourceSpec
from crawler.turn import Turns
from index.leases import utc_now
from index.sources import SourceStore
from scheduler import Scheduler

LATE = 30.0
LEAK_ROWS = 50_000


class Noted(Turns):
    """Turns that note when each was due, when it began and how long it took."""

    def __init__(self, turns: Turns, sources: SourceStore) -> None:
        self._turns = turns
        self._sources = sources
        self.late: list[float] = []
        self.late_at: Counter[int] = Counter()
        self._began = time.monotonic()
        self.took: list[float] = []

    def take(
        self,
        spec: SourceSpec,
        *,
        stop: Callable[[], str] = lambda: "",
        progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> CrawlOutcome | None:
        """As `Turns.take`."""
        state = self._sources.state(spec.id)
        if state is not None and state.next_due is not None:
            late = (utc_now() - state.next_due).total_seconds()
            self.late.append(late)
            if late > LATE:
                self.late_at[int((time.monotonic() - self._began) // 60)] += 1
        began = time.monotonic()
        try:
            return self._turns.take(spec, stop=stop, progress=progress)
        finally:
            self.took.append(time.monotonic() - began)


def run(watch: Watch, noted: Noted, seconds: float) -> Counter[str]:
    """The scheduler for so long; how crawls ended."""
    ended: Counter[str] = Counter()

    def report(_source: str, outcome: CrawlOutcome) -> None:
        ended[outcome.outcome] += 1
        ended["posts"] += outcome.counts.posts

    scheduler = Scheduler(
        watch.catalogue.specs, noted, watch.record.sources, watch.parts.keeper, report=report
    )
    scheduler.start()
    time.sleep(seconds)
    scheduler.stop()
    return ended


def sources(site: Site, count: int, every: float) -> dict[str, dict[str, Any]]:
    """The boards as an operator would name them."""
    return {
        f"board-{n}": {
            "start": [f"http://127.0.0.1:{site.ports[n]}/b/{n}/"], "engine": "generic",
            "every": every, "delay": 0, "concurrency": 4, "render": "never",
        }
        for n in range(count)
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=500)
    parser.add_argument("--every", type=float, default=300.0)
    parser.add_argument("--minutes", type=float, default=20.0)
    asked = parser.parse_args()
    pace = Pace(asked.every, asked.sources)
    with (
        tempfile.TemporaryDirectory() as name,
        Site(boards, pace, ports=asked.sources) as site,
        watching(
            configured(Path(name), LEAK_ROWS, sources(site, asked.sources, asked.every))
        ) as watch,
    ):
        noted = Noted(watch.parts.turns, watch.record.sources)
        began = time.monotonic()
        with Sampler() as sampler:
            ended = run(watch, noted, asked.minutes * 60)
        seconds = time.monotonic() - began
        cpu = sampler.cpu()
        told = site.told()
    crawls = len(noted.late)
    used = sum(cpu.values())
    peak = max(sum(v for k, v in one.items() if k.endswith("_mb")) for one in sampler.samples)
    print(json.dumps({
        "sources": asked.sources, "every_s": asked.every, "minutes": asked.minutes,
        "crawls": crawls, "ended": ended, "asked": told.counts,
        "late_share": round(sum(one > LATE for one in noted.late) / max(1, crawls), 4),
        "late_in_minute": dict(sorted(noted.late_at.items())),
        "late_s": {
            "median": round(statistics.median(noted.late), 2), "most": round(max(noted.late), 1),
        },
        "crawl_s": round(statistics.median(noted.took), 2),
        "cpu_s_a_crawl": round(used / max(1, crawls), 3),
        "cpu_share_of_a_core": round(used / seconds, 2), "cpu_s": cpu,
        "rss_mb_most": peak,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
