"""A word's neighbours are put down once a look, and at every look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import pytest

from matching.kernel.bench import leak_pointers
from matching.kernel.desk import KNOWN, STRANGE, Desk, desk_pointers
from matching.kernel.slips import add_once, empty_near
from matching.kernel.tokens import scratch_pointers
from matching.scan import Scanner
from native.jit import kernel, pointer
from tests.matching.disguises import LeakOnDisk

SEAT, OTHER = 5, 6
# Two words whose neighbours are known, and one that has none, of the first one's seat.
FIRST, SECOND = np.uint64(7 * KNOWN + SEAT), np.uint64(9 * KNOWN + OTHER)
STRANGER = np.uint64(11 * KNOWN + SEAT)
NEIGHBOURS = {FIRST: (101, 102, 103), SECOND: (103, 104)}


@kernel
def look(text, keys, desk, scratch, leak):  # type: ignore[no-untyped-def]
    """How many neighbours a look at these words puts down."""
    here, known = pointer(text), leak_pointers(leak)
    words, tools = desk_pointers(desk), scratch_pointers(scratch)
    empty_near(words)
    count = 0
    for t in range(len(keys)):
        count = add_once(here, 0, 4, keys[t], words, tools, known, count)
    return count


@pytest.fixture
def scanner(leak: LeakOnDisk) -> Iterator[Scanner]:
    with closing(Scanner(leak.ref)) as opened:
        desk = opened._bench.desk
        for key, neighbours in NEIGHBOURS.items():
            seat = int(key) & (KNOWN - 1)
            desk.known_key[seat], desk.known_count[seat] = key, len(neighbours)
            at = seat * (len(desk.known_sig) // KNOWN)
            desk.known_sig[at : at + len(neighbours)] = neighbours
        desk.strange[int(STRANGER) & (STRANGE - 1)] = STRANGER
        yield opened


def neighbours(scanner: Scanner, keys: Sequence[np.uint64]) -> set[int]:
    desk: Desk = scanner._bench.desk
    text = np.full(128, ord("a"), np.uint8)
    count = look(text, np.array(keys, np.uint64), desk, scanner._bench.scratch, scanner._leak)
    found = {int(key) for key in desk.near_key[desk.near_token != 0]}
    assert count == len(found)
    return found


def test_all_are_put_down_at_every_look(scanner: Scanner) -> None:
    for _ in range(3):
        words = [FIRST, FIRST, SECOND, FIRST]
        assert neighbours(scanner, words) == {101, 102, 103, 104}
        assert neighbours(scanner, [SECOND]) == {103, 104}


def test_a_word_without_any_stands_for_no_other(scanner: Scanner) -> None:
    assert neighbours(scanner, [STRANGER, FIRST, STRANGER]) == {101, 102, 103}
