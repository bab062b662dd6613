"""The application on a socket: bound by us, so that a taken port is one sentence."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import uvicorn
from sqlalchemy import Engine

from index.search import SearchIndex
from review.app import NO_PARTS, Application, Parts
from review.errors import CannotServe
from review.settings import Settings


def bind(settings: Settings) -> tuple[socket.socket, Settings]:
    """A listening socket and the settings with its real port; raises CannotServe."""
    settings.check()
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM
        )[0]
    except OSError:
        raise CannotServe(
            f"review.host {settings.host} is no address of this machine; write 127.0.0.1."
        ) from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CannotServe(_why(settings, error)) from None
    return listener, replace(settings, port=listener.getsockname()[1])


def _why(settings: Settings, error: OSError) -> str:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program already listens on {place}, perhaps another `vigie serve`. Stop it, "
            "or choose another port with --port or review.port in vigie.toml (0 takes a free one)."
        )
    if error.errno == errno.EACCES:
        return f"Listening on {place} is not allowed to this user; choose a port above 1023."
    return f'Listening on {place} failed ({error.strerror}); write review.host = "127.0.0.1".'


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready, and can be stopped from another thread."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_ready`."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    def stop(self) -> None:
        """Finish what is being answered, at most three seconds, then end."""
        self.should_exit = True


def build(
    engine: Engine, settings: Settings, search: SearchIndex, on_ready: Callable[[], None],
    parts: Parts = NO_PARTS,
) -> Server:  # fmt: skip
    """A server for settings whose port is known (`bind` gives them)."""
    config = uvicorn.Config(
        Application(engine, settings, search, parts),
        log_config=None,
        # Paths and queries of requests are nobody's business but the record's acts.
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=bool(settings.address),
        ws="none",
        lifespan="off",
        limit_concurrency=200,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=32 * 1024,
    )
    return Server(config, on_ready)


def serve(
    engine: Engine,
    settings: Settings,
    search: SearchIndex,
    on_ready: Callable[[Settings], None],
    parts: Parts = NO_PARTS,
) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` gets the settings with the real port."""
    listener, bound = bind(settings)
    with contextlib.closing(listener):
        server = build(engine, bound, search, lambda: on_ready(bound), parts)
        server.run(sockets=[listener])


@contextlib.contextmanager
def serving(
    engine: Engine, settings: Settings, search: SearchIndex, parts: Parts = NO_PARTS
) -> Iterator[Settings]:
    """Serve in a thread of this process while the block runs (the demo, tests)."""
    import threading

    listener, bound = bind(settings)
    ready = threading.Event()
    server = build(engine, bound, search, ready.set, parts)
    thread = threading.Thread(target=server.run, args=([listener],), name="review", daemon=True)
    thread.start()
    try:
        if not ready.wait(30):
            raise CannotServe("The review application did not start within 30 s; look at the log.")
        yield bound
    finally:
        server.stop()
        thread.join(10)
        listener.close()
