"""Texts that are written otherwise, read as they are meant: URL, quoted-printable, entities, string
escapes, markup, mojibake. The signs of each are looked for first (kernel.signs)."""

from __future__ import annotations

import html
import quopri
import re
import urllib.parse
from collections.abc import Callable, Iterator

import numpy as np

from extraction import charset, mojibake
from extraction.charset import WESTERN_POINTS
from extraction.html import visible_text
from extraction.kernel import signs
from extraction.kernel.escapes import LONGEST_RUN, OF_LEFT, unescape
from native.vector import LANES

PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
FORM = re.compile(r"&[\w.\[\]-]{1,60}=")
# A word with a plus in it. What stands before each word is looked at first, so that none is read
# from each of its characters on.
WITH_PLUS = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>+]*\+[^\s\"'<>]*")
LEFT = 1 << 10  # runs of escaped bytes that the kernel leaves before it comes back


def _url(text: str) -> str:
    text = "".join(_without_pluses(text))
    data = urllib.parse.unquote_to_bytes(text.encode("utf-8", "surrogatepass"))
    return charset.decode(data)[0]


def _without_pluses(text: str) -> Iterator[str]:
    """The text in pieces; only lines in which there is a plus are gone through word by word."""
    done, at = 0, text.find("+")
    while at >= 0:
        start = max(done, text.rfind("\n", done, at))
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[done:start]
        line = text[start:end]
        is_escaped = "%" in line or "&" in line  # else no plus in it is a space
        yield WITH_PLUS.sub(_plus_as_space, line) if is_escaped else line
        done, at = end, text.find("+", end)
    yield text[done:]


def _plus_as_space(found: re.Match[str]) -> str:
    """In a form or an escaped word a plus is a space; a plus that is meant is written %2B."""
    token = found[0]
    if PERCENT.search(token) or FORM.search(token):
        return token.replace("+", " ")
    return token


def _quoted_printable(text: str) -> str:
    data = quopri.decodestring(text.encode("utf-8", "surrogatepass"))
    return charset.decode(data)[0]


def _escapes(utf_8: bytes) -> str:
    text = np.frombuffer(utf_8, np.uint8)
    out, told = np.empty(len(text) + LANES, np.uint8), np.zeros(3, np.int64)
    run, left = np.empty(LONGEST_RUN, np.uint8), np.empty(LEFT * OF_LEFT, np.int64)
    known: dict[bytes, bytes] = {}  # what the same runs, which come again and again, mean
    pieces: list[bytes] = []
    at = 0
    while at < len(utf_8):
        unescape(text, out, run, WESTERN_POINTS, left, told)
        at, written, count = told.tolist()
        before = 0
        for to, first, behind in left[: count * OF_LEFT].reshape(-1, OF_LEFT).tolist():
            escaped = utf_8[first:behind]
            meant = known.get(escaped)
            if meant is None:
                meant = _bytes(escaped)
                if len(known) < LEFT:
                    known[escaped] = meant
            pieces += (out[before:to].tobytes(), meant)
            before = to
        pieces.append(out[before:written].tobytes())
    return b"".join(pieces).decode("utf-8", "surrogatepass")


def _bytes(escaped: bytes) -> bytes:
    """What a run of escaped bytes means, in the charset that it tells by itself, in UTF-8."""
    text, _ = charset.decode(bytes.fromhex(escaped.decode("ascii").replace("\\x", "")))
    return text.encode("utf-8", "surrogatepass")


def _of_text(rewrite: Callable[[str], str]) -> Callable[[bytes], str]:
    """A rewriting that is given UTF-8."""
    return lambda utf_8: rewrite(utf_8.decode("utf-8", "surrogatepass"))


# Name, what its signs are, how many make it worth while, how to rewrite what is given in UTF-8.
REWRITES: tuple[tuple[str, int, int, Callable[[bytes], str]], ...] = (
    ("html", signs.MARKUP, 3, _of_text(visible_text)),
    ("entities", signs.ENTITY, 1, _of_text(html.unescape)),
    ("url", signs.PERCENT, 2, _of_text(_url)),
    ("url", signs.FORM, 1, _of_text(_url)),
    ("quoted-printable", signs.EQUALS, 2, _of_text(_quoted_printable)),
    ("quoted-printable", signs.SOFT_BREAK, 1, _of_text(_quoted_printable)),
    ("json", signs.ESCAPE, 1, _escapes),
    ("mojibake", signs.MOJIBAKE, 1, _of_text(mojibake.mend)),
)
REWRITTEN = frozenset(name for name, *_ in REWRITES)
