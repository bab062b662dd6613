"""A board in the manner of today's single-page sites: an empty shell, then JSON, then posts.

The JSON is answered only to a request that carries a token the page's script works out, so no
link or address in the shell leads to it. Standard library only.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import handover  # type: ignore[import-not-found]

PAGE_SIZE = 20
ASSETS = Path(__file__).parent / "jsboard"
MAX_BODY = 4 * 1024 * 1024
TABLE = """
CREATE TABLE IF NOT EXISTS post (
    id INTEGER PRIMARY KEY, author TEXT NOT NULL, title TEXT NOT NULL,
    body TEXT NOT NULL, created TEXT NOT NULL)
"""


def connect() -> sqlite3.Connection:
    """The board's one table, in WAL mode so that readers do not wait."""
    found = sqlite3.connect(handover.FOLDER / "board.db", timeout=30)
    found.row_factory = sqlite3.Row
    found.execute("PRAGMA journal_mode=WAL")
    return found


def list_posts(page: int) -> dict[str, Any]:
    """One page of titles, newest first."""
    with connect() as database:
        count = int(database.execute("SELECT count(*) FROM post").fetchone()[0])
        rows = database.execute(
            "SELECT id, author, title, created FROM post ORDER BY id DESC LIMIT ? OFFSET ?",
            (PAGE_SIZE, (page - 1) * PAGE_SIZE),
        ).fetchall()
    return {"posts": [dict(row) for row in rows], "page": page, "more": count > page * PAGE_SIZE}


def one_post(number: int) -> dict[str, Any] | None:
    """One post with its body."""
    with connect() as database:
        row = database.execute("SELECT * FROM post WHERE id = ?", (number,)).fetchone()
    return dict(row) if row else None


def add_post(author: str, title: str, body: str) -> int:
    """Keep a post; its number."""
    with connect() as database:
        cursor = database.execute(
            "INSERT INTO post (author, title, body, created) VALUES (?, ?, ?, ?)",
            (author, title, body, datetime.now(UTC).isoformat(timespec="seconds")),
        )
    return int(cursor.lastrowid or 0)


class Handler(BaseHTTPRequestHandler):
    """The board's pages."""

    protocol_version = "HTTP/1.1"
    seed = secrets.token_hex(12)

    def do_GET(self) -> None:
        """Shell, script, JSON, form or 404."""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path == "/" or re.fullmatch(r"/p/\d+", parts.path):
            self._shell()
        elif parts.path == "/new":
            self._form()
        elif parts.path in ("/static/board.js", "/static/board.css"):
            kind = "text/javascript" if parts.path.endswith("js") else "text/css"
            self._send(200, kind, (ASSETS / Path(parts.path).name).read_bytes())
        elif parts.path == "/robots.txt":
            self._send(200, "text/plain", b"User-agent: *\nDisallow: /new\n")
        elif parts.path == "/x":
            self._data(query)
        else:
            self._send(404, "text/plain; charset=utf-8", b"Nothing here.\n")

    def do_POST(self) -> None:
        """A new post from the form; answers with a redirect to it."""
        length = int(self.headers.get("Content-Length") or 0)
        if urlsplit(self.path).path != "/new" or not 0 < length <= MAX_BODY:
            self.close_connection = True
            self._send(400, "text/plain; charset=utf-8", b"Not a post.\n")
            return
        form = parse_qs(self.rfile.read(length).decode("utf-8"), keep_blank_values=True)
        if form.get("token") != [self.seed]:
            self._send(403, "text/plain; charset=utf-8", b"The form is too old; load it again.\n")
            return
        number = add_post(*(form.get(name, [""])[0] for name in ("author", "title", "body")))
        self.send_response(303)
        self.send_header("Location", f"/p/{number}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _shell(self) -> None:
        page = (ASSETS / "shell.html").read_text(encoding="utf-8")
        self._send(200, "text/html; charset=utf-8", page.replace("{{seed}}", self.seed).encode())

    def _form(self) -> None:
        page = (ASSETS / "new.html").read_text(encoding="utf-8")
        self._send(200, "text/html; charset=utf-8", page.replace("{{seed}}", self.seed).encode())

    def _data(self, query: dict[str, list[str]]) -> None:
        if self.headers.get("X-Board") != self.seed[::-1]:
            self._send(403, "text/plain; charset=utf-8", b"Not for you.\n")
            return
        number = query.get("p", [""])[0]
        page = query.get("page", ["1"])[0]
        found: dict[str, Any] | None = None
        if number.isdigit():
            found = one_post(int(number))
        elif page.isdigit():
            found = list_posts(max(1, int(page)))
        body = json.dumps(found).encode()
        self._send(200 if found else 404, "application/json", body)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep no access log."""


class Server(ThreadingHTTPServer):
    """The board on the handed-down socket."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = handover.listener()

    def handle_error(self, *_: Any) -> None:
        """A reader that hangs up is no error of the board's."""


def main() -> None:
    """Serve until ended."""
    with connect() as database:
        database.execute(TABLE)
    server = Server()
    handover.ready()
    server.serve_forever()


if __name__ == "__main__":
    main()
