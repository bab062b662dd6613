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
import string
from collections import deque
from collections.abc import Iterator

from extraction import charset, formats, mojibake, packed, signs
from extraction.budget import Budget
from extraction.kernel.marks import LONG
from extraction.layers import Layer
from extraction.marks import Marks
from extraction.rewrites import REWRITES
from extraction.spans import HEAD, SHORTEST_BYTES, Spans

# Behind the last line: its end, a quotation mark, or any blank of Unicode in UTF-8.
BLANK = (
    rb"(?=[\s\x1c-\x1f\"'`<>]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]"
    rb"|\xe2\x81\x9f|\xe3\x80\x80|\Z)"
)
BASE64_TAIL = re.compile(rb"[ \t>]*\r?\n[ \t>]*([A-Za-z0-9+/_-]+={0,2})" + BLANK)
HEX_TAIL = re.compile(rb"[ \t>]*\r?\n[ \t>]*([0-9a-fA-F]+)(?!\w)")
WRITTEN = (string.ascii_letters + string.digits + " \t\r\n;,.:@-_'\"/|").encode()
CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")
WITHOUT_CONTROL = bytes(byte for byte in range(256) if byte not in CONTROL)
WHOLE = 100_000  # characters of a text that is rewritten as a whole
NEWLINE = ord("\n")
KEEPING = ("utf-8", "surrogatepass")
REST_OF_ONE = bytes(range(0x80, 0xC0))  # bytes that go on with a character
NEAR, LINE = 2, 250  # lines on either side, and characters of a line, that count as near
HEX_MARKS = b" :-"
OF_STANDARD = bytes.maketrans(b"-_", b"+/")
# Widths that encoders wrap at. Lines of another equal width are rows packed one by one.
WRAPS = frozenset({60, 64, 72, 76, 80, 100, 120, 128})


def inner_layers(
    untrusted_text: str | bytes, budget: Budget, name: str = "", depth: int = 0
) -> list[Layer]:
    """All layers packed inside a text, which may be given as UTF-8, breadth first; their names say
    the way in."""
    found: list[Layer] = []
    seen: set[int] = set()
    waiting = deque([(Layer(name, untrusted_text), depth)])
    while waiting:
        outer, level = waiting.popleft()
        for step, inner in _steps(outer.utf_8, budget):
            way = f"{outer.name}>{step}" if outer.name else step
            if isinstance(inner, bytes):
                found += _opened(way, inner, budget, level)
                continue
            if not seen:
                seen.add(hash(outer.utf_8))  # most texts hold nothing it would be asked for
            layer = Layer(way, inner)
            if hash(layer.utf_8) in seen or not inner.strip():
                continue
            if level >= budget.limits.max_depth:
                budget.note("layers are packed deeper than the bound; the innermost were not read")
                continue
            if not budget.take(len(inner)):
                return found
            seen.add(hash(layer.utf_8))
            layer.name = budget.named(way)
            found.append(layer)
            waiting.append((layer, level + 1))
    return found


def _opened(way: str, untrusted_body: bytes, budget: Budget, level: int) -> list[Layer]:
    """The layers of an archive or document that stood in a text."""
    if budget.open is None:
        budget.deeper = True
        return []
    return budget.open(way, untrusted_body, level + 1)


def _steps(utf_8: bytes, budget: Budget) -> Iterator[tuple[str, str | bytes]]:
    """One way in at a time: (its name, the text or the document behind it)."""
    marks = Marks(utf_8)
    spans = Spans(utf_8, marks)
    yield from _packed_runs("base64", _base64_runs(utf_8, spans), budget)
    yield from _packed_runs("hex", _hex_runs(utf_8, spans), budget)
    for step, find, least, rewrite in REWRITES:
        if sum(1 for _ in zip(range(least), find(utf_8, marks), strict=False)) >= least:
            inner = rewrite(_neighbourhood(find(utf_8, marks), utf_8))
            if inner:
                yield step, inner
    if any(True for _ in mojibake.places(utf_8)):
        inner = mojibake.mend(_neighbourhood(mojibake.places(utf_8), utf_8))
        if inner:
            yield "mojibake", inner


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


def _base64_runs(text: bytes, spans: Spans) -> Iterator[bytes]:
    position = 0
    for start, end in spans.base64():
        if start < position:
            continue  # a line of the run before
        position = end
        if end - start < LONG and not _may_begin(text[start : min(end, start + HEAD)]):
            continue
        parts = [text[start:end]]
        width = len(parts[0])
        # Wrapped lines are of one width, whole groups of four; the last may be shorter.
        while width % 4 == 0:
            tail = BASE64_TAIL.match(text, position)
            if tail is None or len(tail[1].rstrip(b"=")) > width:
                break
            parts.append(tail[1])
            position = tail.end()
            if len(tail[1]) < width or b"=" in tail[1]:
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
        yield next(filter(_is_utf_8, readable), readable[0])
        return
    if len(parts) > 1:
        yield from lines


