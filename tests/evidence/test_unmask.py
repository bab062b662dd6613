"""One record for one named person: checked against the record, logged first, and no more."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import select

from capture.commitments import commit
from capture.sealing import Sealer
from evidence.custody.verify import verify_log
from evidence.errors import EvidenceError
from evidence.unmask import opener as opening
from evidence.unmask import service
from evidence.unmask.opener import Opener
from evidence.unmask.protocol import MAX_REQUEST, Shown, Wanted
from index.alerts import AlertStore
from index.engine import checkpoint, reading
from index.schema import Act, Capture
from tests import commands
from tests.evidence.unmasking import PEOPLE, REASON, Unmasking, openings, prepare


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Unmasking:
    folder = tmp_path_factory.mktemp("unmask")
    found = prepare(folder)
    checkpoint(found.engine)
    found.engine.dispose()
    return found


@pytest.fixture
def unmasking(tmp_path: Path, made: Unmasking) -> Iterator[Unmasking]:
    found = made.copied(tmp_path / "copy")
    yield found
    found.engine.dispose()


def opener(unmasking: Unmasking, later: timedelta = timedelta(), days: int = 30) -> Opener:
    return Opener(
        unmasking.engine, unmasking.folder / "var" / "originals", unmasking.key_file, days,
        lambda: datetime.now(UTC) + later,
    )  # fmt: skip


def acts(unmasking: Unmasking, what: str) -> list[Any]:
    with reading(unmasking.engine) as connection:
        query = select(Act.who, Act.subject, Act.detail, Act.reason).where(Act.what == what)
        return list(connection.execute(query))


def test_one_record_is_shown_and_the_log_says_to_whom_and_why(unmasking: Unmasking) -> None:
    session = unmasking.accounts.open_session("claire", "link")
    shown = opener(unmasking).open(unmasking.wanted(session))
    assert (shown.why_not, shown.seen) == ("", PEOPLE[11])
    (entry,) = acts(unmasking, "unmask")
    assert (entry.who, entry.subject, entry.reason) == ("claire", "alert:1", REASON)
    assert entry.detail == {"hit": unmasking.hit, "row": 11}
    assert not verify_log(unmasking.engine, []).failed


def test_the_entry_is_there_before_anything_is_decrypted(
    unmasking: Unmasking, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def decrypting(*_: object) -> dict[str, bytes]:
        seen.append(len(acts(unmasking, "unmask")))
        raise ValueError("stop here")

    monkeypatch.setattr(opening, "members", decrypting)
    session = unmasking.accounts.open_session("claire", "link")
    assert opener(unmasking).open(unmasking.wanted(session)).why_not == "damaged"
    assert seen == [1]


@pytest.mark.parametrize(
    "why", ["not-allowed", "no-session", "reason", "not-found", "not-there", "decided", "old",
            "off", "taken-away"],
)  # fmt: skip
def test_what_is_refused(unmasking: Unmasking, why: str) -> None:
    who = "paul" if why == "not-allowed" else "claire"
    session = unmasking.accounts.open_session(who, "link")
    wanted, use = unmasking.wanted(session), opener(unmasking)
    expected = {"no-session": "not-allowed", "old": "gone", "taken-away": "not-allowed"}.get(
        why, why
    )
    if why == "no-session":
        wanted = unmasking.wanted("no such session")
    elif why == "reason":
        wanted = unmasking.wanted(session, reason="       x    ")
    elif why == "not-found":
        wanted = replace(wanted, hit=999)
    elif why == "not-there":
        wanted = unmasking.wanted(session, row=13)
    elif why == "decided":
        alerts = AlertStore(unmasking.engine)
        alerts.decide(1, "confirmed", "ours", "paul", alerts.list().alerts[0].version)
        assert unmasking.working.exists()  # not yet cleared: refused all the same
    elif why == "old":
        before = (datetime.now(UTC) - timedelta(days=31)).timestamp()
        os.utime(unmasking.working, (before, before))
    elif why == "off":
        use = opener(unmasking, days=0)
    elif why == "taken-away":
        unmasking.accounts.disable("claire")
    shown = use.open(wanted)
    assert (shown.why_not, shown.seen) == (expected, ())
    if why in ("not-allowed", "decided", "old", "not-found"):
        (entry,) = acts(unmasking, "unmask-refused")
        assert (entry.who, entry.detail["why"]) == (who, expected)


def test_a_planted_working_copy_is_not_believed(unmasking: Unmasking) -> None:
    """Whoever can write to the disk can encrypt to a public key: another's values, or ours."""
    public = commit([{"leak": "labos", "row": 11, "seen": [{"field": "nir", "text": "planted"}]}])
    root = json.loads(json.dumps(public.openings))
    with reading(unmasking.engine) as connection:
        root["root"] = connection.scalars(select(Capture.commitments)).one()["root"]
    name = Sealer(unmasking.folder / "x", [unmasking.recipient]).seal(b"", {}, openings(root))
    shutil.copy(unmasking.folder / "x" / name, unmasking.working)
    session = unmasking.accounts.open_session("claire", "link")
    assert opener(unmasking).open(unmasking.wanted(session)).why_not == "damaged"


