"""A record, a custody log in it, and a real time-stamp authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from evidence.dossier.export import Exported
from index.engine import open_record
from tests.evidence.acts import act_on
from tests.evidence.dossiers import Prepared, prepare
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


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, shared_tsa: TimeStampServer
) -> Iterator[Prepared]:
    """A case with pictures, requests that left, answers, an order and block checks."""
    folder = tmp_path_factory.mktemp("case")
    engine = open_record(f"sqlite:///{folder}/vigie.db")
    shared_tsa.fault = ""
    case = prepare(engine, folder, [shared_tsa.authority("un"), shared_tsa.authority("deux")])
    act_on(case, tmp_path_factory.mktemp("mail"))
    yield case
    engine.dispose()


@pytest.fixture(scope="session")
def court(prepared: Prepared) -> Exported:
    """Its court edition."""
    return prepared.export("court", "made-court")


@pytest.fixture
def tsa(shared_tsa: TimeStampServer) -> Iterator[TimeStampServer]:
    """The authority, without a fault at the start."""
    shared_tsa.fault = ""
    yield shared_tsa
    shared_tsa.fault = ""
