"""The questions of `vigie init`: a wrong answer is said and asked again, nothing is lost by it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

CODE = """
import sys
from pathlib import Path
from vigie import interview
answers = interview.Answers(
    leak=None, folder=Path(sys.argv[1]), name="", keys=None, storage=None, schema=None, sources=(),
    allow=(), authority="", authority_until="", every="60s", user="", password_file=None,
    recipient="",
)
plan, password = interview.complete(answers, ask=True)
print()
print("PLAN", plan.leak.name, [(s.address, s.allow) for s in plan.sources], repr(plan.authority),
      plan.authority_until, plan.user, password)
"""


class Terminal:
    """A person at a terminal."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, *arguments], stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self.screen = ""

    def answer(self, question: str, text: str) -> None:
        """Wait for a question that was not answered yet, then type."""
        before = len(self.screen)
        self._read(question, before)
        os.write(self._master, f"{text}\n".encode())
        time.sleep(0.05)

    def end(self) -> int:
        """Read what is left."""
        self._read("\0 never", len(self.screen))
        os.close(self._master)
        return self._process.wait(10)

    def _read(self, awaited: str, since: int) -> None:
        deadline = time.monotonic() + 30
        while awaited not in self.screen[since:] and time.monotonic() < deadline:
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                self.screen += os.read(self._master, 4096).decode()
            except OSError:  # the other side has closed
                return


@pytest.mark.timeout(120)
def test_wrong_answers_are_asked_again(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("NOM\nX\n")
    person = Terminal("-c", CODE, str(tmp_path))
    person.answer("leaked file", str(tmp_path / "nowhere.csv"))
    person.answer("leaked file", str(tmp_path / "patients.csv"))
    person.answer("keys", "")
    person.answer("storage", "")
    person.answer("page to watch", "127.0.0.1:8977")
    person.answer("page to watch", "http://127.0.0.1:8977/")
    person.answer("all the same?", "y")
    person.answer("page to watch", "")
    person.answer("Who decided", "the controller")
    person.answer("Until when", "next year")
    person.answer("Until when", "2027-06-30")
    person.answer("First user", "two words")
    person.answer("First user", "anne")
    person.answer("Password", "short")
    person.answer("Password", "a sentence of a few words")
    assert person.end() == 0, person.screen
    assert (
        "PLAN patients.csv [('http://127.0.0.1:8977/', ('127.0.0.0/8',))] 'the controller' "
        "2027-06-30 anne a sentence of a few words"
    ) in person.screen
    for said in ("There is no file", "must begin with http", "no date", "user name", "at least 12"):
        assert said in person.screen


def test_an_existing_case_is_told_before_the_first_question(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").touch()
    person = Terminal("-c", CODE, str(tmp_path))
    assert person.end() != 0
    assert "not overwritten" in person.screen
    assert "leaked file" not in person.screen
