"""Posts one round on the real sites, a lane a site, journalled, while the crawl goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vigie.demo.clients import Posted
from vigie.demo.errands import Errand
from vigie.demo.errors import DemoError, PosterError
from vigie.demo.journal import Entry, Journal

TRIES = 4
PAUSE = 1.0
CRAWLED_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two posts of a lane: of its bulk, and of its late part."""

    bulk: float = 0.0
    late: float = 1.0


class Poster:
    """Makes the errands of one round. `crawled(source, moment)` says whether a whole crawl of
    the source began after that moment."""

    def __init__(
        self,
        number: int,
        lanes: Mapping[str, Sequence[Errand]],
        journal: Journal,
        feed: Path,
        crawled: Callable[[str, datetime], bool],
        pace: Pace,
    ) -> None:
        self._round = number
        self._lanes = lanes
        self._journal = journal
        self._feed = feed
        self._crawled = crawled
        self._pace = pace
        self._stop = threading.Event()
        self._feed_lock = threading.Lock()
        self._errors: list[DemoError] = []
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name=f"poster-{site}", daemon=True)
            for site, lane in lanes.items()
        ]

    @property
    def total(self) -> int:
        """Posts of the round."""
        return sum(len(lane) for lane in self._lanes.values())

    @property
    def planted(self) -> int:
        """Planted posts of the round."""
        return sum(1 for lane in self._lanes.values() for errand in lane if errand.rows)

    @property
    def posted(self) -> int:
        """How many of them stand."""
        return sum(
            1
            for lane in self._lanes.values()
            for errand in lane
            if self._journal.entry(self._round, errand.key)
        )

    @property
    def done(self) -> bool:
        """Whether every post stands."""
        return self.posted == self.total

    def start(self) -> None:
        """Begin, or go on where a killed run stopped."""
        self._write_feed()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the posts under way."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5.0)

    def check(self) -> None:
        """Raise what ended a lane; raises DemoError."""
        if self._errors:
            raise self._errors[0]

    def _run(self, lane: Sequence[Errand]) -> None:
        try:
            for errand in lane:
                if self._journal.entry(self._round, errand.key):
                    continue
                if errand.answers:
                    self._wait_for_crawl(errand)
                if self._stop.is_set():
                    return
                self._make(errand)
                self._stop.wait(self._pace.late if errand.late else self._pace.bulk)
        except DemoError as error:
            self._errors.append(error)
        except Exception as error:
            self._errors.append(PosterError(f"The poster failed: {type(error).__name__}."))

    def _wait_for_crawl(self, errand: Errand) -> None:
        """A late answer comes when its thread was read once, or after a bounded time."""
        thread = self._journal.entry(self._round, errand.answers)
        deadline = time.monotonic() + CRAWLED_WITHIN
        while thread is not None and time.monotonic() < deadline:
            if self._crawled(errand.site, thread.at) or self._stop.wait(0.5):
                return

    def _make(self, errand: Errand) -> None:
        posted = self._left_by_a_killed_run(errand)
        if posted is None:
            self._journal.intent(self._round, errand.key)
            posted = self._post(errand)
        self._journal.stands(
            Entry(
                round=self._round,
                key=errand.key,
                kind=errand.kind,
                site=errand.site,
                address=posted.address,
                also=posted.also,
                at=datetime.now(UTC),
                rows=errand.rows,
                feed=errand.feed,
            )
        )
        if errand.feed:
            self._write_feed()

    def _left_by_a_killed_run(self, errand: Errand) -> Posted | None:
        if not self._journal.was_begun(self._round, errand.key):
            return None
        found = errand.find()
        return None if found is None or self._journal.is_known(found) else found

    def _post(self, errand: Errand) -> Posted:
        """A site may be busy; after a failed try the post may stand all the same."""
        for attempt in range(TRIES):
            try:
                return errand.post()
            except PosterError:
                if attempt == TRIES - 1 or self._stop.wait(PAUSE * (attempt + 1)):
                    raise
                found = errand.find()
                if found is not None and not self._journal.is_known(found):
                    return found
        raise AssertionError("unreachable")

    def _write_feed(self) -> None:
        """The operator's list of addresses, whole or as it was before, never half."""
        with self._feed_lock:
            fed = [entry.address for entry in self._journal.entries() if entry.feed]
            draft = self._feed.with_suffix(".part")
            draft.write_text("".join(f"{address}\n" for address in fed), encoding="utf-8")
            draft.replace(self._feed)
