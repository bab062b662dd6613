"""Small layers of a document, looked at together first.

Source code holds some two dozen layers of a few kilobytes: lines near an escape, a tag, a byte
written in an address. Each costs a tenth of a millisecond to be made ready for reading, whatever
its length. One text of all of them shows at least what each shows alone, for what stands around a
value only adds to what the screen expects of it; so where nothing in it has to be read, nothing in
any of them has. Else each is read by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from matching.decide import REVIEW
from matching.normalise import spelt, wrapped
from matching.normalise.fold import PIECE, Folded, Room
from matching.regions import SHORT, Regions, shows_a_street
from matching.result import TextLayer

FEWEST = 4  # layers
LARGEST = 32 * 1024  # bytes of one
MOST = 192 * 1024  # bytes of those looked at together: as one of them, a short text
GAP = b"\n" * 64


class Quiet:
    """Which layers of a document need not be read; `in` tells."""

    def __init__(self, layers: Sequence[TextLayer], regions: Regions, room: Room) -> None:
        """Raises DamagedFileError."""
        self._layers = layers
        self._regions = regions
        self._quiet: set[int] = set()
        self._people = 0  # as many as all of them may show
        # In short ones a street is reason enough to read them.
        for low, high in ((0, SHORT), (SHORT, LARGEST)):
            chosen = list(_chosen(layers, low, high))
            if len(chosen) >= FEWEST:
                together = GAP.join(layers[at].utf_8 for at in chosen)
                folded = spelt.fold_text(together, room)
                wrapped.mend(folded)
                if not (high == SHORT and shows_a_street(folded)) and self._shows_nothing(folded):
                    self._quiet.update(chosen)
                    # Where one ends, a group of identifiers may end that goes on in the next here.
                    self._people += regions.people and regions.people + len(chosen)

    def __contains__(self, at: int) -> bool:
        return at in self._quiet

    def _shows_nothing(self, folded: Folded) -> bool:
        # Of several layers none is put together with another: that is asked of one text at least.
        return not self._regions.may_hold(folded, REVIEW, REVIEW)

    def count_people(self, groups: list[int], fold: Callable[[TextLayer], Folded]) -> None:
        """Put into `groups`, the people that each layer shows, those of quiet ones, unless they are
        too few to be told: most count where others show more."""
        if not self._people or sum(groups[1:]) + self._people <= groups[0]:
            return
        for at in self._quiet:
            if self._shows_nothing(fold(self._layers[at])):
                groups[at] = self._regions.people


def _chosen(layers: Sequence[TextLayer], low: int, high: int) -> Iterator[int]:
    """Layers of so many bytes, but the first, which is the document."""
    size = 0
    for at, layer in enumerate(layers):
        if at == 0 or not low < len(layer.as_given) <= high:
            continue
        utf_8 = layer.utf_8
        # Alone, a carriage return ends a line of a text that has no other end.
        if b"\r" in utf_8 and b"\n" not in utf_8[:PIECE]:
            continue
        size += len(utf_8) + len(GAP)
        if size > MOST:
            return
        yield at
