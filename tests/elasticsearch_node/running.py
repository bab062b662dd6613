"""Nodes for a test, which is skipped where none can be had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tests.elasticsearch_node.jars import NodeUnavailable
from tests.elasticsearch_node.node import Cluster, Node

Servers = TypeVar("Servers", Node, Cluster)


@contextmanager
def started(node: Servers) -> Iterator[Servers]:
    """The node or nodes while they run; the test is skipped where none can be had."""
    try:
        node.start()
    except NodeUnavailable as unavailable:
        pytest.skip(str(unavailable))
    try:
        yield node
    finally:
        node.stop()
