"""Where compiled kernels are kept, and whether one is there. Importing this does not load numba.

numba's cache looks at the file of one function only: when a function that it calls changes in
another file, the old machine code would go on running. So the cache lives in a folder named
after a hash of every kernel source. It is tried beside the package first, then in the user's
cache folder; where neither can be written, code is compiled anew in each process.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

KERNELS = Path(__file__).resolve().parent / "kernel"
BUILDING, SCANNING = "columns.read_column", "region.scan_region"  # the slowest to compile of each


def _sources_hash() -> str:
    sources = [*sorted(KERNELS.glob("*.py")), KERNELS.parent / "siphash.py"]
    together = hashlib.blake2b(digest_size=8)
    for source in sources:
        together.update(source.name.encode() + b"\0" + source.read_bytes())
    return together.hexdigest()


def _own_folder() -> Path | None:
    """A folder only this user can write to, or None."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    for base in (KERNELS / "__pycache__", home / "vigie"):
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


def cache_folder() -> Path | None:
    """Where numba keeps the kernels; None when nowhere. NUMBA_CACHE_DIR goes before all."""
    told = os.environ.get("NUMBA_CACHE_DIR")
    return Path(told) if told else _own_folder()


def is_compiled(kernel: str) -> bool:
    """Whether a kernel (BUILDING, SCANNING) can be loaded instead of being compiled."""
    folder = cache_folder()
    return folder is not None and any(folder.glob(f"*/{kernel}-*.nbi"))
