"""`vigie watch`: everything at once, until it is told to stop.

Short lines for people go to stderr, events as JSON Lines to <storage>/logs/watch.jsonl. A part
that fails is said and tried again; only a record, leak or key that cannot be opened ends it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from vigie import logs
from vigie.companions import Companion, companions
from vigie.config import Config
from vigie.evidence import Keeper
from vigie.notify.notifier import Notifier
from vigie.progress import counted, explained
from vigie.sight import explained_in
from vigie.wiring import Catalogue, crawling, open_index, open_record

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from crawler.outcome import CrawlOutcome
    from crawler.runfolder import RunFolder
    from index.sight_store import Notice
    from index.views import AlertView

STOP_CRAWLS, STOP_SHIPPER, STOP_EVIDENCE, STOP_REVIEW, STOP_ALL = 5.0, 1.0, 0.5, 1.0, 8.5
STOP_NOTIFIER = 0.5
CUT = "Stopped; what was being read is read again at the next start. Nothing is lost."

log = structlog.get_logger("vigie.watch")


class Voice:
    """Short lines on stderr, one at a time, with the reader's time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing: dict[str, str] = {}

    def say(self, line: str) -> None:
        """One line."""
        now = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
        with self._lock:
            sys.stderr.write(f"{now}  {line}\n")
            sys.stderr.flush()

    def alert(self, alert: AlertView, is_new: bool) -> None:
        """An alert that came or grew."""
        log.info(
            "alert", alert=alert.id, case=alert.case, new=is_new, verdict=alert.verdict,
            source=alert.source, records=alert.records, found_after_s=alert.found_after_s,
        )  # fmt: skip
        after = alert.found_after_s
        when = f", {after:.0f} s after the post" if is_new and after is not None else ""
        what = "ALERT" if is_new else "more of alert"
        records = counted(alert.records, "record")
        self.say(f"{what} {alert.id}  {alert.verdict}, {records}, {alert.source}{when}")

    def notice(self, notice: Notice) -> None:
        """A source that is not seen any more, or is seen again."""
        log.warning("sight", source=notice.source, kind=notice.kind, reason=notice.reason)
        seen = notice.kind == "seen"
        what = "is seen again" if seen else "RED: it is not seen"
        self.say(f"{notice.source} {what}. {explained_in(notice.reason)}")

    def crawl(self, source: str, outcome: CrawlOutcome) -> None:
        """A crawl that ended: said when it failed, or goes well again."""
        bad = outcome.error or outcome.outcome if outcome.outcome in ("failed", "blocked") else ""
        before = self._failing.get(source, "")
        if bad and bad != before:
            reason = explained(bad).removesuffix(".")
            self.say(f"{source} could not be crawled, and is tried again later: {reason}.")
        elif before and not bad:
            self.say(f"{source} is crawled again")
        self._failing[source] = bad


def watch(
    config: Config,
    *,
    config_file: Path,
    review: bool = True,
    login_link: str = "",
    seconds: float | None = None,
) -> None:
    """Run until SIGTERM or SIGINT (or for `seconds`), then stop everything within 10 s."""
    from index.engine import checkpoint
    from index.rebuild import rebuild
    from index.shipper import Shipper
    from scheduler import Scheduler, default_workers

    logs.configure(config.storage.path / "logs" / "watch.jsonl")
    voice = Voice()
    over = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(_signals(over))
        record = stack.enter_context(open_record(config))
        index = stack.enter_context(open_index(config))
        catalogue = Catalogue(config, record.sources.states)
        specs = catalogue.specs()
        parts = stack.enter_context(
            crawling(config, record, catalogue, tell=voice.alert, notice=voice.notice)
        )
        shipper = Shipper(record.engine, index)
        scheduler = Scheduler(
            catalogue.specs, parts.turns, record.sources, parts.keeper, report=voice.crawl,
            chores=partial(_chores, record.engine, catalogue, voice),
        )  # fmt: skip
        beside = companions(config, config_file, login_link, voice.say, review=review)
        keeper = Keeper(config, record, catalogue, partial(rebuild, record.engine, index),
                        parts.session)  # fmt: skip
        notifier = Notifier(config, record.engine)
        log.info("watch-started", pid=os.getpid(), sources=len(specs), leaks=len(config.leak))
        voice.say(
            f"Watching {counted(len(specs), 'source')} for {counted(len(config.leak), 'leak')}, "
            f"{default_workers()} crawls at once at most. "
            f"Record: {config.storage.path}. Ctrl-C stops."
        )
        for source, reason in catalogue.broken.items():
            voice.say(f"{source} is not crawled: {reason}")
        if not config.sealing.recipients:
            voice.say("No sealing.recipients: matched originals are not kept, only what is masked.")
        shipper.start()
        scheduler.start()
        keeper.start()
        notifier.start()
        try:
            _until(over, seconds, beside, lambda: scheduler.is_standby, voice)
        finally:
            began = time.monotonic()
            voice.say("Stopping…")
            told = threading.Event()
            _cut_after(STOP_ALL, parts.folder, voice, told)
            for companion in beside:
                companion.ask_to_stop()
            clean = scheduler.stop(STOP_CRAWLS)
            shipper.stop(STOP_SHIPPER)
            keeper.stop(STOP_EVIDENCE)
            notifier.stop(STOP_NOTIFIER)
            for companion in beside:
                companion.stop(STOP_REVIEW)
            checkpoint(record.engine)
            took = round(time.monotonic() - began, 2)
            log.info("watch-stopped", clean=clean, seconds=took)
            told.set()
            voice.say("Stopped; nothing is lost." if clean else CUT)


def _chores(engine: Engine, catalogue: Catalogue, voice: Voice) -> None:
    """What falls due by age; sources that nothing is crawled of turn red here."""
    from vigie.sight import Reviewer
    from vigie.upkeep import clear_old

    clear_old(engine)
    reviewer = Reviewer(engine, voice.notice)
    for spec in catalogue.specs().values():
        reviewer(spec)


def _cut_after(seconds: float, folder: RunFolder, voice: Voice, told: threading.Event) -> None:
    """End this process after `seconds`, whatever still waits for an answer.

    A scan can take longer than anyone waits for the end. The record is safe at every moment, the
    other processes die with this one, and the page that was being judged comes again.
    """

    def cut() -> None:
        folder.close()
        log.warning("watch-cut", seconds=seconds)
        if not told.is_set():
            voice.say(CUT)
        os._exit(0)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()


def _until(
    over: threading.Event,
    seconds: float | None,
    beside: Sequence[Companion],
    is_standby: Callable[[], bool],
    voice: Voice,
) -> None:
    deadline = time.monotonic() + seconds if seconds is not None else None
    told = False
    while not over.wait(0.2):
        if deadline is not None and time.monotonic() > deadline:
            return
        for companion in beside:
            companion.keep_up()
        standby = is_standby()
        if standby != told:
            told = standby
            voice.say(
                "Another watch crawls; this one stands by." if standby else "This watch crawls now."
            )


@contextmanager
def _signals(over: threading.Event) -> Iterator[None]:
    def wish(_number: int, _frame: FrameType | None) -> None:
        over.set()

    before = {number: signal.signal(number, wish) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
