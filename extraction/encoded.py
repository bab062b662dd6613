"""Texts packed inside a text: base64, hex, URL, quoted-printable, entities, string escapes.

Every pattern is a plain run of one character class, so the time is linear in the text. All
pieces of one kind found in one text become one layer, a line each, because people paste rows
packed one by one. A piece counts only if what comes out is text, or is compressed text; hashes,
keys and pictures are neither. A layer may hold further ones, down to `Limits.max_depth`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from collections.abc import Iterator

from extraction import charset, formats, packed
from extraction.budget import Budget
from extraction.kernel.promising import HEAD, LONG, SAMPLE_FOR_SHARE
from extraction.layers import Layer
from extraction.marks import IN_NO_TEXT, OF_MARKUP, OF_TEXT, Marks
from extraction.rewrites import REWRITES, REWRITTEN
from extraction.shared import Placed
from extraction.spans import SHORTEST_BYTES, Spans

# Behind the last line: its end, a quotation mark, or any blank of Unicode in UTF-8.
BLANK = (
    rb"(?=[\s\x1c-\x1f\"'`<>]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]"
    rb"|\xe2\x81\x9f|\xe3\x80\x80|\Z)"
)
BASE64_TAIL = re.compile(rb"[ \t>]*\r?\n[ \t>]*([A-Za-z0-9+/_-]+={0,2})" + BLANK)
HEX_TAIL = re.compile(rb"[ \t>]*\r?\n[ \t>]*([0-9a-fA-F]+)(?!\w)")
WITHOUT_CONTROL = bytes(byte for byte in range(256) if byte not in IN_NO_TEXT)
HEX_MARKS = b" :-"
OF_STANDARD = bytes.maketrans(b"-_", b"+/")
# Widths that encoders wrap at. Lines of another equal width are rows packed one by one.
WRAPS = frozenset({60, 64, 72, 76, 80, 100, 120, 128})


def inner_layers(
    untrusted_text: str | bytes | Placed,
    budget: Budget,
    name: str = "",
    depth: int = 0,
    marks: Marks | None = None,
) -> list[Layer]:
    """All layers packed inside a text, which may be given as UTF-8 and lie in shared memory,
    breadth first; their names say the way in. `marks` are those of the text, where they are
    known."""
    found: list[Layer] = []
    seen: dict[int, list[bytes | memoryview]] = {}  # what was read, by its length
    waiting = deque([(Layer(name, untrusted_text), depth, False)])
    while waiting:
        outer, level, is_part = waiting.popleft()
        utf_8 = outer.view
        marks = marks or Marks(utf_8, is_part=is_part)
        steps = _steps(utf_8, marks, budget)
        is_part, marks = not marks.is_whole, None
        for step, inner in steps:
            way = f"{outer.name}>{step}" if outer.name else step
            if isinstance(inner, bytes):
                found += _opened(way, inner, budget, level)
                continue
            if not seen:
                seen[len(utf_8)] = [utf_8]
            layer = Layer(way, inner)
            alike = seen.setdefault(len(layer.utf_8), [])
            if layer.utf_8 in alike or not inner.strip():
                continue
            if level >= budget.limits.max_depth:
                budget.note("layers are packed deeper than the bound; the innermost were not read")
                continue
            if not budget.take(len(inner)):
                return found
            alike.append(layer.utf_8)
            layer.name = budget.named(way)
            found.append(layer)
            # What was packed in one run is a whole text of its own.
            waiting.append((layer, level + 1, is_part and step in REWRITTEN))
    return found


def _opened(way: str, untrusted_body: bytes, budget: Budget, level: int) -> list[Layer]:
    """The layers of an archive or document that stood in a text."""
    if budget.open is None:
        budget.deeper = True
        return []
    return budget.open(way, untrusted_body, level + 1)


def _steps(
    utf_8: bytes | memoryview, marks: Marks, budget: Budget
) -> Iterator[tuple[str, str | bytes]]:
    """One way in at a time: (its name, the text or the document behind it)."""
    spans = Spans(utf_8, marks)
    if marks.base64:
        yield from _packed_runs("base64", _base64_runs(utf_8, spans), budget)
    if marks.hex or marks.pairs:
        yield from _packed_runs("hex", _hex_runs(utf_8, spans), budget)
    for step, kind, least, rewrite in REWRITES:
        if marks.count(kind) >= least:
            inner = rewrite(marks.near(kind))
            if inner:
                yield step, inner


def _packed_runs(
    step: str, runs: Iterator[bytes], budget: Budget
) -> Iterator[tuple[str, str | bytes]]:
    """Decoded runs, grouped by how their text came out: plain, or through a compression.
    Archives and documents come one by one, as bytes."""
    texts: dict[str, list[str]] = {}
    room = budget.text
    for data in runs:
        if len(data) < SHORTEST_BYTES:
            continue
        way, plain = step, data
        packing = packed.kind(data)
        if packing:
            opened = packed.unpack(data, packing, budget.limits, room)
            if opened is None:
                continue
            if opened.note:
                budget.note(opened.note)
            way, plain = f"{step}>{packing}", opened.data
        if formats.kind(plain) in formats.DEEP:
            yield way, plain
            continue
        text = text_of(plain)
        if text is None:
            continue
        room -= len(text)
        if room < 0:
            budget.note("there are more encoded layers than the bound; the rest was not read")
            break
        texts.setdefault(way, []).append(text)
    for way, pieces in texts.items():
        yield way, "\n".join(pieces)


def _base64_runs(text: bytes | memoryview, spans: Spans) -> Iterator[bytes]:
    position = 0
    for start, end in spans.base64():
        if start < position:
            continue  # a line of the run before
        position = end
        if end - start < LONG and not _may_begin(bytes(text[start : min(end, start + HEAD)])):
            continue
        parts = [bytes(text[start:end])]
        width = len(parts[0])
        # Wrapped lines are of one width, whole groups of four; the last may be shorter.
        while width % 4 == 0:
            tail = BASE64_TAIL.match(text, position)
            line = bytes(tail[1]) if tail else b""
            if tail is None or len(line.rstrip(b"=")) > width:
                break
            parts.append(line)
            position = tail.end()
            if len(line) < width or b"=" in line:
                break
        yield from _from_base64(parts)


def _from_base64(parts: list[bytes]) -> Iterator[bytes]:
    lines = [data for part in parts if (data := _base64(part)) is not None]
    rows = len(parts) > 1 and len(parts[0]) not in WRAPS
    if rows and all(text_of(data) is not None for data in lines):
        yield from lines
        return
    # A word of prose may stand right behind a wrapped text and look like its last line.
    candidates = [_base64(b"".join(parts[:count])) for count in (len(parts), len(parts) - 1)]
    readable = [data for data in candidates if data and _is_something(data)]
    if readable:
        whole = readable[0]
        is_whole = _is_file(whole) or _is_utf_8(whole) or _is_written(_base64(parts[-1]))
        yield whole if is_whole else readable[-1]
        return
    if len(parts) > 1:
        yield from lines


def _is_something(data: bytes) -> bool:
    return _is_file(data) or text_of(data) is not None


def _is_file(data: bytes) -> bool:
    return bool(packed.kind(data)) or formats.kind(data) in formats.DEEP


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return not data.translate(None, WITHOUT_CONTROL)


def _is_written(data: bytes | None) -> bool:
    """Whether bytes in an old charset are mostly what texts are written with."""
    return data is not None and 4 * len(data.translate(None, OF_MARKUP)) <= len(data)


def _base64(run: bytes) -> bytes | None:
    bare = run.rstrip(b"=").translate(OF_STANDARD)
    if len(bare) % 4 == 1:
        bare = bare[:-1]  # cut in the middle of a group
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None


def _hex_runs(text: bytes | memoryview, spans: Spans) -> Iterator[bytes]:
    position = 0
    for start, end in spans.hex():
        if start < position:
            continue  # a line of the run before
        position = end
        parts = [bytes(text[start:end])]
        # Lines wrapped at an encoder's width are one run; the last may be shorter.
        while len(parts[0]) in WRAPS and len(parts[-1]) == len(parts[0]):
            tail = HEX_TAIL.match(text, position)
            if tail is None or len(tail[1]) > len(parts[0]) or _is_in_word(text, tail.end()):
                break
            parts.append(bytes(tail[1]))
            position = tail.end()
        digits = b"".join(parts).translate(None, HEX_MARKS)
        yield binascii.unhexlify(digits[: len(digits) // 2 * 2])


def _is_in_word(text: bytes | memoryview, at: int) -> bool:
    """Whether a letter that is no ASCII stands there."""
    following = bytes(text[at : at + 4])
    return not following[:1].isascii() and following.decode("utf-8", "ignore")[:1].isalnum()


def _may_begin(run: bytes) -> bool:
    """Whether a run of base64 begins like a text, an archive or a document: most words do not."""
    head = _base64(run) or b""
    if packed.kind(head) or formats.kind(head):
        return True
    if 0 in head:
        return 4 * head[1::2].count(0) >= len(head)  # text of two bytes a character, or none
    return not head.translate(None, WITHOUT_CONTROL)


def text_of(untrusted_bytes: bytes) -> str | None:
    """The bytes as text, or None when they are not one: a hash, a key, a picture."""
    if len(untrusted_bytes) < SHORTEST_BYTES:
        return None
    sample = untrusted_bytes[:4096]
    if 0 in sample:
        return _wide_text(untrusted_bytes, sample)
    if sample.translate(None, WITHOUT_CONTROL):
        return None
    try:
        text = untrusted_bytes.decode("utf-8")
    except UnicodeDecodeError:
        written = OF_MARKUP if len(sample) >= SAMPLE_FOR_SHARE else OF_TEXT
        if len(sample.translate(None, written)) > 0.25 * len(sample):
            return None
        text, _ = charset.decode(untrusted_bytes)
    if not text.isascii() and len(sample) < SAMPLE_FOR_SHARE:
        plain = sum(byte < 0x80 for byte in sample)
        return None if plain < 0.3 * len(sample) else text
    return text


def _wide_text(untrusted_bytes: bytes, sample: bytes) -> str | None:
    if sample[1::2].count(0) < 0.6 * (len(sample) // 2):
        return None
    text = untrusted_bytes.decode("utf-16-le", "replace")
    return text if "\x00" not in text and "\ufffd" not in text[:2000] else None
