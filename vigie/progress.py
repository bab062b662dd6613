"""How commands speak to a person: times of theirs, sentences for kinds, a line that moves."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.outcome import Progress

# What our own side adds to the child's kinds (crawler.faults).
SENTENCES = {
    "scan": "The matcher could not read a post; the page is read again at the next crawl.",
    "judge": "A post could not be masked; the page is read again at the next crawl.",
    "seal": "A matched original could not be sealed (space, rights?); the page is read again.",
    "stopped": "The crawl was stopped in the middle of a page; it is read again.",
    "link-dropped": "Links to hosts that no source reads were left out.",
    "given-up": "Linked addresses that could not be read in five crawls were given up.",
    "bad-message": "The crawl's process sent something that is no message of ours.",
}


def sentence(kind: str) -> str:
    """What a kind of problem means and what to do."""
    if kind in SENTENCES:
        return SENTENCES[kind]
    from crawler.faults import SENTENCES as FAULTS

    return FAULTS.get(kind, FAULTS["other"])


def explained(error: str) -> str:
    """A crawl's error for a person: "unreachable (3), …" as the sentence of its first kind."""
    kind = re.match(r"([a-z][a-z-]*) \(\d+\)", error)
    return sentence(kind[1]) if kind else error


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 source", "2 sources"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def local_time(stamp: str | datetime | None) -> str:
    """A time of the record as the reader's own: today's without the date."""
    if not stamp:
        return ""
    moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    here = moment.astimezone()
    today = datetime.now(UTC).astimezone().date()
    return here.strftime("%H:%M:%S" if here.date() == today else "%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """ "40 s", "3 min", "2 h 10 min", "5 days": as exact as a person needs it."""
    minutes = int(seconds // 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440:,} days"


@contextmanager
def crawl_progress(source: str) -> Iterator[tuple[Callable[[], str], Callable[[Any], None]]]:
    """A moving line on stderr, and Ctrl-C or SIGTERM as the wish to stop."""
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    wish: list[str] = []
    before = {
        number: signal.signal(number, lambda *_: wish.append("stopped"))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    try:
        with bar:
            task = bar.add_task(f"{source}: starting")

            def show(present: Progress) -> None:
                bar.update(
                    task,
                    description=f"{source}: {present.pages} pages, {present.posts} posts, "
                    f"{present.matched} matched",
                )

            yield (lambda: wish[0] if wish else ""), show
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def tell_of_compiling(kernel: str) -> None:
    """Say on a terminal why the first start takes its time; see `native.compiled`."""
    from native.compiled import is_compiled

    if sys.stderr.isatty() and not is_compiled(kernel):
        print("Compiling the matcher (once, about 20 s)…", file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def scan_progress(inputs: int, *, lines: bool) -> Iterator[Callable[[int], None]]:
    """What a scan is told to tell how many of its inputs are read: a bar on a terminal, unless
    `lines` of results come there."""
    if inputs < 2 or not sys.stderr.isatty() or (lines and sys.stdout.isatty()):
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Lines of results may go through a pipe: stdout is left as it is.
    out = Console(stderr=True)
    with Bar(*columns, console=out, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("", total=inputs)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def build_progress() -> Iterator[Callable[[int, int, str], None]]:
    """What a build is told to tell (done, in all, what goes on): a bar on a terminal; otherwise a
    line at each stage and at each fifth of a long one."""
    if not sys.stderr.isatty():
        yield _StageLines().tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(done: int, total: int, what: str) -> None:
            if bar.tasks[0].description != what:  # a stage of one step shows that it goes on
                bar.reset(task, total=total if total > 1 else None, description=what)
            bar.update(task, completed=done)

        yield show


class _StageLines:
    """Progress for a log: seldom, and never a line that says 0 % and nothing after it."""

    SECONDS = 10.0  # a stage that takes longer tells how far it is

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._stage = ""
        self._fifth = 0

    def tell(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        fifth = 5 * done // max(1, total)
        if what != self._stage:
            self._stage, self._fifth = what, 0
            self._line(now, what)
        elif fifth > self._fifth and now - self._told > self.SECONDS:
            self._fifth = fifth
            self._line(now, f"{what}: {100 * done // max(1, total)} %")

    def _line(self, now: float, text: str) -> None:
        self._told = now
        print(f"{now - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)  # noqa: T201
