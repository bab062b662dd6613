"""bepasty, unchanged, on the socket the demo bound, served by werkzeug as its own command does."""

from __future__ import annotations

import logging
import os

import handover  # type: ignore[import-not-found]
from bepasty.app import create_app  # type: ignore[import-not-found]
from werkzeug.serving import make_server  # type: ignore[import-not-found]


def main() -> None:
    """Serve until ended; one thread a request, no access log."""
    os.environ["BEPASTY_CONFIG"] = os.environ["SITE_CONFIGURATION"]
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    socket = handover.listener()
    host, port = socket.getsockname()
    server = make_server(host, port, create_app(), threaded=True, fd=socket.detach())
    handover.ready()
    server.serve_forever()


if __name__ == "__main__":
    main()
