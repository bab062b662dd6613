"""What `vigie scan` reads: files, folders, standard input, each read while another is matched."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from vigie.scan_hints import words_beside

if TYPE_CHECKING:
    from extraction.layers import Document, Extracted
    from extraction.sandbox import Sandbox
    from extraction.shared import Placed, Shared, Slot
    from vigie.long_files import Windows

SCAN_BYTES = 240 * 1024 * 1024  # what one frame to the matcher holds
# One input is matched while the next is read; of a long file two windows are in use besides.
SLOTS = 3
# Files of so many bytes are read together, so many of them and about so many bytes.
SMALL, TOGETHER, TOGETHER_BYTES = 64 * 1024, 32, 512 * 1024

Input = tuple[str, Path | None]
Read = Callable[[], "tuple[Document, ...]"]
Outcome: TypeAlias = "tuple[Document, ...] | Exception"


class TooLong(Exception):
    """An input over the bound; its text is a sentence."""


def inputs(paths: Sequence[str]) -> Iterator[Input]:
    """(document name, path) of every file; None stands for standard input."""
    for given in paths:
        path = Path(given)
        if given == "-":
            yield "-", None
        elif _is_folder(path):
            yield from _inside(path)
        else:
            yield given, path


def _inside(folder: Path) -> Iterator[Input]:
    """The plain files of a folder, in order. A folder that cannot be listed stands among them:
    reading it says why, and nobody takes it for one where nothing was found."""
    found: list[Path] = []

    def unlisted(error: OSError) -> None:
        found.append(Path(error.filename))

    for place, _, names in os.walk(folder, onerror=unlisted):
        # A link could lead out of the folder, and a pipe never ends.
        found += (path for name in names if _is_plain(path := Path(place, name)))
    yield from ((str(path), path) for path in sorted(found))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # told when it is read


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return True  # told when it is read


class Batch:
    """Inputs that were read together: each with what gives its documents, or raises why there are
    none. `slot` holds what was read until they are done with."""

    def __init__(
        self, inputs: Sequence[Input], outcomes: Sequence[Outcome], slot: Slot | None
    ) -> None:
        self.slot = slot
        self._inputs = inputs
        self._outcomes = outcomes

    def __len__(self) -> int:
        """How many there are."""
        return len(self._inputs)

    def __iter__(self) -> Iterator[tuple[str, Path | None, Read]]:
        """Every input, in order."""
        for (name, path), outcome in zip(self._inputs, self._outcomes, strict=True):
            yield name, path, partial(_settled, outcome)


class Ahead:
    """Reads the next inputs while some are matched, the first while the matcher starts.

    Small files are read several at a time: to wake a process for one costs as much as reading it.
    One thread does all the reading: the sandbox's child ends with the thread that started it.
    Use as a context manager inside the sandbox's own, and iterate once.
    """

    def __init__(
        self, given: Sequence[Input], sandbox: Sandbox, shared: Shared | None = None
    ) -> None:
        """Nothing is read yet. Inputs are read into `shared`, as far as there is room."""
        self._inputs = given
        self.count = len(given)
        self._at = 0  # the next to be read
        self._sandbox = sandbox
        self._shared = shared
        self._reader = ThreadPoolExecutor(1)

    def __enter__(self) -> Ahead:
        """Begin to read."""
        self._coming = self._reader.submit(self._next)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is being read."""
        self._reader.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[Batch]:
        """All inputs, as they were read together: one, or several small ones."""
        while (batch := self._coming.result()) is not None:
            self._coming = self._reader.submit(self._next)
            yield batch
            self._give_back(batch.slot)
            del batch  # lets go of its texts

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

    def _next(self) -> Batch | None:
        """What can be read together, None behind the last input."""
        if self._at == len(self._inputs):
            self._sandbox.close()  # its memory is given back while the last inputs are matched
            return None
        slot = self._take()
        bodies = self._small_ones(slot) if slot else []
        inputs = self._inputs[self._at : self._at + max(1, len(bodies))]
        self._at += len(inputs)
        if bodies:
            given = [
                (body, name, partial(words_beside, path))
                for body, (name, path) in zip(bodies, inputs, strict=True)
            ]
            return Batch(inputs, self._sandbox.several(given), slot)
        return Batch(inputs, [self._documents(*each, slot) for each in inputs], slot)

    def _small_ones(self, slot: Slot) -> list[Placed]:
        """The next inputs, read into the slot one behind the other as long as they are small."""
        found: list[Placed] = []
        at = 0
        for _, path in self._inputs[self._at : self._at + TOGETHER]:
            body = read_small(path, slot, at) if at < TOGETHER_BYTES else None
            if body is None:
                break
            found.append(body)
            at = slot.behind(body)
        return found

    def _documents(self, name: str, path: Path | None, slot: Slot | None) -> Outcome:
        try:
            hints = partial(words_beside, path)
            return self._sandbox.documents(read(path, slot), name=name, hints=hints)
        except Exception as error:
            return error  # for whoever asks for the documents


def _settled(outcome: Outcome) -> tuple[Document, ...]:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def read_small(path: Path | None, slot: Slot, at: int) -> Placed | None:
    """The bytes of a small file, in `slot` from its byte `at` on; None where it is none, there is
    no room or it cannot be read."""
    most = min(SMALL, SCAN_BYTES)
    room = slot.room[at : at + most + 1]
    if path is None or len(room) <= most or not slot.fits(at + most):
        return None
    try:
        state = path.stat()
        if state.st_size > most or not stat.S_ISREG(state.st_mode):
            return None
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = 0
            while size <= most and (fresh := os.readv(file, [room[size:]])):
                size += fresh
        finally:
            os.close(file)
    except OSError:
        return None  # told when it is read alone
    return slot.placed(at + size, at) if size <= most else None


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
