"""The second look: order-free, exact on 64 bits, and refusing what the row does not hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from matching.kernel import rows
from matching.kernel.kinds import Q_EXACT, Q_NEAR
from matching.result import ScanResult
from matching.verify import as_tokens, holds
from tests.matching.disguises import LeakOnDisk

FIELDS = [
    ("nir", 0, 5, Q_EXACT, 36.0),
    ("surname", 6, 9, Q_EXACT, 12.0),
    ("city", 9, 12, Q_NEAR, 4.0),
]


def test_order_does_not_matter_and_absence_does() -> None:
    row = np.array([11, 0, 22, 33, 44], np.uint32)
    text = np.array([99, 44, 7, 22, 8], np.uint32)
    assert holds(row, text, FIELDS)
    assert holds(row, text[::-1].copy(), FIELDS)
    assert not holds(row, np.array([99, 44, 7, 8], np.uint32), FIELDS)
    assert not holds(np.zeros(4, np.uint32), text, FIELDS)


def test_one_hash_in_two_fields_counts_twice() -> None:
    row = np.array([11, 22, 22], np.uint32)
    assert holds(row, np.array([22, 5, 22], np.uint32), FIELDS)
    assert not holds(row, np.array([22, 5], np.uint32), FIELDS)


def test_hashes_keep_all_their_bits() -> None:
    values = np.array([2**32 - 1, 1, 2**31], np.uint32)
    assert list(as_tokens(values)) == [1, 2**31, 2**32 - 1]


def test_a_match_that_the_record_does_not_bear_out_is_dropped(
    leak: LeakOnDisk, scan: Callable[[str], ScanResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ";".join(leak.people[random.Random(2).randrange(1000)].columns())
    assert scan(line).matches
    real = rows.record_slots

    def of_another_row(words: Any, row: int, slots: int, keys: Any) -> Any:
        return real(words, row + 1, slots, keys)

    monkeypatch.setattr("matching.scan.record_slots", of_another_row)
    assert not scan(line).matches
