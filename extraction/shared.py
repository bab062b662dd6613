"""Memory that the command writes documents into, and that its readers only read (ADR 22).

A document passes through three processes. Over sockets every hop copies it twice, into pages that
the kernel has to find first; here it is written once, into pages that stay, and the others are told
where. The memory has no name in any folder and goes with the last process that has it. Its seals
are the kernel's word that nobody but the one mapping made before them writes to it, and that it
stays as long as it is.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os

MARGIN = b"\n" * 128  # behind a document: the matcher's kernels look ahead
# linux/fcntl.h; Python 3.11 lacks the last.
ADD_SEALS, GET_SEALS = 1033, 1034
SEAL, SHRINK, GROW, FUTURE_WRITE = 0x1, 0x2, 0x4, 0x10
SEALS = SEAL | SHRINK | GROW | FUTURE_WRITE


class Placed:
    """A document's bytes in shared memory: `len` of them from byte `at` on."""

    __slots__ = ("_view", "at")

    def __init__(self, at: int, untrusted_view: memoryview) -> None:
        self.at = at
        self._view = untrusted_view

    @property
    def view(self) -> memoryview:
        """The bytes where they lie."""
        return self._view

    def __len__(self) -> int:
        return len(self._view)

    def __bytes__(self) -> bytes:
        return bytes(self._view)


class Slot:
    """Room for one document, MARGIN not counted, or for several small ones behind one another;
    whoever took it gives it back."""

    __slots__ = ("at", "room")

    def __init__(self, at: int, room: memoryview) -> None:
        self.at = at
        self.room = room

    def put(self, untrusted_body: bytes) -> Placed:
        """A copy of these bytes; raises ValueError where they do not fit."""
        self.room[: len(untrusted_body)] = untrusted_body
        return self.placed(len(untrusted_body))

    def fits(self, end: int) -> bool:
        """Whether a document may end there."""
        return end + len(MARGIN) <= len(self.room)

    def behind(self, placed: Placed) -> int:
        """Where another document may begin."""
        return placed.at - self.at + len(placed) + len(MARGIN)

    def placed(self, end: int, first: int = 0) -> Placed:
        """The bytes of the room from `first` to `end`, which the caller wrote. Readers rely on the
        margin that this puts behind them. Raises ValueError where they do not fit."""
        self.room[end : end + len(MARGIN)] = MARGIN
        return Placed(self.at + first, self.room[first:end].toreadonly())


class Shared:
    """The memory as its owner has it; `made` where the kernel may offer none."""

    def __init__(self, slots: int, most: int) -> None:
        """Room for `slots` documents of `most` bytes each; pages are taken as they are written.
        Raises OSError or AttributeError where the kernel or Python knows no such memory."""
        each = -(-(most + len(MARGIN)) // mmap.PAGESIZE) * mmap.PAGESIZE
        self.size = slots * each
        self.fd = os.memfd_create("vigie", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.truncate(self.fd, self.size)
            whole = memoryview(mmap.mmap(self.fd, self.size))
            fcntl.fcntl(self.fd, ADD_SEALS, SEALS)
        except OSError:
            os.close(self.fd)
            raise
        # The first is taken first: its pages are the ones that are there.
        self._free = [
            Slot(at, whole[at : at + most + len(MARGIN)]) for at in range(0, self.size, each)
        ][::-1]

    def take(self) -> Slot | None:
        """A slot nobody has, or None."""
        return self._free.pop() if self._free else None

    def give_back(self, slot: Slot) -> None:
        """What stood in it is done with."""
        self._free.append(slot)

    def close(self) -> None:
        """Nobody else gets it any more. Its pages go when those who have it have ended."""
        os.close(self.fd)


def made(slots: int, most: int) -> Shared | None:
    """The memory, or None where it cannot be had: documents then go over the sockets."""
    try:
        return Shared(slots, most)
    except (OSError, AttributeError):
        return None


def attach(fd: int, size: int) -> memoryview:
    """The memory as a reader has it, who keeps no descriptor of it; raises OSError where it is not
    as it should be: read past its end, memory kills the process."""
    try:
        if fcntl.fcntl(fd, GET_SEALS) & SEALS != SEALS or os.fstat(fd).st_size != size:
            raise OSError("the shared memory is not sealed, or of another size")
        return memoryview(_mapped(fd, size)).cast("B").toreadonly()
    finally:
        os.close(fd)


def _mapped(fd: int, size: int) -> ctypes.Array[ctypes.c_ubyte]:
    """As `mmap.mmap` maps it, which would keep a descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
    ]  # fmt: skip
    address = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    if address in (None, ctypes.c_void_p(-1).value):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return (ctypes.c_ubyte * size).from_address(address)
