"""The keys of a text's words as the screen finds them, told by a process of its own.

Told to compile for a processor without wide instructions, it takes the ways such a machine takes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from matching.kernel.sieve import classify, new_sieve, sieve_pointers
from matching.kernel.sift_words import gather_words
from matching.normalise.fold import fold
from native import lanes
from native.jit import kernel, pointer


@kernel
def gather(f: Any, size: Any, sieve: Any, bits: Any, keys: Any) -> Any:
    """Every word of `f[:size]` into the sieve; returns how many."""
    text, s = pointer(f), sieve_pointers(sieve)
    every = (pointer(bits), np.uint64(len(bits) * 8 - 1))
    blocks = classify(text, size, s)
    return gather_words(text, blocks, s, every, every, False, pointer(keys))


def main() -> None:
    """Read a text from standard input and print (first byte, letters, key) of its words."""
    folded = fold(sys.stdin.read())
    sieve = new_sieve(folded.size)
    known = np.full(8, 255, np.uint8)  # a filter that knows every word
    count = gather(folded.data, folded.size, sieve, known, np.arange(64, dtype=np.uint64))
    told = [
        (int(sieve.place[w]), int(sieve.size[w]), int(sieve.key[w]))
        for w in range(count)
        if sieve.flags[w]
    ]
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    assert not lanes.WIDE
    assert not lanes.PERMUTES
    main()
