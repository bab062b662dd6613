"""Nodes for a test, which is skipped where none can be had."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.elasticsearch_node.certificates import Authority
from tests.elasticsearch_node.classes import archive
from tests.elasticsearch_node.jars import NodeUnavailable, cache_folder
from tests.elasticsearch_node.node import Cluster, Node

Servers = TypeVar("Servers", Node, Cluster)
ARCHIVE_SECONDS = 120.0


@contextmanager
def started(node: Servers) -> Iterator[Servers]:
    """The node or nodes while they run; the test is skipped where none can be had."""
    try:
        _archive_made()
        node.start()
    except NodeUnavailable as unavailable:
        pytest.skip(str(unavailable))
    try:
        yield node
    finally:
        node.stop()


def _archive_made() -> None:
    """Once on a machine: a node starts, and its Java writes its classes down when it ends."""
    if archive().exists():
        return
    with cache_folder(".archive-lock") as folder:
        if archive().exists():
            return
        with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part:
            draft = Path(part) / "classes.jsa"
            node = Node(
                Path(part) / "node",
                # One with security: it loads what the others load, and more.
                authority=Authority(Path(part) / "authority"),
                java_options=(f"-XX:ArchiveClassesAtExit={draft}",),
            )
            node.start()
            node.stop(ARCHIVE_SECONDS)
            # A Java that makes none is not asked again.
            draft.touch()
            draft.rename(archive())
