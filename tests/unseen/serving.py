"""A site on loopback made of a function, which counts what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site says: a body and its type; `where` it redirects to."""

    body: str | bytes
    kind: str = HTML
    status: int = 200
    where: str = ""


@dataclass
class World:
    """A site without a network. `planted` are the marks of all posts a visitor can find;
    `forbidden` counts requests that would have changed something; `parted`: each post must be
    reported by itself; `again`: the requests that a second crawl needs at most."""

    planted: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    start: str = "/"
    bound: int = 400
    parted: ClassVar[bool] = False
    again: ClassVar[int] = 10_000

    def plant(self, label: str = "") -> str:
        """The text of another post: three lines, one with a mark of its own."""
        mark = f"zq{len(self.planted):04d}k"
        self.planted.append(mark)
        return f"Texte {label} du message\nla marque {mark} se trouve ici\net une dernière ligne"

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """The page at a path; None is a 404."""
        raise NotImplementedError

    def changes(self, path: str) -> None:
        """Note that something was deleted, voted for or marked."""
        self.forbidden.append(path)


def lines(text: str) -> str:
    """A planted text as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>\n")


class Server:
    """Serves a world on loopback until closed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                asked.append(self.path)
                parts = urlsplit(self.path)
                pairs = dict(parse_qsl(parts.query.replace(";", "&"), keep_blank_values=True))
                found = world.answer(parts.path, pairs) or Answer("<p>404", status=404)
                body = found.body.encode() if isinstance(found.body, str) else found.body
                self.send_response(found.status)
                self.send_header("Content-Type", found.kind)
                if found.where:
                    self.send_header("Location", found.where)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                world.changes(self.path)
                self.send_error(405)

            def log_message(self, *args: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def address(self) -> str:
        """The root address, without a closing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


Maker = Callable[[], World]
