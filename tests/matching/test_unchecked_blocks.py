"""What is remembered while blocks of a fingerprint file are unchecked: nothing that is not whole.

A look-up that meets an unchecked block finds nothing and is made again. A word or address that was
remembered as nobody's by then would stay nobody's: a silent miss.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import pytest

from matching.kernel import kinds as k
from matching.kernel.bench import leak_pointers
from matching.kernel.desk import STRANGE, desk_pointers, look_up_near
from matching.kernel.hits import hit_pointers, near_hits
from matching.kernel.reading import tokenise_array
from matching.kernel.table import MAX_MISSING
from matching.kernel.tokens import STRANGERS, scratch_pointers, token_pointers
from matching.normalise.fold import fold
from matching.result import TextLayer
from matching.scan import Scanner
from native.jit import kernel, pointer
from tests.matching.disguises import SLIPS, LeakOnDisk, Person, slip


@pytest.fixture(scope="module")
def whole(leak: LeakOnDisk) -> Iterator[Scanner]:
    """A scanner whose file was checked to its last block before it read anything."""
    opened = Scanner(leak.ref)
    opened.file.check_all()
    yield opened
    opened.close()


def told(scanner: Scanner, text: str) -> list[tuple[Any, ...]]:
    found = scanner.scan("post", len(text), "", [TextLayer("", text)]).matches
    return [(each.row, round(each.bits, 6), each.fields, each.how) for each in found]


def with_slips(draw: random.Random, person: Person) -> str:
    """Names with a slip beside what is worth too little alone."""
    how = draw.choice(SLIPS)
    return " ; ".join(
        (slip(draw, person.surname, how), slip(draw, person.first, how), person.birthday,
         person.postcode, slip(draw, person.town, how), person.doctor)
    )  # fmt: skip


def with_an_address(draw: random.Random, person: Person) -> str:
    """An address with a slip is all that points to the row."""
    local, _, host = person.email.partition("@")
    return f"{slip(draw, local, draw.choice(SLIPS))}@{host}, {person.birthday}, {person.postcode}"


@pytest.mark.parametrize("disguise", [with_slips, with_an_address])
@pytest.mark.parametrize("filler", ["", "lorem ipsum dolor sit amet\n" * 12_000])
def test_the_first_scan_of_a_file_finds_what_a_later_one_does(
    leak: LeakOnDisk, whole: Scanner, disguise: Any, filler: str
) -> None:
    draw = random.Random(f"{disguise.__name__} {len(filler)}")
    recognised = 0
    for person in draw.sample(leak.people, 12):
        text = disguise(draw, person) + "\n" + filler
        fresh = Scanner(leak.ref)
        try:
            right = told(whole, text)
            assert told(fresh, text) == right
            assert told(fresh, text) == right
        finally:
            fresh.close()
        recognised += bool(right)
    assert recognised >= 8


@kernel
def ask_word(f: Any, size: Any, key: Any, seat: Any, bench: Any, leak: Any) -> Any:
    """Look up the neighbours of the word `f[:size]`; returns how many there are."""
    keys = leak_pointers(leak)
    desk = desk_pointers(bench.desk)
    scratch = scratch_pointers(bench.scratch)
    return look_up_near(pointer(f), 0, size, key, 0, seat, desk, scratch, keys, 0)


@kernel
def ask_address(f: Any, t: Any, bench: Any, leak: Any, near: Any) -> Any:
    """Look up an address with a slip; returns how many hits there are."""
    return near_hits(
        pointer(f), t, token_pointers(bench.tokens), hit_pointers(bench.hits), 0, 100,
        scratch_pointers(bench.scratch), pointer(bench.ring), near, leak_pointers(leak),
    )  # fmt: skip


def test_a_full_list_of_missing_blocks_lets_nothing_be_remembered(
    leak: LeakOnDisk,
) -> None:
    """Once no more blocks can be noted, one more that is unchecked shows in no count."""
    scanner = Scanner(leak.ref)
    try:
        bench = scanner._bench
        scanner._missing[0] = MAX_MISSING
        word = np.frombuffer(b"xyzzyplugh" + bytes(64), np.uint8)
        key, seat = np.uint64(77), 5
        assert ask_word(word, 10, key, seat, bench, scanner._leak) == 0
        assert int(scanner._missing[0]) == MAX_MISSING
        assert int(bench.desk.strange[77 & (STRANGE - 1)]) == 0
        assert int(bench.desk.known_key[seat]) == 0
        folded = fold("nemo.nobody@courriel.example")
        t = bench.tokens
        count = tokenise_array(folded.data, 0, folded.size, False, t, bench.scratch, scanner._keys)
        local = next(at for at in range(count) if int(t.kind[at]) == k.LOCAL)
        address = int(t.key[local])
        ask_address(folded.data, local, bench, scanner._leak, (0, 1 << 30))
        assert int(bench.scratch.strangers[address & (STRANGERS - 1)]) == 0
        # With every block checked, both are remembered: the words above do reach the memos.
        scanner.file.check_all()
        scanner._missing[0] = 0
        ask_word(word, 10, key, seat, bench, scanner._leak)
        ask_address(folded.data, local, bench, scanner._leak, (0, 1 << 30))
        assert int(scanner._missing[0]) == 0
        assert int(bench.desk.strange[77 & (STRANGE - 1)]) == 77
        assert int(bench.scratch.strangers[address & (STRANGERS - 1)]) == address
    finally:
        scanner.close()


def words_kept(scanner: Scanner) -> int:
    sieve = scanner.regions._screen.sieve
    return sum(int(np.count_nonzero(m)) for m in (sieve.memo, sieve.memo_long, sieve.memo_long2))


def test_no_word_of_a_text_outlives_its_reading(leak: LeakOnDisk) -> None:
    """Words that no filter knows are remembered as they stand, for one text only."""
    person = leak.people[3]
    text = ("quelques mots inconnus extraordinairement " * 20 + "\n") * 40
    text += " | ".join(person.columns()) + "\n" + text * 8
    scanner = Scanner(leak.ref)
    try:
        folded = fold(text)
        parts = scanner.regions.worth_reading(folded, 35.0)
        assert isinstance(parts, Generator)
        next(parts)
        assert words_kept(scanner)  # in the middle of a text
        parts.close()
        assert words_kept(scanner) == 0
        assert told(scanner, text)
        assert words_kept(scanner) == 0
    finally:
        scanner.close()
