"""One site as a child process on loopback.

The parent binds the port and hands the listening socket down, so a taken port is known at once
and no other program can slip in between; the site says over a pipe when it serves. It dies with
its parent (vigie.demo.tether).
"""

from __future__ import annotations

import errno
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import vigie
from vigie.demo import tether
from vigie.demo.errors import SiteError

READY_SECONDS = 90.0
STOP_SECONDS = 5.0
SERVING = Path(__file__).parent / "serving"
SITES_PYTHON = Path(vigie.__file__).parents[1] / ".venv-sites" / "bin" / "python"


class Site:
    """A site in `folder` on 127.0.0.1:`port` (0: a free one, known after `launch`).

    Subclasses say `name`, `script` (in serving/) and may override `prepare`. Start it from a
    thread that outlives it: the kernel ends it with the thread that started it.
    """

    name = "site"
    script = ""
    interpreter = SITES_PYTHON

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder.resolve()
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = -1

    @property
    def address(self) -> str:
        """The root address, without a closing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the site's software says."""
        return self.folder / "site.log"

    @property
    def pid(self) -> int:
        """The process id; 0 when it does not run."""
        return self._process.pid if self._process else 0

    def prepare(self) -> dict[str, object]:
        """Write the site's configuration; the result is handed to the script as JSON-like text."""
        return {}

    def start(self) -> Self:
        """Launch and wait until it serves; raises SiteError."""
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> None:
        """Start the process without waiting, so that several can start side by side."""
        if not self.interpreter.exists():
            raise SiteError(
                f"The demo's sites are not installed ({self.interpreter} is missing): "
                "run `make install-sites`."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        listener = self._listen()
        reader, writer = os.pipe()
        try:
            environment = {
                **{k: os.environ[k] for k in ("PATH", "HOME", "LANG", "TMPDIR") if k in os.environ},
                **{f"SITE_{key.upper()}": str(value) for key, value in self.prepare().items()},
                "SITE_FOLDER": str(self.folder),
                "SITE_SOCKET": str(listener.fileno()),
                "SITE_READY": str(writer),
                "PYTHONDONTWRITEBYTECODE": "",
            }
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    tether.command([str(self.interpreter), str(SERVING / self.script)]),
                    env=environment,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(listener.fileno(), writer),
                    start_new_session=True,
                )
            self._ready = reader
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
            listener.close()

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return when the site serves; raises SiteError when it ends or stays silent."""
        try:
            readable, _, _ = select.select([self._ready], [], [], seconds)
            answer = os.read(self._ready, 1) if readable else None
        finally:
            os.close(self._ready)
            self._ready = -1
        if answer == b"1":
            return
        reason = f"did not serve within {seconds:.0f} s" if answer is None else "ended at start"
        self.stop()
        raise SiteError(f"The {self.name} {reason}; its own words are in {self.log}.")

    def stop(self) -> None:
        """End the process; no effect when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self.port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                raise SiteError(
                    f"Port {self.port} on 127.0.0.1 is already in use, so the {self.name} cannot "
                    "start: end the program that holds it, or run the demo with --fresh to choose "
                    "other ports."
                ) from None
            raise SiteError(
                f"The {self.name} cannot listen on 127.0.0.1:{self.port}: {error.strerror}. "
                "Choose a port above 1023."
            ) from None
        self.port = int(listener.getsockname()[1])
        return listener

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class OwnSite(Site):
    """A site of our own, served by our own interpreter."""

    interpreter = Path(sys.executable)


def start_all(sites: list[Site]) -> None:
    """Start several side by side; when one fails, all are stopped and its SiteError raised."""
    deadline = time.monotonic() + READY_SECONDS
    launched: list[Site] = []
    try:
        for site in sites:
            site.launch()
            launched.append(site)
        for site in sites:
            site.wait_ready(max(1.0, deadline - time.monotonic()))
    except BaseException:
        for site in launched:
            site.stop()
        raise
