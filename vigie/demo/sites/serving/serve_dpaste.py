"""dpaste, unchanged, on the socket its starter bound, with its own settings and a database file."""

from __future__ import annotations

import os
import socketserver
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import handover  # type: ignore[import-not-found]


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """No access log."""

    def log_message(self, *args: object) -> None:
        """Nothing."""


def main() -> None:
    """Make the tables, then serve until ended."""
    os.environ["DATABASE_URL"] = f"sqlite:///{handover.FOLDER}/dpaste.db"
    os.environ["DJANGO_SETTINGS_MODULE"] = "dpaste.settings.base"
    import django  # type: ignore[import-not-found]
    from django.core.management import call_command  # type: ignore[import-not-found]
    from django.core.wsgi import get_wsgi_application  # type: ignore[import-not-found]

    django.setup()
    call_command("migrate", verbosity=0)
    listener = handover.listener()
    server = Server(listener.getsockname(), Quiet, bind_and_activate=False)
    server.socket = listener
    server.server_name, server.server_port = listener.getsockname()
    server.setup_environ()
    server.set_app(get_wsgi_application())
    handover.ready()
    server.serve_forever()


if __name__ == "__main__":
    main()
