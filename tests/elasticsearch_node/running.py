"""A node for a test, which is skipped where none can be had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.elasticsearch_node.jars import NodeUnavailable
from tests.elasticsearch_node.node import Node


@contextmanager
def started(node: Node) -> Iterator[Node]:
    """The node while it runs; the test is skipped where none can be had."""
    try:
        node.start()
    except NodeUnavailable as unavailable:
        pytest.skip(str(unavailable))
    try:
        yield node
    finally:
        node.stop()
