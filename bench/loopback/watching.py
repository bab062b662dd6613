"""A Vigie in a folder: a leak of made-up people, a record, and all that crawls."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import structlog

from crawler.outcome import CrawlOutcome
from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from vigie.config import Config, parse
from vigie.demo.leak import generate
from vigie.wiring import Catalogue, Crawling, Record, crawling, open_record

MB = 2**20


@dataclass
class Watch:
    """What a bench needs of it."""

    record: Record
    catalogue: Catalogue
    parts: Crawling

    def crawl(self, source: str) -> CrawlOutcome:
        """One crawl, now."""
        self.record.sources.ensure([source])
        outcome = self.parts.turns.take(self.catalogue.specs()[source])
        if outcome is None:
            raise RuntimeError(f"{source} is crawled elsewhere")
        return outcome


def configured(root: Path, rows: int, sources: Mapping[str, Mapping[str, Any]]) -> Config:
    """A configuration with a fingerprint file of `rows` people, and these sources."""
    csv = root / "leak.csv"
    generate(csv, rows=rows)
    build(csv, new_key(root / "key"), root / "leak.vfp", inspect(csv))
    text = f'[storage]\npath = "{root / "var"}"\nkey_file = "{root / "record.key"}"\n'
    text += f'[[leak]]\nfile = "{root / "leak.vfp"}"\nkey_file = "{root / "key"}"\n'
    for name, source in sources.items():
        text += f'[[source]]\nid = "{name}"\nallow_addresses = ["127.0.0.0/8"]\n'
        text += "".join(f"{key} = {_toml(value)}\n" for key, value in source.items())
    new_key(root / "record.key")
    return parse(text, root / "vigie.toml")


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list) else str(value)


@contextmanager
def quiet() -> Iterator[None]:
    """Events of crawls are not what a bench prints."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@contextmanager
def watching(config: Config) -> Iterator[Watch]:
    """The record opened, matcher and fork server started."""
    with open_record(config) as record, quiet():
        catalogue = Catalogue(config, record.sources.states)
        with crawling(config, record, catalogue) as parts:
            yield Watch(record, catalogue, parts)


class Sampler:
    """Looks at this process and all below it, twice a second and at the end: CPU seconds and
    memory by part."""

    def __init__(self, at: Callable[[], object] | None = None) -> None:
        self._at = at
        self._me = psutil.Process()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._cpu: dict[int, tuple[str, float]] = {}
        self._before: dict[int, float] = {}
        self._began = time.process_time()
        self.samples: list[dict[str, Any]] = []

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each part since the beginning; a child's last half second is missing."""
        found = {"supervisor": time.process_time() - self._began}
        for part, seconds in self._cpu.values():
            found[part] = found.get(part, 0.0) + seconds
        return {part: round(seconds, 2) for part, seconds in found.items()}

    def _look_on(self) -> None:
        while not self._over.wait(0.5):
            self._look()

    def _look(self) -> None:
        sample: dict[str, Any] = {"supervisor_mb": self._me.memory_info().rss / MB}
        for process in self._me.children(recursive=True):
            part = _part(process)
            try:
                times, memory = process.cpu_times(), process.memory_info().rss
            except psutil.Error:
                continue
            used = times.user + times.system
            # What a process had used before this began does not count.
            start = self._before.setdefault(process.pid, used if not self.samples else 0.0)
            self._cpu[process.pid] = (part, used - start)
            sample[f"{part}_mb"] = sample.get(f"{part}_mb", 0.0) + memory / MB
        if self._at is not None:
            sample["at"] = self._at()
        self.samples.append(
            {key: round(value) if key != "at" else value for key, value in sample.items()}
        )


def _part(process: psutil.Process) -> str:
    try:
        line, parent = " ".join(process.cmdline()), process.ppid()
    except psutil.Error:
        return "other"
    if "-m matching " in line:
        return "matcher"
    if "chrom" in line or "playwright" in line:
        return "browser"
    if "crawler.forkserver" in line:
        return "forkserver" if parent == os.getpid() else "child"
    return "other"
