"""Dossiers for the review application, each made by `vigie evidence export` in its own process.

The reason goes to it by its standard input, never on its command line, which everyone on the
machine can read. What was made lies in the storage folder for a day.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from review.exports import Export

DAY = 86_400.0
AT_ONCE = 2
SECONDS = 1_800
STATE, PROGRESS, ARCHIVE = "export.json", "progress.json", "dossier.zip"


class Exports:
    """Below `folder`; `config_file` is what the commands read."""

    def __init__(self, folder: Path, config_file: Path) -> None:
        self._folder, self._config_file = folder, config_file
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        shutil.rmtree(folder, ignore_errors=True)  # of a process that is no more

    def start(self, case: int, edition: str, who: str, reason: str) -> str:
        """Begin; the export's token."""
        self._clear()
        token = secrets.token_hex(16)
        place = self._folder / token
        place.mkdir(mode=0o700, parents=True)
        told = {"case": case, "edition": edition, "who": who, "state": "running"}
        _write(place / STATE, told)
        threading.Thread(
            target=self._make, args=(place, told, reason), name="export", daemon=True
        ).start()
        return token

    def get(self, token: str) -> Export | None:
        """As it stands; None when there is none, or its day is over."""
        place = self._folder / token
        told = _read(place / STATE)
        if not told:
            return None
        progress = _read(place / PROGRESS)
        ready = told["state"] == "ready"
        return Export(
            token, told["case"], told["edition"], told["who"], told["state"],
            progress.get("done", 0), progress.get("total", 0), told.get("why", ""),
            place / ARCHIVE if ready else None,
        )  # fmt: skip

    def _make(self, place: Path, told: dict[str, Any], reason: str) -> None:
        out = place / f"dossier-{told['case']}-{told['edition']}"
        command = [
            sys.executable, "-m", "vigie.cli", "evidence", "export", str(told["case"]),
            "--edition", told["edition"], "-o", str(out), "--who", told["who"], "--reason", "-",
            "--progress", str(place / PROGRESS), "--config", str(self._config_file), "--json",
        ]  # fmt: skip
        with self._slots:
            try:
                run = subprocess.run(
                    command, input=reason, capture_output=True, text=True, timeout=SECONDS
                )
                if run.returncode:
                    told = {**told, "state": "failed", "why": run.stderr.strip()[-300:]}
                else:
                    made = shutil.make_archive(str(place / "made"), "zip", out.parent, out.name)
                    Path(made).rename(place / ARCHIVE)
                    told = {**told, "state": "ready"}
            except (OSError, subprocess.SubprocessError) as error:
                told = {**told, "state": "failed", "why": type(error).__name__}
            finally:
                shutil.rmtree(out, ignore_errors=True)
                _write(place / STATE, told)

    def _clear(self) -> None:
        if not self._folder.is_dir():
            return
        for place in self._folder.iterdir():
            if time.time() - place.stat().st_mtime > DAY:
                shutil.rmtree(place, ignore_errors=True)


def tell_into(file: Path) -> Any:
    """What an export is told to tell, written into a file."""

    def tell(done: int, total: int, _what: str) -> None:
        _write(file, {"done": done, "total": total})

    return tell


def _write(file: Path, told: dict[str, Any]) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(told))
    part.rename(file)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
