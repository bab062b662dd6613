"""Spirit, unchanged, on the socket the demo bound: tables, categories, accounts, then serve."""

from __future__ import annotations

import json
import os
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIServer

import django  # type: ignore[import-not-found]
import handover  # type: ignore[import-not-found]
from django.core.management import call_command  # type: ignore[import-not-found]
from django.core.servers.basehttp import WSGIRequestHandler  # type: ignore[import-not-found]


class QuietHandler(WSGIRequestHandler):  # type: ignore[misc]
    """Django's own handler (keep-alive, HTTP/1.1) without an access log."""

    def log_message(self, *_: Any) -> None:
        """Say nothing: addresses of private topics are not for a log."""


class Server(ThreadingMixIn, WSGIServer):
    """One thread a connection, on the handed-down socket."""

    daemon_threads = True

    def __init__(self) -> None:
        WSGIServer.__init__(self, ("127.0.0.1", 0), QuietHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = handover.listener()
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()

    def handle_error(self, *_: Any) -> None:
        """A reader that hangs up is no error of the site's."""


def fill() -> None:
    """Categories and accounts of forum.json that are not there yet."""
    from django.contrib.auth import get_user_model  # type: ignore[import-not-found]
    from spirit.category.models import Category  # type: ignore[import-not-found]

    wanted = json.loads((handover.FOLDER / "forum.json").read_text(encoding="utf-8"))
    for title in wanted["categories"]:
        Category.objects.get_or_create(title=title)
    users = get_user_model()
    for name, password in wanted["accounts"].items():
        if not users.objects.filter(username=name).exists():
            users.objects.create_user(name, f"{name}@forum.invalid", password)
    users.objects.filter(username__in=wanted["accounts"]).update(is_active=True)


def main() -> None:
    """Migrate, fill, serve until ended."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "forum_settings"
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    fill()

    from django.contrib.staticfiles.handlers import (  # type: ignore[import-not-found]
        StaticFilesHandler,
    )
    from django.core.wsgi import get_wsgi_application  # type: ignore[import-not-found]

    server = Server()
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    handover.ready()
    server.serve_forever()


if __name__ == "__main__":
    main()
