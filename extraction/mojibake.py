"""UTF-8 that was read in an old charset and written out so: "Ã‰lise", "├ëlise", "√âlise".

Each sequence is turned back where its bytes are valid UTF-8, so genuine letters stay. Twice
spoilt texts are mended twice, as layers in a layer.
"""

from __future__ import annotations

import functools
import re

from extraction.charset import western


def _table(charset: str) -> dict[str, int]:
    """The byte that each character from 0x80 on was read from."""
    found = {}
    for byte in range(0x80, 0x100):
        if charset == "cp1252":
            # Latin-1 proper leaves C1 controls where windows-1252 has signs.
            found[chr(byte)] = byte
        one = bytes([byte])
        found[western(one) if charset == "cp1252" else one.decode(charset)] = byte
    return found


def _sequences(table: dict[str, int]) -> str:
    """A pattern of UTF-8 sequences of two to four bytes, as those characters (RFC 3629).

    In the old DOS and Mac charsets lines of tables would pass for letters that French has not,
    so of two bytes only é and its like, œ and signs are taken.
    """
    after = _class(table, 0x80, 0xC0)
    two = _class(table, 0xC2, 0xE0)
    if "Ã" not in table or table["Ã"] != 0xC3:
        two = f"(?:{_class(table, 0xC2, 0xC4)}|{_class(table, 0xC5, 0xC6)})"
    return (
        f"(?:{two}{after}|{_class(table, 0xE0, 0xF0)}{after}{{2}}"
        f"|{_class(table, 0xF0, 0xF5)}{after}{{3}})+"
    )


def _class(table: dict[str, int], low: int, high: int) -> str:
    return (
        "[" + "".join(re.escape(char) for char, byte in table.items() if low <= byte < high) + "]"
    )


TABLES = tuple(_table(charset) for charset in ("cp1252", "cp850", "mac_roman"))
SEQUENCES = tuple(map(_sequences, TABLES))
LONG = 64  # characters of a line that may be told from noise
CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\r"))
FEW = 32  # characters of a line for one of these
MANY = 4  # characters beyond ASCII for each that can be read: more than in what was spoilt thrice
# Two such characters at least. A no-break space at the end of a sequence is often tidied into a
# space: "Ã " was "à". Begun with a class alone, it is looked for twice as fast.
PATTERN = re.compile(r"[^\x00-\x7f](?:[^\x00-\x7f]+|(?<=Ã)  ?)")


def mend(untrusted_text: str) -> str:
    """The text with every such sequence read as the UTF-8 it is; "" where there is none.

    Lines of programs and recordings are full of such sequences and of nothing to read: they are
    left out.
    """
    lines = [
        line if line.isascii() or not _is_noise(line) else "" for line in untrusted_text.split("\n")
    ]
    plain = "\n".join(lines)
    mended = PATTERN.sub(_mended, plain)
    return mended if mended != plain else ""


# Made for the first text that shows one: they take 10 ms, which every limited child would pay at
# its start.
@functools.cache
def _any() -> re.Pattern[str]:
    return re.compile("|".join(SEQUENCES))


@functools.cache
def _of_windows() -> re.Pattern[str]:
    return re.compile(SEQUENCES[0])


@functools.cache
def _of_dos() -> re.Pattern[str]:
    return re.compile(SEQUENCES[1])


@functools.cache
def _of_mac() -> re.Pattern[str]:
    return re.compile(SEQUENCES[2])


def _is_noise(line: str) -> bool:
    """Whether a long line holds more than one character beyond ASCII for two that can be read, and
    control characters, which no text has however often its accents were spoilt; or hardly anything
    that can be read."""
    if len(line) < LONG:
        return False
    plain = line.encode("ascii", "ignore")
    shown, others = len(plain.translate(None, CONTROLS)), len(line) - len(plain)
    return others > MANY * shown or (2 * others > shown and FEW * (len(plain) - shown) > len(line))


def _mended(found: re.Match[str]) -> str:
    run = found[0]
    if run[1] == " ":
        return "à "
    if not _any().search(run):
        return run  # what is no text is full of such
    pairs = tuple(zip(TABLES, (_of_windows(), _of_dos(), _of_mac()), strict=True))
    # A charset in which the whole run is UTF-8 is surer than one in which a part of it is.
    for table, sequences in pairs:
        if sequences.fullmatch(run) and (whole := _decoded(run, table)) != run:
            return whole
    for table, sequences in pairs:
        mended = sequences.sub(lambda part, table=table: _decoded(part[0], table), run)  # type: ignore[misc]
        if mended != run:
            return mended
    return run


def _decoded(part: str, table: dict[str, int]) -> str:
    try:
        return bytes(table[char] for char in part).decode("utf-8")
    except UnicodeDecodeError:
        return part
