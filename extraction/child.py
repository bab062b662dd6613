"""The limited child of `extraction.sandbox`:
python -m extraction SOCKET MEMORY PARENT ALL [SHARED SIZE].

Before the first hostile byte, and before it says that it is ready, it binds itself to its parent,
imports all it will need, charsets and readers included, and gives up the rest
(extraction.confine): no file, no socket, no process, bounded memory; each document gets a bound
on CPU time. A picture it cannot read itself: the parent gives it to Tesseract, in a process of
its own. Documents may lie in memory of SIZE bytes behind the descriptor SHARED, which it maps to
read and closes before it says that it is ready (extraction.shared).

Unless ALL is 1 it has the readers of texts and plain archives only, and asks for a child with
all of them when a document needs another (extraction.readers).
"""

from __future__ import annotations

import ctypes
import gc
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any

from extraction import confine, messages, pipe, plain, readers, shared
from extraction.errors import ExtractionError
from extraction.layers import Document, Limits
from extraction.passwords import MAX_HINTS
from extraction.read import documents, extract, placed_text
from extraction.shared import Placed

MAX_TEXT_OF_PICTURE = 4 * 1024 * 1024
MAX_HINTS_BYTES = 4 * MAX_HINTS
# A collection takes a tenth of a millisecond, giving pages back half of one, and finding them again
# as long as all that is done to what stands in them.
COLLECT_BYTES = 32 * 1024 * 1024
GIVE_BACK_BYTES = 256 * 1024 * 1024
GIVE_BACK_DOCUMENTS = 100
SEVERAL_BYTES = 16 * 1024 * 1024  # of the texts of documents that came together
ALONE: tuple[dict[str, Any], bytes] = {"alone": True}, b""


def main() -> int:
    """Serve documents until the parent closes the socket."""
    handle, memory, parent, everything = map(int, sys.argv[1:5])
    whole = shared.attach(*map(int, sys.argv[5:7])) if len(sys.argv) > 5 else memoryview(b"")
    sock = socket.socket(fileno=handle)
    if not confine.die_with(parent):
        return 1
    held = readers.Held()
    if everything:
        readers.import_all()
    else:
        readers.import_some()
        held.begin()
    give_back = memory_keeper()
    confine.bound(memory, files=0, shared=len(whole))
    confine.only_compute()
    pipe.send(sock, {"ready": True}, b"", None)
    while True:
        try:
            job, body = pipe.receive(sock, 1 << 40, None)
        except pipe.PipeError:
            return 0  # the parent has closed: the ordinary end
        if "several" in job:
            header, texts = answer_several(job, whole, held)
            sizes = [size for *_, size in job["several"]]
            pipe.send(sock, header, texts, None)
            give_back(sum(sizes) + len(texts), len(sizes))
            del job, header, texts
            continue
        given: bytes | Placed = body
        if "at" in job:
            given = Placed(job["at"], whole[job["at"] : job["at"] + job["size"]])
        asking = _reader(sock) if job["pictures"] else None, _asker(sock)
        header, texts = answer(job, given, *asking, held)
        used = len(given) + len(texts)
        del body, given
        pipe.send(sock, header, texts, None)
        del job, header, texts
        give_back(used, 1)


def answer(
    job: dict[str, object],
    untrusted_body: bytes | Placed,
    read_picture: Callable[[bytes, float], str | None] | None,
    ask_hints: Callable[[], str],
    held: readers.Held,
) -> tuple[dict[str, object], bytes]:
    """The answer to one job: texts, an error, or that it needs a child with all readers.
    `ask_hints` gives the words beside the document."""
    try:
        found = _answer(job, untrusted_body, read_picture, ask_hints)
    except readers.NotHere:
        found = {}, b""
    # Whatever became of the exception on its way, a document is never read without its reader.
    return ({"readers": True}, b"") if held.wanted else found


class _Unheard:
    """Whom a document may ask that came with others: nobody answers, and that is noted."""

    def __init__(self) -> None:
        self.asked = False

    def hints(self) -> str:
        """No words."""
        self.asked = True
        return ""

    def picture(self, _untrusted_picture: bytes, _seconds: float) -> str | None:
        """No text."""
        self.asked = True
        return None


