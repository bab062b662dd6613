"""What `vigie scan` reads: files, folders, standard input, each read while another is matched."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from vigie.scan_hints import words_beside

if TYPE_CHECKING:
    from extraction.layers import Document, Extracted
    from extraction.sandbox import Sandbox
    from vigie.long_files import Windows

SCAN_BYTES = 240 * 1024 * 1024  # what one frame to the matcher holds

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

    def __init__(self, given: Sequence[Input], sandbox: Sandbox) -> None:
        """Nothing is read yet."""
        self._inputs = given
        self._sandbox = sandbox
        self._reader = ThreadPoolExecutor(1)
        self._begun: list[Future[tuple[Document, ...]]] = []

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

    def windows(
        self, windows: Windows, name: str, path: Path
    ) -> Iterator[tuple[int, Extracted | str]]:
        """(first byte, texts, or a sentence why there are none) of each window of a long file, the
        next one read while one is matched."""
        from extraction.errors import ExtractionError

        bodies = iter(windows)
        hints = partial(words_beside, path)

        def extract() -> tuple[int, Extracted | str] | None:
            start, body = next(bodies, (0, b""))
            if not body:
                return None
            try:
                return start, self._sandbox.extract(body, name=name, hints=hints)
            except ExtractionError as error:
                return start, str(error)

        coming = self._reader.submit(extract)
        while (found := coming.result()) is not None:
            coming = self._reader.submit(extract)
            yield found
            del found

    def _begin(self, number: int) -> None:
        if number < len(self._inputs):
            self._begun.append(self._reader.submit(self._documents, *self._inputs[number]))
        elif self._inputs:
            # Its memory is given back while the last input is matched.
            self._reader.submit(self._sandbox.close)

    def _documents(self, name: str, path: Path | None) -> tuple[Document, ...]:
        return self._sandbox.documents(read(path), name=name, hints=partial(words_beside, path))


def read(path: Path | None) -> bytes:
    """The bytes of a file or of standard input; raises OSError and TooLong."""
    size = path.stat().st_size if path else 0
    if size > SCAN_BYTES:
        raise TooLong(
            f"it has {size} bytes and is packed; at most {SCAN_BYTES} of such a file are read. "
            "Unpack it: longer texts are read"
        )
    data = path.read_bytes() if path else sys.stdin.buffer.read(SCAN_BYTES + 1)
    if len(data) > SCAN_BYTES:
        raise TooLong(
            f"it has over {SCAN_BYTES} bytes, which is the most that is read from a pipe. Write it "
            "to a file: longer texts are read from there"
        )
    return data
