"""The matcher process: `python -m matching FD PARENT`, the only one that reads leak keys.

It talks frames (`matching.frames`) over the inherited socket FD. Requests: "open" with the leaks,
"scan" with a document's layers (texts as UTF-8 in the body, their byte lengths in the header; with
two more arguments, descriptor and size of shared memory, they may lie there, and where is told),
"several" with documents to be scanned one after the other, "traces" with a post's layers and the
rows its thread points to, "thread" with the posts of a whole thread, "stop". Answers: "ready",
"result", or "error" with a sentence. It ends when the other side closes, and dies with its parent.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from matching import frames, threads
from matching.errors import MatchingError
from matching.result import LeakRef, ScanResult, TextLayer, Verdict
from matching.scan import Scanner, open_scanners
from matching.shared import Memory

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when the parent goes; end now if it went already."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def no_traces() -> None:
    """Keys and texts live in this process: no core dump, not to be read by ptrace of equals."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def leaks_from(header: dict[str, Any]) -> list[LeakRef]:
    """The leaks of an "open" frame."""
    return [
        LeakRef(
            Path(leak["file"]), Path(leak["key_file"]), str(leak["name"]),
            tuple(leak["terms"]), tuple(leak["files"]),
        )
        for leak in header["leaks"]
    ]  # fmt: skip


class Request(NamedTuple):
    """A frame, and the memory in which its texts may lie."""

    header: dict[str, Any]
    untrusted_body: bytes
    memory: Memory | None = None

    def layers(self) -> list[TextLayer]:
        """Its texts."""
        return self.texts(self.header["layers"], 0)[0]

    def texts(self, told: Sequence[Sequence[Any]], at: int) -> tuple[list[TextLayer], int]:
        """The texts told of, of which those that were sent stand from byte `at` of the body on, and
        where the next ones stand."""
        layers: list[TextLayer] = []
        for name, size, *place in told:
            if place and self.memory is not None:
                layers.append(TextLayer(str(name), self.memory.text(place[0], size)))
            else:
                layers.append(TextLayer(str(name), self.untrusted_body[at : at + size]))
                at += size
        return layers, at


def _scanned(
    scanners: list[Scanner], header: dict[str, Any], how: dict[str, Any], layers: list[TextLayer]
) -> list[dict[str, Any]]:
    """What each leak's scanner says of a document."""
    return [
        scanner.scan(
            str(header["document"]), int(header["size"]), str(header["sha256"]), layers,
            all_matches=how["all"] is True, to_the_end=how["end"] is True,
        ).to_json()
        for scanner in scanners
    ]  # fmt: skip


def answer(scanners: list[Scanner], request: Request) -> dict[str, Any]:
    """The "result" of one "scan"."""
    results = _scanned(scanners, request.header, request.header, request.layers())
    return {"t": "result", "results": results}


def several(scanners: list[Scanner], request: Request) -> dict[str, Any]:
    """The "result" of one "several": for each document what a "scan" of it says."""
    found, at = [], 0
    for document in request.header["documents"]:
        layers, at = request.texts(document["layers"], at)
        found.append(_scanned(scanners, document, request.header, layers))
    return {"t": "result", "documents": found}


def traces(scanners: list[Scanner], request: Request) -> dict[str, Any]:
    """The "result" of one "traces": a leak's weak evidence as the matches of a result."""
    header, layers = request.header, request.layers()
    found = [
        threads.traces(scanner, layers, [int(row) for row in rows])
        for scanner, rows in zip(scanners, header["suspects"], strict=True)
    ]
    none = Verdict.NONE
    results = [ScanResult("", 0, "", none, 0, 0, 0, 1.0, told).to_json() for told in found]
    return {"t": "result", "results": results}


def thread(scanners: list[Scanner], request: Request) -> dict[str, Any]:
    """The "result" of one "thread"; `sizes` says how many layers each post has."""
    header, layers = request.header, iter(request.layers())
    posts = [list(islice(layers, int(size))) for size in header["sizes"]]
    results = [
        threads.scan_thread(
            scanner, str(header["document"]), int(header["size"]), str(header["sha256"]), posts
        ).to_json()
        for scanner in scanners
    ]
    return {"t": "result", "results": results}


ANSWERS = {"scan": answer, "several": several, "traces": traces, "thread": thread}


def serve(sock: socket.socket, memory: Memory | None = None) -> None:
    """Answer frames until the other side closes or says stop."""
    scanners: list[Scanner] = []
    while True:
        try:
            header, body = frames.receive(sock)
        except frames.FrameError:
            return
        try:
            if header.get("t") == "open":
                scanners = open_scanners(leaks_from(header))
                reply: dict[str, Any] = {"t": "ready", "leaks": [each.name for each in scanners]}
            elif header.get("t") in ANSWERS:
                reply = ANSWERS[header["t"]](scanners, Request(header, body, memory))
            else:
                return
        except MatchingError as error:
            reply = {"t": "error", "kind": type(error).__name__, "error": str(error)}
        except Exception as error:
            reply = {"t": "error", "kind": "ServiceError", "error": _unforeseen(error)}
        frames.send(sock, reply)
        if reply["t"] == "ready":
            for scanner in scanners:
                scanner.warm_up()  # while the first document is fetched or extracted
            # What stays is not looked through again at every collection, which is every few texts.
            gc.freeze()
            gc.enable()  # off since the start (matching.__main__)


def _unforeseen(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"
    return f"The matcher could not scan a document ({type(error).__name__} in {place})."


def main() -> None:
    """Serve on the socket whose number is the first argument; the second is the parent's id, two
    more are descriptor and size of shared memory."""
    die_with_parent(int(sys.argv[2]))
    no_traces()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    with socket.socket(fileno=int(sys.argv[1])) as sock:
        serve(sock, Memory(*map(int, sys.argv[3:5])) if len(sys.argv) > 3 else None)
    os._exit(0)  # all is said; taking the interpreter down tidily would keep the parent waiting
