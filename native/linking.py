"""Object files of kernels put together to an image, which needs no linker and no LLVM to be loaded.

LLVM's own loader takes 0.05 s of a processor to be there and two milliseconds a kernel, though of
what it makes for x86-64 nothing is left open but addresses in whole words (ELF-64 object file
format, System V ABI for AMD64). Where anything else stands there is no image, and LLVM loads the
objects as they are. Needed only where a kernel is compiled.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from native.image import PAGE, Image

X86_64 = 62
MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian
MACHINE = struct.Struct("<18xH")
HEADER = struct.Struct("<40xQ10xHHH")  # sections: where, bytes of one, how many, which has names
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
MOVE = struct.Struct("<QQq")
WORD = struct.Struct("<Q")
BITS, SYMBOLS, MOVES, EMPTY, PLAIN_MOVES = 1, 2, 4, 8, 9  # kinds of sections
WRITTEN, KEPT, RUN = 1, 2, 4  # what a section is: written to, there at run time, instructions
ABSOLUTE = 1  # an address in a whole word: R_X86_64_64
LOCAL = 0  # how far a symbol is known: here alone
NOWHERE = 0
UNWINDING = ".eh_frame"  # kernels raise nothing, and nobody looks for handlers in them


class CannotLink(Exception):
    """Something in an object that no image holds."""


@dataclass(slots=True)
class _Section:
    name: str
    kind: int
    flags: int
    data: bytes
    linked: int
    about: int
    alignment: int
    place: int = -1  # in the image

    @property
    def is_placed(self) -> bool:
        return bool(self.flags & KEPT) and self.kind == BITS and self.name != UNWINDING


@dataclass(slots=True)
class _Symbol:
    name: str
    section: int
    value: int
    is_shared: bool  # whether another object may mean it by its name


@dataclass(slots=True)
class _Object:
    sections: list[_Section]
    symbols: list[_Symbol]


def linked(objects: Sequence[bytes], symbol: str, outside: frozenset[str]) -> Image | None:
    """Objects as one image whose entry is `symbol`, None where they hold what no image does.
    `outside` are functions of the C library that they may call."""
    try:
        return _linked([_read(data) for data in objects], symbol, outside)
    except (CannotLink, struct.error, IndexError, UnicodeDecodeError):
        return None


def _linked(objects: list[_Object], symbol: str, outside: frozenset[str]) -> Image:
    placed = [each for one in objects for each in one.sections if each.is_placed]
    data = [each for each in placed if not each.flags & RUN]
    end = _place(data, 0)
    code = -(-end // PAGE) * PAGE
    end = _place([each for each in placed if each.flags & RUN], code)
    body = bytearray(end)
    for each in placed:
        body[each.place : each.place + len(each.data)] = each.data
    known = {
        each.name: one.sections[each.section].place + each.value
        for one in objects
        for each in one.symbols
        if each.is_shared and _is_in(one, each.section)
    }
    inside = array("I")
    calls: list[tuple[str, int]] = []
    for one in objects:
        for at, aim, more in _moves(one):
            if _is_in(one, aim.section):
                target = one.sections[aim.section].place + aim.value
            elif aim.section == NOWHERE and aim.name in known:
                target = known[aim.name]
            elif aim.section == NOWHERE and aim.name in outside and not more:
                calls.append((aim.name, at))
                continue
            else:
                raise CannotLink
            WORD.pack_into(body, at, (target + more) & (1 << 64) - 1)
            inside.append(at)
    if symbol not in known:
        raise CannotLink
    return Image(bytes(body), code, known[symbol], inside.tobytes(), tuple(calls))


def _is_in(one: _Object, section: int) -> bool:
    return 0 < section < len(one.sections) and one.sections[section].is_placed


def _place(sections: list[_Section], at: int) -> int:
    """Give sections their places from `at` on; returns where they end."""
    for each in sections:
        at += -at % max(1, each.alignment)
        each.place = at
        at += len(each.data)
    return at


def _moves(one: _Object) -> Iterator[tuple[int, _Symbol, int]]:
    """(place in the image, what it is to point to, how far behind that) of every open address."""
    for section in one.sections:
        if section.kind not in (MOVES, PLAIN_MOVES):
            continue
        about = one.sections[section.about]
        if not about.is_placed:
            continue
        if section.kind == PLAIN_MOVES:
            raise CannotLink
        for at, info, more in MOVE.iter_unpack(section.data):
            if info & 0xFFFFFFFF != ABSOLUTE or at + WORD.size > len(about.data):
                raise CannotLink
            yield about.place + at, one.symbols[info >> 32], more


def _read(data: bytes) -> _Object:
    """The sections and symbols of an object file."""
    if not data.startswith(MAGIC) or MACHINE.unpack_from(data)[0] != X86_64:
        raise CannotLink
    start, size, count, names_at = HEADER.unpack_from(data)
    heads = [SECTION.unpack_from(data, start + size * number) for number in range(count)]
    names = _body(data, heads[names_at])
    sections = [
        _Section(
            _text(names, head[0]), head[1], head[2], _body(data, head), head[6], head[7], head[8]
        )
        for head in heads
    ]
    for each in sections:
        # An image is not written to once it is loaded; pages that are not in the file are.
        if each.flags & KEPT and (each.flags & WRITTEN or each.kind == EMPTY) and each.data:
            raise CannotLink
        if each.alignment > PAGE:
            raise CannotLink
    symbols = [
        _Symbol(_text(sections[table.linked].data, name), section, value, info >> 4 != LOCAL)
        for table in sections
        if table.kind == SYMBOLS
        for name, info, _, section, value, _ in SYMBOL.iter_unpack(table.data)
    ]
    return _Object(sections, symbols)


def _body(data: bytes, head: tuple[int, ...]) -> bytes:
    kind, at, size = head[1], head[4], head[5]
    return bytes(size) if kind == EMPTY else data[at : at + size]


def _text(names: bytes, at: int) -> str:
    return names[at : names.index(b"\0", at)].decode()
