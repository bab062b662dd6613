"""The matcher process seen from its client: start, death, errors, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from matching.client import MatcherClient
from matching.errors import DamagedFileError, KeyFileError, WrongKeyError
from matching.keys import new_key
from matching.result import LeakRef, TextLayer, Verdict, strongest
from tests.matching.disguises import LeakOnDisk


def test_importing_the_client_is_light() -> None:
    code = (
        "import sys, matching.client; "
        "print([m for m in ('numba', 'numpy', 'cryptography') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_scans_answer_one_result_a_leak(leak: LeakOnDisk) -> None:
    named = LeakRef(leak.ref.file, leak.ref.key_file, "autre", ("Fuite Labo 2021",), ("ab" * 32,))
    line = ";".join(leak.people[7].columns())
    with MatcherClient([leak.ref, named]) as client:
        assert client.names == ("fuite", "autre")
        results = client.scan("p", 5, "", [TextLayer("", "rien"), TextLayer("hex", line)])
        assert [result.matches[0].leak for result in results] == ["fuite", "autre"]
        assert strongest(results).matches[0].row == 7
        assert results[0].matches[0].layer == "hex"
        sale = client.scan("p", 5, "", [TextLayer("", "je vends « fuite labo 2021 » en mp")])
        assert [result.verdict for result in sale] == [Verdict.NONE, Verdict.MENTION]
        copy = client.scan("p", 5, "AB" * 32, [])
        assert strongest(copy).verdict is Verdict.REPOST


def test_a_dead_service_is_started_again(leak: LeakOnDisk) -> None:
    line = ";".join(leak.people[8].columns())
    with MatcherClient([leak.ref]) as client:
        first = client.pid
        os.kill(first, signal.SIGKILL)
        assert client.scan("p", 5, "", [TextLayer("", line)])[0].matches[0].row == 8
        assert client.pid != first
        last = client.pid
    assert not psutil.pid_exists(last)


def test_threads_share_one_client(leak: LeakOnDisk) -> None:
    found: list[int] = []
    with MatcherClient([leak.ref]) as client:

        def ask(row: int) -> None:
            line = ";".join(leak.people[row].columns())
            found.append(client.scan("p", 5, "", [TextLayer("", line)])[0].matches[0].row)

        threads = [threading.Thread(target=ask, args=(row,)) for row in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == list(range(20))


def test_what_cannot_be_opened_is_told_by_its_own_error(leak: LeakOnDisk, tmp_path: Path) -> None:
    new_key(tmp_path / "other")
    (tmp_path / "bad.vfp").write_bytes(b"nothing of the kind")
    for ref, error in (
        (LeakRef(leak.ref.file, tmp_path / "other"), WrongKeyError),
        (LeakRef(leak.ref.file, tmp_path / "none"), KeyFileError),
        (LeakRef(tmp_path / "bad.vfp", leak.ref.key_file), DamagedFileError),
    ):
        with pytest.raises(error), MatcherClient([ref]):
            pass


def test_the_service_dies_with_its_parent(leak: LeakOnDisk) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom matching.client import MatcherClient\n"
        "from matching.result import LeakRef\n"
        "client = MatcherClient([LeakRef(Path(sys.argv[1]), Path(sys.argv[2]))]).__enter__()\n"
        "print(client.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(leak.ref.file), str(leak.ref.key_file)],
        stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
        for _ in range(100):
            if not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie":
                break
            time.sleep(0.05)
        else:
            pytest.fail("the matcher process outlived its parent")


def test_any_text_crosses_the_socket(leak: LeakOnDisk) -> None:
    odd = "\ud800 \0 \u202e 𝐌 " + "\r\n"
    with MatcherClient([leak.ref]) as client:
        assert client.scan("p\ud800", 5, "", [TextLayer("", odd)])[0].verdict is Verdict.NONE


def test_a_client_can_go_on_while_the_service_starts(leak: LeakOnDisk, tmp_path: Path) -> None:
    with MatcherClient([leak.ref]).starting() as client:
        assert client.pid
        assert not client.names
        client.ready()
        assert list(client.names) == ["fuite"]
        line = ";".join(leak.people[7].columns())
        assert client.scan("p", 5, "", [TextLayer("", line)])[0].matches[0].row == 7
        pid = client.pid
    assert not Path(f"/proc/{pid}").exists()
    wrong = LeakRef(leak.ref.file, tmp_path / "no.key")
    with MatcherClient([wrong]).starting() as client, pytest.raises(KeyFileError):
        client.ready()
    assert client.pid == 0
