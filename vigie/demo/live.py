"""Shows the run while it goes on: a live screen on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from sqlalchemy.exc import OperationalError

from vigie.demo.rounds import Rounds
from vigie.demo.screen import (
    Scene,
    draw,
    fields_of,
    local_time,
    place_of,
    seconds_after,
    state_of,
    utc_now,
)
from vigie.demo.watching import Snapshot, Watching
from vigie.demo.words import Tongue

REFRESH, LINE_EVERY = 0.5, 5.0
NEWEST = 60


class Show:
    """What the reader sees. `refresh` draws and then sleeps until the next time."""

    def __init__(
        self,
        console: Console,
        words: Tongue,
        watching: Watching,
        rounds: Rounds,
        *,
        rows: int,
        review: str,
        login: str,
    ) -> None:
        self._console = console
        self._words = words
        self._watching = watching
        self._rounds = rounds
        self._rows = rows
        self._review = review
        self._login = login
        self._started = utc_now()
        self._live: Live | None = None
        self._said: set[int] = set()
        self._line_due = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, screen=True, auto_refresh=False)
            self._live.start()
        else:
            words = self._words
            self._print(f"{words('review')}: {self._review}")
            self._print(f"{words('login')}: {self._login}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def refresh(self) -> None:
        """Draw the present state; a record that is busy keeps the last picture."""
        try:
            scene = self._scene()
        except OperationalError:
            time.sleep(REFRESH)
            return
        if self._live:
            height = self._console.size.height
            self._live.update(draw(scene, self._words, height), refresh=True)
        else:
            self._lines(scene)
        time.sleep(REFRESH)

    def _scene(self) -> Scene:
        snapshot: Snapshot = self._watching.snapshot(NEWEST)
        progress = replace(self._rounds.progress(), found=self._rounds.report().found)
        waits = progress.total and progress.posted == progress.total
        return Scene(
            rows=self._rows,
            started=self._started,
            now=utc_now(),
            snapshot=snapshot,
            progress=progress,
            review=self._review,
            login=self._login,
            note=self._words("waiting_for") if waits else "",
            posted=self._rounds.posted_at(),
        )

    def _lines(self, scene: Scene) -> None:
        words = self._words
        for alert in reversed(scene.snapshot.alerts):
            if alert.id in self._said:
                continue
            self._said.add(alert.id)
            after = seconds_after(alert, scene.snapshot.keys.get(alert.id, b""), scene.posted)
            self._print(
                f"{local_time(alert.first_seen)} {words.known(alert.verdict)} {alert.source} "
                f"{words('records')} {alert.records} [{fields_of(alert, words)}] "
                f"{place_of(alert.location)} {words('after')} {after}"
            )
        if time.monotonic() >= self._line_due:
            self._line_due = time.monotonic() + LINE_EVERY
            self._print(_summary(scene, words))

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _summary(scene: Scene, words: Tongue) -> str:
    progress = scene.progress
    done = words(
        "round", round=progress.round, posted=progress.posted, total=progress.total,
        found=progress.found, planted=progress.planted,
    )  # fmt: skip
    sources = ", ".join(
        f"{line.source.id} {line.pages} {words('pages')} ({state_of(line, words).plain})"
        for line in scene.snapshot.sources
    )
    return f"{local_time(scene.now)} {done}; {sources}"
