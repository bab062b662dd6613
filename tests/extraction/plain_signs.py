"""What the compiled pass over a text must find, told by plain patterns and by loops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from extraction.kernel import signs
from extraction.kernel.promising import LONG

RUN = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
# In the order of extraction.kernel.signs.
PATTERNS = {
    signs.MARKUP: re.compile(
        rb"</?(?:t[rdh]|br|p|div|span|li|dd|dt|b|pre)\b[^<>]{0,600}>", re.IGNORECASE
    ),
    signs.ENTITY: re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"),
    signs.PERCENT: re.compile(rb"%[0-9a-fA-F]{2}"),
    signs.FORM: re.compile(rb"&[\w?\x80-\xff.\[\]-]{1,120}="),
    signs.EQUALS: re.compile(
        rb"=(?:[A-F][0-9A-F]|[89][A-F]|[89][0-9](?=[A-Za-z=])|3D|0[AD]="
        rb"|[0-9A-F]{2}(?:=[0-9A-F]{2}){3})"
    ),
    signs.ESCAPE: re.compile(rb"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[nrt/\"'\\])"),
    signs.MOJIBAKE: re.compile("Ã|├|√".encode()),
}
FULL_LINE = "|".join(rf"(?<=^[^\n]{{{width}}}=)" for width in range(70, 76))
SOFT_BREAK = re.compile(rf"=(?:{FULL_LINE})\r?\n(?=[^ \t\n\r\f\v])", re.MULTILINE)
LINES, LINE = 2, 250


def likely(run: bytes) -> bool:
    """Whether a run is no word or path of small letters."""
    return len(run) >= LONG or not run[:20].islower()


class AllRuns:
    """Stands for extraction.spans.Spans: every run that is no word."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def base64(self) -> Iterator[tuple[int, int]]:
        """(start, end) of each."""
        for run in RUN.finditer(self._text):
            if likely(run[0]):
                yield run.span()


def places(kind: int, text: str) -> list[tuple[int, int]]:
    """(start, end) of every sign of a kind, in characters."""
    if kind == signs.SOFT_BREAK:
        return [found.span() for found in SOFT_BREAK.finditer(text)]
    utf_8 = text.encode()
    if kind == signs.EQUALS:  # a byte of one sign may be the next one's sign
        every = (PATTERNS[kind].match(utf_8, at) for at in range(len(utf_8)))
        spans = [found.span() for found in every if found]
    else:
        spans = [found.span() for found in PATTERNS[kind].finditer(utf_8)]
    return [(len(utf_8[:start].decode()), len(utf_8[:end].decode())) for start, end in spans]


def near(places: list[tuple[int, int]], text: str) -> str:
    """The lines that hold a place and LINES on either side, long ones cut at LINE."""
    told = ""
    taken = first = end = behind = 0
    for start, stop in places:
        if start < end:
            continue
        if start >= behind:
            told += text[first:behind]
            taken = behind
            first = _lines_back(text, start, taken)
            if taken and first > taken and text[taken - 1] != "\n":
                told += "\n"
        behind = end = _line_behind(text, stop)
        for _ in range(LINES):
            behind = _line_behind(text, behind)
    return told + text[first:behind]


def _line_behind(text: str, at: int) -> int:
    end = text.find("\n", at, at + LINE)
    return min(at + LINE, len(text)) if end < 0 else end + 1


def _lines_back(text: str, at: int, floor: int) -> int:
    for _ in range(LINES + 1):
        least = max(floor, at - LINE)
        at = max(least, text.rfind("\n", least, at))
        if at == floor:
            return floor
    return at + 1
