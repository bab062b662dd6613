"""The processes of the demo: the sites and `vigie watch`. All die with this one."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from types import FrameType
from typing import Self

from vigie.demo import tether
from vigie.demo.clients import BepastyClient, ForumClient, JsBoardClient, PinnwandClient
from vigie.demo.errands import BEPASTY, BOARD, FORUM, PINNWAND, Clients
from vigie.demo.errors import DemoError, SiteError
from vigie.demo.folder import DemoFolder, State
from vigie.demo.prepare import VIGIE
from vigie.demo.sites import BepastySite, ForumSite, JsBoardSite, PinnwandSite, Site
from vigie.demo.sites.forum import AUTHORS, OBSERVER
from vigie.demo.sites.process import start_all
from vigie.demo.trust import TimeStampSite

STOP_SECONDS = 8.0
AUTHORITIES = ("tsa-one", "tsa-two")


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: unwind, and stop everything on the way."""


class Signals:
    """Turns the first SIGINT, SIGTERM or SIGHUP into `Stopped`; later ones find us stopping."""

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._stop) for number in self.NUMBERS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        for number in self.NUMBERS:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped


class Sites:
    """The four sites of the demo and its two time-stamp authorities, on the ports of its state."""

    def __init__(self, folder: DemoFolder, state: State) -> None:
        root, ports = folder.sites, state.ports
        self.forum = ForumSite(root / FORUM, ports[FORUM])
        self.pinnwand = PinnwandSite(root / PINNWAND, ports[PINNWAND])
        self.bepasty = BepastySite(root / BEPASTY, ports[BEPASTY])
        self.board = JsBoardSite(root / BOARD, ports[BOARD])
        self.authorities = [TimeStampSite(root / name, ports[name]) for name in AUTHORITIES]
        watched: list[Site] = [self.forum, self.pinnwand, self.bepasty, self.board]
        self.all = [*watched, *self.authorities]

    def start(self) -> None:
        """Start all side by side; raises SiteError."""
        start_all(self.all)

    def check(self) -> None:
        """Raise SiteError when one has ended by itself."""
        for site in self.all:
            if not site.running:
                raise SiteError(
                    f"The {site.name} ended by itself; its own words are in {site.log}."
                )

    def clients(self) -> Clients:
        """Someone who posts, on each site."""
        passwords = {name: self.forum.password(name) for name in (*AUTHORS, OBSERVER)}
        return Clients(
            forum=ForumClient(self.forum.address, passwords),
            pinnwand=PinnwandClient(self.pinnwand.address),
            bepasty=BepastyClient(self.bepasty.address),
            board=JsBoardClient(self.board.address),
        )

    def stop(self) -> None:
        """End all of them."""
        for site in self.all:
            site.stop()


class Watch:
    """`vigie watch` on the demo's configuration, its words in logs/watch.log."""

    def __init__(self, folder: DemoFolder) -> None:
        self._folder = folder
        self._log = folder.logs / "watch.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it starts the review application too."""
        arguments = [*VIGIE, "watch", "--config", str(self._folder.config)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                tether.command(arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "TMPDIR": str(self._folder.temp)},
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise DemoError when it has ended by itself."""
        if self._process is None or self._process.poll() is None:
            return
        said = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        reason = next((line for line in reversed(said) if line.startswith("vigie: ")), "")
        raise DemoError(
            f"`vigie watch` ended by itself with status {self._process.returncode}. "
            f"{reason.removeprefix('vigie: ') or f'Its words are in {self._log}.'}"
        )

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to one that does not stop in time."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def quietly(*stops: Callable[[], object]) -> None:
    """Call every one, whatever the others raise: nothing may be left running."""
    problems: list[BaseException] = []
    for stop in stops:
        try:
            stop()
        except BaseException as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
