"""What extraction hands on: the texts of one document, the outermost first."""

from __future__ import annotations

from dataclasses import dataclass, field

from extraction.shared import Placed


class Layer:
    """One text. `name` is "" for the document itself, else the way in: "base64>gzip".

    For an archive's member the document name carries the member ("posts.zip!/17.txt") and
    `name` starts again at "".
    """

    __slots__ = ("_given", "_text", "_utf_8", "name")

    def __init__(self, name: str, text: str | bytes | Placed) -> None:
        """`text` may be given as UTF-8, which may lie in shared memory: the other forms are made
        when they are asked for."""
        self.name = name
        self._given = text
        self._text = text if isinstance(text, str) else None
        self._utf_8 = text if isinstance(text, bytes) else None

    @property
    def text(self) -> str:
        """The text. What is no UTF-8 is replaced, never refused; lone surrogates are kept."""
        if self._text is None:
            untrusted = self.utf_8
            try:
                self._text = untrusted.decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                self._text = untrusted.decode("utf-8", "replace")
        return self._text

    @property
    def utf_8(self) -> bytes:
        """The text in UTF-8."""
        if self._utf_8 is None:
            if isinstance(self._given, str):
                self._utf_8 = self._given.encode("utf-8", "surrogatepass")
            else:
                self._utf_8 = bytes(self._given)
        return self._utf_8

    @property
    def as_given(self) -> bytes | Placed:
        """The text in UTF-8, not copied where it lies in shared memory."""
        return self._given if isinstance(self._given, Placed) else self.utf_8

    @property
    def view(self) -> bytes | memoryview:
        """The same where it lies."""
        return self._given.view if isinstance(self._given, Placed) else self.utf_8

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layer):
            return NotImplemented
        return self.name == other.name and self.text == other.text

    def __hash__(self) -> int:
        return hash((self.name, self.text))

    def __repr__(self) -> str:
        return f"Layer({self.name!r}, {self.text!r})"


@dataclass(frozen=True, slots=True)
class Extracted:
    """All texts of one document and what could not be read, in plain words without content.

    `hashes` are the SHA-256 of archives and members inside, which may be known copies. `deeper`:
    it holds archives, documents or pictures that only the limited child opens.
    """

    layers: tuple[Layer, ...]
    notes: tuple[str, ...] = ()
    charset: str = "utf-8"
    hashes: tuple[str, ...] = ()
    deeper: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one input; what is over them ends in a note or an error row, never silence.

    Lengths in bytes (`max_bytes` of the input, of one member and of one layer; `max_unpacked` of
    all members together) and code points (`max_text`), `max_ratio` of unpacked to packed bytes,
    `max_layers` of one document, `max_members`, `max_pictures` and `max_tries` (passwords) of one
    input, `seconds` for all of it, `memory` in bytes of address space.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_text: int = 256 * 1024 * 1024
    max_depth: int = 4
    max_ratio: int = 200
    max_layers: int = 64
    max_unpacked: int = 512 * 1024 * 1024
    max_members: int = 10_000
    max_pictures: int = 20
    max_tries: int = 200
    max_notes: int = 100
    seconds: float = 60.0
    memory: int = field(default=2 * 1024 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of an input: the input itself, or a member of an archive in it.

    `name` is the poster's and may hold a person's name ("posts.zip!/17.txt"); `error` is a
    sentence when it could not be read, and then there are no layers. `holds`: it is an archive,
    whose members come as documents of their own.
    """

    name: str
    bytes: int
    sha256: str
    extracted: Extracted
    error: str = ""
    holds: bool = False
