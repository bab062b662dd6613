"""Extraction in a limited child process, for callers that are none themselves.

The child parses hostile bytes and holds nothing but them. A document that makes it crash, run
out of memory or hang costs that document only: the child's whole process group is killed and the
next document gets a new one. Its answers are checked like any hostile input.

The kernel ends the child when the thread that started it ends; the next document starts another.

The first child reads texts and plain archives and starts in a third of the time; it is followed by
one with all readers as soon as a document needs another (extraction.readers).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from extraction import messages, pipe
from extraction.errors import ChildDied, ExtractionError, TookTooLong, TooLarge
from extraction.layers import Document, Extracted, Limits
from extraction.passwords import MAX_HINTS, Hints
from extraction.shared import Placed, Shared
from extraction.tools import Tesseract, find_tesseract

STARTING = 60.0  # seconds; they count against no document
TOGETHER_SECONDS = 20.0  # for documents that are given together, before each is given alone
# Nothing it does is worth threads of a library's own.
ENVIRONMENT = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
PARENT_FOLDER = Path(__file__).resolve().parent.parent


class Sandbox:
    """A child that stays up between documents. Use as a context manager; not for two threads."""

    def __init__(
        self,
        limits: Limits | None = None,
        shared: Shared | None = None,
        *,
        hashed: bool = True,
    ) -> None:
        """Documents may be given as they lie in `shared` memory. Unless `hashed`, they come back
        without their SHA-256."""
        self._limits = limits or Limits()
        self._shared = shared
        self._tesseract: Tesseract | None = find_tesseract()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._everything = False
        self._constant = {
            "pictures": self._tesseract is not None, "limits": asdict(self._limits),
            "hashed": hashed,
        }  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id; 0 when none is up."""
        return self._process.pid if self._process else 0

    @property
    def has_all_readers(self) -> bool:
        """Whether a document came that needed more than the first readers."""
        return self._everything

    def extract(
        self,
        untrusted_body: bytes | Placed,
        *,
        content_type: str = "",
        charset: str = "",
        name: str = "",
        hints: Hints = "",
    ) -> Extracted:
        """As `extraction.read.extract`; raises ExtractionError, also when the child dies."""
        told = {"name": name, "content_type": content_type, "charset": charset, "one": True}
        found = self._ask(untrusted_body, told, hints)
        if len(found) != 1:
            self.close()
            raise ChildDied("the limited child broke its protocol; the document was not read")
        return found[0].extracted

    def documents(
        self, untrusted_body: bytes | Placed, *, name: str = "", hints: Hints = ""
    ) -> tuple[Document, ...]:
        """As `extraction.read.documents`: an archive's members one by one."""
        told = {"name": name, "content_type": "", "charset": "", "one": False}
        return self._ask(untrusted_body, told, hints)

    def several(
        self, given: Sequence[tuple[Placed, str, Hints]]
    ) -> list[tuple[Document, ...] | ExtractionError]:
        """As `documents` for each (body, name, hints), with the error in the stead of what could
        not be read. They are given to the child together, for every time that it is woken costs as
        much as reading a small file; one that fails is given once more, alone."""
        told = self._together(given) if len(given) > 1 else [None] * len(given)
        found: list[tuple[Document, ...] | ExtractionError] = []
        for (body, name, hints), one in zip(given, told, strict=True):
            try:
                found.append(one or self.documents(body, name=name, hints=hints))
            except ExtractionError as error:
                found.append(error)
        return found

    def _together(
        self, given: Sequence[tuple[Placed, str, Hints]]
    ) -> Sequence[tuple[Document, ...] | ExtractionError | None]:
        """What the child says to documents that it gets together, None for one that it gets alone:
        all of them where it ends over one, so that it costs none of the others."""
        alone = [None] * len(given)
        if any(len(body) > self._limits.max_bytes for body, _, _ in given):
            return alone
        jobs = [[name, hints != "", body.at, len(body)] for body, name, hints in given]
        seconds = min(self._limits.seconds, TOGETHER_SECONDS)
        try:
            header, texts = self._answer(b"", {"several": jobs, **self._constant}, "", seconds)
            answers = messages.unpack_several(header, texts, len(given))
            return [
                None if "alone" in told
                else _told(told) if "error" in told
                else messages.unpack(told, inside, body)
                for (told, inside), (body, _, _) in zip(answers, given, strict=True)
            ]  # fmt: skip
        except (ExtractionError, pipe.PipeError):
            self.close()
            return alone

    def close(self) -> None:
        """End the child and everything it may have started."""
        process, self._process = self._process, None
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _ask(
        self, untrusted_body: bytes | Placed, told: dict[str, object], hints: Hints
    ) -> tuple[Document, ...]:
        limits = self._limits
        if len(untrusted_body) > limits.max_bytes:
            raise TooLarge(
                f"the document has {len(untrusted_body)} bytes; at most {limits.max_bytes} are "
                "read. Split it, or raise the bound"
            )
        job = {**told, "hints": hints != "", **self._constant}
        sent = b""
        if isinstance(untrusted_body, Placed):
            job |= {"at": untrusted_body.at, "size": len(untrusted_body)}
        else:
            sent = untrusted_body
        header, texts = self._answer(sent, job, hints, limits.seconds)
        if "readers" in header and not self._everything:
            self.close()
            self._everything = True
            header, texts = self._answer(sent, job, hints, limits.seconds)
        if "error" not in header:
            try:
                return messages.unpack(header, texts, untrusted_body)
            except pipe.PipeError as error:
                raise self._given_up() from error
        if header["error"] == "memory":
            self.close()
            raise ChildDied("the document was given up: its reader ran out of memory")
        raise _told(header)

    def _answer(
        self, untrusted_body: bytes, job: dict[str, object], hints: Hints, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        """What the child says to a job; what it asks for on the way is given to it."""
        limits = self._limits
        sock = self._child()
        deadline = time.monotonic() + seconds
        try:
            pipe.send(sock, job, untrusted_body, deadline)
            # A code point has at most four bytes; the document's own text comes on top.
            bound = 4 * (limits.max_text + limits.max_bytes)
            header, texts = pipe.receive(sock, bound, deadline)
            pictures, hinted = 0, False
            while "picture" in header or "hints" in header:
                if "picture" in header and pictures < limits.max_pictures:
                    pictures += 1
                    self._read_picture(sock, header, texts, deadline)
                elif "hints" in header and not hinted:
                    hinted = True
                    words = (hints if isinstance(hints, str) else hints())[:MAX_HINTS]
                    pipe.send(sock, {}, words.encode("utf-8", "replace"), deadline)
                else:
                    break  # it asks too often, and that is no answer
                header, texts = pipe.receive(sock, bound, deadline)
            return header, texts
        except pipe.Silent as error:
            self.close()
            raise TookTooLong(
                f"the document took more than {seconds:g} s to read and was given up"
            ) from error
        except pipe.PipeError as error:
            raise self._given_up() from error

    def _given_up(self) -> ChildDied:
        """What is said of a child that died or broke its protocol."""
        how = self._ending()
        self.close()
        return ChildDied(f"the document was given up: its reader {how}")

    def _read_picture(
        self,
        sock: socket.socket,
        untrusted_header: dict[str, object],
        untrusted_picture: bytes,
        deadline: float,
    ) -> None:
        """Have Tesseract read a picture the child holds, and give the child its text."""
        seconds = untrusted_header["picture"]
        if self._tesseract is None or not isinstance(seconds, int | float):
            raise pipe.PipeError("a picture was not to be sent")
        seconds = min(float(seconds), deadline - time.monotonic())
        text = self._tesseract.read(untrusted_picture, seconds) if seconds > 0 else None
        pipe.send(sock, {"read": text is not None}, (text or "").encode(), deadline)

    def _child(self) -> socket.socket:
        if self._socket is not None and self._process is not None and self._process.poll() is None:
            return self._socket
        self.close()
        ours, theirs = socket.socketpair()
        shared = (self._shared.fd, self._shared.size) if self._shared else ()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "extraction",
                        str(theirs.fileno()),
                        str(self._limits.memory),
                        str(os.getpid()),
                        str(int(self._everything)),
                        *map(str, shared),
                    ],
                    pass_fds=[theirs.fileno(), *shared[:1]],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd=PARENT_FOLDER,
                    env=ENVIRONMENT,
                    process_group=0,
                )
            except OSError as error:
                ours.close()
                raise ChildDied(f"the limited child cannot be started: {error.strerror}") from error
        self._socket = ours
        try:
            pipe.receive(ours, 0, time.monotonic() + STARTING)  # it has imported all it needs
        except pipe.PipeError as error:
            how = self._ending()
            self.close()
            raise ChildDied(f"the limited child did not start: it {how}") from error
        return ours

    def _ending(self) -> str:
        """How the child ended, in words, as far as it has."""
        if self._process is None:
            return "ended"
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "broke its protocol"
        if status == -signal.SIGXCPU:
            return "used more CPU time than it may"
        return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"


def _told(untrusted_header: dict[str, object]) -> ExtractionError:
    said = str(untrusted_header.get("said", ""))[:500]
    kind = TooLarge if untrusted_header.get("error") == "TooLarge" else ExtractionError
    return kind(said or "the document could not be read")
