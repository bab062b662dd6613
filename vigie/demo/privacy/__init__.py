"""A search through storage, logs, temporary folders and browser profiles for plain values.

`search` says what kind stands where and never the value itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from vigie.demo.privacy.needles import Needles
from vigie.demo.privacy.reading import Unreadable, View, views_of
from vigie.demo.privacy.scanning import scan

__all__ = ["Finding", "Needles", "Unreadable", "search"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One value in plain. `kind`: nir, phone, email, birth, comment, password or text.

    `of` is the name of the needles; `where` is "" for the file's own bytes, "name" for its path,
    "table NAME", "gzip", "base64" and so on for other views; `offset` counts bytes, or rows of a
    table.
    """

    file: Path
    kind: str
    of: str
    where: str
    offset: int


def search(folders: Sequence[Path], *needles: Needles) -> list[Finding]:
    """Every finding in all files under the folders (a file may be named too), sorted.

    Links are not followed; sockets and the like are left out; a file that goes meanwhile is
    no error. Raises Unreadable for one that cannot be read.
    """
    found: set[Finding] = set()
    for root in folders:
        for path in sorted(_files(root)):
            name = View("name", os.fsencode(str(path.relative_to(root.parent))))
            for view in chain((name,), views_of(path)):
                for wanted in needles:
                    for kind, at in scan(view.data, wanted, glued=view.glued):
                        found.add(Finding(path, kind, wanted.name, view.where, view.place(at)))
    return sorted(found)


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, _, names in os.walk(root, onerror=_refuse):
        for name in names:
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise Unreadable(f"{error.filename} cannot be listed ({error.strerror})") from None
