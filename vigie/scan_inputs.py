"""What `vigie scan` reads: files, folders, standard input, each read while another is matched."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vigie.scan_hints import words_beside

if TYPE_CHECKING:
    from extraction.layers import Document, Extracted
    from extraction.sandbox import Sandbox
    from extraction.shared import Placed, Shared, Slot
    from vigie.long_files import Windows

SCAN_BYTES = 240 * 1024 * 1024  # what one frame to the matcher holds
# One input is matched while the next is read; of a long file two windows are in use besides.
SLOTS = 3

Input = tuple[str, Path | None]
Read = Callable[[], "tuple[Document, ...]"]


class TooLong(Exception):
    """An input over the bound; its text is a sentence."""


def inputs(paths: Sequence[str]) -> Iterator[Input]:
    """(document name, path) of every file; None stands for standard input."""
    for given in paths:
        path = Path(given)
        if given == "-":
            yield "-", None
        elif path.is_dir():
            for inside in sorted(path.rglob("*")):
                # A link could lead out of the folder, and a pipe never ends.
                if inside.is_file() and not inside.is_symlink():
                    yield str(inside), inside
        else:
            yield given, path


class Ahead:
    """Reads the next input while one is matched, the first while the matcher starts.

    One thread does all the reading: the sandbox's child ends with the thread that started it.
    Use as a context manager inside the sandbox's own, and iterate once.
    """

    def __init__(
        self, given: Sequence[Input], sandbox: Sandbox, shared: Shared | None = None
    ) -> None:
        """Nothing is read yet. Inputs are read into `shared`, as far as there is room."""
        self._inputs = given
        self._sandbox = sandbox
        self._shared = shared
        self._reader = ThreadPoolExecutor(1)
        self._begun: list[Future[tuple[Document, ...]]] = []
        self._slots: dict[int, Slot] = {}  # of the inputs whose documents are in use

    def __enter__(self) -> Ahead:
        """Begin to read."""
        self._begin(0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is being read."""
        self._reader.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[tuple[str, Path | None, Read]]:
        """Every input with what gives its documents, or raises why there are none."""
        for number, (name, path) in enumerate(self._inputs):
            self._begin(number + 1)
            yield name, path, self._begun[number].result
            self._begun[number] = Future()  # lets go of its texts
            self._give_back(self._slots.pop(number, None))

    def windows(
        self, windows: Windows, name: str, path: Path
    ) -> Iterator[tuple[int, Extracted | str]]:
        """(first byte, texts, or a sentence why there are none) of each window of a long file, the
        next one read while one is matched."""
        from extraction.errors import ExtractionError

        bodies = iter(windows)
        hints = partial(words_beside, path)

        def extract() -> tuple[int, Extracted | str, Slot | None] | None:
            body: bytes | Placed
            slot = self._take()
            if slot is None:
                start, body = next(bodies, (0, b""))
            elif placed := windows.read_into(slot.room):
                start, first, end = placed
                body = slot.placed(end, first)
            else:
                self._give_back(slot)
                return None
            if not body:
                return None
            try:
                return start, self._sandbox.extract(body, name=name, hints=hints), slot
            except ExtractionError as error:
                return start, str(error), slot

        coming = self._reader.submit(extract)
        while (found := coming.result()) is not None:
            coming = self._reader.submit(extract)
            yield found[:2]
            self._give_back(found[2])
            del found

    def _take(self) -> Slot | None:
        return self._shared.take() if self._shared else None

    def _give_back(self, slot: Slot | None) -> None:
        if self._shared and slot:
            self._shared.give_back(slot)

    def _begin(self, number: int) -> None:
        if number < len(self._inputs):
            self._begun.append(self._reader.submit(self._documents, number, *self._inputs[number]))
        elif self._inputs:
            # Its memory is given back while the last input is matched.
            self._reader.submit(self._sandbox.close)

    def _documents(self, number: int, name: str, path: Path | None) -> tuple[Document, ...]:
        slot = self._take()
        if slot:
            self._slots[number] = slot
        body = read(path, slot)
        return self._sandbox.documents(body, name=name, hints=partial(words_beside, path))


def read(path: Path | None, slot: Slot | None = None) -> bytes | Placed:
    """The bytes of a file or of standard input, in `slot` where one is given; raises OSError and
    TooLong."""
    if path is None:
        standard: Any = sys.stdin.buffer  # typeshed knows no `readinto` of it
        return _read(standard.read, standard.readinto, slot)
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(file).st_size
        if size > SCAN_BYTES:
            raise TooLong(
                f"it has {size} bytes and is packed; at most {SCAN_BYTES} of such a file are read. "
                "Unpack it: longer texts are read"
            )
        # The system call itself: thousands of small files are read.
        return _read(partial(os.read, file), lambda room: os.readv(file, [room]), slot)
    finally:
        os.close(file)


def _read(
    some: Callable[[int], bytes], into: Callable[[memoryview], int], slot: Slot | None
) -> bytes | Placed:
    """All there is to be read, by one of two ways."""
    size = 0
    parts: list[bytes] = []
    while size <= SCAN_BYTES:
        missing = SCAN_BYTES + 1 - size
        if slot:
            fresh = into(slot.room[size : size + missing])
        else:
            parts.append(some(missing))
            fresh = len(parts[-1])
        if not fresh:
            return slot.placed(size) if slot else b"".join(parts)
        size += fresh
    raise TooLong(
        f"it has over {SCAN_BYTES} bytes, which is the most that is read from a pipe. Write it "
        "to a file: longer texts are read from there"
    )
