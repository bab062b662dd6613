"""The process with the review service's key: a socket, and a short-lived child for each request.

A request is answered by a child that reads the key, opens one record and ends, so neither key nor
value outlives the answer in a process. Core dumps and the memory file of the process are off.
Whoever is at the other end of the socket is told by the kernel (SO_PEERCRED), not by itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyrage

from evidence.errors import EvidenceError
from evidence.unmask.protocol import MAX_REQUEST, Shown, Wanted

READ_SECONDS, WORK_SECONDS = 5.0, 12
AT_ONCE = 4
_PR_SET_DUMPABLE = 4
_PEER = struct.Struct("3i")

Answer = Callable[[Wanted], Shown]


def check_key(key_file: Path, recipient: str) -> None:
    """Raise EvidenceError unless the file holds the private half of `recipient`, for its owner
    alone."""
    try:
        mode = key_file.stat().st_mode
        lines = [line.strip() for line in key_file.read_text("ascii").splitlines()]
        keys = [pyrage.x25519.Identity.from_str(one) for one in lines if one and one[0] != "#"]
    except OSError as error:
        raise EvidenceError(f"{key_file} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, pyrage.IdentityError) as error:
        raise EvidenceError(f"{key_file} is no age key file; age-keygen makes one") from error
    if stat.S_IMODE(mode) & 0o077:
        raise EvidenceError(f"{key_file} can be read by others; chmod 600 it")
    if [str(key.to_public()) for key in keys] != [recipient.strip()]:
        raise EvidenceError(
            f"{key_file} must hold one key alone, the private half of [sealing] work_recipient"
        )


@contextmanager
def listening(place: Path, *, others: bool = False) -> Iterator[socket.socket]:
    """A socket at `place`, in place of one that nobody answers; raises EvidenceError. `others`:
    other accounts may connect, and are then told apart by the kernel's word."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            if place.is_socket():
                _must_be_dead(place)
                place.unlink()
            before = os.umask(0o177)
            try:
                listener.bind(str(place))
            finally:
                os.umask(before)
            if others:
                place.chmod(0o666)
            listener.listen(16)
        except OSError as error:
            raise EvidenceError(f"{place} cannot be made a socket: {error.strerror}") from error
        mine = place.stat().st_ino
        try:
            yield listener
        finally:
            with contextlib.suppress(OSError):
                if place.stat().st_ino == mine:
                    place.unlink()


def _must_be_dead(place: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(place))
        except OSError:
            return
    raise EvidenceError(f"another unmasking process answers at {place}; stop it first")


def harden() -> None:
    """No core file, and no reading of this process's memory by others of the same account."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def serve(
    listener: socket.socket, answer: Answer, allowed: frozenset[int], is_over: Callable[[], bool]
) -> None:
    """Answer until `is_over`. `answer` runs in a child; `allowed` are the user ids that may ask."""
    listener.setblocking(False)
    children: set[int] = set()
    while not is_over():
        ready, _, _ = select.select([listener], [], [], 0.2)
        _reap(children)
        if not ready:
            continue
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                if _uid(connection) not in allowed:
                    continue
                if len(children) >= AT_ONCE:
                    connection.sendall(Shown("busy").line())
                    continue
                child = os.fork()
                if child == 0:
                    _answer_and_end(listener, connection, answer)
                children.add(child)
    until = time.monotonic() + 2.0
    while children and time.monotonic() < until:
        _reap(children)
        time.sleep(0.02)
    for child in children:
        os.kill(child, signal.SIGKILL)


def _uid(connection: socket.socket) -> int:
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return int(_PEER.unpack(told)[1])


def _reap(children: set[int]) -> None:
    for child in list(children):
        if os.waitpid(child, os.WNOHANG)[0]:
            children.discard(child)


def _answer_and_end(listener: socket.socket, connection: socket.socket, answer: Answer) -> None:
    """In the child: never returns, and says nothing on the way out."""
    status = 1
    try:
        listener.close()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(WORK_SECONDS)
        connection.settimeout(READ_SECONDS)
        connection.sendall(_answered(connection, answer).line())
        status = 0
    finally:
        os._exit(status)


def _answered(connection: socket.socket, answer: Answer) -> Shown:
    untrusted_line = b""
    deadline = time.monotonic() + READ_SECONDS
    while not untrusted_line.endswith(b"\n"):
        part = connection.recv(MAX_REQUEST)
        untrusted_line += part
        if not part or len(untrusted_line) > MAX_REQUEST or time.monotonic() > deadline:
            return Shown("wrong")
    try:
        wanted = Wanted.read(untrusted_line)
    except (ValueError, KeyError, TypeError, RecursionError):
        return Shown("wrong")
    try:
        return answer(wanted)
    except Exception:
        # Whatever broke, its text could quote what was opened: nothing of it leaves.
        return Shown("away")
