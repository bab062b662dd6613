"""Working memory in one place, for kernels that go through many arrays at the same pace.

Arrays that the allocator lays out each for itself begin at the same place of a page each, so that
what is read together falls into the same few lines of the nearest cache, and takes a page of its
own in the table of the processor's last pages. Side by side, on large pages where Linux has them
(madvise(2), MADV_HUGEPAGE), sifting a text is 2 % faster.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

LARGE_PAGE = 2 * 1024 * 1024  # bytes
LINE = 64
APART = 5 * LINE  # between two arrays, so that their beginnings fall into different lines

Thing = TypeVar("Thing")


def side_by_side(value: Thing) -> Thing:
    """A named tuple of arrays, and of such tuples, with copies of the arrays next to each other.

    The memory is kept as long as any of the arrays is.
    """
    size = sum(_whole_lines(each.nbytes) + APART for each in _arrays(value))
    return cast("Thing", _moved(value, iter(_cut(_fresh(size), value))))


def _arrays(value: Any) -> Iterator[NDArray[Any]]:
    for each in value:
        if isinstance(each, np.ndarray):
            yield each
        elif isinstance(each, tuple):
            yield from _arrays(each)


def _moved(value: Any, copies: Iterator[NDArray[Any]]) -> Any:
    return type(value)(
        *(
            next(copies)
            if isinstance(each, np.ndarray)
            else _moved(each, copies)
            if isinstance(each, tuple)
            else each
            for each in value
        )
    )


def _cut(memory: NDArray[np.uint8], value: Any) -> Iterator[NDArray[Any]]:
    at = 0
    for each in _arrays(value):
        copy = memory[at : at + each.nbytes].view(each.dtype).reshape(each.shape)
        copy[...] = each
        yield copy
        at += _whole_lines(each.nbytes) + APART


def _whole_lines(size: int) -> int:
    return -(-size // LINE) * LINE


def _fresh(size: int) -> NDArray[np.uint8]:
    """So many bytes of zeros that begin on a large page."""
    room = mmap.mmap(-1, size + 2 * LARGE_PAGE)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel built without them
            room.madvise(mmap.MADV_HUGEPAGE)
    memory = np.frombuffer(room, np.uint8)
    first = -memory.ctypes.data % LARGE_PAGE
    return memory[first : first + size]
