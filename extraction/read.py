"""One input's bytes to its texts, told apart by content and never by name.

Everything that is packed in it is read by the same rules, one account for all: an archive in an
archive, a spreadsheet in an archive, a picture in a document, a zip in base64 in a post.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from extraction import archives, formats, office, packed
from extraction import charset as charsets
from extraction.budget import Account, Budget, ReadPicture
from extraction.encoded import inner_layers
from extraction.errors import TooLarge
from extraction.html import read_page
from extraction.layers import Document, Extracted, Layer, Limits
from extraction.marks import Marks
from extraction.page import begins_page, may_begin_page
from extraction.passwords import Hints
from extraction.plain import Seen
from extraction.shared import Placed

DEFAULTS = Limits()
TOO_DEEP = "layers are packed deeper than the bound; the innermost were not read"
SEEN = "an archive or document inside was met a second time and read once"
MAX_HASHES = 1_000


def unwrap(untrusted_text: str, limits: Limits = DEFAULTS) -> tuple[Layer, ...]:
    """The layers of `read_text`."""
    return read_text(untrusted_text, limits).layers


def read_text(untrusted_text: str, limits: Limits = DEFAULTS) -> Extracted:
    """The text itself as layer "", then what is packed inside it, bounded by `limits`.

    Archives and documents in it are only told (`Extracted.deeper`).
    """
    budget = Budget(limits, shallow=True)
    outer = Layer("", untrusted_text)
    layers = (outer, *inner_layers(outer.utf_8, budget))
    return Extracted(layers, tuple(budget.notes), deeper=budget.deeper)


def extract(
    untrusted_body: bytes,
    *,
    content_type: str = "",
    charset: str = "",
    name: str = "",
    hints: Hints = "",
    limits: Limits = DEFAULTS,
    shallow: bool = False,
    read_picture: ReadPicture | None = None,
) -> Extracted:
    """All texts of one document, an archive's members among them.

    Members come as layers "zip/1", "zip/2" in the archive's order: their names are the poster's
    words and stay out. `hints` is the text an archive's password may stand in, `name` another
    place for it. `shallow`: archives, documents and pictures are only told
    (`Extracted.deeper`), for their readers belong into the limited child. Raises TooLarge over
    `limits.max_bytes`.
    """
    _bound(untrusted_body, limits)
    account = Account(limits, hints, read_picture)
    account.keyring.hear(_stem(name))
    reading = _Reading(Budget(limits, account, shallow=shallow))
    reading.body("", untrusted_body, 0, (content_type, charset))
    return reading.extracted()


def placed_text(
    untrusted: Placed,
    seen: Seen,
    *,
    name: str = "",
    hints: Hints = "",
    limits: Limits = DEFAULTS,
    read_picture: ReadPicture | None = None,
) -> Extracted:
    """The texts of `extract`, of a long one that stays where it lies: `seen` is what
    `plain.look` knows of it."""
    if seen.is_all:
        return Extracted((Layer("", untrusted),))
    account = Account(limits, hints, read_picture)
    account.keyring.hear(_stem(name))
    reading = _Reading(Budget(limits, account))
    reading.text(untrusted, seen)
    return reading.extracted()


def documents(
    untrusted_body: bytes,
    *,
    name: str = "",
    hints: Hints = "",
    limits: Limits = DEFAULTS,
    read_picture: ReadPicture | None = None,
    hashed: bool = True,
) -> tuple[Document, ...]:
    """The input as one document, or an archive's members as one each ("posts.zip!/17.txt"),
    those of archives inside too ("a.zip!/b.zip!/17.txt").

    An archive comes before its members as a document that `holds` them. Unless `hashed`, none has
    its SHA-256, which takes as long as to read a long text. Raises TooLarge over
    `limits.max_bytes`.
    """
    _bound(untrusted_body, limits)
    account = Account(limits, hints, read_picture, hashed=hashed)
    account.keyring.hear(_stem(name))
    return tuple(_documents(name, untrusted_body, account, 0))


def _documents(
    name: str, untrusted_body: bytes, account: Account, depth: int
) -> Iterator[Document]:
    inner, packing, opened = untrusted_body, packed.kind(untrusted_body), None
    if packing:
        opened = packed.unpack(inner, packing, account.limits, min(account.room, account.text))
    if opened is not None:
        account.room -= len(opened.data)
        inner = opened.data
    archive = formats.kind(inner)
    if archive not in formats.ARCHIVES or (archive == "zip" and office.form_of_zip(inner)):
        reading = _Reading(Budget(account.limits, account))
        if opened is None:
            reading.body("", untrusted_body, depth)
        else:
            reading.opened("", packing, opened, depth)
        yield _document(account, name, untrusted_body, reading.extracted())
        return
    if depth >= account.limits.max_depth:
        yield _document(account, name, untrusted_body, Extracted(()), TOO_DEEP)
        return
    if not account.is_new(inner):
        yield _document(account, name, untrusted_body, Extracted((), (SEEN,)), holds=True)
        return
    notes = (opened.note,) if opened is not None and opened.note else ()
    yield _document(account, name, untrusted_body, Extracted((), notes), holds=True)
    yield from _members(name, archive, inner, account, depth)


def _members(
    name: str, archive: str, untrusted_body: bytes, account: Account, depth: int
) -> Iterator[Document]:
    """Texts before archives and documents: a password may stand in them."""
    later: list[archives.Member] = []
    for member in archives.members(untrusted_body, archive, account):
        if formats.kind(member.data) in formats.DEEP:
            later.append(member)
        else:
            yield from _member(name, member, account, depth)
    for member in later:
        yield from _member(name, member, account, depth)


def _member(name: str, member: archives.Member, account: Account, depth: int) -> Iterator[Document]:
    inside = f"{name}!/{member.name}"
    if not member.data:
        if member.error:
            yield _document(account, inside, b"", Extracted(()), member.error)
        return
    for found in _documents(inside, member.data, account, depth + 1):
        if member.error and found.name == inside:
            told = found.extracted
            notes = (*told.notes, member.error)
            yield replace(found, extracted=replace(told, notes=notes))
        else:
            yield found


def _document(
    account: Account,
    name: str,
    data: bytes,
    extracted: Extracted,
    error: str = "",
    *,
    holds: bool = False,
) -> Document:
    digest = hashlib.sha256(data).hexdigest() if account.hashed else ""
    return Document(name, len(data), digest, extracted, error, holds)


def _bound(untrusted_body: bytes, limits: Limits) -> None:
    if len(untrusted_body) > limits.max_bytes:
        raise TooLarge(
            f"the document has {len(untrusted_body)} bytes; at most {limits.max_bytes} are read. "
            "Split it, or raise the bound"
        )


class _Reading:
    """The layers of one document as they are found."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.account = budget.account
        self._layers: list[Layer] = []
        self._hashes: dict[str, None] = {}
        self._charset = ""
        if not budget.shallow:
            budget.open = self._inside

    def extracted(self) -> Extracted:
        """What was found. Nothing can be added afterwards."""
        # The way back into this object: with it, all texts would stay until the next collection.
        self.budget.open = None
        return Extracted(
            tuple(self._layers) or (Layer("", ""),),
            tuple(self.budget.notes),
            self._charset or "utf-8",
            tuple(self._hashes)[:MAX_HASHES],
            self.budget.deeper,
        )

    def body(
        self, way: str, untrusted_body: bytes, depth: int, told: tuple[str, str] = ("", "")
    ) -> None:
        """One body of whatever kind. `told` are the transport's type and charset."""
        packing, form = packed.kind(untrusted_body), formats.kind(untrusted_body)
        if (packing or form in formats.DEEP) and depth >= self.budget.limits.max_depth:
            self.budget.note(TOO_DEEP)
        elif packing:
            self._unpack(way, packing, untrusted_body, depth, told)
        elif form in formats.DEEP:
            self._deep(way, form, untrusted_body, depth)
        else:
            if form:
                self.budget.note(
                    f"this is {formats.NAMES[form]}, which is not opened; only its plain bytes "
                    "were read"
                )
            self._texts(way, untrusted_body, told)
            if not form and b"\x00" in untrusted_body[: formats.HEAD]:
                self._hidden_zip(way, untrusted_body, depth)

    def text(self, untrusted: Placed, seen: Seen) -> None:
        """A body that is a text of which something is known."""
        self._charset = "utf-8"
        self._keep("", untrusted, seen.length, seen.marks)

    def _unpack(
        self, way: str, packing: str, untrusted_body: bytes, depth: int, told: tuple[str, str]
    ) -> None:
        room = min(self.account.text, self.account.room)
        opened = packed.unpack(untrusted_body, packing, self.budget.limits, room)
        if opened is None:
            # It only looked packed: two bytes are weak proof.
            self._texts(way, untrusted_body, told)
            return
        self.account.room -= len(opened.data)
        self.opened(way, packing, opened, depth)

    def opened(self, way: str, packing: str, opened: packed.Opened, depth: int) -> None:
        """What came out of a compression."""
        if opened.note:
            self.budget.note(opened.note)
        self.body(_join(way, packing), opened.data, depth + 1)

    def _deep(self, way: str, form: str, untrusted_body: bytes, depth: int) -> None:
        self._hashes[hashlib.sha256(untrusted_body).hexdigest()] = None
        if self.budget.shallow:
            self.budget.deeper = True
            return
        if depth and not self.account.is_new(untrusted_body):
            self.budget.note(SEEN)
            return
        inner = office.form_of_zip(untrusted_body) if form == "zip" else ""
        if form in formats.ARCHIVES and not inner:
            self._members(way, form, untrusted_body, depth)
            return
        form = inner or form
        content = _content(form, untrusted_body, self.account)
        for sentence in content.notes:
            self.budget.note(sentence)
        inside = _join(way, form)
        for number, text in enumerate(content.texts, start=1):
            step = inside if len(content.texts) == 1 else f"{inside}/{number}"
            if text.strip() and not self._layer(step, text):
                return
        for number, data in enumerate(content.inside, start=1):
            self._part(f"{inside}/in-{number}", data, depth + 1)
        if form in formats.PICTURES:
            self._hidden_zip(way, untrusted_body, depth)

    def _part(self, way: str, untrusted_body: bytes, depth: int) -> None:
        """A file inside a document: opened when its kind is known, else left alone, for a
        document is full of vector drawings and printer settings."""
        if formats.kind(untrusted_body) in formats.DEEP:
            self.body(way, untrusted_body, depth)

    def _members(self, way: str, archive: str, untrusted_body: bytes, depth: int) -> None:
        members = archives.members(untrusted_body, archive, self.account)
        for number, member in enumerate(members, start=1):
            if member.error:
                self.budget.note(member.error)
            if member.data:
                # A member is a document of its own as far as its number of layers goes.
                self.budget.layers = self.budget.limits.max_layers
                self.body(_join(way, f"{archive}/{number}"), member.data, depth + 1)
            if self.account.text <= 0:
                break

    def _hidden_zip(self, way: str, untrusted_body: bytes, depth: int) -> None:
        if not formats.hides_zip(untrusted_body):
            return
        if self.budget.shallow:
            self.budget.deeper = True
        else:
            self._members(way, "zip", untrusted_body, depth)

    def _inside(self, way: str, untrusted_body: bytes, depth: int) -> list[Layer]:
        """The layers of a body that was packed in a text."""
        before = len(self._layers)
        self.body(way, untrusted_body, depth)
        found = self._layers[before:]
        del self._layers[before:]
        return found

    def _texts(self, way: str, untrusted_body: bytes, told: tuple[str, str]) -> None:
        """The layers of one body that is neither packed nor a document of known kind."""
        content_type, charset = told
        declared = charset or (_charset_of(content_type) if content_type else "")
        is_page = "html" in content_type.lower()
        length = None if is_page else charsets.length_as_utf_8(untrusted_body, declared)
        if length is not None and not may_begin_page(untrusted_body):
            self._charset = self._charset or "utf-8"
            self._keep(way, untrusted_body, length)
            return
        text, used = charsets.decode(untrusted_body, declared)
        self._charset = self._charset or used
        if not (is_page or begins_page(text)):
            self._layer(way, text)
            return
        page = read_page(text)
        if self._layer(way, page.text):
            for data in page.data:
                self._layer(_join(way, "script"), data)

    def _layer(self, way: str, text: str) -> bool:
        """Keep a text and what is packed in it; False when there is no more room."""
        return self._keep(way, text, len(text))

    def _keep(
        self, way: str, text: str | bytes | Placed, length: int, marks: Marks | None = None
    ) -> bool:
        if not self.budget.take(length):
            return False
        layer = Layer(self.budget.named(way), text)
        self._layers.append(layer)
        if not self.budget.shallow and length < 100_000:
            self.account.keyring.hear(layer.text)
        depth = layer.name.count(">")
        self._layers += inner_layers(layer.as_given, self.budget, layer.name, depth, marks)
        return True


def _content(form: str, untrusted_body: bytes, account: Account) -> office.Content:
    """What a document or a picture holds. The readers are only imported where they are used:
    the limited child imports them before it gives up opening files."""
    if form == "pdf":
        from extraction import pdf

        return pdf.read(untrusted_body, account)
    if form in ("xlsx", "xlsb", "ole"):
        from extraction import sheets

        return sheets.read(untrusted_body, form, account)
    if form == "sqlite":
        from extraction import databases

        return databases.read(untrusted_body, account)
    if form in formats.PICTURES:
        from extraction import pictures

        return pictures.read(untrusted_body, form, account)
    return office.read(untrusted_body, form, account)


def _charset_of(content_type: str) -> str:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", content_type, re.IGNORECASE)
    return found[1] if found else ""


def _stem(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


def _join(outer: str, step: str) -> str:
    return f"{outer}>{step}" if outer else step
