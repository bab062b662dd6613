"""Words that stand beside a scanned file: a repost's archive lies beside the post with its
password. They are tried as passwords by the limited child and go nowhere else."""

from __future__ import annotations

from pathlib import Path

ENDINGS = frozenset({".txt", ".md", ".html", ".htm", ".json", ".nfo", ".eml"})
MAX_FILES = 20
MAX_BYTES = 64 * 1024


def words_beside(path: Path | None) -> str:
    """The texts of small files in the same folder; "" for standard input."""
    if path is None:
        return ""
    found: list[str] = []
    try:
        for file in sorted(path.parent.iterdir()):
            if len(found) >= MAX_FILES:
                break
            if file == path or file.suffix.lower() not in ENDINGS or file.is_symlink():
                continue
            if file.is_file() and file.stat().st_size <= MAX_BYTES:
                found.append(file.read_text("utf-8", "replace"))
    except OSError:
        pass  # what cannot be read gives no password
    return "\n".join(found)
