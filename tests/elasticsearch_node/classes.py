"""An archive of the node's classes as Java has them in memory once they are read and checked.

A start spends half its time on reading and checking the same classes; with the archive it maps
them. It lies in the cache folder beside the jars, one for each Java and each set of jars, and Java
itself looks whether it fits.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.elasticsearch_node.jars import EIGHT, Release, class_path, java, java_says


def shared_classes(release: Release) -> list[str]:
    """Java's options for a start from the archive; none where it was not made."""
    if release is not EIGHT:
        # Started once a run, which does not pay for an archive.
        return []
    file = archive()
    return [f"-XX:SharedArchiveFile={file}"] if file.exists() and file.stat().st_size else []


def archive() -> Path:
    """Where the archive lies, or will; empty where this Java makes none."""
    jars = class_path(EIGHT)
    made_of = hashlib.sha256(f"{jars}\0{java_says(java(EIGHT).parent)}".encode())
    launcher = Path(jars.partition(":")[0])
    return launcher.parents[1] / f"shared-{made_of.hexdigest()[:12]}.jsa"
