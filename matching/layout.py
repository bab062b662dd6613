"""The layout of a leaked file: encoding, delimiter, quoting, header or none."""

from __future__ import annotations

import codecs
import csv
import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from matching.errors import LeakFileError
from matching.fingerprint_format import MAGIC
from matching.leak_file import FALLBACK, reader, refuse_streams

DELIMITERS = (";", "\t", "|", ",", ":", "^", "~")
SAMPLE_BYTES = 4 * 1024 * 1024
SAMPLE_ROWS = 4000
PACKED = (  # what is no text, by its first bytes
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet"), (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"), (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"), (b"%PDF-", "PDF"), (b"SQLite format 3\x00", "SQLite"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
)  # fmt: skip
# Categories of characters that no text has many of: controls, unassigned, private, replaced.
NO_TEXT = frozenset({"Cc", "Cn", "Co", "Cs"})
REPLACED = "\ufffd"
MOST_NO_TEXT = 0.02
LOOKED_AT = 100_000  # characters
PAGE = re.compile(r"\s*<(?:\?xml\b|!doctype\b|!--|(?:html|head|body|table)\b)", re.IGNORECASE)
JSON_OBJECT = re.compile(r'[\s\[]*\{\s*"(?:[^"\\]|\\.){0,200}"\s*:')
DATA = re.compile(r"@|\d{4,}|^\W*\d[\d\s./()+-]*$")
ACCENTS_850 = frozenset(b"\x82\x8a\x85\x87\x88\x93\x96")  # é è à ç ê ô û in code page 850
ACCENTS_1252 = frozenset(b"\xe9\xe8\xe0\xe7\xea\xf4\xfb\xc9\xc8\xc0\xc7")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file is cut, and the first rows of it (the header not among them)."""

    encoding: str
    delimiter: str
    quoted: bool
    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]


def find_layout(path: Path, looks_like_name: re.Pattern[str]) -> Layout:
    """Read as much as is needed; raises LeakFileError when the file is missing or empty.

    `looks_like_name` matches folded header names of any known type.
    """
    refuse_streams(path)
    try:
        with path.open("rb") as file:
            untrusted_bytes = file.read(SAMPLE_BYTES)
    except FileNotFoundError:
        raise LeakFileError(f"There is no file at {path}.") from None
    except OSError as error:
        raise LeakFileError(f"{path} cannot be read: {error.strerror}.") from None
    if not untrusted_bytes.strip():
        raise LeakFileError(f"{path} is empty; name the leaked file itself.")
    if untrusted_bytes.startswith(MAGIC):
        raise LeakFileError(
            f"{path} is a fingerprint file already; `vigie leak info {path}` shows what it holds."
        )
    for magic, form in PACKED:
        if untrusted_bytes.startswith(magic):
            raise LeakFileError(
                f"{path} is no text ({form}) and is never unpacked here. Unpack it, or save the "
                "table as CSV, and name that file."
            )
    encoding = find_encoding(path, untrusted_bytes)
    errors = FALLBACK if encoding.startswith("utf-8") else "replace"
    text = untrusted_bytes.decode(encoding, errors).lstrip("\ufeff").replace("\0", "")
    if not _is_text(text):
        raise LeakFileError(
            f"{path} is no text: too much of it are characters that no table holds. Save the table "
            "as CSV, and name that file."
        )
    if PAGE.match(text):
        raise LeakFileError(
            f"{path} is a page or a document of tags (HTML or XML) and is not read as a table. "
            "Save its table as CSV, and name that file."
        )
    lines = text.splitlines(keepends=True)
    if form := _json_form(lines):
        raise LeakFileError(
            f"{path} is {form} and is not read as a table. Save it as CSV, a column for each key, "
            "and name that file."
        )
    if len(untrusted_bytes) == SAMPLE_BYTES and len(lines) > 1:
        lines.pop()  # the last line is cut
    delimiter, quoted = find_delimiter(lines[:500])
    rows = _rows(lines[: SAMPLE_ROWS * 2], delimiter, quoted)
    if not rows:
        raise LeakFileError(f"{path} holds no row at all; name the leaked file itself.")
    has = has_header(rows, looks_like_name)
    width = len(rows[0])
    data = [tuple(row) for row in rows[1 if has else 0 :] if len(row) == width]
    return Layout(
        encoding, delimiter, quoted, tuple(rows[0]) if has else None, tuple(data[:SAMPLE_ROWS])
    )


def _is_text(untrusted_text: str) -> bool:
    looked_at = untrusted_text[:LOOKED_AT]
    strange = sum(
        count
        for one, count in Counter(looked_at).items()
        if one == REPLACED or (unicodedata.category(one) in NO_TEXT and one not in "\t\n\v\f\r")
    )
    return strange <= MOST_NO_TEXT * len(looked_at)


def _json_form(lines: list[str]) -> str:
    """ "JSON Lines" or "JSON", whose first line is no header but holds a person; "" for others."""
    filled = [line.strip() for line in lines[:100] if line.strip()]
    whole = filled[:-1] or filled  # the last one may be cut
    if whole and all(isinstance(_json(line), dict | list) for line in whole):
        return "JSON Lines" if len(filled) > 1 else "JSON"
    return "JSON" if JSON_OBJECT.match("".join(lines[:100])[:LOOKED_AT]) else ""


def _json(untrusted_line: str) -> object:
    try:
        return json.loads(untrusted_line)
    except (ValueError, RecursionError):
        return None


def _rows(lines: list[str], delimiter: str, quoted: bool) -> list[list[str]]:
    found: list[list[str]] = []
    rows = reader(iter(lines), delimiter, quoted)
    while len(found) <= SAMPLE_ROWS:
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error:
            continue
        if row and any(cell.strip() for cell in row):
            found.append(row)
    return found


def find_encoding(path: Path, untrusted_head: bytes) -> str:
    """utf-8 (with or without mark), utf-16, cp850, cp1252 or latin-1."""
    if untrusted_head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if untrusted_head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = untrusted_head[:4096].count(0)
    if zeros > len(untrusted_head[:4096]) // 4:
        return "utf-16-le" if untrusted_head[1:4096:2].count(0) * 2 > zeros else "utf-16-be"
    valid, invalid, high = _count_sequences(path)
    if not invalid or valid > 4 * invalid:
        return "utf-8"
    old = sum(count for byte, count in high.items() if byte in ACCENTS_850)
    new = sum(count for byte, count in high.items() if byte in ACCENTS_1252)
    if old > 3 * new:
        return "cp850"
    return "cp1252" if any(0x80 <= byte < 0xA0 for byte in high) else "latin-1"


def _count_sequences(path: Path) -> tuple[int, int, Counter[int]]:
    """Valid and invalid UTF-8 sequences beyond ASCII in the whole file, and its high bytes."""
    valid, invalid = 0, 0
    high: Counter[int] = Counter()
    sequence = re.compile(rb"([\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
                          rb"|[\xf0-\xf4][\x80-\xbf]{3})|([\x80-\xff])")  # fmt: skip
    rest = b""
    with path.open("rb") as file:
        while untrusted_block := file.read(1 << 20):
            block, rest = _cut_at_ascii(rest + untrusted_block)
            if block.isascii():
                continue
            for good, bad in sequence.findall(block):
                if good:
                    valid += 1
                elif bad:
                    invalid += 1
                    high[bad[0]] += 1
            if valid + invalid > 200_000:
                break
    return valid, invalid, high


def _cut_at_ascii(block: bytes) -> tuple[bytes, bytes]:
    """A block without the sequence that may go on in the next one, and the beginning of that."""
    at = len(block)
    while at > max(0, len(block) - 4) and block[at - 1] >= 0x80:
        at -= 1
    return (block[:at], block[at:]) if at > len(block) - 4 else (block, b"")


def find_delimiter(lines: list[str]) -> tuple[str, bool]:
    """The delimiter that cuts the lines most evenly into several columns, and whether cells are
    quoted; ";" for a file of one column."""
    best, chosen = 0.0, (";", True)
    for place, delimiter in enumerate(DELIMITERS):
        quoted = _is_quoted(lines, delimiter)
        widths = Counter(len(row) for row in _rows(lines, delimiter, quoted))
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        even = count / sum(widths.values())
        if width < 2 or even < 0.6:
            continue
        score = even * even * (1.0 + 0.1 * min(width, 20)) * (1.0 if place < 4 else 0.4)
        if score > best:
            best, chosen = score, (delimiter, quoted)
    return chosen


def _is_quoted(lines: list[str], delimiter: str) -> bool:
    """Whether quotes enclose cells, rather than stand about as characters."""
    mark = re.escape(delimiter)
    enclosing = re.compile(rf'(?:^|{mark})"(?:[^"]|"")*"(?={mark}|\r?\n|$)')
    closed = sum(2 * len(enclosing.findall(line)) for line in lines)
    quotes = sum(line.count('"') for line in lines)
    return quotes == 0 or closed * 2 >= quotes


def has_header(rows: list[list[str]], looks_like_name: re.Pattern[str]) -> bool:
    """Whether the first row names the columns: none of its cells looks like data, and either
    some are known names or the rows below look unlike it."""
    first = [cell.strip() for cell in rows[0]]
    if sum(bool(cell) for cell in first) * 2 < len(first):
        return False
    if any(DATA.search(cell) for cell in first):
        return False
    named = sum(bool(looks_like_name.search(fold_name(cell))) for cell in first)
    if named * 3 >= len(first):
        return True
    below = [row for row in rows[1:200] if len(row) == len(first)]
    if not below:
        return named > 0
    unlike = 0
    for at in range(len(first)):
        cells = [row[at].strip() for row in below if row[at].strip()]
        if cells and sum(bool(DATA.search(cell)) for cell in cells) * 2 > len(cells):
            unlike += 1
        elif first[at] in cells:
            unlike -= 1
    return unlike > 0


def fold_name(name: str) -> str:
    """A header name as lower-case words: "DateNaissance", "N° de sécu" and "TEL_1" alike."""
    from matching.normalise.fold import fold

    split = re.sub(r"(?<=[a-zéèêàç])(?=[A-Z])", " ", name)
    folded = fold(split)
    text = bytes(folded.data[: folded.size]).decode("ascii", "replace")
    return " ".join(re.findall(r"[a-z]+|\d+", text))
