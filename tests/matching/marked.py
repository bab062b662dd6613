"""Which places of a text sifting marks for its numbers.

Told to compile for a processor without wide instructions, a process of its own takes the ways such
a machine takes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.number_masks import find_groups
from matching.kernel.planes import ADDRESS, FOUND, RUN, STAMP
from matching.kernel.sieve import CHUNK, classify, new_sieve, sieve_pointers
from matching.kernel.sift_numbers import mark_runs
from matching.normalise.fold import fold
from native import lanes
from native.jit import kernel, pointer

MARGIN = 64
EVERY = (1 << 64) - 1  # lengths
KEYS = np.arange(1, 2 * len(k.SUB_KEYS) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


@kernel
def marks_of(f: Any, size: Any, sieve: Any, bits: Any, scratch: Any, keys: Any) -> Any:
    """Mark the numbers of `f[MARGIN:]` in the sieve; returns how many blocks it has."""
    text, s = pointer(f[MARGIN:]), sieve_pointers(sieve)
    filter_ = (pointer(bits), np.uint64(len(bits) * 8 - 1))
    blocks = classify(text, size, s)
    mark_runs(
        text,
        blocks,
        (text, 0),
        s,
        pointer(scratch),
        filter_,
        filter_,
        np.uint64(EVERY),
        pointer(keys),
    )
    return blocks


@kernel
def groups_of(f: Any, size: Any, sieve: Any, planes: Any) -> Any:
    """Put the masks FOUND, RUN, STAMP and ADDRESS of a text into `planes`; returns its blocks."""
    text, s = pointer(f[MARGIN:]), sieve_pointers(sieve)
    blocks = classify(text, size, s)
    joined = False
    for chunk in range(0, blocks, CHUNK):
        joined, _ = find_groups(text, chunk, blocks, s, joined, np.uint64(EVERY))
        for t in range(1, CHUNK + 1) if joined else range(0):
            planes[0, chunk + t - 1] = s.planes[FOUND + t]
            planes[1, chunk + t - 1] = s.planes[RUN + t]
            planes[2, chunk + t - 1] = s.planes[STAMP + t]
            planes[3, chunk + t - 1] = s.planes[ADDRESS + t]
    return blocks


def padded(text: str) -> tuple[NDArray[np.uint8], int]:
    """The folded text between newlines, and its size."""
    folded = fold(text)
    data = np.full(MARGIN + folded.size + 256, 10, np.uint8)
    data[MARGIN : MARGIN + folded.size] = folded.data[: folded.size]
    return data, folded.size


def places(mask: NDArray[np.uint64], size: int) -> list[int]:
    """Where the bits of a mask stand."""
    found = np.flatnonzero(np.unpackbits(mask.view(np.uint8), bitorder="little"))
    return [int(at) for at in found if at < size]


def marked(text: str, bits: NDArray[np.uint8]) -> list[int]:
    """Places marked for the numbers of a text where a filter's `bits` tell what may be known."""
    data, size = padded(text)
    sieve = new_sieve(size)
    blocks = marks_of(data, size, sieve, bits, np.zeros(4096, np.uint8), KEYS)
    return places(sieve.marks[:blocks], size)


def groups(text: str) -> tuple[list[int], ...]:
    """(found, runs, time stamps, internet addresses) of a text."""
    data, size = padded(text)
    planes = np.zeros((4, size // 64 + 1 + CHUNK), np.uint64)
    groups_of(data, size, new_sieve(size), planes)
    return tuple(places(np.ascontiguousarray(plane), size) for plane in planes)


def main() -> None:
    """Read a text and bits from standard input, and print the places."""
    told = json.load(sys.stdin)
    bits = np.frombuffer(bytes.fromhex(told["bits"]), np.uint8).copy()
    sys.stdout.write(json.dumps(marked(told["text"], bits)))


if __name__ == "__main__":
    assert not lanes.WIDE
    assert not lanes.PERMUTES
    main()
