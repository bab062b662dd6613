"""LLVM's types and module builder, for the bodies of intrinsics.

llvmlite takes 0.05 s of a processor to load, and only who compiles a kernel needs it: `ir` and the
types are made when they are first asked for.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

LANES = 64  # bytes of a BLOCK
EIGHT = 8  # words of WORDS


class _Builder:
    """`llvmlite.ir`, loaded when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("llvmlite.ir"), name)


ir: Any = _Builder()

# Bits of a number of each type; what a vector type holds, and how many.
_NUMBERS = {"BIT": 1, "BYTE": 8, "INT": 32, "WORD": 64}
_VECTORS = {
    "BLOCK": ("BYTE", LANES),
    "WORDS": ("WORD", EIGHT),
    "PLACES": ("INT", EIGHT),
    "SIXTEEN": ("INT", 16),
}


@functools.cache
def _type(name: str) -> Any:
    if name in _NUMBERS:
        return ir.IntType(_NUMBERS[name])
    item, count = _VECTORS[name]
    return ir.VectorType(_type(item), count)


def __getattr__(name: str) -> Any:
    """A type by its name."""
    if name not in _NUMBERS and name not in _VECTORS:
        raise AttributeError(name)
    return _type(name)
