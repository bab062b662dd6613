"""Rows of spreadsheets as lines, cells parted by tabs, through calamine (Rust).

calamine lays a sheet out as a full rectangle, so one cell in the far corner costs half a
terabyte. Sheets whose rectangle is over the bound are read cell by cell instead, without the
formats that make a number a date.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Mapping
from typing import Any

import python_calamine

from extraction import office
from extraction.budget import Account
from extraction.office import Content, Target

MAX_CELLS = 12_000_000
PLACE = re.compile(rb"<(?:\w{1,9}:)?c\b[^>]{0,200}?\sr=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
STRINGS = re.compile(r"xl/sharedStrings\.xml")
MIDNIGHT = datetime.time(0, 0)


def read(untrusted_body: bytes, form: str, account: Account) -> Content:
    """The rows of an "xlsx", "xlsb" or "xls", one text a sheet; never raises for hostile bytes."""
    content = Content()
    if form == "xlsx":
        content = office.read(untrusted_body, form, account)
        sheets = list(office.parts(untrusted_body, office.SHEETS, account, content))
        if any(_rectangle(data) > MAX_CELLS for _, data in sheets):
            content.notes.append("a sheet is spread too wide; dates in it were read as numbers")
            _cell_by_cell(untrusted_body, [data for _, data in sheets], account, content)
            return content
        if any("unpacks" in note or "bound" in note for note in content.notes):
            content.notes.append("the spreadsheet grows beyond its bound and was not opened")
            return content
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(untrusted_body))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).iter_rows()
            content.texts.append(_lines(rows, account, content))
    except python_calamine.PasswordError:
        content.notes.append("the spreadsheet is encrypted and was not read")
    except Exception:  # a Rust parser's errors and panics alike
        content.notes.append("the spreadsheet is damaged; it was read up to the damage")
    return content


def _lines(rows: Any, account: Account, content: Content) -> str:
    lines: list[str] = []
    room = account.text
    for row in rows:
        cells = [_shown(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        line = "\t".join(cells)
        room -= len(line) + 1
        if room < 0:
            content.notes.append("the spreadsheet holds more text than the bound; it was cut")
            break
        lines.append(line)
    return "\n".join(lines)


def _shown(cell: object) -> str:
    """A cell as a person would write it: whole numbers without a point, days without a time."""
    if isinstance(cell, str):
        return " ".join(cell.split()) if "\n" in cell or "\t" in cell or "\r" in cell else cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e18 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return str(cell.date()) if cell.time() == MIDNIGHT else str(cell)
    return str(cell)


def _rectangle(untrusted_sheet: bytes) -> int:
    """Cells of the smallest rectangle around a sheet's cells."""
    lowest = rightmost = 0
    columns: dict[bytes, int] = {}
    for place in PLACE.finditer(untrusted_sheet):
        letters, number = place.groups()
        if letters not in columns:
            columns[letters] = _column(letters.decode())
            rightmost = max(rightmost, columns[letters])
        row = int(number)
        if row > lowest:
            lowest = row
    return lowest * rightmost


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def _cell_by_cell(
    untrusted_body: bytes, sheets: list[bytes], account: Account, content: Content
) -> None:
    strings = _Strings()
    for _, data in office.parts(untrusted_body, STRINGS, account, content):
        office.feed(data, strings, content)
    for data in sheets:
        cells = _Cells(strings.found)
        office.feed(data, cells, content)
        content.texts.append("\n".join(cells.lines))


class _Strings(Target):
    """The shared strings of a workbook, in order."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._heard = False

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        del attributes
        self._heard = name == "t"

    def closed(self, name: str) -> None:
        self._heard = False
        if name == "si":
            self.found.append("".join(self._parts))
            self._parts = []

    def data(self, text: str) -> None:
        if self._heard:
            self._parts.append(text)


class _Cells(Target):
    """The cells of a sheet that hold something, a line a row."""

    def __init__(self, strings: list[str]) -> None:
        self.lines: list[str] = []
        self._strings = strings
        self._cells: list[str] = []
        self._parts: list[str] = []
        self._shared = False
        self._heard = False

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._shared = attributes.get("t") == "s"
            self._parts = []
        self._heard = name in ("v", "t")

    def closed(self, name: str) -> None:
        self._heard = False
        if name == "c":
            value = "".join(self._parts)
            if self._shared and value.isascii() and value.isdigit() and len(value) < 9:
                at = int(value)
                value = self._strings[at] if at < len(self._strings) else ""
            self._cells.append(value)
        elif name == "row":
            if any(self._cells):
                self.lines.append("\t".join(self._cells))
            self._cells = []

    def data(self, text: str) -> None:
        if self._heard:
            self._parts.append(text)
