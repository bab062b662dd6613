"""What every test shares: skips are judged, and real sites on loopback are started once."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings
from typer.utils import get_params_from_function

from index import engine
from tests import commands
from tests.new_records import QuickRecords
from tests.skips import Skips
from vigie.demo.sites import BepastySite, DpasteSite, ForumSite, JsBoardSite, PinnwandSite

# The suite draws the same examples each time, so that what it says hangs on the code alone; `make
# soak` draws others, and what it finds becomes a test of its own.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_configure(config: pytest.Config) -> None:
    """Skips are counted and judged."""
    config.pluginmanager.register(Skips())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A name with an address in memory differs between workers, which then run nothing at all."""
    unstable = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if unstable:
        raise pytest.UsageError(f"give the parameters of these tests ids: {unstable}")


def pytest_collection_finish() -> None:
    """What thousands of tests were collected into is no garbage, and not looked through again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Scans without a configuration are logged in the user's state folder: not in yours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _new_records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New records take what the migrations made once."""
    quick = QuickRecords(tmp_path_factory.mktemp("pattern"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "migrate", quick.migrate)
        yield


@pytest.fixture(scope="session", autouse=True)
def _options_read_once() -> Iterator[None]:
    """A command that a test calls is built anew each time; what its function takes stays the same,
    and reading that of ninety commands takes longer than most commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_params_from_function", cache(get_params_from_function))
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands() -> Iterator[None]:
    """What runs commands ends with the tests."""
    yield
    commands.end()


@pytest.fixture(scope="session")
def pinnwand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PinnwandSite]:
    """An empty pinnwand."""
    with PinnwandSite(tmp_path_factory.mktemp("pinnwand")) as site:
        yield site


@pytest.fixture(scope="session")
def bepasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BepastySite]:
    """An empty bepasty."""
    with BepastySite(tmp_path_factory.mktemp("bepasty")) as site:
        yield site


@pytest.fixture(scope="session")
def dpaste(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DpasteSite]:
    """An empty dpaste."""
    with DpasteSite(tmp_path_factory.mktemp("dpaste")) as site:
        yield site


@pytest.fixture(scope="session")
def jsboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JsBoardSite]:
    """An empty board."""
    with JsBoardSite(tmp_path_factory.mktemp("jsboard")) as site:
        yield site


@pytest.fixture(scope="session")
def forum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForumSite]:
    """An empty forum with its authors and its observer."""
    with ForumSite(tmp_path_factory.mktemp("forum")) as site:
        yield site
