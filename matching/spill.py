"""What a build cannot hold in memory: arrays put aside in a file without a name.

The file lies in the folder of the output and has no name in it, so that the system frees it
whenever the process ends, kill -9 included. What it holds (keyed hashes and row numbers) is
enciphered with AES-256-CTR under a key that is drawn at each build and never leaves memory.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from numpy.typing import NDArray

from matching.errors import OutputError
from matching.kernel import packing

BUFFER = 1 << 20


class Spill:
    """Arrays put aside, each known by its number. Use it as a context manager."""

    def __init__(self, output: Path) -> None:
        """Make the file beside `output`; raises OutputError when that folder takes none."""
        self._output = output
        self._key = AES256(secrets.token_bytes(32))
        self._offsets = [0]
        try:
            # TemporaryFile has no name, or loses it at once; mode 0600.
            self._file: Any = tempfile.TemporaryFile(  # noqa: SIM115 closed by close()
                dir=output.absolute().parent, buffering=BUFFER
            )
        except OSError as error:
            raise OutputError.of(output, error) from None

    def __enter__(self) -> Spill:
        """Nothing more to do."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the file."""
        self.close()

    def close(self) -> None:
        """Let go of the file; what it held is gone."""
        try:
            self._file.close()
        except OSError:  # what is left in the buffer need not be written any more
            self._file.raw.close()

    @property
    def bytes(self) -> int:
        """How much lies in it."""
        return self._offsets[-1]

    def _cipher(self, number: int) -> Cipher[CTR]:
        # An array is far below 2^64 blocks of 16 bytes: the counters of two never meet.
        return Cipher(self._key, CTR(number.to_bytes(8, "big") + bytes(8)))

    def put(self, array: NDArray[Any]) -> int:
        """Put an array aside; returns its number. Raises OutputError when the disk is full."""
        number = len(self._offsets) - 1
        data = np.ascontiguousarray(array).data.cast("B") if array.size else b""
        try:
            self._file.write(self._cipher(number).encryptor().update(data))
        except OSError as error:
            raise OutputError.of(self._output, error) from None
        self._offsets.append(self._offsets[-1] + len(data))
        return number

    def ready(self) -> None:
        """Write what is buffered; to be called between the last `put` and the first `get`."""
        try:
            self._file.flush()
        except OSError as error:
            raise OutputError.of(self._output, error) from None

    def get(self, number: int, item: type[np.generic]) -> NDArray[Any]:
        """An array as it was put, of items of this type, in one dimension."""
        start, end = self._offsets[number], self._offsets[number + 1]
        held = os.pread(self._file.fileno(), end - start, start)
        return np.frombuffer(self._cipher(number).decryptor().update(held), item)


class Parts:
    """A growing list of (key, value) that comes back part by part, the parts in order of keys."""

    def __init__(self, spill: Spill) -> None:
        """Empty."""
        self._spill = spill
        self._runs: list[int] = []  # number of each run's first array
        self.size = 0

    def add(self, keys: NDArray[np.uint64], values: NDArray[np.uint32]) -> None:
        """Take a run of entries; the arrays may be used again afterwards."""
        if not len(keys):
            return
        bounds = np.zeros(packing.PARTS + 1, np.int64)
        part_keys, part_values = np.empty_like(keys), np.empty_like(values)
        packing.part(keys, values, bounds, part_keys, part_values)
        cuts = bounds[1:-1]
        for number, (some_keys, some_values) in enumerate(
            zip(np.split(part_keys, cuts), np.split(part_values, cuts), strict=True)
        ):
            first = self._spill.put(some_keys)
            self._spill.put(some_values)
            if number == 0:
                self._runs.append(first)
        self.size += len(keys)

    def part(self, number: int) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """The entries of one part, unsorted."""
        at = 2 * number
        keys = [self._spill.get(run + at, np.uint64) for run in self._runs]
        values = [self._spill.get(run + at + 1, np.uint32) for run in self._runs]
        none: tuple[Any, Any] = (np.empty(0, np.uint64), np.empty(0, np.uint32))
        return (np.concatenate(keys), np.concatenate(values)) if keys else none
