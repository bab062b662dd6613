"""Where a text shows signs of a packing: markup, entities, URL, quoted-printable, string escapes.

All look at the text's UTF-8: a pattern over bytes is several times faster than over a text with
one wide character, and most begin with one plain character, which is looked for as fast as memory
is read. Where characters are counted, a few bytes more than that may pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from extraction.marks import Marks

Places = Iterator[tuple[int, int]]
Find = Callable[[bytes, Marks], Places]

MARKUP = re.compile(rb"</?(?:t[rdh]|br|p|div|span|li|dd|dt|b|pre)\b[^<>]{0,600}>", re.IGNORECASE)
ENTITY = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
FORM = re.compile(rb"&[\w?\x80-\xff.\[\]-]{1,120}=")
ESCAPE = re.compile(rb"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[nrt/\"'\\])")
# page=97 in an address is none: a byte written in two decimal digits has letters about it.
EQUALS = re.compile(
    rb"=(?:[A-F][0-9A-F]|[89][A-F]|[89][0-9](?=[A-Za-z=])|3D|0[AD]=|[0-9A-F]{2}(?:=[0-9A-F]{2}){3})"
)
FULL_LINE = range(70, 76)  # characters before a soft break
SOFT_BREAK = re.compile(rb"=\r?\n(?=\S)")
SAMPLE = 1 << 16
FEW = 1 << 6  # signs in a sample that are found one by one sooner than by a pattern
MANY = 1 / 512  # marks a byte from which a pattern finds them sooner
# Bytes that begin a character; the others go on with one.
BEGINNINGS = bytes(byte for byte in range(256) if byte & 0xC0 != 0x80)


def of(sign: bytes, pattern: re.Pattern[bytes]) -> Find:
    """Where a pattern matches, as (start, end); it begins with `sign`, a plain character."""

    def find(text: bytes, _marks: Marks) -> Places:
        if text.count(sign, 0, SAMPLE) > FEW:
            yield from (found.span() for found in pattern.finditer(text))
            return
        at = text.find(sign)
        while at >= 0:
            found = pattern.match(text, at)
            if found:
                yield found.span()
            at = text.find(sign, found.end() if found else at + 1)

    return find


def marked(sign: str, pattern: re.Pattern[bytes]) -> Find:
    """Where a pattern matches, as (start, end), that begins at a mark."""

    def find(text: bytes, marks: Marks) -> Places:
        if marks.count(sign) > len(text) * MANY:
            yield from (found.span() for found in pattern.finditer(text))
            return
        end = 0
        for at in marks.of(sign):
            if at >= end and (found := pattern.match(text, at)):
                end = found.end()
                yield found.span()

    return find


def equals(text: bytes, marks: Marks) -> Places:
    """Where bytes are written as quoted-printable has them (RFC 2045, 6.7), those inside others as
    well."""
    return (found.span() for at in marks.of("equals") if (found := EQUALS.match(text, at)))


def soft_breaks(text: bytes, marks: Marks) -> Places:
    """Where a long line ends in a soft break of quoted-printable."""
    for at in marks.of("breaks"):
        found = SOFT_BREAK.match(text, at)
        if found is None:
            continue
        line = text[max(0, at - 4 * FULL_LINE.stop) : at].rpartition(b"\n")[2]
        if len(line) - len(line.translate(None, BEGINNINGS)) in FULL_LINE:
            yield found.span()
