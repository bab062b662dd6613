"""What each serving script does first and last: take the socket, say that it serves."""

from __future__ import annotations

import os
import socket
from pathlib import Path

FOLDER = Path(os.environ["SITE_FOLDER"])


def listener() -> socket.socket:
    """The listening socket that the parent bound on loopback."""
    return socket.socket(fileno=int(os.environ["SITE_SOCKET"]))


def ready() -> None:
    """Tell the parent that requests are answered from now on."""
    pipe = int(os.environ["SITE_READY"])
    os.write(pipe, b"1")
    os.close(pipe)
