"""The one rule by which text is folded and split into words, for both search indexes.

1. Compatibility decomposition (Unicode NFKD); marks (accents) are dropped; case is folded; the
   letters œ æ ø ł đ ð þ ı become oe ae o l d d th i.
2. A word is a longest run of letters and digits (Unicode categories L* and N*); all else parts
   words. A run longer than 64 characters is cut into pieces of 64.

It is applied before anything is sent, so neither index has an opinion of its own: SQLite's and
Elasticsearch's tokenizers only split at the spaces that `join` put there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_WORD = 64
# Stands between texts. No query can hold it, since it is no letter; both tokenizers keep it, since
# it is no space and not ASCII.
BREAK = "¦"
LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
RUN = re.compile(r"[^\W_]+")
PLAIN = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """`text` without case and accents."""
    if text.isascii():
        return text.lower()
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.category(letter).startswith("M")
    )
    # Folding can bring marks back (the Turkish dotted I), so it is decomposed once more.
    again = unicodedata.normalize("NFKD", bare.casefold())
    return "".join(
        letter for letter in again if not unicodedata.category(letter).startswith("M")
    ).translate(LETTERS)


def split(text: str) -> list[str]:
    """The words of `text`, folded, in their order."""
    folded = fold(text)
    runs = (PLAIN if folded.isascii() else RUN).findall(folded)
    return [
        run[start : start + LONGEST_WORD]
        for run in runs
        for start in range(0, len(run), LONGEST_WORD)
    ]


def join(texts: Iterable[str]) -> str:
    """The words of several texts as one string. Texts are parted so that no phrase is found
    across two of them."""
    return f" {BREAK} ".join(" ".join(split(text)) for text in texts if text)
