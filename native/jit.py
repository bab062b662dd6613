"""What marks functions as kernels. Nothing here loads numba until one has to be compiled.

A kernel compiled before is loaded as machine code (`machine_code`), which takes a few
milliseconds; numba and its types take 1.3 seconds of a processor and 70 MB. Only where a kernel
has not been compiled yet for the kind of its arguments is numba imported (`compiling`), the code
kept (`native.compiled` says where), and then loaded the same way.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from native import compiled, machine_code
from native.arguments import told

Function = Callable[..., Any]
_lock = threading.Lock()


class Lazy:
    """What numba makes of a function, made when numba first meets its name in a kernel."""

    def __init__(self, function: Function, how: str) -> None:
        self.function = function
        self._how = how

    @functools.cached_property
    def made(self) -> Any:
        """numba's own object."""
        from native import compiling

        return getattr(compiling, self._how)(self.function)


class Kernel(Lazy):
    """An entry point: called from Python with arrays, without the interpreter lock.

    It takes numbers, arrays and (named) tuples of them, and gives back a number, a tuple of
    numbers or nothing.
    """

    def __init__(self, function: Function) -> None:
        super().__init__(function, "inner")
        functools.update_wrapper(self, function)
        self._loaded: dict[tuple[str, ...], machine_code.Loaded] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Run; raises TypeError for an argument that no kernel takes."""
        kinds, words = zip(*map(told, arguments), strict=True)
        run = self._loaded.get(kinds)
        if run is None:
            with _lock:
                run = self._loaded.get(kinds) or self._load(kinds, arguments)
        return run(words)

    def _load(self, kinds: tuple[str, ...], arguments: tuple[Any, ...]) -> machine_code.Loaded:
        path = self._path(kinds)
        code = machine_code.read(path) if path is not None else None
        if code is None:
            code = self._compile(path, arguments)
        self._loaded[kinds] = run = machine_code.Loaded(code)
        return run

    def _compile(self, path: Path | None, arguments: tuple[Any, ...]) -> machine_code.Code:
        """Compile, or wait for the process that does."""
        with contextlib.ExitStack() as turn:
            if path is not None:
                turn.enter_context(compiled.turn(path))
                code = machine_code.read(path)
                if code is not None:
                    return code
            from native import compiling

            code = compiling.compiled(self.made, arguments)
            if path is not None:
                machine_code.write(path, code)
            return code

    def _path(self, kinds: tuple[str, ...]) -> Path | None:
        """The file for one kind of arguments: its name says what the code was made of and for."""
        source = Path(self.function.__code__.co_filename).resolve()
        folder = compiled.cache_folder(source)
        if folder is None:
            return None
        module = self.function.__module__
        of = hashlib.blake2b(digest_size=16)
        told = (module, *kinds, machine_code.processor(), compiled.versions())
        for part in (*told, compiled.sources_hash(source)):
            of.update(part.encode() + b"\0")
        name = f"{module.rpartition('.')[2]}.{self.function.__name__}"
        return folder / f"{name}-{of.hexdigest()}.kernel"


def kernel(function: Function) -> Function:
    """Compile an entry point; see Kernel."""
    return Kernel(function)


def inner(function: Function) -> Any:
    """Compile a function that only kernels call.

    Its arguments are pointers and numbers, never arrays: an array argument costs two atomic
    reference counts a call and a check for negative indices at each access. Measured on the
    tokeniser: 15 MB/s with arrays, 65 to 148 with pointers.
    """
    return Lazy(function, "inner")


def inlined(function: Function) -> Any:
    """As `inner`, for functions of a few instructions: LLVM always inlines them."""
    return Lazy(function, "inlined")


def intrinsic(function: Function) -> Any:
    """As `numba.extending.intrinsic`: instructions that numba has no name for."""
    return Lazy(function, "intrinsic")


class _Types:
    """`numba.types`, for the bodies of intrinsics."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("numba.types"), name)


types = _Types()


@intrinsic
def _pointer(_typing: Any, array: Any) -> Any:
    """The address of an array's first item, as a typed pointer; the caller keeps the array."""
    signature = types.CPointer(array.dtype)(array)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return signature, generate


pointer: Any = _pointer
