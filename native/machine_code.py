"""Compiled kernels as files, and how they are run. Neither numba nor LLVM is needed for either.

A file holds what LLVM made of one kernel for one kind of arguments: the kernel, and an entry that
takes a single address, reads the arguments there as words of 64 bits (`arguments`) and puts down
what comes back behind them. The two are one image (`native.image`); on a machine for which none
is made they are the objects that LLVM made, and LLVM loads them. The checksum in front tells a
damaged file, which is as good as none. It proves nothing about who wrote it: the folder does
(`native.compiled`).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from native.image import Image, image_from, placed

MAGIC = b"vigie kernel 2\n"
DIGEST = 32
LENGTHS = struct.Struct("<III")
# Compiled code names these for arrays that own their memory, which no argument here does.
NEVER_CALLED = ("NRT_Free", "NRT_MemInfo_call_dtor")
# Where Linux tells what a processor is and can do, in words that depend on its kind.
CPUINFO = Path("/proc/cpuinfo")
TELLING = frozenset((
    "vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features",
    "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision",
))  # fmt: skip
FORMS = {"int": "q", "uint": "Q", "float": "d", "bool": "?7x"}


@dataclass(frozen=True, slots=True)
class Code:
    """A kernel compiled for one kind of arguments: an image, or objects of the kernel and of its
    entry `symbol`.

    `result` has a form (see FORMS) for each number that comes back; `many` tells a tuple of one
    from a number.
    """

    made: Image | tuple[bytes, bytes]
    symbol: str
    result: tuple[str, ...]
    many: bool

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads."""
        is_image = isinstance(self.made, Image)
        parts = (self.made.to_bytes(), b"") if isinstance(self.made, Image) else self.made
        told = {
            "symbol": self.symbol, "result": self.result, "many": self.many, "image": is_image,
        }  # fmt: skip
        head = json.dumps(told).encode()
        body = LENGTHS.pack(len(head), *map(len, parts))
        body += b"".join((head, *parts))
        return MAGIC + hashlib.blake2b(body, digest_size=DIGEST).digest() + body


def from_bytes(data: bytes) -> Code | None:
    """The code in a file; None when a byte of it is not as it was written."""
    front = len(MAGIC) + DIGEST
    body = data[front:]
    digest = hashlib.blake2b(body, digest_size=DIGEST).digest()
    if data[:front] != MAGIC + digest:
        return None
    head, first, second = LENGTHS.unpack_from(body)
    at = LENGTHS.size
    told = json.loads(body[at : at + head])
    at += head
    parts = body[at : at + first], body[at + first : at + first + second]
    made = image_from(parts[0]) if told["image"] else parts
    return Code(made, told["symbol"], tuple(told["result"]), told["many"])


def read(path: Path) -> Code | None:
    """The code in a file; None when there is none, or it is damaged."""
    try:
        return from_bytes(path.read_bytes())
    except OSError:
        return None


def write(path: Path, code: Code) -> None:
    """Keep code, whole or not at all; where it cannot be kept it is compiled anew each time."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(code.to_bytes())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


class Loaded:
    """Code in memory, ready to run. It is never unloaded."""

    def __init__(self, code: Code) -> None:
        if isinstance(code.made, Image):
            address = placed(code.made, dict.fromkeys(NEVER_CALLED, "abort"))
        else:
            from native import objects  # imports LLVM

            self._engine, address = objects.loaded(code.made, code.symbol)
        # A call lets go of the interpreter lock while it runs.
        self._run = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)
        self._result = struct.Struct("<" + "".join(FORMS[form] for form in code.result))
        self._room = bytes(self._result.size)
        self._many = code.many
        self._block: Any = None

    def __call__(self, words: Sequence[bytes]) -> Any:
        """Run on arguments of the kind it was compiled for; the caller keeps their arrays."""
        room = bytearray(b"".join((*words, self._room)))
        if self._block is None:
            self._block = ctypes.c_char * len(room)
        if self._run(self._block.from_buffer(room)):
            raise RuntimeError("a kernel ended with an error")
        found = self._result.unpack_from(room, len(room) - self._result.size)
        if self._many:
            return found
        return found[0] if found else None


@functools.cache
def processor() -> str:
    """What code is compiled for, as text: it must not run where an instruction is missing."""
    lines = []
    try:
        with CPUINFO.open() as file:
            for line in file:
                name, _, value = line.partition(":")
                if not line.strip():
                    break  # the next one is of the same kind
                if name.strip() in TELLING:
                    lines.append(f"{name.strip()} {value.strip()}")
    except OSError:
        lines = []
    if not lines:
        from native import objects  # imports LLVM

        return objects.processor()
    return "\n".join((os.uname().machine, *lines))


def has(instructions: str) -> bool:
    """Whether this processor has a set of instructions, told as LLVM names it. Where numba is told
    to compile for another processor, nothing is known of that one."""
    if os.environ.get("NUMBA_CPU_NAME") or os.environ.get("NUMBA_CPU_FEATURES"):
        return False
    told = processor().replace("_", "").replace(",", " ").split()
    return instructions in told or f"+{instructions}" in told
