"""A kernel as it lies in memory: what `native.linking` makes, and how it is loaded."""

from __future__ import annotations

import ctypes
import functools
import mmap
import struct
from typing import NamedTuple

import numpy as np

PAGE = 4096
READ, RUN = 1, 4  # PROT_READ, PROT_EXEC
HEAD = struct.Struct("<QQQII")
WORD = 8


class Image(NamedTuple):
    """Data, and behind it, from byte `code` on, instructions, of which `entry` is called.

    At the places `inside` (four bytes each) stand addresses, told from the image's beginning; at
    those of `calls` the address of a function of the C library has to be put.
    """

    body: bytes
    code: int
    entry: int
    inside: bytes
    calls: tuple[tuple[str, int], ...]

    def to_bytes(self) -> bytes:
        """What `image_from` reads."""
        names = "\n".join(f"{name} {at}" for name, at in self.calls).encode()
        head = HEAD.pack(len(self.body), self.code, self.entry, len(self.inside), len(names))
        return b"".join((head, self.body, self.inside, names))


def image_from(data: bytes) -> Image:
    """An image that was kept."""
    size, code, entry, inside, named = HEAD.unpack_from(data)
    behind = HEAD.size + size
    names = data[behind + inside : behind + inside + named].decode()
    calls = tuple((name, int(at)) for name, at in (each.split() for each in names.splitlines()))
    return Image(data[HEAD.size : behind], code, entry, data[behind : behind + inside], calls)


def placed(image: Image, stands_for: dict[str, str]) -> int:
    """The address of an image's entry, once it lies in memory: for good, and nobody can write to
    it. A function in `stands_for` is never called, and another stands in its place."""
    size = len(image.body)
    memory = mmap.mmap(
        -1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE
    )
    _kept.append(memory)
    memory[:] = image.body
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    # Every byte as the beginning of a word: addresses need not stand on even places.
    words = np.ndarray((size - WORD + 1,), "<u8", memory, 0, (1,))
    words[np.frombuffer(image.inside, "<u4")] += np.uint64(base)
    for name, at in image.calls:
        words[at] = _address(stands_for.get(name, name))
    _protect(base, image.code, READ)
    _protect(base + image.code, size - image.code, READ | RUN)
    return base + image.entry


# What is loaded stays as long as the process.
_kept: list[mmap.mmap] = []


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@functools.cache
def _address(name: str) -> int:
    found = ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value
    if found is None:
        raise OSError(f"the C library has no {name}")
    return found


def _protect(address: int, size: int, how: int) -> None:
    if not size:
        return
    protect = _library().mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    if protect(address, size, how):
        raise OSError(ctypes.get_errno(), "a kernel cannot be loaded: its memory stays writable")
