"""The whole way of the data on a real site: a paste of a leaked row becomes an alert, an ordinary
paste leaves nothing, and neither a polite nor a hard stop loses or doubles anything."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Any

import psutil
import pyrage
import pytest

from index.alerts import AlertStore
from index.engine import open_record
from tests import commands
from tests.evidence.completing import complete
from tests.evidence.surroundings import HOST, Surroundings, surroundings
from vigie.demo.clients.pastes import BepastyClient
from vigie.demo.leak.generator import generate
from vigie.demo.leak.row import LeakRow, read_rows
from vigie.demo.sites import BepastySite

pytestmark = pytest.mark.sites

VIGIE = [sys.executable, "-m", "vigie.cli"]
ORDINARY = "Recette du gratin quenouille-7241 : trois pommes, du sel, un four bien chaud.\n"


def vigie(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.as_text(commands.vigie(*arguments, cwd=folder, timeout=180))


def alerts(folder: Path) -> list[dict[str, Any]]:
    answer = vigie(folder, "alerts", "--json")
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def alerted(folder: Path) -> list[int]:
    """Records of each alert, read beside the watch: a command for every look would cost more than
    the watch itself."""
    try:
        with closing(sqlite3.connect(f"file:{folder}/var/vigie.db?mode=ro", uri=True)) as record:
            return [row[0] for row in record.execute("SELECT records FROM alert ORDER BY id")]
    except sqlite3.OperationalError:
        return []  # not created yet


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[LeakRow]]:
    """A small leak, its key and fingerprint file."""
    folder = tmp_path_factory.mktemp("leak")
    generate(folder / "leak.csv", 3000, 11)
    for arguments in (
        ("key", "new", "leak.key"),
        ("leak", "fingerprint", "leak.csv", "--key", "leak.key", "-o", "leak.vfp"),
        # The first scan on a machine compiles the kernel, which would count as the watch's time.
        ("scan", "leak.csv", "--leak", "leak.vfp", "--key", "leak.key", "--json"),
    ):
        made = vigie(folder, *arguments)
        assert made.returncode == 0, made.stderr
    return folder, list(read_rows(folder / "leak.csv"))


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """DNS, RDAP, clock and authorities of a capture."""
    with surroundings(tmp_path_factory.mktemp("outside") / "parties") as parties:
        yield parties


@pytest.fixture
def case(
    rows: tuple[Path, list[LeakRow]], bepasty: BepastySite, outside: Surroundings, tmp_path: Path
) -> tuple[Path, str]:
    """A configuration that watches the real paste site; also the private age key."""
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "vigie.toml").write_text(
        f"""
[storage]
key_file = "keys/record.key"
[sealing]
recipients = ["{identity.to_public()}", "{pyrage.x25519.Identity.generate().to_public()}"]
{outside.config}
[[leak]]
file = "{rows[0] / "leak.vfp"}"
key_file = "{rows[0] / "leak.key"}"
[[source]]
id = "pastes"
engine = "bepasty"
start = ["{named(bepasty.address)}/"]
dns = ["{outside.dns}"]
every = "1s"
delay = "0s"
authority = "a test on loopback"
allow_addresses = ["127.0.0.0/8"]
[[source]]
id = "down"
start = ["http://127.0.0.1:9/"]
every = "1s"
allow_addresses = ["127.0.0.0/8"]
"""
    )
    return tmp_path, str(identity)


class Watch:
    """`vigie watch` as a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with (folder / "watch.err").open("ab") as log:
            self.process = subprocess.Popen(
                [*VIGIE, "watch", "--no-review"], cwd=folder, stderr=log, process_group=0
            )

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(30), time.monotonic() - began


@pytest.fixture
def start(case: tuple[Path, str]) -> Iterator[Callable[[], Watch]]:
    running: list[Watch] = []

    def begin() -> Watch:
        running.append(Watch(case[0]))
        return running[-1]

    yield begin
    for watch in running:
        if watch.process.poll() is None:
            watch.process.kill()
            watch.process.wait()


def named(address: str) -> str:
    """An address of this machine under the name that has DNS and RDAP."""
    return address.replace("127.0.0.1", HOST, 1)


def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(1.0)  # a look may be a command, which takes a second of what the watch needs


