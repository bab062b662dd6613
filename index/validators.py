"""What sites told of pages that are looked at again: entity tags and dates, sealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.errors import KeyProblem
from index.frontier import LOCATION
from index.leases import check, source_lease, utc_now
from index.schema import PageValidator
from index.upsert import upsert
from index.vault import Vault

# After so long every page is fetched in full once more, whatever its site says: servers lie, and
# what is due to be read again is seen on a list only.
KEPT_FOR = timedelta(hours=6)
MAX_PAGES = 2_000
PURPOSE = "validator"


class ValidatorStore:
    """The validators of every source's lists and threads. Safe to share between threads."""

    def __init__(
        self, engine: Engine, vault: Vault, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def of(self, source: str) -> list[dict[str, Any]]:
        """What a crawl of `source` is given."""
        since = self._clock() - KEPT_FOR
        query = (
            select(PageValidator.sealed)
            .where(PageValidator.source == source, PageValidator.at > since)
            .limit(MAX_PAGES)
        )
        found = []
        with reading(self._engine) as connection:
            for (sealed,) in connection.execute(query):
                try:
                    found.append(dict(json.loads(self._vault.unseal(sealed, PURPOSE))))
                except KeyProblem:
                    continue
        return found

    def keep(self, source: str, token: int, pages: Sequence[Mapping[str, Any]]) -> None:
        """A crawl ended well: these pages need to be seen again only when they change. A page
        that is kept already keeps its age. Raises StaleLease."""
        now = self._clock()
        rows = {}
        for page in pages[:MAX_PAGES]:
            key = self._vault.fingerprint(str(page["address"]), LOCATION)
            sealed = self._vault.seal(json.dumps(dict(page)), PURPOSE)
            rows[key] = {"source": source, "location_key": key, "sealed": sealed, "at": now}
        with writing(self._engine) as connection, Session(connection) as session:
            check(session, source_lease(source), token)
            session.execute(
                delete(PageValidator).where(
                    PageValidator.source == source, PageValidator.at <= now - KEPT_FOR
                )
            )
            if rows:
                keys = ("source", "location_key")
                upsert(session, PageValidator, list(rows.values()), keys=keys, kept=("at",))

    def forget(self, source: str) -> None:
        """A crawl missed something: every page is fetched in full the next time."""
        with writing(self._engine) as connection:
            connection.execute(delete(PageValidator).where(PageValidator.source == source))
