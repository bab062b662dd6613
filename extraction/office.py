"""Texts of word processors, presentations and OpenDocument: rows of tables stay rows.

An event reader writes lines as the XML goes by; no tree is built, no entity is resolved, no
document type is accepted (these formats have none), and each part is counted as it unpacks.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from extraction.archives import MAX_LISTED, Counter
from extraction.budget import Account

WORD = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml")
SLIDES = re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide|comments/comment)\d*\.xml")
REMARKS = re.compile(r"xl/(?:comments|threadedComments/threadedComment|drawings/drawing)\d*\.xml")
SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml")
OPEN_DOCUMENT = re.compile(r"(?:content|styles)\.xml")
INSIDE = re.compile(
    r"(?:word|xl|ppt)/(?:media|embeddings)/[^/]+|Pictures/[^/]+|ObjectReplacements/[^/]+"
)
MAX_REPEATED = 100
SPACES = re.compile(r"[ \t\r\n]+")


@dataclass(slots=True)
class Content:
    """What a document holds: texts, files inside it, and what was not read."""

    texts: list[str] = field(default_factory=list)
    inside: list[bytes] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def form_of_zip(untrusted_body: bytes) -> str:
    """ "docx", "pptx", "xlsx", "xlsb", "odf", or "" for an ordinary zip."""
    if not any(mark in untrusted_body for mark in (b"[Content_Types].xml", b"content.xml")):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(untrusted_body)) as archive:
            names = set(archive.namelist()[:MAX_LISTED])
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, OverflowError):
        return ""
    for name, form in (
        ("word/document.xml", "docx"), ("ppt/presentation.xml", "pptx"),
        ("xl/workbook.xml", "xlsx"), ("xl/workbook.bin", "xlsb"),
    ):  # fmt: skip
        if name in names:
            return form
    return "odf" if {"content.xml", "mimetype"} <= names else ""


def read(untrusted_body: bytes, form: str, account: Account) -> Content:
    """The texts of a "docx", "pptx" or "odf"; never raises for hostile bytes."""
    content = Content()
    wanted = {"docx": WORD, "pptx": SLIDES, "odf": OPEN_DOCUMENT}.get(form, REMARKS)
    for name, data in parts(untrusted_body, wanted, account, content):
        lines = _OpenDocument() if form == "odf" else _OfficeOpen()
        feed(data, lines, content)
        text = lines.text()
        if text and (name != "styles.xml" or len(text) > 1):
            content.texts.append(text)
    content.inside = [data for _, data in parts(untrusted_body, INSIDE, account, content)]
    return content


def parts(
    untrusted_body: bytes, wanted: re.Pattern[str], account: Account, content: Content
) -> Iterator[tuple[str, bytes]]:
    """The files in the document's zip whose names are `wanted`, counted like any archive's."""
    counter = Counter(account, len(untrusted_body))
    try:
        with zipfile.ZipFile(io.BytesIO(untrusted_body)) as archive:
            for info in archive.infolist():
                if not wanted.fullmatch(info.filename):
                    continue
                if account.members <= 0 or counter.room <= 0:
                    content.notes.append("the document has more parts than the bound")
                    return
                account.members -= 1
                member = counter.read(info.filename, lambda info=info: archive.open(info))  # type: ignore[misc]
                if member.error:
                    content.notes.append(f"a part of the document: {member.error}")
                if member.data:
                    yield member.name, member.data
    except Exception:  # parsers of hostile bytes raise whatever the bytes make them raise
        content.notes.append("the document's archive is damaged")


def feed(untrusted_xml: bytes, target: Target, content: Content) -> None:
    """Give the events of an XML part to `target`; what breaks it is noted."""
    parser = etree.XMLParser(
        target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        parser.feed(untrusted_xml)
        parser.close()
    except DeclaresEntities:
        content.notes.append("a part of the document declares entities, which is refused")
    except etree.LxmlError:
        content.notes.append("a part of the document is damaged; it was read up to the damage")


class DeclaresEntities(Exception):
    """An XML part has a document type, which office documents never need."""


class Target:
    """Receives an XML part's events, names without their namespaces."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""
        named = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        self.opened(tag.rpartition("}")[2], named)

    def end(self, tag: str) -> None:
        """An element closes."""
        self.closed(tag.rpartition("}")[2])

    def data(self, text: str) -> None:
        """Text between tags."""
        raise NotImplementedError

    def doctype(self, *_: str | None) -> None:
        """A document type begins. The parser tells it before any entity of it, in any charset:
        bytes that look for it would miss UTF-16."""
        raise DeclaresEntities

    def close(self) -> None:
        """The part ends."""

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        """As `start`."""
        raise NotImplementedError

    def closed(self, name: str) -> None:
        """As `end`."""
        raise NotImplementedError


