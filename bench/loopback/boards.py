"""Many small boards at once: a list and short posts each, half of them never at rest."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.loopback.serving import HTML, Made, World

AT_FIRST, FRESH = 5, 5
LINES = 40


@dataclass(frozen=True)
class Pace:
    """Every second board gets `FRESH` posts each `seconds`, not all at the same moment."""

    seconds: float
    boards: int

    def posts(self, board: int, elapsed: float) -> int:
        """How many posts a board has after so many seconds."""
        if board % 2:
            return AT_FIRST
        shift = self.seconds * board / self.boards
        return AT_FIRST + FRESH * int((elapsed + shift) / self.seconds)


def boards(pace: Pace) -> World:
    """Boards at /b/N/, their posts at /b/N/p/M; the newest stand first."""
    began = time.monotonic()
    text = "\n".join(f"ligne {n} du message, sans rien de particulier" for n in range(LINES))

    def listing(board: int) -> bytes:
        count = pace.posts(board, time.monotonic() - began)
        rows = "".join(
            f'<li><a href="/b/{board}/p/{n}">Note {n} du tableau {board}</a></li>'
            for n in range(count - 1, max(-1, count - 31), -1)
        )
        return f"<!doctype html><title>Notes</title><main><ul>{rows}</ul></main>".encode()

    def world(path: str) -> Made:
        parts = path.strip("/").split("/")
        if parts[0] != "b" or len(parts) not in (2, 4):
            return None
        if len(parts) == 2:
            return b"list", HTML, listing(int(parts[1]))
        body = f"<!doctype html><title>Note</title><main><pre>note {path}\n{text}</pre></main>"
        return b"page", HTML, body.encode()

    return world
