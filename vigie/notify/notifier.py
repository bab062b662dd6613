"""In `vigie watch`: sends what is announced, one message after the other.

What an address does not take is sent to it again, and to no other; nothing here delays a crawl.
Of several watches on one record one sends (a lease). A process that is killed between the other
side's yes and its own note sends the message again, under the same id.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from index.leases import Grant, Leases
from index.notices import Batch, NoticeStore
from vigie.notify.ways import NotTaken, Way, message, ways

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from vigie.config import Config

EVERY = 1.0
LEASE, LEASE_SECONDS = "notifier", 300.0

log = structlog.get_logger("vigie.notify")


class Notifier:
    """A thread. Raises ConfigError for addresses that cannot be used."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self._config = config
        self._ways = ways(config)
        self._store = NoticeStore(engine)
        self._leases = Leases(engine)
        self._grant: Grant | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Ask it to end and wait that long; what was not sent is sent at the next start."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        with suppress(SQLAlchemyError):
            if self._grant is not None:
                self._leases.release(self._grant)

    def step(self) -> bool:
        """One message to every address that has it not yet; whether there was one."""
        if not self._ways:
            return self._store.drop() > 0
        self._grant = self._leases.acquire(LEASE, LEASE_SECONDS)
        if self._grant is None:
            return False
        batch = self._store.next()
        if batch is None:
            return False
        reasons = [reason for way in self._ways if (reason := self._hand(way, batch))]
        if reasons:
            self._store.failed(batch, "; ".join(reasons))
        else:
            self._store.delivered(batch)
        return True

    def _hand(self, way: Way, batch: Batch) -> str:
        """ "" when the address has the message, else why not."""
        if way.key in batch.handed:
            return ""
        try:
            way.hand(message(self._config, batch.id, batch.told))
        except NotTaken as error:
            log.warning("notice-not-taken", way=way.shown, notices=len(batch.told))
            return f"{way.shown}: {error}"
        self._store.handed(batch, way.key)
        log.info("notified", way=way.shown, notices=len(batch.told))
        return ""

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            try:
                while self.step() and not self._over.is_set():
                    pass
            except SQLAlchemyError as error:
                log.warning("notices-not-read", kind=type(error).__name__)
