"""A post without a single row whose link leads to the file on another host: found there, with the
post as its path, and hardly any of the file fetched; by the programs themselves, on loopback."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar

import pyrage
import pytest

from tests import commands
from vigie.demo.leak.generator import generate

SIZE = 60_000_000


class Handler(BaseHTTPRequestHandler):
    """Serves `pages`; a path in `files` is `SIZE` bytes of the leak, counted as they leave."""

    pages: ClassVar[dict[tuple[int, str], str]] = {}
    lines: ClassVar[list[bytes]] = []
    sent: ClassVar[list[int]] = []
    asked: ClassVar[list[tuple[int, str]]] = []

    def do_GET(self) -> None:
        here = (int(self.headers["Host"].rpartition(":")[2]), self.path)
        self.asked.append(here)
        if self.path == "/d/3141":
            self.send_response(200)
            self.send_header("Content-Type", "text/csv; charset=latin-1")
            self.send_header("Content-Length", str(SIZE))
            self.end_headers()
            self._rows()
            return
        body = self.pages.get(here, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _rows(self) -> None:
        left = SIZE
        for line in cycle(self.lines):
            part = line[:left]
            try:
                self.wfile.write(part)
            except OSError:
                return
            self.sent.append(len(part))
            left -= len(part)
            if not left:
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""


def vigie(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.as_text(commands.vigie(*arguments, cwd=folder, timeout=400))


def lines(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    answer = vigie(folder, *arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    """A board and a file host."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    board, files = (server.server_address[1] for server in servers)
    Handler.pages[board, "/"] = (
        "<main><ul><li><a href='/t/41'>Une base toute fraîche</a></li></ul></main>"
    )
    Handler.pages[board, "/t/41"] = (
        "<main><article class=post>Comme promis, servez-vous avant que ça parte : "
        f"hxxp://127[.]0.0.1:{files}/d/3141</article></main>"
    )
    yield f"http://127.0.0.1:{board}", f"http://127.0.0.1:{files}"
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.timeout(900)
def test_a_post_without_a_row_leads_to_the_file(hosts: tuple[str, str], tmp_path: Path) -> None:
    board, files = hosts
    generate(tmp_path / "leak.csv", 20_000, 11)
    Handler.lines[:] = (tmp_path / "leak.csv").read_bytes().splitlines(keepends=True)
    made = vigie(tmp_path, "key", "new", "leak.key")
    assert made.returncode == 0, made.stderr
    arguments = ("leak", "fingerprint", "leak.csv", "--key", "leak.key", "-o", "leak.vfp")
    assert vigie(tmp_path, *arguments).returncode == 0
    (tmp_path / "vigie.toml").write_text(
        f"""
[storage]
key_file = "keys/record.key"
[sealing]
recipients = ["{pyrage.x25519.Identity.generate().to_public()}"]
[[leak]]
file = "leak.vfp"
key_file = "leak.key"
[[source]]
id = "board"
engine = "generic"
start = ["{board}/"]
render = "never"
delay = "0s"
authority = "a test on loopback"
allow_addresses = ["127.0.0.0/8"]
"""
    )
    first = lines(tmp_path, "crawl", "board")[0]
    assert first["new_alerts"] == 0
    assert Handler.sent == [], "an unknown host is not asked"
    listed = lines(tmp_path, "source", "links", "board")
    assert [(link["host"], link["reason"]) for link in listed] == [
        (files.removeprefix("http://"), "unknown-host")
    ]

    approved = vigie(tmp_path, "source", "follow", "board", files, "--ground", "the test says so")
    assert approved.returncode == 0, approved.stderr
    second = lines(tmp_path, "crawl", "board")[0]
    assert second["new_alerts"] == 1
    alert = lines(tmp_path, "alerts")[0]
    assert alert["location"] == f"{files}/d/3141"
    assert alert["verdict"] == "repost"
    assert alert["path"][-1] == f"{board}/t/41"
    assert sum(Handler.sent) <= 0.05 * SIZE
    assert lines(tmp_path, "source", "links", "board") == []