def answer_several(
    job: dict[str, Any], whole: memoryview, held: readers.Held
) -> tuple[dict[str, Any], bytes]:
    """The answer to a job for several documents. One that needs to ask for something, another child
    or much room is to be given alone."""
    found: list[tuple[dict[str, Any], bytes]] = []
    room = SEVERAL_BYTES
    for name, hints, at, size in job["several"]:
        told, nobody = ALONE, _Unheard()
        if room >= 0 and not held.wanted:
            one = {"name": name, "hints": hints, "one": False}
            one |= {"limits": job["limits"], "hashed": job["hashed"]}
            picture = nobody.picture if job["pictures"] else None
            told = answer(one, bytes(whole[at : at + size]), picture, nobody.hints, held)
            room -= len(told[1])
        # What was read without the words it asked for is no answer, whatever it says.
        is_read = not nobody.asked and room >= 0 and ("documents" in told[0] or "said" in told[0])
        found.append(told if is_read else ALONE)
    return messages.pack_several(found)


def _answer(
    job: dict[str, object],
    untrusted_body: bytes | Placed,
    read_picture: Callable[[bytes, float], str | None] | None,
    ask_hints: Callable[[], str],
) -> tuple[dict[str, object], bytes]:
    limits = Limits(**job["limits"])  # type: ignore[arg-type]
    _allow_cpu(limits.seconds)
    name, hints = str(job["name"]), ask_hints if job["hints"] else ""
    hashed = bool(job["hashed"]) and not job["one"]
    try:
        if isinstance(untrusted_body, Placed):
            declared = job["one"] and (job["content_type"] or job["charset"])
            seen = None if declared else plain.look(untrusted_body, limits)
            if seen:
                extracted = placed_text(
                    untrusted_body,
                    seen,
                    name=name,
                    hints=hints,
                    limits=limits,
                    read_picture=read_picture,
                )
                found = plain.document(untrusted_body, name, extracted, hashed=hashed)
                return messages.pack([found], untrusted_body)
            untrusted_body = bytes(untrusted_body)
        if job["one"]:
            extracted = extract(
                untrusted_body,
                content_type=str(job["content_type"]),
                charset=str(job["charset"]),
                name=name,
                hints=hints,
                limits=limits,
                read_picture=read_picture,
            )
            document = Document(name, len(untrusted_body), "", extracted)
            return messages.pack([document], untrusted_body)
        return messages.pack(
            documents(
                untrusted_body,
                name=name,
                hints=hints,
                limits=limits,
                read_picture=read_picture,
                hashed=hashed,
            ),
            untrusted_body,
        )
    except ExtractionError as error:
        return {"error": type(error).__name__, "said": str(error)}, b""
    except MemoryError:
        return {"error": "memory"}, b""


def memory_keeper() -> Callable[[int, int], None]:
    """What lets go of memory, so that no document pays for those before it: told of the bytes of
    some, and how many they were, it collects what was left behind after COLLECT_BYTES, and gives
    all that is not in use back to the system after GIVE_BACK_BYTES or GIVE_BACK_DOCUMENTS.

    Readers leave cycles behind, and the C library keeps what lies between two buffers in use.
    """
    gc.freeze()  # what was imported is never looked through again: a collection takes 0.1 ms
    gc.enable()  # off since the start (extraction.__main__)
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only

    bytes_left = bytes_kept = documents_kept = 0

    def give_back(used: int, documents: int) -> None:
        nonlocal bytes_left, bytes_kept, documents_kept
        bytes_left, bytes_kept = bytes_left + used, bytes_kept + used
        documents_kept += documents
        whole = bytes_kept >= GIVE_BACK_BYTES or documents_kept >= GIVE_BACK_DOCUMENTS
        if whole or bytes_left >= COLLECT_BYTES:
            bytes_left = 0
            gc.collect()
        if whole:
            bytes_kept = documents_kept = 0
            if trim is not None:
                trim(0)

    return give_back


def _reader(sock: socket.socket) -> Callable[[bytes, float], str | None]:
    """Pictures are read by asking the parent."""

    def read(untrusted_picture: bytes, seconds: float) -> str | None:
        pipe.send(sock, {"picture": seconds}, untrusted_picture, None)
        header, text = pipe.receive(sock, MAX_TEXT_OF_PICTURE, None)
        return text.decode("utf-8", "replace") if header.get("read") else None

    return read


def _asker(sock: socket.socket) -> Callable[[], str]:
    """The words beside a document are asked for where something in it is locked."""

    def ask() -> str:
        pipe.send(sock, {"hints": True}, b"", None)
        _, words = pipe.receive(sock, MAX_HINTS_BYTES, None)
        return words.decode("utf-8", "replace")

    return ask


def _allow_cpu(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
