"""What the limited child imports, for it opens no file afterwards: a part of the readers, or all.

Texts, pages, zip, tar and what is compressed are most of what comes; their readers take a third of
the time and of the memory of all. A child that has these only holds every further import back
and says so: its parent then starts one with all readers and gives it the same document.
"""

from __future__ import annotations

import bz2
import codecs
import encodings.aliases
import gzip
import importlib
import io
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from extraction.read import extract

CHARSETS = (
    "ascii", "utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le",
    "utf_32_be", "latin_1", "iso8859_15", "cp1252", "cp850", "cp437", "unicode_escape",
)  # fmt: skip


class NotHere(BaseException):
    """An import was held back. No handler of Exception takes it for a damaged document."""


class Held:
    """Holds imports back, first among the finders; `wanted` is the first module asked for."""

    def __init__(self) -> None:
        self.wanted = ""

    def begin(self) -> None:
        """From now on."""
        sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise NotHere."""
        self.wanted = self.wanted or name
        raise NotHere(name)


def import_some() -> None:
    """What texts, pages and plain archives need, at their first one too."""
    for name in CHARSETS:
        codecs.lookup(name)
    for body in (b"plain \\n", "<!doctype html><p>é<script>{}</script>".encode(), *_archives()):
        extract(body)


def import_all() -> None:
    """Everything that would open a file later."""
    for name in {*encodings.aliases.aliases.values(), "utf_8_sig"}:
        try:
            codecs.lookup(name)
        except LookupError:
            continue  # a codec of another system
    import_some()
    for reader in ("databases", "office", "pdf", "pictures", "sevenzip", "sheets"):
        importlib.import_module(f"extraction.{reader}")
    import charset_normalizer

    from extraction import rar, warm_up

    charset_normalizer.from_bytes("déjà vu, çà et là".encode("cp850")).best()
    rar.library()
    warm_up.open_one_of_each()


def _archives() -> list[bytes]:
    """A zip and a tar of one file, and one text in each compression."""
    tar, zip_ = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    with zipfile.ZipFile(zip_, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a", "a")
    text = b"a text in a compressed file\n" * 4
    compressed = gzip.compress(text), bz2.compress(text), lzma.compress(text, preset=0)
    return [tar.getvalue(), zip_.getvalue(), *compressed]