def _is_something(data: bytes) -> bool:
    known = packed.kind(data) or formats.kind(data) in formats.DEEP
    return bool(known) or text_of(data) is not None


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return not data.translate(None, WITHOUT_CONTROL)


def _base64(run: bytes) -> bytes | None:
    bare = run.rstrip(b"=").translate(OF_STANDARD)
    if len(bare) % 4 == 1:
        bare = bare[:-1]  # cut in the middle of a group
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None


def _hex_runs(text: bytes, spans: Spans) -> Iterator[bytes]:
    position = 0
    for start, end in spans.hex():
        if start < position:
            continue  # a line of the run before
        position = end
        parts = [text[start:end]]
        # Lines wrapped at an encoder's width are one run; the last may be shorter.
        while len(parts[0]) in WRAPS and len(parts[-1]) == len(parts[0]):
            tail = HEX_TAIL.match(text, position)
            if tail is None or len(tail[1]) > len(parts[0]) or _is_in_word(text, tail.end()):
                break
            parts.append(tail[1])
            position = tail.end()
        digits = b"".join(parts).translate(None, HEX_MARKS)
        yield binascii.unhexlify(digits[: len(digits) // 2 * 2])


def _is_in_word(text: bytes, at: int) -> bool:
    """Whether a letter that is no ASCII stands there."""
    following = text[at : at + 4]
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
        if len(sample.translate(None, WRITTEN)) > 0.25 * len(sample):
            return None
        text, _ = charset.decode(untrusted_bytes)
    if not text.isascii() and len(sample) < 64:
        plain = sum(byte < 0x80 for byte in sample)
        return None if plain < 0.3 * len(sample) else text
    return text


def _wide_text(untrusted_bytes: bytes, sample: bytes) -> str | None:
    if sample[1::2].count(0) < 0.6 * (len(sample) // 2):
        return None
    text = untrusted_bytes.decode("utf-16-le", "replace")
    return text if "\x00" not in text and "\ufffd" not in text[:2000] else None


def _neighbourhood(places: Iterator[tuple[int, int]], utf_8: bytes) -> str:
    """The lines that hold a place (start, end) and those near: one escape costs no second scan."""
    return b"".join(_near(places, utf_8)).decode("utf-8", "surrogatepass")


def _near(places: Iterator[tuple[int, int]], text: bytes) -> Iterator[bytes]:
    # A character has at most four bytes: long texts need not be counted.
    if len(text) < WHOLE or (len(text) < 4 * WHOLE and _characters(text) < WHOLE):
        yield text
        return
    taken = first = end = near = 0  # everything before `taken` is told, or left out
    for start, behind in places:
        if start < end:
            continue
        if start >= near:
            yield text[first:near]
            taken = near
            first = _lines_back(text, start, taken)
            if taken and first > taken and text[taken - 1] != NEWLINE:
                yield b"\n"  # long lines are cut, and what is left out divides
        near = end = _line_behind(text, behind)
        for _ in range(NEAR):
            near = _line_behind(text, near)
    yield text[first:near]


def _line_behind(text: bytes, at: int) -> int:
    """Where the line behind the one at `at` begins; what is over LINE is cut."""
    end = text.find(b"\n", at, at + LINE)  # so many bytes are no more characters
    if end < 0:
        most = _further(text, at, LINE)
        end = text.find(b"\n", at, most)
        return most if end < 0 else end + 1
    return end + 1


def _lines_back(text: bytes, at: int, floor: int) -> int:
    """Where the line NEAR lines before the one at `at` begins, not before `floor`."""
    for _ in range(NEAR + 1):
        least = max(floor, _back(text, at, LINE))
        at = max(least, text.rfind(b"\n", least, at))
        if at == floor:
            return floor
    return _further(text, at, 1)


def _characters(text: bytes) -> int:
    return len(text) if text.isascii() else len(text) - len(text.translate(None, signs.BEGINNINGS))


def _further(text: bytes, at: int, number: int) -> int:
    """Where the character so many behind the one at `at` begins."""
    piece = text[at : at + number]
    if piece.isascii():
        return at + len(piece)
    # A character has at most four bytes; one that is cut at the end is left out.
    return at + len(_characters_of(text[at : at + 4 * number])[:number].encode(*KEEPING))


def _back(text: bytes, at: int, number: int) -> int:
    """Where the character so many before the one at `at` begins."""
    piece = text[max(0, at - number) : at]
    if piece.isascii():
        return at - len(piece)
    before = text[max(0, at - 4 * number) : at].lstrip(REST_OF_ONE)
    return at - len(_characters_of(before)[-number:].encode(*KEEPING))


def _characters_of(piece: bytes) -> str:
    try:
        return piece.decode(*KEEPING)
    except UnicodeDecodeError as error:  # the last one is cut
        return piece[: error.start].decode(*KEEPING)
