"""How kernels are compiled, and where the compiled code is kept.

numba's cache looks at the file of one function only: when a function that it calls changes in
another file, the old machine code would go on running. So the cache lives in a folder named
after a hash of every kernel source. It is tried beside the package first, then in the user's
cache folder; where neither can be written, code is compiled anew in each process.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.extending import intrinsic

Function = Callable[..., Any]

PACKAGE = Path(__file__).resolve().parent


def _sources_hash() -> str:
    sources = [*sorted(PACKAGE.glob("*.py")), PACKAGE.parent / "siphash.py"]
    together = hashlib.blake2b(digest_size=8)
    for source in sources:
        together.update(source.name.encode() + b"\0" + source.read_bytes())
    return together.hexdigest()


def _cache_folder() -> Path | None:
    """A folder only this user can write to, or None."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    for base in (PACKAGE / "__pycache__", home / "vigie"):
        folder = base / f"kernels-{_sources_hash()}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        # Machine code is run from here: never from a folder somebody else owns or may write to.
        state = folder.stat()
        if state.st_uid == os.getuid() and not state.st_mode & 0o022 and os.access(folder, os.W_OK):
            return folder
    return None


FOLDER = _cache_folder()
if FOLDER is not None and not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = str(FOLDER)  # type: ignore[attr-defined]


# numba's stubs do not know every option of its own decorator.
njit: Any = numba.njit


def kernel(function: Function) -> Function:
    """Compile an entry point: called from Python with arrays, without the interpreter lock."""
    compiled: Function = njit(cache=FOLDER is not None, nogil=True, error_model="numpy")(function)
    return compiled


def inner(function: Function) -> Function:
    """Compile a function that only kernels call.

    Its arguments are pointers and numbers, never arrays: an array argument costs two atomic
    reference counts a call and a check for negative indices at each access. Measured on the
    tokeniser: 15 MB/s with arrays, 65 to 148 with pointers.
    """
    compiled: Function = njit(
        nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return compiled


def inlined(function: Function) -> Function:
    """As `inner`, for functions of a few instructions: LLVM always inlines them."""
    compiled: Function = njit(
        nogil=True,
        error_model="numpy",
        forceinline=True,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)
    return compiled


@intrinsic
def _pointer(_typing: Any, array: Any) -> Any:
    """The address of an array's first item, as a typed pointer; the caller keeps the array."""
    signature = types.CPointer(array.dtype)(array)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return signature, generate


pointer: Any = _pointer
