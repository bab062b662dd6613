"""Asking for one record. The review application imports this and nothing that knows a key."""

from __future__ import annotations

import socket
from pathlib import Path

from evidence.unmask.protocol import MAX_ANSWER, Shown, Wanted

SECONDS = 15.0


class Unmasker:
    """Reaches the process that opens records, over its socket."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def is_there(self) -> bool:
        """Whether somebody set unmasking up here."""
        return self._place.is_socket()

    def open(self, wanted: Wanted) -> Shown:
        """The record, or why it is not shown; never raises for a process that is away."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(SECONDS)
                connection.connect(str(self._place))
                connection.sendall(wanted.line())
                return Shown.read(_line(connection))
        except (OSError, ValueError, KeyError, TypeError):
            return Shown("away")


def _line(connection: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\n"):
        part = connection.recv(65536)
        if not part or len(got) > MAX_ANSWER:
            raise ValueError("the answer was cut")
        got += part
    return got
