"""Texts that the caller wrote into memory it shares with the matcher: read where they lie.

Whoever starts the matcher owns the memory (ADR 22); nobody else can write to it or shorten it,
which is checked here. Behind each text stand MARGIN newlines, for kernels that look ahead.
"""

from __future__ import annotations

import fcntl
import mmap
import os

MARGIN = b"\n" * 128
# linux/fcntl.h: no more seals, no shorter, no longer, no new writers; Python 3.11 lacks the last.
GET_SEALS, SEALS = 1034, 0x1 | 0x2 | 0x4 | 0x10


class Memory:
    """The memory as the matcher has it."""

    def __init__(self, fd: int, size: int) -> None:
        """Raises OSError where it is not sealed or of another size: read past its end, memory
        kills the process."""
        if fcntl.fcntl(fd, GET_SEALS) & SEALS != SEALS or os.fstat(fd).st_size != size:
            raise OSError("the shared memory is not sealed, or of another size")
        self._whole = memoryview(mmap.mmap(fd, size, prot=mmap.PROT_READ))
        os.close(fd)

    def text(self, at: int, size: int) -> Lying:
        """The text there; raises ValueError where none can lie."""
        end = at + size
        untrusted = self._whole[at : end + len(MARGIN)]
        if at < 0 or size < 0 or untrusted[size:] != MARGIN:
            raise ValueError("no text lies there in the shared memory")
        return Lying(at, untrusted)


class Lying:
    """UTF-8 that lies in shared memory from byte `at` on; `padded` has the margin too."""

    __slots__ = ("at", "padded")

    def __init__(self, at: int, untrusted_padded: memoryview) -> None:
        self.at = at
        self.padded = untrusted_padded

    def __len__(self) -> int:
        return len(self.padded) - len(MARGIN)

    def __bytes__(self) -> bytes:
        return bytes(self.padded[: len(self)])
