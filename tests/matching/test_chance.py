"""A word whose hash is by chance that of another value of a row says nothing for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from matching.kernel import kinds as k
from matching.kernel.siphash import siphash_long
from matching.result import ScanResult
from matching.scan import Scanner
from native.jit import kernel
from tests.matching.disguises import LeakOnDisk

u64 = np.uint64
LETTERS = 12
STEP, MOST = 1 << 20, 64  # words tried at once, and how often
WORTH = 20.0  # bits of a value that such a word would be worth


@kernel
def hash_words(first, firsts, lasts, hashes, k0, k1):  # type: ignore[no-untyped-def]
    """The hashes of words of LETTERS letters, and their bytes as two numbers: each writes a number
    in base 16 by the letters b to q."""
    for i in range(len(hashes)):
        number = u64(first + i)
        a, b = u64(0), u64(0)
        for t in range(8):
            a |= (u64(98) + ((number >> u64(4 * t)) & u64(15))) << u64(8 * t)
        for t in range(LETTERS - 8):
            b |= (u64(98) + ((number >> u64(32 + 4 * t)) & u64(15))) << u64(8 * t)
        firsts[i], lasts[i] = a, b
        hashes[i] = siphash_long(a, b | (u64(LETTERS) << u64(56)), k0, k1)


def chance_words(scanner: Scanner, leak: LeakOnDisk) -> list[tuple[int, str, str]]:
    """(row, field, word) where the word's hash is that of a number or address of the row."""
    of: dict[int, tuple[int, str]] = {}
    for row in range(len(leak.people)):
        for kind, role, bits, signature in scanner.values(row):
            if role == k.R_VALUE and bits >= WORTH:
                of[signature] = row, kind
    wanted = np.array(sorted(of), np.uint32)
    key0, key1 = scanner._keys[k.WORD]
    a, b, hashes = (np.zeros(STEP, np.uint64) for _ in range(3))
    found: list[tuple[int, str, str]] = []
    for step in range(MOST):
        hash_words(step * STEP, a, b, hashes, key0, key1)
        for at in np.flatnonzero(np.isin(hashes.astype(np.uint32), wanted)).tolist():
            word = int(a[at]).to_bytes(8, "little") + int(b[at]).to_bytes(LETTERS - 8, "little")
            found.append((*of[int(hashes[at]) & 0xFFFFFFFF], word.decode()))
        if len(found) >= 5:
            break
    return found


def test_a_word_is_taken_for_no_number_or_address(
    leak: LeakOnDisk, scanner: Scanner, scan: Callable[[str], ScanResult]
) -> None:
    found = chance_words(scanner, leak)
    if not found:
        pytest.fail("no word with such a hash was found: some of 64 million are to be expected")
    seen = 0
    for row, kind, word in found[:5]:
        p = leak.people[row]
        told = scan(f"{p.surname} {p.first} {word}\n{p.address} {p.postcode} {p.town}")
        for match in told.matches:
            if match.row == row:
                seen += 1
                assert kind not in match.fields
    assert seen
