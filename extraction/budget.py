"""What may still be spent while one input is read: shared by all that is packed in it.

`Account` is the input's; each document in it (an archive's member) draws on it through a
`Budget` of its own, which bounds that document's layers and gathers its notes.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from extraction.layers import Layer, Limits
from extraction.passwords import Hints, Keyring

# Reads a picture's text: bytes and the seconds it may take in, text out, None when it could not.
ReadPicture = Callable[[bytes, float], str | None]
# Of the time an input may take, what is spent at most before what is left is given up with a
# note; the rest is for the way back, so that what was read so far is not lost.
SHARE_OF_TIME = 0.75
SHARE_FOR_PICTURES = 0.5


class Account:
    """Characters, unpacked bytes, members, pictures, time and passwords of one input."""

    def __init__(
        self,
        limits: Limits,
        hints: Hints = "",
        read_picture: ReadPicture | None = None,
        *,
        hashed: bool = True,
    ) -> None:
        """`hashed`: its documents are told with their SHA-256."""
        self.limits = limits
        self.hashed = hashed
        self.text = limits.max_text
        self.room = limits.max_unpacked
        self.members = limits.max_members
        self.pictures = limits.max_pictures
        self.keyring = Keyring(hints, limits.max_tries, limits.seconds * 0.25)
        self.seen: set[bytes] = set()
        self._begin = time.monotonic()
        self._read_picture = read_picture

    def left(self, share: float = SHARE_OF_TIME) -> float:
        """Seconds until that share of the input's time is spent."""
        return self._begin + share * self.limits.seconds - time.monotonic()

    def picture(self, untrusted_picture: bytes) -> str | None:
        """The text in a picture; None when it cannot be read here."""
        if self._read_picture is None:
            return None
        return self._read_picture(untrusted_picture, max(0.0, self.left(SHARE_FOR_PICTURES)))

    @property
    def reads_pictures(self) -> bool:
        """Whether there is anything to read pictures with."""
        return self._read_picture is not None

    def is_new(self, untrusted_body: bytes) -> bool:
        """Whether these bytes come up for the first time; an archive may hold itself."""
        digest = hashlib.sha256(untrusted_body).digest()
        fresh = digest not in self.seen
        self.seen.add(digest)
        return fresh


class Budget:
    """One document's layers and notes. `shallow`: archives and documents are told, not opened."""

    def __init__(
        self, limits: Limits, account: Account | None = None, *, shallow: bool = False
    ) -> None:
        self.limits = limits
        self.account = account or Account(limits)
        self.shallow = shallow
        self.layers = limits.max_layers
        self.notes: dict[str, None] = {}
        self.deeper = False
        # How bytes found inside a text are read: (way in, bytes, depth) to layers.
        self.open: Callable[[str, bytes, int], list[Layer]] | None = None
        self._names: dict[str, int] = {}

    @property
    def text(self) -> int:
        """Characters that may still be kept."""
        return self.account.text

    def note(self, sentence: str) -> None:
        """Say once what was not read."""
        if len(self.notes) < self.limits.max_notes:
            self.notes[sentence] = None

    def take(self, length: int) -> bool:
        """Whether another layer of so many characters may be kept."""
        if self.layers <= 0 or length > self.account.text:
            self.note("there are more encoded layers than the bound; the rest was not read")
            return False
        self.layers -= 1
        self.account.text -= length
        return True

    def named(self, way: str) -> str:
        """The way in, numbered when another layer has the same."""
        count = self._names.get(way, 0) + 1
        self._names[way] = count
        return way if count == 1 else f"{way}#{count}"
