"""Bytes to text. Never raises, never drops a byte without leaving a mark, never repairs mojibake.

Order: byte order mark, UTF-8 where the bytes prove it, the declared charset, the charset a
`<meta>` names, the western reading French files have, a bounded guess, and at last UTF-8 with
every stray byte read as windows-1252. The WHATWG encoding standard reads "latin-1" as
windows-1252; so do we (https://encoding.spec.whatwg.org/#names-and-labels).
"""

from __future__ import annotations

import codecs
import re

import numpy as np
from numpy.typing import NDArray

from extraction import spelling
from extraction.kernel.points import count_points

SAMPLE = 64 * 1024
PIECE = 32 * 1024
LEAST_TO_GUESS = 16  # bytes; fewer tell no charset from another
ZEROS = 50  # no text has one byte 0 in so many; tables of old databases have fewer
META_WITHIN = 4096
META = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,400}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})",
    re.IGNORECASE,
)
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ANY_BOM = tuple(bom for bom, _ in BOMS)
# Codecs that are no charset of a document: slow on hostile input, or code in disguise.
REFUSED = frozenset(
    {
        "idna",
        "punycode",
        "unicode-escape",
        "raw-unicode-escape",
        "undefined",
        "utf-7",
        "mbcs",
        "oem",
    }
)
WESTERN = frozenset({"ascii", "iso8859-1", "cp1252", "iso8859-15"})
GUESSES = [
    "cp1252", "cp1250", "cp1251", "cp850", "mac_roman", "koi8_r",
    "shift_jis", "gb18030", "big5", "euc_kr", "euc_jp",
]  # fmt: skip
FRENCH = frozenset("éèêëàâäùûüîïôöçœæÉÈÊËÀÂÄÙÛÜÎÏÔÖÇŒÆñáíóúÑ°«»’‘“”–—…€²³§·\xa0")
# For each code point up to the last of them whether it is one.
IS_FRENCH = np.isin(np.arange(ord(max(FRENCH)) + 1), [ord(char) for char in FRENCH])


def western(untrusted_bytes: bytes) -> str:
    """Windows-1252, its five holes read as C1 controls as browsers do: a code point a byte."""
    return codecs.charmap_decode(untrusted_bytes, "strict", _WESTERN)[0]


def _western_table() -> str:
    table = []
    for byte in range(256):
        try:
            table.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            table.append(chr(byte))
    return "".join(table)


_WESTERN = _western_table()
WESTERN_POINTS = np.array([ord(char) for char in _WESTERN], np.uint32)
# Where Python's "surrogateescape" puts a stray byte, and what each is in windows-1252.
_ESCAPES, _HIGH = 0xDC80, WESTERN_POINTS[0x80:]


def utf_8_or_western(untrusted_bytes: bytes) -> str:
    """UTF-8, every stray byte read as windows-1252. What is no text is full of them: there is no
    call for each."""
    text = untrusted_bytes.decode("utf-8", "surrogateescape")
    # No lone surrogate is valid UTF-8: each of them is a stray byte. In pieces, for memory's sake.
    return "".join(_unescaped(text[at : at + PIECE]) for at in range(0, len(text), PIECE))


def _points(text: str) -> NDArray[np.uint32]:
    """The code points of a text that is not empty, lone surrogates among them."""
    return np.array([text], f"<U{len(text)}").view(np.uint32)


def _unescaped(piece: str) -> str:
    if piece.isascii():
        return piece
    # No codec: all of them stop at every lone surrogate.
    points = _points(piece)
    stray = points - np.uint32(_ESCAPES) < len(_HIGH)
    points[stray] = _HIGH[points[stray] - _ESCAPES]
    return points.tobytes().decode("utf-32-le")


def length_as_utf_8(untrusted_body: bytes | memoryview, declared: str = "") -> int | None:
    """How many code points these bytes are, where `decode` reads all of them as the UTF-8 they
    are; None where it does something else. Ordinary texts need not be decoded at all."""
    head = bytes(untrusted_body[:META_WITHIN])
    if head.startswith(ANY_BOM):
        return None
    named = _named(head, declared)
    if _wide(named) or _looks_utf_16(untrusted_body) or _is_seven_bit(named):
        return None
    points = int(count_points(np.frombuffer(untrusted_body, np.uint8)))
    return None if points < 0 else points


def decode(untrusted_body: bytes, declared: str = "") -> tuple[str, str]:
    """The text and the charset it was read in. `declared` is the transport's word, maybe wrong."""
    for bom, charset in BOMS:
        if untrusted_body.startswith(bom):
            bare = untrusted_body[len(bom) :]
            is_utf_8 = charset == "utf-8"
            return utf_8_or_western(bare) if is_utf_8 else bare.decode(charset, "replace"), charset
    named = _named(untrusted_body, declared)
    wide = _wide(named)
    if wide or _looks_utf_16(untrusted_body):
        charset = wide if wide and wide[-2:] in ("le", "be") else _utf_16(untrusted_body)
        return untrusted_body.decode(charset, "replace"), charset
    # Bytes that are valid UTF-8 are hardly ever anything else, whatever was declared. Only
    # pure ASCII may still be a 7-bit charset such as ISO-2022.
    text = _strict(untrusted_body, "utf-8")
    if text is not None and not _is_seven_bit(named):
        return text, "utf-8"
    for name in named:
        if name in WESTERN:
            return western(untrusted_body), "windows-1252"
        if name != "utf-8" and (text := _strict(untrusted_body, name)) is not None:
            return text, name
    return _guess(untrusted_body, utf_8_declared="utf-8" in named)


