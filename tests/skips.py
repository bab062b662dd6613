"""A skipped test proves nothing: the run says how many tests ran, and fails on a skip that is
not on this list. Registered by tests/conftest.py."""

from __future__ import annotations

from collections import Counter

import pytest

# Programs and libraries that come from the system, not from our lock files, word for word. Anything
# else that is missing is a fault of the installation.
EXPECTED = frozenset(
    {
        "libarchive is not installed",
        "Tesseract is not installed",
        "no Python among the system's programs",
        # tests/elasticsearch_node: a real node needs both; where they are, nothing is skipped.
        "Java 17, its compiler or Maven is not installed",
        "Java 21 or newer with its compiler is not installed",
        "the jars of Elasticsearch cannot be fetched here",
        # tests/evidence/verapdf
        "Java or Maven is not installed",
        "the jars of veraPDF cannot be fetched here",
    }
)


class Skips:
    """Counts what ran and what was skipped, for the last line and the exit status."""

    def __init__(self) -> None:
        self._ran: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    @property
    def unexpected(self) -> list[str]:
        """Reasons that are not on the list."""
        return sorted(reason for reason in self._reasons if reason not in EXPECTED)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Every phase of every test; an expected failure is not a skip."""
        if report.skipped:
            if not hasattr(report, "wasxfail"):
                self._skipped(report)
        elif report.when == "call":
            self._ran[report.outcome] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Whole files can be skipped too."""
        if report.skipped:
            self._skipped(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run that would pass fails on an unexpected skip."""
        if self.unexpected and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """How many ran, how many did not, and what is wrong with that."""
        ran, skipped = self._ran.total(), self._reasons.total()
        terminalreporter.write_line(
            f"{ran} tests ran: {self._ran['passed']} passed, {self._ran['failed']} failed; "
            f"{skipped} skipped, {len(self.unexpected)} of the reasons unexpected."
        )
        for reason in self.unexpected:
            terminalreporter.write_line(
                f"Unexpected skip: {reason}. Make the test run here, or add the reason to "
                "tests/skips.py and say why.",
                red=True,
            )

    def _skipped(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        told = report.longrepr
        words = str(told[2] if isinstance(told, tuple) else told)
        self._reasons[words.removeprefix("Skipped: ")] += 1
