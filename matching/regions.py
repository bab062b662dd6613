"""Going through one text: which of its parts have to be read whole, and how many people show.

Ordinary text is screened (`matching.kernel.screen`): parts in which no row can be found are left
at that. A thorough reader takes every part; both find the same, and the tests hold them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from matching import crowd
from matching.errors import DamagedFileError
from matching.kernel import kinds as k
from matching.kernel import scattered
from matching.kernel.bench import Bench
from matching.kernel.crowd import G_COUNT
from matching.kernel.desk import I_DENSE
from matching.kernel.hits import Leak
from matching.kernel.rows import Rows
from matching.kernel.screen import (
    Z_END,
    Z_FOUND,
    Z_PARTS,
    Z_START,
    Z_WORTH,
    cut_part,
    new_screen,
    read_on,
)
from matching.kernel.sieve import forget_words
from matching.kernel.siphash import siphash_array
from matching.kernel.streets import shows_word, word_list
from matching.normalise import words
from matching.normalise.fold import Folded
from native.arena import side_by_side
from native.arguments import hold

ROUNDS = 10_000  # look-ups that may need one more block checked
STREET_BITS = 1 << 13

SHORT = 8 * 1024  # bytes of a post that is read whole where it shows a street
_street_words = hold(word_list())


class Regions:
    """Walks through texts for one leak."""

    def __init__(
        self,
        leak: Leak,
        records: Rows,
        bench: Bench,
        check: Callable[[], bool],
        *,
        lengths: np.uint64,
        shingles: bool,
    ) -> None:
        """`check` checks the blocks a kernel asked for and says whether there were any;
        `lengths` tells of the leak's passwords (see `word_filter.known_lengths`), `shingles`
        whether it has comments."""
        self.thorough = False
        self.people = 0
        self.found = 0  # rows in the part just told, for the caller to set
        self.seen = 0  # parts of the last text
        self.read = 0  # and those of them that were told
        self._leak = leak
        self._records = records
        self._bench = bench
        self._check = check
        self._lengths = lengths
        self._shingles = shingles
        self._screen = hold(side_by_side(new_screen(_street_bits(leak.keys))))

    def worth_reading(self, folded: Folded, least: float) -> Iterator[tuple[int, int]]:
        """(first byte, one past the last) of each part that may hold a match of `least` bits.

        `people` is the number of person-like groups of the text once all parts are told.
        Raises DamagedFileError.
        """
        if self._unscreened(folded):
            self.people = crowd.count(folded)
            yield from all_parts(folded)
            return
        scattered.begin(self._screen.scattered, None)
        try:
            yield from self._screened(folded, least)
        finally:
            self._forget()

    def may_hold(self, folded: Folded, least: float, together: float) -> bool:
        """Whether a text may hold a match of `least` bits, or one of `together` bits of which
        several places tell.

        If not, `people` is the number of its person-like groups. Raises DamagedFileError.
        """
        if self._unscreened(folded):
            return True
        noted = self._screen.scattered
        scattered.begin(noted, together)
        try:
            for _ in self._screened(folded, least):
                return True
            return bool(noted.info[scattered.P_FOUND])
        finally:
            self._forget()

    def _unscreened(self, folded: Folded) -> bool:
        """Whether every part is told, whatever it shows."""
        return self.thorough or (folded.size <= SHORT and shows_a_street(folded))

    def _forget(self) -> None:
        """No word of a text outlives its reading."""
        forget_words(self._screen.sieve)
        self._screen.judged[:] = 0

    def _screened(self, folded: Folded, least: float) -> Iterator[tuple[int, int]]:
        info, people = self._screen.info, self._screen.people
        info[:] = 0
        people[:] = 0
        rounds = 0
        while rounds < ROUNDS:
            found = read_on(
                folded.data, folded.size, least, self._lengths, self._shingles, self._leak,
                self._records, self._bench, self._screen,
            )  # fmt: skip
            if found:
                rounds = 0
                self.found = 0
                self._bench.desk.info[I_DENSE] = 1  # something stands there: passwords are read too
                yield int(info[Z_START]), int(info[Z_END])
                info[Z_FOUND] = self.found
            elif self._check():
                rounds += 1
            else:
                self.people = int(people[G_COUNT])
                self.seen, self.read = int(info[Z_PARTS]), int(info[Z_WORTH])
                return
        raise damaged()


def shows_a_street(folded: Folded) -> bool:
    """Whether a word of streets stands in a text. A post that is SHORT is read whole then.

    A house beside one name and an initial is worth more than the screen's bound allows for.
    """
    return bool(shows_word(folded.data, folded.size, _street_words))


def damaged() -> DamagedFileError:
    """What to say when the same blocks are asked for again and again."""
    return DamagedFileError(
        "A fingerprint file asks for the same blocks again and again; it is damaged. "
        "Make it again with `vigie leak fingerprint`."
    )


def all_parts(folded: Folded) -> Iterator[tuple[int, int]]:
    """Every part of a text, each OVERLAP bytes into the one before it, so that a record across
    a cut stands whole in one of them."""
    start = 0
    while start < folded.size:
        end, behind = cut_part(folded.data, start, folded.size)
        yield start, end
        start = behind


def _street_bits(keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """A bit filter of the public words of streets, as `kernel.table.in_bits` reads it."""
    bits = np.zeros(STREET_BITS // 8, np.uint8)
    key0, key1 = keys[k.WORD]
    for word, flags in words.flags().items():
        if flags & k.F_STREET:
            text = np.frombuffer(word.encode("ascii"), np.uint8)
            key = siphash_array(text, key0, key1)
            at = (key >> 20) & (STREET_BITS - 1)
            bits[at >> 3] |= 1 << (at & 7)
    return bits
