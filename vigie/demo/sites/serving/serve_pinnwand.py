"""pinnwand, unchanged, on the socket the demo bound: its own command listens on every network."""

from __future__ import annotations

import tomllib

import handover  # type: ignore[import-not-found]
import tornado.ioloop  # type: ignore[import-not-found]
from pinnwand import configuration  # type: ignore[import-not-found]


def main() -> None:
    """Configure as pinnwand's command does, then serve on loopback."""
    for key, value in tomllib.loads((handover.FOLDER / "pinnwand.toml").read_text()).items():
        setattr(configuration, key, value)

    from pinnwand import database
    from pinnwand.http import make_application  # type: ignore[import-not-found]

    database.Base.metadata.create_all(database._engine)  # noqa: SLF001 - as its command does
    server = tornado.httpserver.HTTPServer(make_application(), xheaders=True)
    socket = handover.listener()
    socket.setblocking(False)
    server.add_socket(socket)
    handover.ready()
    tornado.ioloop.IOLoop.current().start()


if __name__ == "__main__":
    main()
