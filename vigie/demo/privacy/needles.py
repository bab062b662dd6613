"""What is looked for: values of people as sorted hashes, and a few exact texts.

Half a million rows become about 40 MB. The hashes are Python's own (salted in each process), so
that the set is of no use outside it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vigie.demo.leak import LeakRow
from vigie.demo.posts.spelling import phone_digits
from vigie.demo.posts.values import MIN_COMMENT, tells

APART = re.compile(r"[^0-9A-Z]+")
ANCHOR = re.compile(r"[^\W\d_]{6,}")
HEAD_WORDS = 3


class HashSet:
    """Membership of many strings; a false yes has a chance of 1 in 10**13."""

    def __init__(self, hashes: Iterable[int]) -> None:
        self._sorted: NDArray[np.int64] = np.unique(np.fromiter(hashes, dtype=np.int64))

    def __len__(self) -> int:
        return len(self._sorted)

    def __contains__(self, value: str) -> bool:
        return bool(self.among([value])[0])

    def among(self, values: Sequence[str]) -> list[bool]:
        """Which of the values are members."""
        if not len(self._sorted) or not values:
            return [False] * len(values)
        asked = np.fromiter(map(hash, values), dtype=np.int64, count=len(values))
        at = np.searchsorted(self._sorted, asked)
        at[at == len(self._sorted)] = 0
        found: list[bool] = (self._sorted[at] == asked).tolist()
        return found


def words_of(text: str) -> list[str]:
    """Upper-case words without accents; page and JSON escapes undone."""
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return APART.sub(" ", text.upper()).split()


@dataclass(frozen=True, slots=True)
class Needles:
    """Everything one search looks for; `name` says whose values they are.

    births: date ddmmyyyy to lines "SURNAME|FIRST NAME". Comments are held without their first
    and last word, which may stand glued to a neighbour: `comment_heads` has the first three
    words of what is left, with a bit for each length in words; `comment_anchors` the rare long
    word that makes a search look closer. Comments under 40 characters and passwords that could be
    any word or number are not looked for: they would be found everywhere.
    """

    name: str
    nirs: HashSet
    phones: HashSet
    emails: HashSet
    births: dict[str, str]
    comments: HashSet
    comment_heads: dict[int, int]
    comment_anchors: frozenset[bytes]
    passwords: HashSet
    texts: tuple[bytes, ...]

    @classmethod
    def build(
        cls, rows: Iterable[LeakRow] = (), texts: Iterable[str] = (), name: str = "leak"
    ) -> Needles:
        """Read the rows once; `texts` are exact, whatever their case."""
        nirs: list[int] = []
        phones: list[int] = []
        emails: list[int] = []
        passwords: list[int] = []
        births: dict[str, list[str]] = {}
        remarks = _Remarks()
        for row in rows:
            if row.nir:
                nirs.append(hash(row.nir[:13]))
            phones.extend(hash(phone_digits(p)) for p in (row.landline, row.mobile) if p)
            if row.email:
                emails.append(hash(row.email.lower()))
            if row.birth_date:
                names = f"{' '.join(words_of(row.surname))}|{' '.join(words_of(row.first_name))}"
                births.setdefault(row.birth_date.replace("/", ""), []).append(names)
            if len(row.comment) >= MIN_COMMENT:
                remarks.add(row.comment)
            if tells(row.password):
                passwords.append(hash(row.password))
        return cls(
            name=name,
            nirs=HashSet(nirs),
            phones=HashSet(phones),
            emails=HashSet(emails),
            births={date: "\n".join(names) for date, names in births.items()},
            comments=HashSet(remarks.whole),
            comment_heads=remarks.heads,
            comment_anchors=frozenset(remarks.anchors),
            passwords=HashSet(passwords),
            texts=tuple(dict.fromkeys(text.lower().encode("utf-8") for text in texts if text)),
        )

    def holds_comment(self, words: Sequence[str]) -> list[int]:
        """Positions in a list of words at which a comment begins."""
        found = []
        for at in range(len(words) - HEAD_WORDS + 1):
            lengths = self.comment_heads.get(hash(" ".join(words[at : at + HEAD_WORDS])), 0)
            while lengths:
                lowest = lengths & -lengths
                lengths ^= lowest
                if " ".join(words[at : at + lowest.bit_length() - 1]) in self.comments:
                    found.append(at)
        return found


class _Remarks:
    """Comments on their way into needles."""

    def __init__(self) -> None:
        self.whole: list[int] = []
        self.heads: dict[int, int] = {}
        self.anchors: set[bytes] = set()

    def add(self, comment: str) -> None:
        inner = words_of(comment)[1:-1]
        if len(inner) < HEAD_WORDS:
            return
        self.whole.append(hash(" ".join(inner)))
        head = hash(" ".join(inner[:HEAD_WORDS]))
        self.heads[head] = self.heads.get(head, 0) | 1 << len(inner)
        middle = comment.partition(" ")[2].rpartition(" ")[0]
        for spelling in (middle.lower(), middle.upper(), " ".join(inner)):
            if runs := ANCHOR.findall(spelling):
                longest = max(runs, key=len)
                self.anchors.add(longest.encode("utf-8").lower())
                self.anchors.add(longest.encode("latin-1", "ignore").lower())
