"""Before a command sets its logs up: no content of a library's message, structlog never bare."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def ran(code: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: what is imported there is imported for the first time."""
    begin = "import logging, sys\nfrom vigie import quiet\nquiet.begin()\n"
    return subprocess.run(
        [sys.executable, "-c", begin + textwrap.dedent(code)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_a_warning_of_a_library_is_told_by_its_place() -> None:
    done = ran(
        """
        def speak():
            logging.getLogger("some.library").warning("page of %s", "Jeanne Martineau")
            logging.getLogger("some.library").info("nothing")
        speak()
        assert "structlog" not in sys.modules
        """
    )
    assert "Martineau" not in done.stdout + done.stderr
    [line] = done.stderr.splitlines()
    assert "some.library" in line
    assert "function=speak" in line


@pytest.mark.parametrize(
    "load", ["import structlog", "from structlog import stdlib", "import crawler.judge, structlog"]
)
def test_whoever_loads_structlog_finds_it_set_up(load: str) -> None:
    done = ran(
        f"""
        {load}
        import structlog
        secret = "Jeanne Martineau"
        log = structlog.get_logger("crawler.x")
        try:
            raise ValueError(secret)
        except ValueError:
            log.warning("refused", pages=3, exc_info=True)
        logging.getLogger("some.library").warning("page of %s", secret)
        print(structlog.is_configured(), type(structlog.__spec__.loader).__name__)
        """
    )
    assert done.stdout == "True SourceFileLoader\n"
    assert "refused" in done.stderr
    assert "pages=3" in done.stderr
    assert "ValueError" in done.stderr
    assert "Martineau" not in done.stderr


def test_a_command_that_sets_its_own_logs_up_has_its_own() -> None:
    done = ran(
        """
        from pathlib import Path
        import tempfile
        from vigie import logs
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.jsonl"
            logs.configure(path)
            import structlog
            structlog.get_logger("crawler.x").info("begun")
            print(path.read_text())
        """
    )
    assert '"event": "begun"' in done.stdout
    assert done.stderr == ""
