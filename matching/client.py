"""Talking to the matcher process. Importing this loads neither numba nor a key."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from matching import errors, frames
from matching.errors import MatchingError, ServiceError
from matching.result import LeakRef, Match, ScanResult, TextLayer

SECONDS = 600.0  # an answer may take this long; a longer one is taken for a hang
STOPPING = 5.0
PARENT_FOLDER = Path(__file__).resolve().parent.parent


class Asked(NamedTuple):
    """A document to be scanned: `size` is its bytes, `sha256` of those bytes."""

    document: str
    size: int
    sha256: str
    layers: Sequence[TextLayer]


class MatcherClient:
    """Starts `python -m matching` and hands it texts. Thread-safe: one scan at a time.

    A service that died is started again, once a call. Use it as a context manager, or `starting`
    where something else can be done until the leaks are open.
    """

    def __init__(
        self,
        leaks: Sequence[LeakRef],
        *,
        seconds: float = SECONDS,
        shared: tuple[int, int] | None = None,
    ) -> None:
        """Nothing is started yet; `seconds` bounds one answer. `shared` is (descriptor, bytes) of
        memory in which texts may lie (matching.shared); it has to stay open as long as this."""
        self._shared = shared or ()
        self._leaks = tuple(leaks)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self.names: tuple[str, ...] = ()

    def __enter__(self) -> MatcherClient:
        """Start the service and open the leaks; raises MatchingError when one cannot be used."""
        with self._lock:
            self._start()
        return self

    @contextlib.contextmanager
    def starting(self) -> Iterator[MatcherClient]:
        """As the client's own context, but nothing is waited for: `ready` has to be called."""
        with self._lock:
            self._launch()
        try:
            yield self
        finally:
            with self._lock:
                self._stop()

    def ready(self) -> None:
        """Wait until the leaks are open; raises MatchingError when one cannot be used."""
        with self._lock:
            self._open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the service."""
        with self._lock:
            self._stop()

    @property
    def pid(self) -> int:
        """The service's process id, 0 when it does not run."""
        return self._process.pid if self._process else 0

    def scan(
        self,
        document: str,
        size: int,
        sha256: str,
        layers: Sequence[TextLayer],
        *,
        all_matches: bool = False,
        to_the_end: bool = False,
    ) -> tuple[ScanResult, ...]:
        """One result a leak, in order; raises ServiceError when the service fails twice.

        `all_matches` and `to_the_end` as in `matching.scan.Scanner.scan`.
        """
        told = {"document": document, "size": size, "sha256": sha256}
        how = {"all": all_matches, "end": to_the_end}
        return self._results({"t": "scan", **told, **how}, layers)

    def scan_several(
        self, asked: Sequence[Asked], *, all_matches: bool = False, to_the_end: bool = False
    ) -> list[tuple[ScanResult, ...]]:
        """As `scan` for each of several documents, given to the service together: being woken costs
        it as much as a small text. Raises what the first to fail would raise."""
        texts: list[bytes] = []
        documents = [
            {
                "document": one.document, "size": one.size, "sha256": one.sha256,
                "layers": _told(one.layers, texts),
            }
            for one in asked
        ]  # fmt: skip
        header = {"t": "several", "all": all_matches, "end": to_the_end, "documents": documents}
        with self._lock:
            reply = self._ask_twice(header, b"".join(texts))
        return [tuple(map(ScanResult.from_json, each)) for each in reply["documents"]]

    def traces(
        self, layers: Sequence[TextLayer], suspects: Sequence[Sequence[int]]
    ) -> tuple[tuple[Match, ...], ...]:
        """What a post says of rows without being an alert, a leak after the other
        (`matching.threads`); `suspects` are the rows its thread points to, a leak each."""
        asked = {"t": "traces", "suspects": [list(rows) for rows in suspects]}
        return tuple(found.matches for found in self._results(asked, layers))

    def scan_thread(
        self, document: str, size: int, sha256: str, posts: Sequence[Sequence[TextLayer]]
    ) -> tuple[ScanResult, ...]:
        """The posts of a whole thread as one document; one result a leak."""
        told = {"document": document, "size": size, "sha256": sha256}
        sizes = [len(post) for post in posts]
        layers = [layer for post in posts for layer in post]
        return self._results({"t": "thread", **told, "sizes": sizes}, layers)

    def _results(
        self, asked: dict[str, Any], layers: Sequence[TextLayer]
    ) -> tuple[ScanResult, ...]:
        texts: list[bytes] = []
        told = _told(layers, texts)
        with self._lock:
            reply = self._ask_twice(
                {**asked, "layers": told}, texts[0] if len(texts) == 1 else b"".join(texts)
            )
        return tuple(ScanResult.from_json(each) for each in reply["results"])

    def _ask_twice(self, header: dict[str, Any], body: bytes) -> dict[str, Any]:
        for attempt in range(2):
            if self._socket is None:
                self._start()
            try:
                return self._ask(header, body)
            except (OSError, frames.FrameError) as error:
                self._stop()
                if attempt:
                    raise ServiceError(
                        "The matcher process died twice on the same document. "
                        "Run `vigie doctor`, and report the document's hash if it happens again."
                    ) from error
        raise AssertionError

    def _ask(self, header: dict[str, Any], body: bytes = b"") -> dict[str, Any]:
        if self._socket is None:
            raise ServiceError("The matcher process is not running; open the client first.")
        frames.send(self._socket, header, body)
        reply, _ = frames.receive(self._socket)
        if reply.get("t") == "error":
            kind = getattr(errors, str(reply.get("kind")), ServiceError)
            if not (isinstance(kind, type) and issubclass(kind, MatchingError)):
                kind = ServiceError
            raise kind(str(reply.get("error")))
        return reply

    def _start(self) -> None:
        self._launch()
        self._open()

    def _launch(self) -> None:
        self._stop()
        ours, theirs = socket.socketpair()
        ours.settimeout(self._seconds)
        arguments = [sys.executable, "-m", "matching", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                [*arguments, str(os.getpid()), *map(str, self._shared)],
                pass_fds=(theirs.fileno(), *self._shared[:1]),
                stdin=subprocess.DEVNULL,
                cwd=PARENT_FOLDER,
                # Nothing it does is worth threads of a library's own.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        except OSError as error:
            ours.close()
            raise ServiceError(f"The matcher process cannot be started: {error}.") from None
        finally:
            theirs.close()
        self._socket = ours

    def _open(self) -> None:
        leaks = [
            {
                "file": str(leak.file.absolute()),
                "key_file": str(leak.key_file.absolute()),
                "name": leak.name,
                "terms": list(leak.terms),
                "files": list(leak.files),
            }
            for leak in self._leaks
        ]
        try:
            self.names = tuple(self._ask({"t": "open", "leaks": leaks})["leaks"])
        except (OSError, frames.FrameError) as error:
            self._stop()
            raise ServiceError(
                "The matcher process ended before it was ready. Run `vigie doctor`."
            ) from error
        except MatchingError:
            self._stop()
            raise

    def _stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOPPING)
            return
        process.kill()
        process.wait()


def _told(layers: Sequence[TextLayer], texts: list[bytes]) -> list[list[str | int]]:
    """What a frame's header says of texts; those that do not lie in shared memory are added to
    `texts`."""
    told: list[list[str | int]] = []
    for layer in layers:
        given = layer.as_given
        if isinstance(given, bytes):
            texts.append(given)
            told.append([layer.name, len(given)])
        else:
            told.append([layer.name, len(given), given.at])
    return told
