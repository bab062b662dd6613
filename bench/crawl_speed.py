"""How fast a static crawl is beside bare Scrapy, and its memory. Prints one JSON object.

Both read the same site on loopback (pages of 10 kB) with the same concurrency, in turns; pages
per second count from the first request to the last, by the site's own clock. Bare Scrapy is one
process that takes title and text of each page and follows its links. Vigie does all it does for
every page: robots.txt, the guard, the spider, text extraction, matching against a leak, and one
durable transaction a page. `--memory-pages` are then read in one crawl, with the resident memory
of each process along the way.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.loopback.pastes import paste_site
from bench.loopback.serving import Site
from bench.loopback.watching import Sampler, configured, watching

LEAK_ROWS = 50_000
SAMPLES = 11


def source(site: Site, engine: str, concurrency: int) -> dict[str, Any]:
    """The site as a source that may be read as fast as it answers."""
    return {
        "start": [f"{site.address}/"], "engine": engine, "delay": 0, "render": "never",
        "concurrency": concurrency, "max_pages": 1_000_000, "crawl_seconds": 3600,
    }  # fmt: skip


def bare(site: Site, concurrency: int) -> dict[str, Any]:
    """A crawl of bare Scrapy."""
    site.told(anew=True)
    command = [sys.executable, "-m", "bench.loopback.bare_scrapy", f"{site.address}/"]
    done = subprocess.run([*command, str(concurrency)], stdout=subprocess.PIPE, check=True)
    told = site.told()
    return {**json.loads(done.stdout), "pages": sum(told.counts.values()), "s": told.seconds}


def ours(site: Site, root: Path, engine: str, concurrency: int) -> dict[str, Any]:
    """A crawl of Vigie, into a new record."""
    described = source(site, engine, concurrency)
    sources = {"site": described, "warm": {**described, "max_pages": 4}}
    with watching(configured(root, LEAK_ROWS, sources)) as watch:
        # The matcher's kernels are loaded and the fork server is up before the clock runs.
        watch.crawl("warm")
        site.told(anew=True)
        with Sampler(lambda: site.told().counts.get("page", 0)) as sampler:
            outcome = watch.crawl("site")
    told = site.told()
    return {
        "outcome": outcome.outcome, "items": outcome.counts.posts, "error": outcome.error,
        "pages": sum(told.counts.values()), "s": told.seconds, "cpu_s": sampler.cpu(),
        "samples": sampler.samples,
    }  # fmt: skip


def compared(pages: int, turns: int, engine: str, concurrency: int, root: Path) -> dict[str, Any]:
    """Pages per second of both, in turns."""
    mine: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    with Site(paste_site, pages) as site:
        for turn in range(turns):
            theirs.append(bare(site, concurrency))
            folder = root / f"{engine}-{turn}"
            folder.mkdir()
            mine.append(ours(site, folder, engine, concurrency))
    speeds = [sum(t["pages"] for t in told) / sum(t["s"] for t in told) for told in (mine, theirs)]
    missed = [t["items"] for t in (*mine, *theirs) if t["items"] != pages]
    return {
        "engine": engine, "missed": missed, "pages_s": round(speeds[0], 1),
        "bare_pages_s": round(speeds[1], 1), "ratio": round(speeds[0] / speeds[1], 2),
        "each_pages_s": [[round(t["pages"] / t["s"], 1) for t in told] for told in (mine, theirs)],
        "cpu_ms_a_page": {
            part: round(1000 * seconds / mine[-1]["pages"], 2)
            for part, seconds in mine[-1]["cpu_s"].items()
        },
        "bare_cpu_ms_a_page": round(1000 * theirs[-1]["cpu_s"] / theirs[-1]["pages"], 2),
    }  # fmt: skip


def memory(pages: int, concurrency: int, root: Path) -> dict[str, Any]:
    """Resident memory along one long crawl, in MB by process."""
    root.mkdir()
    with Site(paste_site, pages) as site:
        told = ours(site, root, "generic", concurrency)
    samples = told["samples"]
    marks = [pages * step // (SAMPLES - 1) for step in range(SAMPLES)]
    along = [next((s for s in samples if s["at"] >= mark), samples[-1]) for mark in marks]
    return {
        "pages": pages, "outcome": told["outcome"], "items": told["items"],
        "pages_s": round(told["pages"] / told["s"], 1), "along": along,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=3_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--memory-pages", type=int, default=50_000)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--engines", nargs="+", default=["generic"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        found: dict[str, Any] = {"pages": asked.pages, "concurrency": asked.concurrency}
        found["static"] = [
            compared(asked.pages, asked.turns, engine, asked.concurrency, root)
            for engine in asked.engines
        ]
        if asked.memory_pages:
            found["memory"] = memory(asked.memory_pages, asked.concurrency, root / "memory")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