def everything(folder: Path) -> bytes:
    """All that the watch wrote, logs included."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return b"\0".join(path.read_bytes() for path in paths)


def test_from_paste_to_alert_through_stops_and_crashes(
    case: tuple[Path, str],
    rows: tuple[Path, list[LeakRow]],
    bepasty: BepastySite,
    start: Callable[[], Watch],
) -> None:
    folder, identity = case
    leaked = rows[1]
    with BepastyClient(bepasty.address) as site:
        site.paste("recette", ORDINARY * 3)
        first = site.paste("base", "\n".join(row.line() for row in leaked[40:44]))
        watch = start()
        until(lambda: len(alerted(folder)) == 1)
        found = alerts(folder)[0]
        assert found["location"] == named(first.address)
        assert (found["records"], found["source"], found["status"]) == (4, "pastes", "open")
        assert found["found_after_s"] is not None

        # A hard stop of everything, then a post, then a start: the rest is found, once.
        os.killpg(watch.process.pid, signal.SIGKILL)
        watch.process.wait()
        site.paste("suite", leaked[50].line())
        watch = start()
        until(lambda: len(alerted(folder)) == 2)
        site.paste("suite2", ";".join(leaked[60].cells()[1:11]))
        until(lambda: len(alerted(folder)) == 3)

    gathered = completed(folder)
    status, seconds = watch.stop()
    assert status == 0
    assert seconds < 10
    assert [alert["records"] for alert in alerts(folder)] == [4, 1, 1]
    assert gathered == {
        "dns": "made", "rdap": "made", "clocks": "made", "environment": "made", "page": "made",
        "dom": "made", "visit": "made", "chain": "not-possible", "direct": "not-needed",
    }  # fmt: skip
    assert vigie(folder, "index", "status").returncode == 0
    # One crawl by hand finds nothing new.
    by_hand = vigie(folder, "crawl", "pastes", "--json")
    assert by_hand.returncode == 0, by_hand.stderr
    assert json.loads(by_hand.stdout)["new_alerts"] == 0
    down = vigie(folder, "crawl", "down")
    assert down.returncode == 4
    assert "does not answer" in down.stderr
    listed = vigie(folder, "source", "list", "--json").stdout.splitlines()
    failures = {item["id"]: item["failures"] for item in map(json.loads, listed)}
    assert failures["pastes"] == 0
    assert failures["down"] >= 1

    written = everything(folder)
    for word in (b"quenouille", b"gratin"):
        assert word not in written
    for row in (leaked[40], leaked[43], leaked[50], leaked[60]):
        for value in (row.nir, row.mobile, row.email, row.street, row.comment):
            if len(value) > 6:
                assert value.encode() not in written
                assert value.encode("latin-1") not in written

    to_court(folder, leaked[40])

    sealed = sorted((folder / "var" / "originals").rglob("*.age"))
    opened = [
        pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(identity)])
        for path in sealed
    ]
    # Beside each capture its picture and DOM, where there was time for them.
    kinds = [kind for body in opened for kind in (b'"page"', b'"dom"')
             if b'"kind": ' + kind in body[:4096]]  # fmt: skip
    assert len(opened) - len(kinds) == 3
    assert any(leaked[50].nir.encode() in body for body in opened)


def completed(folder: Path) -> dict[str, str]:
    """The states of what belongs beside the first capture, once all of it is there and stamped."""
    engine = open_record(f"sqlite:///{folder}/var/vigie.db")
    try:
        until(lambda: complete(engine, 1, authorities=2))
        found = complete(engine, 1, authorities=2)
    finally:
        engine.dispose()
    assert found is not None
    return found.states


CHECK = "import sys; sys.path.insert(0, '.'); import verifier; sys.exit(verifier.main(['.']))"


def to_court(folder: Path, leaked: LeakRow) -> None:
    """The first alert's case as a dossier, checked where there is no Vigie and no network."""
    engine = open_record(f"sqlite:///{folder}/var/vigie.db")
    AlertStore(engine).decide(1, "confirmed", f"{leaked.surname} y est", "jeanne", 1)
    engine.dispose()
    out = folder / "dossier"
    made = vigie(folder, "evidence", "export", "1", "-o", str(out), "--who", "jeanne", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["stamped"] == ["un", "deux"]
    done = subprocess.run(
        ["unshare", "-rn", "env", "-i", "PATH=/usr/bin:/bin", sys.executable, "-I", "-S", "-B",
         "-c", CHECK],
        cwd=copytree(out, folder.parent / "copy"), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok      manifest.json.p7s  signed" in done.stdout
    assert done.stdout.count("time-stamped") == 0
    connection = json.loads((out / "captures/1/connexion.json").read_text("utf-8"))
    assert (connection["peer"], connection["kind"]) == ("127.0.0.1", "exchange")
    dns = json.loads((out / "captures/1/dns.json").read_text("utf-8"))
    assert {one["rcode"] for one in dns["answers"]} == {"NOERROR", "NXDOMAIN"}
    assert (out / "captures/1/page.png").stat().st_size > 1_000
    words = everything(out)
    for value in (leaked.nir, leaked.mobile, leaked.email, leaked.street, leaked.comment):
        assert len(value) <= 6 or value.encode() not in words


def test_a_matcher_that_hangs_does_not_hold_up_the_end(
    case: tuple[Path, str],
    rows: tuple[Path, list[LeakRow]],
    bepasty: BepastySite,
    start: Callable[[], Watch],
) -> None:
    folder, _ = case
    watch = start()
    until(lambda: "Watching 2 sources" in (folder / "watch.err").read_text())
    matcher = next(
        child
        for child in psutil.Process(watch.process.pid).children()
        if "matching" in child.cmdline()
    )
    matcher.suspend()
    with BepastyClient(bepasty.address) as site:
        site.paste("later", rows[1][70].line())
    time.sleep(4)
    status, seconds = watch.stop()
    assert (status, seconds < 10) == (0, True)
    psutil.wait_procs([matcher], timeout=5)
    assert not matcher.is_running()
    start()
    until(lambda: 1 in alerted(folder))


def test_a_second_watch_stands_by_and_a_wrong_key_is_one_sentence(
    case: tuple[Path, str], start: Callable[[], Watch], tmp_path: Path
) -> None:
    folder, _ = case
    first = start()
    until(lambda: "Watching 2 sources" in (folder / "watch.err").read_text())
    time.sleep(1.5)
    second = start()
    until(lambda: "stands by" in (folder / "watch.err").read_text())
    # The first dies; the second needs not wait for the lease to end.
    first.process.kill()
    first.process.wait()
    until(lambda: "This watch crawls now" in (folder / "watch.err").read_text(), 20)
    status, seconds = second.stop(signal.SIGINT)
    assert (status, seconds < 10) == (0, True)

    other = tmp_path / "other.key"
    assert vigie(folder, "key", "new", str(other)).returncode == 0
    config = (folder / "vigie.toml").read_text()
    line = next(line for line in config.splitlines() if line.startswith('key_file = "/'))
    (folder / "vigie.toml").write_text(config.replace(line, f'key_file = "{other}"'))
    answer = vigie(folder, "watch", "--no-review", "--for", "1")
    assert answer.returncode == 4
    assert answer.stderr.startswith("vigie: ")
    assert "Traceback" not in answer.stderr
