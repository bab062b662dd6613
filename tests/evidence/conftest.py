"""A record, a custody log in it, and a real time-stamp authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from index.engine import open_record
from tests.evidence.tsa import TimeStampServer, time_stamp_server


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty record."""
    engine = open_record(f"sqlite:///{tmp_path}/record/vigie.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def shared_tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeStampServer]:
    """One authority for the session."""
    with time_stamp_server(tmp_path_factory.mktemp("tsa") / "a") as server:
        yield server


@pytest.fixture
def tsa(shared_tsa: TimeStampServer) -> Iterator[TimeStampServer]:
    """The authority, without a fault at the start."""
    shared_tsa.fault = ""
    yield shared_tsa
    shared_tsa.fault = ""
