"""Texts of PDF files through PDFium: lines as they stand on the page, so rows stay rows.

A page without text is a picture of one: it is drawn and handed to whatever reads pictures.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from extraction.budget import Account
from extraction.office import Content

MAX_PAGES = 5_000
MAX_ATTACHMENTS = 100
# Reading the text of each rectangle costs rectangles times characters.
MAX_WORK = 20_000_000
POINTS_TO_PIXELS = 200 / 72
MAX_PIXELS = 20_000_000
GAP = 1.0  # in heights of the line: a wider one parts cells
ENCRYPTED = "the PDF is encrypted, and no password near it opens it"

Rectangle = tuple[float, float, float, float, str]


def read(untrusted_body: bytes, account: Account) -> Content:
    """The texts of its pages as one, and its attachments; never raises for hostile bytes."""
    content = Content()
    try:
        document = _open(untrusted_body, account)
        if document is None:
            content.notes.append(ENCRYPTED)
            return content
        _pages(document, account, content)
        _attachments(document, account, content)
    except Exception:  # PDFium's one error class, and what its answers make of the binding
        content.notes.append("the PDF is damaged; it was read up to the damage")
    return content


def _open(untrusted_body: bytes, account: Account) -> Any:
    try:
        return pypdfium2.PdfDocument(untrusted_body)
    except pypdfium2.PdfiumError as error:
        if "password" not in str(error).lower():
            raise
    for password in account.keyring.tries():
        try:
            document = pypdfium2.PdfDocument(untrusted_body, password=password)
        except pypdfium2.PdfiumError:
            continue
        account.keyring.worked(password)
        return document
    return None


def _pages(document: Any, account: Account, content: Content) -> None:
    room = account.text
    texts: list[str] = []
    blank = 0
    for number in range(len(document)):
        if number >= MAX_PAGES or account.left() <= 0 or room <= 0:
            content.notes.append(f"the PDF has more pages than were read: {number}")
            break
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            content.notes.append("a page of the PDF is damaged")
            continue
        text = _text(page)
        if not text.strip():
            drawn = _draw(page, account)
            blank += drawn is None and _has_pictures(page)
            text = drawn or ""
        page.close()
        texts.append(text)
        room -= len(text)
    if blank:
        content.notes.append(f"{blank} pages of the PDF are pictures and were not read")
    content.texts.append("\n".join(filter(None, texts)))


def _text(page: Any) -> str:
    textpage = page.get_textpage()
    try:
        characters = textpage.count_chars()
        if characters <= 0:
            return ""
        count = textpage.count_rects()
        if count * characters > MAX_WORK:
            return str(textpage.get_text_range()).replace("\r\n", "\n")
        return "\n".join(_rows([_rectangle(textpage, at) for at in range(count)]))
    finally:
        textpage.close()


def _rectangle(textpage: Any, at: int) -> Rectangle:
    left, bottom, right, top = textpage.get_rect(at)
    said = str(textpage.get_text_bounded(left, bottom, right, top))
    return left, bottom, right, top, " ".join(said.split())


def _rows(rectangles: list[Rectangle]) -> list[str]:
    """Rectangles whose middles lie within each other's height are one line."""
    lines: list[list[Rectangle]] = []
    for each in sorted(rectangles, key=lambda each: (-(each[1] + each[3]), each[0])):
        if not each[4]:
            continue
        middle = (each[1] + each[3]) / 2
        line = lines[-1] if lines else []
        if line and line[0][1] <= middle <= line[0][3]:
            line.append(each)
        else:
            lines.append([each])
    return [_row(sorted(line)) for line in lines]


def _row(line: list[Rectangle]) -> str:
    parts = [line[0][4]]
    for before, after in pairwise(line):
        height = max(1.0, after[3] - after[1])
        gap = after[0] - before[2]
        parts += ["\t" if gap > GAP * height else " " if gap > 0.1 * height else "", after[4]]
    return "".join(parts)


def _has_pictures(page: Any) -> bool:
    return any(True for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))


def _draw(page: Any, account: Account) -> str | None:
    if not account.reads_pictures or account.pictures <= 0 or not _has_pictures(page):
        return None
    account.pictures -= 1
    width, height = page.get_size()
    scale = min(POINTS_TO_PIXELS, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    rows = bytes(bitmap.buffer)
    lines = (rows[at * bitmap.stride :][: bitmap.width] for at in range(bitmap.height))
    drawn = b"P5\n%d %d\n255\n" % (bitmap.width, bitmap.height) + b"".join(lines)
    bitmap.close()
    return account.picture(drawn)


def _attachments(document: Any, account: Account, content: Content) -> None:
    for at in range(min(document.count_attachments(), MAX_ATTACHMENTS)):
        data = bytes(document.get_attachment(at).get_data())
        account.room -= len(data)
        if account.room > 0 and len(data) <= account.limits.max_bytes:
            content.inside.append(data)
        else:
            content.notes.append("an attachment of the PDF is over the bound and was not read")
