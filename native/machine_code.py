"""Compiled kernels as files, and how they are run. numba is not needed for either.

A file holds what LLVM made of one kernel for one kind of arguments: an object with the kernel,
and one with an entry that takes a single address, reads the arguments there as words of 64 bits
(`arguments`) and puts down what comes back behind them. The checksum in front tells a damaged
file, which is as good as none. It proves nothing about who wrote it: the folder does
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

from llvmlite import binding

MAGIC = b"vigie kernel 1\n"
DIGEST = 32
LENGTHS = struct.Struct("<III")
# Compiled code names these for arrays that own their memory, which no argument here does.
NEVER_CALLED = ("NRT_Free", "NRT_MemInfo_call_dtor")
FORMS = {"int": "q", "uint": "Q", "float": "d", "bool": "?7x"}


@dataclass(frozen=True, slots=True)
class Code:
    """A kernel compiled for one kind of arguments.

    `result` has a form (see FORMS) for each number that comes back; `many` tells a tuple of one
    from a number.
    """

    kernel: bytes
    entry: bytes
    symbol: str
    result: tuple[str, ...]
    many: bool

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads."""
        told = {"symbol": self.symbol, "result": self.result, "many": self.many}
        head = json.dumps(told).encode()
        body = LENGTHS.pack(len(head), len(self.kernel), len(self.entry))
        body += head + self.kernel + self.entry
        return MAGIC + hashlib.blake2b(body, digest_size=DIGEST).digest() + body


def from_bytes(data: bytes) -> Code | None:
    """The code in a file; None when a byte of it is not as it was written."""
    front = len(MAGIC) + DIGEST
    body = data[front:]
    digest = hashlib.blake2b(body, digest_size=DIGEST).digest()
    if data[:front] != MAGIC + digest:
        return None
    head, kernel, entry = LENGTHS.unpack_from(body)
    at = LENGTHS.size
    told = json.loads(body[at : at + head])
    at += head
    return Code(
        body[at : at + kernel], body[at + kernel : at + kernel + entry],
        told["symbol"], tuple(told["result"]), told["many"],
    )  # fmt: skip


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
        target = target_machine()
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target)
        for data in (code.kernel, code.entry):
            self._engine.add_object_file(binding.ObjectFileRef.from_data(data))
        self._engine.finalize_object()
        address = self._engine.get_function_address(code.symbol)
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
def _target() -> Any:
    """This machine as LLVM knows it, ready to load code for."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    libc = ctypes.CDLL(None)
    for name in NEVER_CALLED:
        binding.add_symbol(name, ctypes.cast(libc.abort, ctypes.c_void_p).value)
    return binding.Target.from_triple(binding.get_process_triple())


def target_machine() -> Any:
    """A machine to load code for, by the rules that numba's JIT goes by."""
    target = _target()
    reloc = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(opt=2, reloc=reloc, codemodel="jitdefault", jit=True)


@functools.cache
def processor() -> str:
    """What code is compiled for, as text: it must not run where an instruction is missing."""
    features = binding.get_host_cpu_features()
    return f"{binding.get_process_triple()} {binding.get_host_cpu_name()} {features.flatten()}"
