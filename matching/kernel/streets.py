"""Whether a word of streets stands in a text, between two blanks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from native.jit import inner, kernel, pointer
from native.vector import LANES, between, mask_of, one_of, trailing_zeros

u64 = np.uint64
i64 = np.int64

WORDS = (
    b"rue", b"place", b"avenue", b"boulevard", b"impasse", b"chemin", b"allee", b"route",
    b"square", b"quai", b"cours", b"residence", b"lotissement",
)  # fmt: skip
WIDTH = 16  # bytes of a word in the list, its length first


def _letters_at(place: int) -> bytes:
    return bytes({word[place] for word in WORDS})


blanks: Any = mask_of("blanks", lambda b, block, _: between(b, block, 32, 32))
firsts: Any = mask_of("firsts", lambda b, block, _: one_of(b, block, _letters_at(0)))
seconds: Any = mask_of("seconds", lambda b, block, _: one_of(b, block, _letters_at(1)))
thirds: Any = mask_of("thirds", lambda b, block, _: one_of(b, block, _letters_at(2)))


def word_list() -> NDArray[np.uint8]:
    """The words as `shows_word` takes them."""
    found = np.zeros((len(WORDS), WIDTH), np.uint8)
    for row, word in zip(found, WORDS, strict=True):
        row[0] = len(word)
        row[1 : 1 + len(word)] = list(word)
    return found.ravel()


@inner
def is_word(f, at, words, count):
    """Whether one of the words stands there, and a blank behind it."""
    for number in range(count):
        word = number * WIDTH
        length = i64(words[word])
        same = i64(0)
        while same < length and f[at + same] == words[word + 1 + same]:
            same += 1
        if same == length and f[at + length] == 32:
            return True
    return False


@kernel
def shows_word(data, size, words):
    """Whether a word of the list stands between two blanks of `data[:size]`, behind which are
    newlines."""
    f, list_of = pointer(data), pointer(words)
    count = len(words) // WIDTH
    whole = max(0, size - 2) // LANES * LANES  # blocks that are read with three bytes behind them
    for base in range(0, whole, LANES):
        likely = blanks(f, base) & firsts(f, base + 1)
        if likely == u64(0):
            continue
        likely &= seconds(f, base + 2) & thirds(f, base + 3)
        while likely:
            if is_word(f, base + trailing_zeros(likely) + 1, list_of, count):
                return True
            likely &= likely - u64(1)
    found = False
    for at in range(whole, size):
        found |= f[at] == 32 and is_word(f, at + 1, list_of, count)
    return found
