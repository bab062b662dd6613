"""People who are not in the leak, for ordinary posts and as bystanders in planted ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from vigie.demo.leak import LeakRow, invent_rows, read_rows
from vigie.demo.posts.spelling import bare, phone_digits

OTHERS = 2_400


class LeakIndex:
    """Which values a leak holds, as sorted hashes: half a million rows in 25 MB."""

    def __init__(self, leak_csv: Path) -> None:
        found: list[int] = []
        rows = 0
        for row in read_rows(leak_csv):
            found.extend(map(hash, _telling(row)))
            rows += 1
        self.rows = rows
        self._hashes: NDArray[np.int64] = np.unique(np.array(found, dtype=np.int64))

    def knows(self, row: LeakRow) -> bool:
        """Whether any telling value of the row stands in the leak."""
        asked = np.array([hash(value) for value in _telling(row)], dtype=np.int64)
        at = np.searchsorted(self._hashes, asked)
        inside = at < len(self._hashes)
        return bool((self._hashes[at[inside]] == asked[inside]).any())


def leak_index(leak_csv: Path) -> LeakIndex:
    """The index of a file, read once for as long as the file stays as it is."""
    state = leak_csv.stat()
    return _leak_index(leak_csv, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=2)
def _leak_index(leak_csv: Path, _size: int, _changed: int) -> LeakIndex:
    return LeakIndex(leak_csv)


def invent_others(index: LeakIndex, random: Random) -> Iterator[LeakRow]:
    """People of whom the leak holds no NIR, phone, e-mail, name with birth date, or comment.

    They share towns, doctors, laboratories, insurers, streets and names with it, as real people do.
    Never ends.
    """
    while True:
        for row in invent_rows(OTHERS, random.getrandbits(48)):
            if not index.knows(row):
                yield row


def _telling(row: LeakRow) -> Iterator[tuple[str, str]]:
    if row.nir:
        yield "nir", row.nir[:13]
    for phone in (row.landline, row.mobile):
        if phone:
            yield "phone", phone_digits(phone)
    if row.email:
        yield "email", row.email.lower()
    if row.birth_date:
        for surname in {row.surname, row.birth_surname} - {""}:
            yield "birth", f"{bare(surname)} {bare(row.first_name)} {row.birth_date}"
    if row.comment:
        yield "comment", row.comment.lower()
    if row.insurer_number:
        yield "member", row.insurer_number
    if row.street and row.city:
        yield "home", f"{row.street.lower()} {row.postcode} {bare(row.surname)}"
