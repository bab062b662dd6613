"""The limited child of `extraction.sandbox`: python -m extraction.child SOCKET MEMORY PARENT.

Before the first hostile byte: it dies with its parent, may write no file, open no further file
or socket, dump no core, and has a bound on memory; each document gets a bound on CPU time.
Everything it needs, charsets included, is therefore imported before.
"""

from __future__ import annotations

import codecs
import ctypes
import encodings.aliases
import os
import resource
import signal
import socket
import sys

import charset_normalizer

from extraction import messages, pipe
from extraction.errors import ExtractionError
from extraction.layers import Document, Limits
from extraction.read import documents, extract

PR_SET_PDEATHSIG = 1


def main() -> int:
    """Serve documents until the parent closes the socket."""
    handle, memory, parent = map(int, sys.argv[1:4])
    sock = socket.socket(fileno=handle)
    if not _die_with(parent):
        return 1
    _import_all()
    _limit(memory)
    while True:
        try:
            job, body = pipe.receive(sock, 1 << 40, None)
        except pipe.PipeError:
            return 0  # the parent has closed: the ordinary end
        header, texts = _answer(job, body)
        del body
        pipe.send(sock, header, texts, None)


def _answer(job: dict[str, object], untrusted_body: bytes) -> tuple[dict[str, object], bytes]:
    limits = Limits(**job["limits"])  # type: ignore[arg-type]
    _allow_cpu(limits.seconds)
    name = str(job["name"])
    try:
        if job["one"]:
            extracted = extract(
                untrusted_body,
                content_type=str(job["content_type"]),
                charset=str(job["charset"]),
                name=name,
                limits=limits,
            )
            return messages.pack([Document(name, len(untrusted_body), "", extracted)])
        return messages.pack(documents(untrusted_body, name=name, limits=limits))
    except ExtractionError as error:
        return {"error": type(error).__name__, "said": str(error)}, b""
    except MemoryError:
        return {"error": "memory"}, b""


def _die_with(parent: int) -> bool:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent  # it may have died before the call


def _import_all() -> None:
    for name in {*encodings.aliases.aliases.values(), "utf_8_sig"}:
        try:
            codecs.lookup(name)
        except LookupError:
            continue  # a codec of another system
    charset_normalizer.from_bytes("déjà vu, çà et là".encode("cp850")).best()
    extract("<!doctype html><p>é".encode())


def _limit(memory: int) -> None:
    for what, bound in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (bound, bound))


def _allow_cpu(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main())
