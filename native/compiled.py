"""Where compiled kernels are kept, and whether one is there. Importing this does not load numba.

They lie in a folder named after a hash of every source they may be made of, so that no machine code
outlives a change in a function that it was made of. It is tried beside the sources first, then in
the user's cache folder; where neither can be written, code is compiled anew in each process. A
file's name says for which arguments, processor and release of numba it is (`native.jit`).
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "kernel"  # the name of a folder whose kernels are made of its own sources alone


def sources_hash(source: Path) -> str:
    """16 hex digits over what a kernel in that file may be made of, as it is when first asked for:
    its package and this one; every kernel package where it is in none (a test, a measurement)."""
    if source.parent.name == PACKAGE:
        return _hash_over((source.parent,), None)
    return _hash_over(tuple(sorted(HERE.parent.glob(f"*/{PACKAGE}"))), source)


@functools.cache
def _hash_over(packages: tuple[Path, ...], another: Path | None) -> str:
    """Of these packages, this one and another file; once for all kernels of a package, for it takes
    two milliseconds."""
    sources = [each for folder in (HERE, *packages) for each in sorted(folder.glob("*.py"))]
    together = hashlib.blake2b(digest_size=8)
    for each in [*sources, another] if another else sources:
        together.update(each.name.encode() + b"\0" + each.read_bytes())
    return together.hexdigest()


def _own_folder(source: Path) -> Path | None:
    """A folder only this user can write to, or None."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    for base in (source.parent / "__pycache__", home / "vigie"):
        folder = base / f"kernels-{sources_hash(source)}"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        # Machine code is run from here: never from a folder somebody else owns or may write to.
        state = folder.stat()
        if state.st_uid == os.getuid() and not state.st_mode & 0o022 and os.access(folder, os.W_OK):
            return folder
    return None


@functools.cache
def versions() -> str:
    """The releases that compile, and what in the environment tells numba how."""
    told = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_")}
    told.pop("NUMBA_CACHE_DIR", None)
    releases = [_release(name) for name in ("numba", "llvmlite")]
    return " ".join([*releases, *(f"{name}={told[name]}" for name in sorted(told))])


def _release(package: str) -> str:
    """What tells one release of a package from another, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return ""
    try:
        return (Path(spec.origin).parent / "_version.py").read_text()
    except OSError:
        from importlib import metadata  # takes a while

        return metadata.version(package)


@functools.cache
def cache_folder(source: Path) -> Path | None:
    """Where the kernels of a source file are kept; None when nowhere. NUMBA_CACHE_DIR goes before
    all."""
    told = os.environ.get("NUMBA_CACHE_DIR")
    if not told:
        return _own_folder(source)
    folder = Path(told)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def is_compiled(kernel: str) -> bool:
    """Whether a kernel ("room.kernel.module.function") can be loaded instead of being compiled."""
    *packages, module, function = kernel.split(".")
    folder = cache_folder(HERE.parent.joinpath(*packages, f"{module}.py"))
    return folder is not None and any(folder.glob(f"{module}.{function}-*.kernel"))


@contextlib.contextmanager
def turn(path: Path) -> Iterator[None]:
    """One process at a time: who waited finds a kernel that another has compiled meanwhile.

    A process that ends lets go of its turn, however it ends. Where no file can be locked,
    everybody compiles.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            lock = held.enter_context(path.with_suffix(".lock").open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
