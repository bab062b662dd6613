"""How fast pages are rendered beside bare scrapy-playwright. Prints one JSON object.

Both read the same scripted site on loopback with the same concurrency, in turns; a page counts
when the text that only its script writes was read. scrapy-playwright has its own defaults (a page
a request, everything loaded). Then `--leak-pages` are rendered in one crawl; what Chromium has of
pages and processes along the way, and what is left when the crawl is over.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.loopback.scripted import scripted_site
from bench.loopback.serving import Site
from bench.loopback.watching import Sampler, configured, watching

LEAK_ROWS = 5_000
SAMPLES = 11


def bare(site: Site, concurrency: int) -> dict[str, Any]:
    """A crawl of bare scrapy-playwright."""
    site.told(anew=True)
    command = [sys.executable, "-m", "bench.loopback.bare_playwright", f"{site.address}/"]
    done = subprocess.run([*command, str(concurrency)], stdout=subprocess.PIPE, check=True)
    told = site.told()
    return {"read": json.loads(done.stdout)["marks"], "s": told.seconds, "asked": told.counts}


def ours(site: Site, root: Path, concurrency: int) -> dict[str, Any]:
    """A crawl of Vigie, into a new record."""
    described = {
        "start": [f"{site.address}/"], "engine": "generic", "delay": 0, "render": "auto",
        "concurrency": concurrency, "max_pages": 1_000_000, "crawl_seconds": 3600,
    }  # fmt: skip
    sources = {"site": described, "warm": {**described, "max_pages": 3, "render": "never"}}
    with watching(configured(root, LEAK_ROWS, sources)) as watch:
        watch.crawl("warm")
        site.told(anew=True)
        with Sampler(lambda: site.told().counts.get("page", 0)) as sampler:
            outcome = watch.crawl("site")
        told = site.told()
        left = [one for one in psutil.Process().children(recursive=True) if _is_browser(one)]
    return {
        "read": outcome.counts.posts, "s": told.seconds, "asked": told.counts,
        "outcome": outcome.outcome, "problems": outcome.counts.problems,
        "samples": sampler.samples, "browsers_left": len(left), "cpu_s": sampler.cpu(),
    }  # fmt: skip


def _is_browser(process: psutil.Process) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return "chrom" in line or "playwright" in line


def compared(pages: int, turns: int, concurrency: int, root: Path) -> dict[str, Any]:
    """Rendered pages per second of both, in turns."""
    mine: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    with Site(scripted_site, pages) as site:
        for turn in range(turns):
            theirs.append(bare(site, concurrency))
            folder = root / f"turn-{turn}"
            folder.mkdir()
            mine.append(ours(site, folder, concurrency))
    speeds = [sum(t["read"] for t in told) / sum(t["s"] for t in told) for told in (mine, theirs)]
    return {
        "pages_s": round(speeds[0], 2), "bare_pages_s": round(speeds[1], 2),
        "ratio": round(speeds[0] / speeds[1], 2),
        "read": [[t["read"] for t in told] for told in (mine, theirs)],
        "asked": [mine[-1]["asked"], theirs[-1]["asked"]],
        "problems": [t["problems"] for t in mine], "cpu_s": mine[-1]["cpu_s"],
    }  # fmt: skip


def leaks(pages: int, concurrency: int, root: Path) -> dict[str, Any]:
    """Memory and processes along one long crawl, and what is left of them."""
    root.mkdir()
    with Site(scripted_site, pages) as site:
        told = ours(site, root, concurrency)
    marks = [pages * step // (SAMPLES - 1) for step in range(SAMPLES)]
    samples = told["samples"]
    along = [next((s for s in samples if s["at"] >= one), samples[-1]) for one in marks]
    return {
        "pages": pages, "read": told["read"], "outcome": told["outcome"], "along": along,
        "browsers_left": told["browsers_left"],
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--leak-pages", type=int, default=1_000)
    parser.add_argument("--concurrency", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        found: dict[str, Any] = {"pages": asked.pages, "concurrency": asked.concurrency}
        found["rendered"] = compared(asked.pages, asked.turns, asked.concurrency, root)
        if asked.leak_pages:
            found["leaks"] = leaks(asked.leak_pages, asked.concurrency, root / "leaks")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