class _Lines(Target):
    """Lines and rows: a row's cells are parted by tabs, a cell's paragraphs by spaces."""

    CELL: frozenset[str]
    ROW: str

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._parts: list[str] = []
        # One entry for each row that is open: the cells it has so far.
        self._rows: list[list[str]] = []
        self._repeat = 1
        self._repeats: list[int] = []

    def text(self) -> str:
        """All lines."""
        self._end_line()
        return "\n".join(self._lines)

    def _end_line(self) -> None:
        text = "".join(self._parts).strip()
        if self._rows:
            if self._parts and self._parts[-1] != " ":
                self._parts.append(" ")
            return
        self._parts = []
        if text:
            self._lines.append(text)

    def _open_row(self) -> None:
        if not self._rows:
            self._end_line()
        self._rows.append([])

    def _close_cell(self, repeat: int = 1) -> None:
        if not self._rows:
            return
        text = SPACES.sub(" ", "".join(self._parts)).strip()
        self._parts = []
        # Sheets fill their last row with thousands of empty cells.
        self._rows[-1] += [text] * min(repeat, MAX_REPEATED)

    def _close_row(self) -> None:
        if not self._rows:
            return
        cells = self._rows.pop()
        while cells and not cells[-1]:
            cells.pop()
        if self._rows:
            self._parts.append(" ".join(filter(None, cells)) + " ")
        elif cells:
            self._lines.append("\t".join(cells))


class _OfficeOpen(_Lines):
    """WordprocessingML and DrawingML (ECMA-376)."""

    def __init__(self) -> None:
        super().__init__()
        self._heard = 0

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        del attributes
        if name in ("t", "delText"):
            self._heard += 1
        elif name == "tr":
            self._open_row()
        elif name == "tab":
            self._parts.append("\t")
        elif name in ("br", "cr"):
            self._end_line()

    def closed(self, name: str) -> None:
        if name in ("t", "delText"):
            self._heard -= 1
        elif name in ("p", "comment"):
            self._end_line()
        elif name == "tc":
            self._close_cell()
        elif name == "tr":
            self._close_row()

    def data(self, text: str) -> None:
        if self._heard > 0:
            self._parts.append(text)


class _OpenDocument(_Lines):
    """OpenDocument 1.3 content (OASIS): texts, tables, sheets as they are shown."""

    def __init__(self) -> None:
        super().__init__()
        self._heard = 0
        self._repeats: list[int] = []

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("p", "h"):
            self._heard += 1
        elif name == "table-row":
            self._open_row()
        elif name in ("table-cell", "covered-table-cell"):
            self._repeats.append(_count(attributes.get("number-columns-repeated", "1")))
        elif name == "tab":
            self._parts.append("\t")
        elif name == "s":
            self._parts.append(" " * min(MAX_REPEATED, _count(attributes.get("c", "1"))))
        elif name == "line-break":
            self._end_line()

    def closed(self, name: str) -> None:
        if name in ("p", "h"):
            self._heard -= 1
            self._end_line()
        elif name in ("table-cell", "covered-table-cell"):
            self._close_cell(self._repeats.pop() if self._repeats else 1)
        elif name == "table-row":
            self._close_row()

    def data(self, text: str) -> None:
        if self._heard > 0:
            self._parts.append(text)


def _count(untrusted_number: str) -> int:
    return int(untrusted_number) if untrusted_number.isascii() and untrusted_number.isdigit() and (
        len(untrusted_number) < 8
    ) else 1  # fmt: skip
