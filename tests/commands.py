"""Commands as their user runs them, each a process of its own, without loading Python for each.

A process that has loaded what commands load waits and forks (`python -m tests.commands`): the child
takes the caller's folder, environment, standard streams and arguments, runs `vigie.cli.main` and
ends as every Python does. What a command had to load is loaded for those after it. Where loading
itself is what is tested, or a process that stays, tests start a process instead.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
PACKET = 256 * 1024  # the environment is in it
LOADED_IN_VAIN = ("__", "tests.", "_virtualenv")


class Waiting:
    """The process that forks; commands run one after another."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.commands", str(theirs.fileno())],
                cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            )  # fmt: skip

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait(30)

    def run(
        self, told: Mapping[str, Any], stdin: bytes, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """(status, what was written, what was said) of a command."""
        ours, theirs = zip(*(_pipe(reading=at > 0) for at in range(3)), strict=True)
        socket.send_fds(self._socket, [json.dumps(told).encode()], list(theirs))
        for each in theirs:
            os.close(each)
        alarm = threading.Timer(timeout, os.kill, (self._answer(), signal.SIGKILL))
        alarm.start()
        try:
            out, err = _exchange(stdin, *ours)
            return self._answer(), out, err
        finally:
            alarm.cancel()

    def _answer(self) -> int:
        answer = self._socket.recv(PACKET)
        if not answer:
            raise RuntimeError("the process that runs commands has ended")
        return int(answer)


_waiting: list[Waiting] = []


def vigie(
    *arguments: object,
    cwd: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: float = 250.0,
) -> subprocess.CompletedProcess[bytes]:
    """`vigie` with these arguments, as `subprocess.run` gives it back; `env` is added to what is
    in the environment."""
    words = [os.fsdecode(each) if isinstance(each, bytes) else str(each) for each in arguments]
    told = {"words": words, "cwd": str(cwd or Path.cwd()), "env": {**os.environ, **(env or {})}}
    if not _waiting:
        _waiting.append(Waiting())
    status, out, err = _waiting[0].run(told, stdin, timeout)
    return subprocess.CompletedProcess(["vigie", *words], status, out, err)


def as_text(done: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[str]:
    """The same with what was written as text."""
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def end() -> None:
    """End the process that waits for commands, if one does."""
    while _waiting:
        _waiting.pop().close()


def _pipe(*, reading: bool) -> tuple[int, int]:
    """(our end, the command's end) of a pipe that we read from, or write to."""
    behind, front = os.pipe()
    return (behind, front) if reading else (front, behind)


def _exchange(text: bytes, stdin: int, stdout: int, stderr: int) -> tuple[bytes, bytes]:
    """What a command writes to both streams while it is given a text."""
    written: dict[int, bytes] = {}

    def give() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(stdin, "wb") as file:
            file.write(text)

    def take(stream: int) -> None:
        with os.fdopen(stream, "rb") as file:
            written[stream] = file.read()

    beside = [threading.Thread(target=give), threading.Thread(target=take, args=(stderr,))]
    for each in beside:
        each.start()
    take(stdout)
    for each in beside:
        each.join()
    return written[stdout], written[stderr]


def _serve(server: socket.socket) -> None:
    """Fork a child for each command and tell its status; in a child, return when it is set up."""
    known = set(sys.modules)
    while True:
        asked, streams, _, _ = socket.recv_fds(server, PACKET, 3)
        if not asked:
            sys.exit()
        reading, writing = os.pipe()
        gc.collect()
        gc.freeze()  # a child looks through nothing that is not its own
        pid = os.fork()
        if not pid:
            server.close()
            os.close(reading)
            atexit.register(_tell_loaded, writing, known)
            _take_place(json.loads(asked), streams)
            return
        for each in (*streams, writing):
            os.close(each)
        server.send(str(pid).encode())
        with os.fdopen(reading) as told:
            loaded = told.read().split()
        _, status = os.waitpid(pid, 0)
        server.send(str(os.waitstatus_to_exitcode(status)).encode())
        for name in loaded:
            if name not in known and not name.startswith(LOADED_IN_VAIN):
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        known |= {*loaded, *sys.modules}


def _tell_loaded(pipe: int, known: set[str]) -> None:
    os.write(pipe, "\n".join(name for name in sys.modules if name not in known).encode()[:60_000])


def _take_place(told: dict[str, Any], streams: list[int]) -> None:
    """Be the command: its streams, folder, environment and arguments."""
    for at, each in enumerate(streams):
        os.dup2(each, at)
        os.close(each)
    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["env"])
    # What the old ones read or wrote ahead was nobody's.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        old = getattr(sys, name)
        lines = 1 if name == "stderr" else -1
        new = os.fdopen(old.fileno(), mode, lines, encoding=old.encoding, errors=old.errors)
        setattr(sys, name, new)
    # What a command calls itself is made of these.
    sys.argv = [str(ROOT / "vigie" / "cli.py"), *told["words"]]
    sys.modules["__main__"].__package__ = "vigie"


def _ended(command: Callable[[], object]) -> int:
    """The status that Python ends with."""
    try:
        command()
    except SystemExit as ended:
        if not isinstance(ended.code, str):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status: int) -> NoReturn:
    """End as Python does, but take no module apart: that takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    from vigie import cli

    with socket.socket(fileno=int(sys.argv[1])) as listening:
        _serve(listening)
    _end(_ended(cli.main))
