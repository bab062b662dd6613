"""Crawl children in milliseconds: a process that has Scrapy imported and does nothing but fork.

`ForkServer` is the client's side, `serve` the process itself (`python -m crawler.forkserver
--fd N`). Over one sequenced-packet socket the client sends {"op": "fork"} with a socket and the
source's session memory as file descriptors (SCM_RIGHTS), or {"op": "kill"}; the server answers
{"t": "started"} and {"t": "exited"}. It has no thread, no reactor, no key, and its environment
holds nothing but a few names. It ends when its client does, and its children end with it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from crawler.errors import ForkServerError
from crawler.source import SourceSpec
from matching import frames

KEPT_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "SSL_CERT_FILE",
    "VIGIE_CHROMIUM",
    "COVERAGE_PROCESS_CONFIG",
    "COVERAGE_PROCESS_START",
)
PACKET = 64 * 1024
START_SECONDS = 30.0
DIED = -1


class ChildHandle:
    """A running crawl child. `socket` carries the frames; close the handle when done."""

    def __init__(self, server: ForkServer, number: int, sock: socket.socket) -> None:
        self.socket = sock
        self.pid = 0
        self._server = server
        self._number = number
        self._started = threading.Event()
        self._exited = threading.Event()
        self._status = DIED

    def kill(self) -> None:
        """Kill the child and everything it started; no effect when it has ended."""
        if not self._exited.is_set():
            self._server._send({"op": "kill", "id": self._number})  # noqa: SLF001

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit status (negative: the signal's number); None when it still runs."""
        return self._status if self._exited.wait(timeout) else None

    def close(self) -> None:
        """Kill the child if it still runs and close the socket."""
        self.kill()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _report(self, report: dict[str, Any]) -> None:
        if report["t"] == "started":
            self.pid = int(report["pid"])
            self._started.set()
        else:
            self._status = int(report["status"])
            self._exited.set()
            self._started.set()


class ForkServer:
    """Starts crawl children; safe to use from several threads. A dead server is started again."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._handles: dict[int, ChildHandle] = {}
        self._sessions: dict[str, int] = {}
        self._next = 0

    def __enter__(self) -> Self:
        with self._lock:
            self._ensure()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The server's process id; 0 when it does not run."""
        return self._process.pid if self._process else 0

    def start(
        self,
        spec: SourceSpec,
        pending: Sequence[str],
        temp: Path,
        more: Mapping[str, Any] | None = None,
    ) -> ChildHandle:
        """Fork a child for one crawl and give it its job; raises ForkServerError.

        `more` goes into the job frame (crawler.messages).
        `temp` is an existing folder of this crawl's own; its home and temporary files lie there.
        """
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            self._next += 1
            handle = ChildHandle(self, self._next, ours)
            request = {
                "op": "fork",
                "id": self._next,
                "temp": str(temp.resolve()),
                "memory": spec.memory,
                "seconds": spec.crawl_seconds,
            }
            descriptors = [theirs.fileno(), self._session(spec)]
            try:
                self._ensure()
                self._handles[self._next] = handle
                self._send(request, descriptors)
            except OSError:
                # It died since the last look: once more, with a new one.
                self._forget()
                self._ensure()
                handle = self._handles[self._next] = ChildHandle(self, self._next, ours)
                self._send(request, descriptors)
        if not handle._started.wait(START_SECONDS) or not handle.pid:  # noqa: SLF001
            ours.close()
            raise ForkServerError(
                "No crawl child could be started: the fork server is gone or out of memory; "
                "the crawl is tried again at its next time."
            )
        job = {"t": "job", "source": spec.to_json(), "pending": list(pending), **(more or {})}
        try:
            frames.send(ours, job)
        except OSError:
            ours.close()
            raise ForkServerError("The crawl child ended before it had its job.") from None
        return handle

    def close(self) -> None:
        """End the server; its children end with it."""
        with self._lock:
            process = self._process
            self._forget()
            for descriptor in self._sessions.values():
                os.close(descriptor)
            self._sessions.clear()
        if process is not None:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def cookies(self, spec: SourceSpec) -> list[dict[str, Any]]:
        """Those that the last crawl of this source, with this account, left."""
        from crawler.session import read_memory  # here: the server itself has no use for Scrapy

        return read_memory(self._session(spec)).cookies

    def _session(self, spec: SourceSpec) -> int:
        """The memory file that keeps cookies between crawls: one a source, account and network,
        so that none is taken for another."""
        account = spec.accounts[0].username if spec.accounts else ""
        key = json.dumps([spec.id, account, spec.proxy])
        if key not in self._sessions:
            self._sessions[key] = os.memfd_create("vigie-session", os.MFD_CLOEXEC)
        return self._sessions[key]

    def _ensure(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._forget_dead()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            environment = {k: os.environ[k] for k in KEPT_ENVIRONMENT if k in os.environ}
            # numpy's linear algebra starts a thread a core at import; none may be there at fork.
            environment["OPENBLAS_NUM_THREADS"] = "1"
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "crawler.forkserver", "--fd", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment,
            )
        if self._process.stderr is not None:
            from crawler import overheard  # here, since the server itself has no use for it

            aside = (self._process.stderr,)
            threading.Thread(target=overheard.listen, args=aside, daemon=True).start()
        self._control = ours
        threading.Thread(target=self._listen, args=(ours,), daemon=True).start()

    def _send(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        with self._lock:
            if self._control is None:
                return
            message = [json.dumps(request).encode()]
            socket.send_fds(self._control, message, list(descriptors))

    def _listen(self, control: socket.socket) -> None:
        """Deliver the server's reports until it is gone."""
        while True:
            try:
                raw = control.recv(PACKET)
            except OSError:
                raw = b""
            if not raw:
                break
            report = json.loads(raw)
            with self._lock:
                handle = self._handles.get(report["id"])
                if report["t"] == "exited":
                    self._handles.pop(report["id"], None)
            if handle is not None:
                handle._report(report)  # noqa: SLF001
        with self._lock:
            if self._control is control:
                self._forget_dead()
        control.close()

    def _forget(self) -> None:
        control, self._control = self._control, None
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)
        self._process = None
        self._forget_dead()

    def _forget_dead(self) -> None:
        """The server is gone and its children with it: tell who waits for them."""
        self._control = None
        handles, self._handles = self._handles, {}
        for handle in handles.values():
            handle._report({"t": "exited", "status": DIED})  # noqa: SLF001


def main(arguments: Sequence[str] | None = None) -> None:
    """The process itself."""
    parser = argparse.ArgumentParser(prog="crawler.forkserver")
    parser.add_argument("--fd", type=int, required=True)
    wanted = parser.parse_args(arguments)
    from crawler.forking import serve  # the heavy imports, in this process only

    serve(socket.socket(fileno=wanted.fd))


if __name__ == "__main__":
    main()
