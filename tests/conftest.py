"""What every test shares: skips are judged, and real sites on loopback are started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.skips import Skips
from vigie.demo.sites import BepastySite, ForumSite, JsBoardSite, PinnwandSite


def pytest_configure(config: pytest.Config) -> None:
    """Skips are counted and judged."""
    config.pluginmanager.register(Skips())


# Programs and libraries that come from the system, not from our lock files. Anything else that is
# missing is a fault of the installation: the run then fails instead of testing less in silence.
EXPECTED_SKIPS = frozenset(
    {
        "libarchive is not installed",
        "tesseract is not installed",
        "no Python among the system's programs",
    }
)
_skipped: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note each skipped test with its reason; an expected failure is not a skip."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped[report.nodeid] = _reason(report.longrepr)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """The same for a file that is skipped as a whole."""
    if report.skipped:
        _skipped[report.nodeid] = _reason(report.longrepr)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for a skip that is not expected."""
    if _unexpected() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped and why, and which of it nobody expects."""
    for test, reason in _skipped.items():
        word = "skipped, as may be" if reason in EXPECTED_SKIPS else "SKIPPED UNEXPECTEDLY"
        terminalreporter.write_line(f"{word}: {test}: {reason}")


def _reason(report: object) -> str:
    """The words given to skip, out of pytest's (file, line, "Skipped: words")."""
    words = report[2] if isinstance(report, tuple) else str(report)
    return words.removeprefix("Skipped: ")


def _unexpected() -> list[str]:
    return [test for test, reason in _skipped.items() if reason not in EXPECTED_SKIPS]


@pytest.fixture(scope="session", autouse=True)
def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Scans without a configuration are logged in the user's state folder: not in yours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


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
def jsboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JsBoardSite]:
    """An empty board."""
    with JsBoardSite(tmp_path_factory.mktemp("jsboard")) as site:
        yield site


@pytest.fixture(scope="session")
def forum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForumSite]:
    """An empty forum with its authors and its observer."""
    with ForumSite(tmp_path_factory.mktemp("forum")) as site:
        yield site
