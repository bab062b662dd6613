"""Masking by allow-list: what is not known to be harmless is not shown.

A post's text keeps its delimiters, field labels, syntax and function words (`capture.words`).
Every other word, in whatever script, every digit and every e-mail address becomes "•••", always
three marks, so that a length says nothing. There is no list of what is secret to be incomplete.
Why and what remains: docs/adr/0007-masking-and-egress.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from capture.addresses import mask_address
from capture.words import ALL_LOWER, KEPT

__all__ = [
    "MASK", "Mark", "Snippet", "mask_address", "mask_parts", "mask_text", "mask_title",
    "seen_values", "snippets",
]  # fmt: skip

MASK = "•••"
MAX_TITLE = 200
# White space and punctuation that stay. Everything else is part of a word, also marks that no
# reader sees: a zero-width space cannot cut "MARTINEAU" into allowed pieces.
SEPARATORS = " \t\n\r\xa0\u202f!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»“”‘’–—…·"
CHUNK_ENDS = " \t\n\r\xa0\u202f;,|\"'<>()[]{}"
CHUNK = re.compile(f"[{re.escape(CHUNK_ENDS)}]+|[^{re.escape(CHUNK_ENDS)}]+")
WORD = re.compile(f"[{re.escape(SEPARATORS)}]+|[^{re.escape(SEPARATORS)}]+")
CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
NOT_SEPARATOR = re.compile(f"[^{re.escape(SEPARATORS)}]")
AROUND = 300
MAX_LENGTH = 800
MAX_SEEN = 60


@dataclass(frozen=True, slots=True)
class Mark:
    """A matched span: half-open code points of the text of `layer`, and its field."""

    layer: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """Masked text around matched values: segments of (text, field or "") in reading order."""

    layer: str
    segments: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """As the record keeps it and the review page reads it."""
        return {"layer": self.layer, "segments": [list(segment) for segment in self.segments]}


def mask_text(untrusted_text: str, keep: frozenset[str] = frozenset()) -> str:
    """The text with everything masked that is not on the allow-list.

    `keep` are further words, exactly as written, that belong to the site and not to its users.
    Masking masked text again changes nothing.
    """
    return "".join(shown for _, _, shown in _pieces(untrusted_text, keep))


def mask_parts(untrusted_parts: Sequence[str], keep: frozenset[str] = frozenset()) -> list[str]:
    """Parts of one running text, each masked as in the whole: a word that two parts share, as
    "Le" and "Roy" in two elements of a page, shows nothing of itself in either."""
    pieces = list(_pieces("".join(untrusted_parts), keep))
    found, low, at = [], 0, 0
    for part in untrusted_parts:
        high = low + len(part)
        while at < len(pieces) and pieces[at][1] <= low:
            at += 1
        end = at
        while end < len(pieces) and pieces[end][0] < high:
            end += 1
        found.append(_between(pieces[at:end], low, high))
        low = high
    return found


def mask_title(untrusted_title: str, keep: frozenset[str] = frozenset()) -> str:
    """A masked title on one line, at most 200 code points."""
    masked = " ".join(mask_text(untrusted_title[: 10 * MAX_TITLE], keep).split())
    return masked if len(masked) <= MAX_TITLE else masked[: MAX_TITLE - 1] + "…"


def snippets(
    layers: Mapping[str, str],
    marks: Sequence[Mark],
    *,
    context: int = 60,
    limit: int = 5,
    keep: frozenset[str] = frozenset(),
) -> tuple[Snippet, ...]:
    """Up to `limit` masked pieces of text around the marks, in the order of layers and text.

    A snippet reaches `context` code points beyond its marks but not beyond their lines; near ones
    are one. A matched value is "•••" with its field. Marks outside their text are cut or left out.
    """
    found: list[Snippet] = []
    for layer, text in layers.items():
        own = _tidy([mark for mark in marks if mark.layer == layer], len(text))
        for start, end, inside in _windows(text, own, context):
            if len(found) >= limit:
                return tuple(found)
            found.append(Snippet(layer, _segments(text, start, end, inside, keep)))
    return tuple(found)


def seen_values(untrusted_text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """What stood at each span, masked, on one line and at most 60 code points.

    The shape stays: how a number was grouped, which of its characters had been hidden. A span
    outside the text shows nothing.
    """
    found = []
    for start, end in spans:
        inside = 0 <= start < end <= len(untrusted_text)
        masked = " ".join(mask_text(untrusted_text[start:end][:MAX_LENGTH]).split())
        shown = masked if len(masked) <= MAX_SEEN else masked[: MAX_SEEN - 1] + "…"
        found.append(shown if inside else "")
    return tuple(found)


def _pieces(text: str, keep: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """The text cut at word bounds: (start, end, what is shown of it). Linear in the text."""
    for chunk in CHUNK.finditer(text):
        if _is_email(chunk[0]):
            yield chunk.start(), chunk.end(), MASK
            continue
        for word in WORD.finditer(chunk[0]):
            start, end = chunk.start() + word.start(), chunk.start() + word.end()
            separates = word[0][0] in SEPARATORS
            yield start, end, word[0] if separates or _stays(word[0], keep) else MASK


def _is_email(chunk: str) -> bool:
    before, at, after = chunk.partition("@")
    return bool(at) and bool(NOT_SEPARATOR.search(before)) and bool(NOT_SEPARATOR.search(after))


def _stays(word: str, keep: frozenset[str]) -> bool:
    """Whether a word is on the allow-list, as written or as parts of a camelCase name."""
    if word in KEPT or word in keep:
        return True
    if not word.isascii():
        return unicodedata.normalize("NFC", word) in KEPT
    parts = CAMEL.findall(word)
    return (
        len(parts) > 1
        and "".join(parts) == word
        and all(part.lower() in ALL_LOWER for part in parts)
    )


def _tidy(marks: list[Mark], length: int) -> list[Mark]:
    """Marks in order, inside the text, none over another: of two that overlap the first and
    longest keeps its span, the other what sticks out."""
    tidy: list[Mark] = []
    free = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        start, end = max(mark.start, free), min(mark.end, length)
        if start < end:
            tidy.append(Mark(mark.layer, mark.field, start, end))
            free = end
    return tidy


def _windows(text: str, marks: list[Mark], context: int) -> Iterator[tuple[int, int, list[Mark]]]:
    """(start, end, marks inside), near marks together."""
    start = end = 0
    inside: list[Mark] = []
    for mark in marks:
        low = max(text.rfind("\n", 0, mark.start) + 1, mark.start - context, 0)
        line_end = text.find("\n", mark.end)
        high = min(line_end if line_end >= 0 else len(text), mark.end + context)
        if inside and low <= end + 1 and high - start <= MAX_LENGTH:
            end = max(end, high)
            inside.append(mark)
            continue
        if inside:
            yield start, end, inside
            low = max(low, end)  # what was shown once is not shown again
        start, end, inside = low, high, [mark]
    if inside:
        yield start, end, inside


def _segments(
    text: str, start: int, end: int, marks: list[Mark], keep: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """Masked text and masked values of one window. Words are judged whole, also those that the
    window or a mark cuts: the rest of a name may look like a harmless word."""
    base = max(0, start - AROUND)
    pieces = [
        (low + base, high + base, shown)
        for low, high, shown in _pieces(text[base : end + AROUND], keep)
        if high + base > start and low + base < end
    ]
    cuts = [(mark.start, mark.end, mark.field) for mark in marks]
    bounds = [start, *(place for low, high, _ in cuts for place in (low, high)), end]
    segments: list[tuple[str, str]] = []
    for number, (low, high) in enumerate(pairwise(bounds)):
        if number % 2:
            segments.append((MASK, cuts[number // 2][2]))
        elif low < high:
            segments.append((_between(pieces, low, high), ""))
    return tuple(segments)


def _between(pieces: list[tuple[int, int, str]], low: int, high: int) -> str:
    shown = []
    for start, end, piece in pieces:
        if end <= low or start >= high:
            continue
        if start >= low and end <= high:
            shown.append(piece)
        elif piece == MASK or piece[0] not in SEPARATORS:
            shown.append(MASK)
        else:
            shown.append(piece[max(0, low - start) : high - start])
    return "".join(shown)
