"""Processes that `vigie watch` runs beside itself: the review application, the unmasking process.

Each is started again when it dies, later and later; none of them ends the watch.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from vigie.config import Config

RETRY = (5.0, 300.0)
STEADY = 60.0

log = structlog.get_logger("vigie.watch")


def companions(
    config: Config, config_file: Path, login_link: str, say: Callable[[str], None], *, review: bool
) -> list[Companion]:
    """What runs beside this watch: nothing without the review application."""
    if not review:
        return []
    named = ["--config", str(config_file.resolve())]
    link = ["--login-link", login_link] if login_link else []
    found = [Companion("review", "The review application", ["serve", *named, *link], say)]
    sealing = config.sealing
    if sealing.work_key_file is not None and sealing.work_days and not sealing.review_user:
        found.append(Companion("unmask", "Unmasking", ["unmask", "serve", *named], say))
    return found


class Companion:
    """A command of ours as a process of its own; `name` is for events, `what` for people."""

    def __init__(
        self, name: str, what: str, arguments: Sequence[str], say: Callable[[str], None]
    ) -> None:
        self._command = [sys.executable, "-m", "vigie.cli", *arguments]
        self._name, self._what, self._say = name, what, say
        self._wait = RETRY[0]
        self._began = 0.0
        self._next = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def keep_up(self) -> None:
        """Start it if it does not run and its time has come."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._next:
                self._start(now)
            return
        status = self._process.poll()
        if status is None:
            if now - self._began > STEADY:
                self._wait = RETRY[0]
            return
        self._process = None
        self._next = now + self._wait
        log.warning("companion-ended", companion=self._name, status=status)
        self._say(
            f"{self._what} ended (status {status}); crawling goes on, and it is started again "
            f"in {self._wait:.0f} s."
        )
        self._wait = min(self._wait * 2, RETRY[1])

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self, seconds: float) -> None:
        """Wait for its end, then kill it."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self, now: float) -> None:
        self._began = now
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            # A group of its own: Ctrl-C reaches this process alone, which then stops it in order.
            process_group=0,
            preexec_fn=_die_with_parent,
        )


_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
