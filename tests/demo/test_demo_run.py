"""`vigie demo` as a whole: it stops in time, leaves nothing running, and goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from index.engine import open_record, reading
from index.schema import Alert

# Deadlines, not measurements: with nothing compiled yet the first alert takes its time.
pytestmark = [pytest.mark.sites, pytest.mark.timeout(600)]
ROWS = "2000"


def _start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "vigie.cli", "demo", "--rows", ROWS, "--every", "3s"]
    with (folder.parent / "out.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--folder", str(folder)], stdout=log, stderr=log, start_new_session=True
        )


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def _left(family: list[psutil.Process]) -> list[int]:
    return [process.pid for process in family if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    # A zombie that nobody reaps in a container is dead all the same.
    with suppress(psutil.NoSuchProcess):  # it may end between the two questions
        return process.is_running() and bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _until(true: Callable[[], bool], seconds: float, what: str, folder: Path) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            said = (folder.parent / "out.log").read_text(encoding="utf-8")[-3000:]
            pytest.fail(f"not within {seconds} s: {what}\n{said}")
        time.sleep(0.2)


def _alerts(folder: Path) -> dict[int, bytes]:
    record = folder / "storage" / "vigie.db"
    if not record.exists():
        return {}
    engine = open_record(f"sqlite:///{record}")
    try:
        with reading(engine) as connection:
            rows = connection.execute(select(Alert.id, Alert.location_key))
            return {row.id: row.location_key for row in rows}
    finally:
        engine.dispose()


def test_killed_it_loses_no_alert_and_doubles_none_and_stopped_it_leaves_no_process(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "demo"
    first = _start(folder)
    try:
        _until(lambda: len(_alerts(folder)) >= 5, 240, "the first alerts", folder)
        family = _family(first.pid)
        assert len(family) > 6
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    _until(lambda: not _left(family), 10, "every child is gone after kill -9", folder)
    before = _alerts(folder)
    journal = folder / "poster" / "journal.jsonl"
    posted = journal.read_text(encoding="utf-8").count('"posted"')

    second = _start(folder)

    def went_on() -> bool:
        text = journal.read_text(encoding="utf-8")
        return text.count('"posted"') > posted + 20 and len(_alerts(folder)) > len(before)

    try:
        _until(went_on, 240, "more posts and alerts after the kill", folder)
        family = _family(second.pid)
        began = time.monotonic()
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=15) == 0
        assert time.monotonic() - began < 10
    finally:
        second.kill()
        second.wait()
    _until(lambda: not _left(family), 2, "every child is gone after SIGTERM", folder)

    after = _alerts(folder)
    assert before.items() <= after.items()
    assert set(Counter(after.values()).values()) == {1}
    keys = [
        (line["round"], line["posted"])
        for line in map(json.loads, journal.read_text(encoding="utf-8").splitlines())
        if "posted" in line
    ]
    assert len(keys) == len(set(keys))
