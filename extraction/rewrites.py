"""Texts that are written otherwise, read as they are meant: URL, quoted-printable, entities, string
escapes, markup, mojibake. The signs of each are looked for first (kernel.signs)."""

from __future__ import annotations

import html
import quopri
import re
import urllib.parse
from collections.abc import Callable, Iterator
from functools import lru_cache

from extraction import charset, mojibake
from extraction.html import visible_text
from extraction.kernel import signs

PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
FORM = re.compile(r"&[\w.\[\]-]{1,60}=")
# A word with a plus in it. What stands before each word is looked at first, so that none is read
# from each of its characters on.
WITH_PLUS = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>+]*\+[^\s\"'<>]*")
ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2})*|u[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*|[nrt/\"'\\])"
)
PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
SHORT = 16  # characters of an escape that is remembered


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


def _escapes(text: str) -> str:
    return ESCAPE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    escape = found[0]
    return _known_escape(escape) if len(escape) <= SHORT else _any_escape(escape)


def _any_escape(escape: str) -> str:
    if escape[1] == "x":
        return charset.decode(bytes.fromhex(escape.replace("\\x", "")))[0]
    if escape[1] == "u":
        units = bytes.fromhex(escape.replace("\\u", ""))
        return units.decode("utf-16-be", "surrogatepass")
    return PLAIN_ESCAPES.get(escape[1], escape[1])


_known_escape = lru_cache(1 << 12)(_any_escape)  # the same few stand in a text again and again


# Name, what its signs are, how many make it worth while, how to rewrite.
REWRITES: tuple[tuple[str, int, int, Callable[[str], str]], ...] = (
    ("html", signs.MARKUP, 3, visible_text),
    ("entities", signs.ENTITY, 1, html.unescape),
    ("url", signs.PERCENT, 2, _url),
    ("url", signs.FORM, 1, _url),
    ("quoted-printable", signs.EQUALS, 2, _quoted_printable),
    ("quoted-printable", signs.SOFT_BREAK, 1, _quoted_printable),
    ("json", signs.ESCAPE, 1, _escapes),
    ("mojibake", signs.MOJIBAKE, 1, mojibake.mend),
)
