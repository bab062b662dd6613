"""Which names one crawl met, in some sixteen bytes a name however long it is.

A crawl of 50,000 pages meets several names a page, and a Python string in a set takes some two
hundred bytes. Kept are 64 bits of a keyed hash (BLAKE2, RFC 7693) in one open table. The key is
drawn for each crawl, so that a site cannot make names that fall together: among a million names
two do with a probability below 10⁻⁷, and then one address waits for the next crawl.
"""

from __future__ import annotations

import hashlib
import secrets
from array import array

SMALLEST = 8
# Names that are kept: 32 MB. Beyond that all names are new again, and the record is asked of them.
MOST = 1 << 21


class Seen:
    """A set of names that only grows."""

    def __init__(self) -> None:
        self._key = b""
        self._table = array("Q")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: str) -> bool:
        return self._count > 0 and self._table[self._place(self._mark(name))] != 0

    def add(self, name: str) -> bool:
        """Keep a name; whether it is new."""
        if 3 * (self._count + 1) > 2 * len(self._table):
            self._grow()
        mark = self._mark(name)
        place = self._place(mark)
        if self._table[place]:
            return False
        if self._count < MOST:
            self._table[place] = mark
            self._count += 1
        return True

    def _mark(self, name: str) -> int:
        data = name.encode("utf-8", "surrogatepass")
        # Zero is an empty place.
        return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=self._key).digest()) or 1

    def _place(self, mark: int) -> int:
        """Where the mark stands, or the empty place for it."""
        table = self._table
        last = len(table) - 1
        place = mark & last
        while table[place] not in (0, mark):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        if not self._key:
            self._key = secrets.token_bytes(16)
        before = self._table
        size = max(SMALLEST, 2 * len(before))
        self._table = array("Q", bytes(8 * size))
        for mark in before:
            if mark:
                self._table[self._place(mark)] = mark