def test_a_link_in_place_of_the_file_is_not_followed(unmasking: Unmasking) -> None:
    elsewhere = unmasking.folder / "elsewhere.age"
    unmasking.working.rename(elsewhere)
    unmasking.working.symlink_to(elsewhere)
    session = unmasking.accounts.open_session("claire", "link")
    assert opener(unmasking).open(unmasking.wanted(session)).why_not == "gone"


def test_nobody_reads_a_leak_record_by_record(
    unmasking: Unmasking, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = unmasking.accounts.open_session("claire", "link")
    use = opener(unmasking)
    for _ in range(opening.PER_HOUR):
        assert not use.open(unmasking.wanted(session)).why_not
    assert use.open(unmasking.wanted(session, row=12)).why_not == "too-many"
    assert not acts(unmasking, "unmask")[opening.PER_HOUR :]
    # An hour on it goes again. (The session is idle for 50 minutes only.)
    monkeypatch.setattr(opening, "HOUR", timedelta(minutes=49))
    assert not opener(unmasking, timedelta(minutes=50)).open(unmasking.wanted(session)).why_not


def test_the_process_answers_and_keeps_nothing(unmasking: Unmasking) -> None:
    session = unmasking.accounts.open_session("claire", "link")
    with unmasking.running() as (unmasker, process):
        assert unmasker.open(unmasking.wanted(session)).seen == PEOPLE[11]
        assert unmasker.open(unmasking.wanted(session, row=12)).seen == PEOPLE[12]
        # No core file; that its memory is closed to its account is looked at below.
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits)
        words = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert b"AGE-SECRET" not in words
        for hostile in (
            b"", b"{}\n", b"[" * 4_000 + b"\n", b"x" * (MAX_REQUEST + 100) + b"\n",
            b'{"session": 1, "hit": -1, "row": true, "reason": null}\n', b"\x00\xff\n",
        ):  # fmt: skip
            assert said(unmasking.place, hostile).why_not == "wrong"
        # One that says nothing and stays does not stand in the way of the next.
        with closing(socket.socket(socket.AF_UNIX)) as silent:
            silent.connect(str(unmasking.place))
            assert unmasker.open(unmasking.wanted(session)).seen == PEOPLE[11]
        process.terminate()
        assert process.wait(20) == 0
        assert process.stdout is not None
        told = process.stdout.read()
    assert told == b""
    assert not unmasking.place.exists()
    everything = b"".join(
        path.read_bytes() for path in (unmasking.folder / "var").rglob("*") if path.is_file()
    )
    for seen in PEOPLE.values():
        for _, text in seen:
            assert text.encode() not in everything
    assert unmasker.open(unmasking.wanted(session)).why_not == "away"


def test_its_memory_is_closed_to_its_own_account() -> None:
    look = (
        "import ctypes; from evidence.unmask.service import harden; harden(); "
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60)
    assert run.stdout == "0\n", run.stderr


def said(place: Path, line: bytes) -> Shown:
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(20)
        connection.connect(str(place))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        return Shown.read(connection.makefile("rb").readline())


def test_another_account_gets_no_answer(unmasking: Unmasking) -> None:
    asked: list[Wanted] = []

    def answer(wanted: Wanted) -> Shown:
        asked.append(wanted)
        return Shown("off")

    over = [False, False, True]
    with (
        service.listening(unmasking.place) as listener,
        closing(socket.socket(socket.AF_UNIX)) as stranger,
    ):
        stranger.connect(str(unmasking.place))
        stranger.sendall(unmasking.wanted("x").line())
        service.serve(listener, answer, frozenset({os.getuid() + 1}), lambda: over.pop(0))
        with suppress(ConnectionResetError):
            assert stranger.recv(100) == b""
    assert not asked


@pytest.mark.parametrize("wrong", ["open", "another", "none", "two"])
def test_a_key_that_will_not_do_is_said(unmasking: Unmasking, wrong: str) -> None:
    other = pyrage.x25519.Identity.generate()
    if wrong == "open":
        unmasking.key_file.chmod(0o644)
    elif wrong == "another":
        unmasking.key_file.write_text(str(other))
    elif wrong == "two":
        unmasking.key_file.write_text(f"{unmasking.key_file.read_text()}{other}\n")
    else:
        unmasking.key_file.unlink()
    says = {"open": "chmod 600", "another": "one key alone", "two": "one key alone"}
    with pytest.raises(EvidenceError, match=says.get(wrong, "cannot be read")):
        service.check_key(unmasking.key_file, unmasking.recipient)


@pytest.mark.parametrize(("line", "says"), [
    ("work_days = 0", "switched off"), ("", "work_key_file"),
])  # fmt: skip
def test_without_days_or_key_there_is_no_process(made: Unmasking, line: str, says: str) -> None:
    config = made.folder / "other.toml"
    text = made.config.read_text()
    text = text.replace("work_days = 30", line) if line else text.replace("work_key_file", "# ")
    config.write_text(text)
    run = commands.as_text(commands.vigie("unmask", "serve", "--config", config, timeout=60))
    assert run.returncode == 4
    assert says in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_dead_process_leaves_no_bar(unmasking: Unmasking) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(unmasking.place))
    with service.listening(unmasking.place):
        with pytest.raises(EvidenceError, match="another"), service.listening(unmasking.place):
            pass
        assert unmasking.place.stat().st_mode & 0o777 == 0o600