def _named(untrusted_body: bytes, declared: str) -> list[str]:
    return [name for name in (known(declared), _meta(untrusted_body)) if name]


def _wide(named: list[str]) -> str:
    return next((name for name in named if name.startswith(("utf-16", "utf-32"))), "")


def _is_seven_bit(named: list[str]) -> bool:
    return any(name.startswith(("iso2022", "hz")) for name in named)


def known(untrusted_name: str) -> str:
    """The canonical name of a charset, or "" when it is none we read."""
    label = untrusted_name.strip().strip("\"'").lower()
    if not label or len(label) > 40 or not label.isascii():
        return ""
    try:
        name = codecs.lookup(label).name.replace("_", "-")
        b"a".decode(name)
    except (LookupError, ValueError, OSError, ImportError):
        return ""
    return "" if name in REFUSED else name.removesuffix("-sig")


def _strict(untrusted_body: bytes, charset: str) -> str | None:
    """Strictly decoded, a sequence cut at the very end aside; None where the bytes object."""
    try:
        return untrusted_body.decode(charset)
    except UnicodeDecodeError as error:
        if charset != "utf-8" or error.start < len(untrusted_body) - 3:
            return None
        if error.reason != "unexpected end of data" or untrusted_body[: error.start].isascii():
            return None
        return utf_8_or_western(untrusted_body)
    except (LookupError, ValueError, OSError, ImportError):
        return None


def _meta(untrusted_body: bytes) -> str:
    found = META.search(untrusted_body[:META_WITHIN])
    name = known(found[1].decode("ascii", "replace")) if found else ""
    # A document that could be searched as ASCII is not in a 16-bit charset.
    return "" if name.startswith(("utf-16", "utf-32")) else name


def _looks_utf_16(untrusted_body: bytes | memoryview) -> bool:
    sample = bytes(untrusted_body[:4096])
    if len(sample) < 16 or len(untrusted_body) % 2:
        return False
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    return max(even, odd) > 0.6 * half and min(even, odd) < 0.05 * half


def _utf_16(untrusted_body: bytes) -> str:
    sample = untrusted_body[:4096]
    return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"


def _mixed(untrusted_body: bytes) -> str:
    """UTF-8 with every stray byte read as windows-1252."""
    kinds = untrusted_body.translate(_KINDS)
    if any(sequence in kinds for sequence in _SEQUENCES):
        return utf_8_or_western(untrusted_body)
    return western(untrusted_body)  # the same, sooner


# The kind of each byte in UTF-8, and what any sequence of it must look like.
_KINDS = bytes(
    b"0c234x"[(byte >= 0x80) + (byte >= 0xC2) + (byte >= 0xE0) + (byte >= 0xF0) + (byte >= 0xF5)]
    for byte in range(256)
)
_SEQUENCES = (b"2c", b"3cc", b"4ccc")


def _guess(untrusted_body: bytes, *, utf_8_declared: bool) -> tuple[str, str]:
    mixed = _mixed(untrusted_body)
    if len(untrusted_body) < LEAST_TO_GUESS:  # an escape or two, often
        proven = utf_8_declared or any(char > "\xff" for char in mixed)
        return mixed, "utf-8" if proven else "windows-1252"
    points = _points(mixed[:SAMPLE])
    high = points[points >= 0x80]
    french = np.count_nonzero(IS_FRENCH[high[high < len(IS_FRENCH)]])
    if utf_8_declared or french >= 0.8 * len(high):
        proven = utf_8_declared or bool((high > 0xFF).any())
        return mixed, "utf-8" if proven else "windows-1252"
    if untrusted_body.count(0, 0, SAMPLE) > min(len(untrusted_body), SAMPLE) // ZEROS:
        return mixed, "windows-1252"  # a program or a recording: no charset explains its bytes
    sample = untrusted_body[:SAMPLE]
    if not spelling.may_be_guessed(sample):
        return mixed, "windows-1252"
    import charset_normalizer  # late, as other readers are (extraction.readers)

    best = charset_normalizer.from_bytes(
        sample, steps=5, chunk_size=512, cp_isolation=GUESSES, enable_fallback=False
    ).best()
    charset = known(best.encoding) if best else ""
    if not charset or charset in WESTERN:
        return mixed, "windows-1252"
    return untrusted_body.decode(charset, "replace"), charset
