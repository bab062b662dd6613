"""Words that stand beside a scanned file: a repost's archive lies beside the post with its
password. They are tried as passwords by the limited child and go nowhere else."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

ENDINGS = frozenset({".txt", ".md", ".html", ".htm", ".json", ".nfo", ".eml"})
MAX_FILES = 20
MAX_BYTES = 64 * 1024


def words_beside(path: Path | None) -> str:
    """The texts of small files in the same folder; "" for standard input."""
    if path is None:
        return ""
    others = [text for file, text in _small_files(path.parent) if file != path]
    return "\n".join(others[:MAX_FILES])


@lru_cache(maxsize=1)  # files come folder by folder, and a folder may hold thousands
def _small_files(folder: Path) -> tuple[tuple[Path, str], ...]:
    """The first small files of a folder with their texts, one more than are told."""
    found: list[tuple[Path, str]] = []
    try:
        for file in sorted(folder.iterdir()):
            if len(found) > MAX_FILES:
                break
            if file.suffix.lower() not in ENDINGS or file.is_symlink():
                continue
            if file.is_file() and file.stat().st_size <= MAX_BYTES:
                found.append((file, file.read_text("utf-8", "replace")))
    except OSError:
        pass  # what cannot be read gives no password
    return tuple(found)
