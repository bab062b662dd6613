"""How many requests went to which host on which day: what budgets are measured against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from index.engine import reading, writing
from index.schema import RequestCount
from index.upsert import upsert

MAX_HOSTS = 2_000


class Spending:
    """Counts requests by source, host and day in UTC. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, source: str, hosts: Mapping[str, int], now: datetime) -> None:
        """So many requests went out to each host ("host:port")."""
        day = now.date().isoformat()
        wanted = {host[:300]: count for host, count in list(hosts.items())[:MAX_HOSTS] if count > 0}
        if not wanted:
            return
        rows = [{"day": day, "source": source, "host": host, "requests": 0} for host in wanted]
        with writing(self._engine) as connection, Session(connection) as session:
            upsert(session, RequestCount, rows, keys=("day", "source", "host"), kept=("requests",))
            for host, count in wanted.items():
                session.execute(
                    update(RequestCount)
                    .where(
                        RequestCount.day == day,
                        RequestCount.source == source,
                        RequestCount.host == host,
                    )
                    .values(requests=RequestCount.requests + count)
                    .execution_options(synchronize_session=False)
                )

    def of_source(self, source: str, now: datetime) -> int:
        """Requests of a source today."""
        return self._sum(now, RequestCount.source == source)

    def of_host(self, host: str, now: datetime) -> int:
        """Requests to a host today, whichever source they were for."""
        return self._sum(now, RequestCount.host == host)

    def forget_old(self, before: datetime) -> int:
        """Drop the days before; returns how many rows went."""
        with writing(self._engine) as connection:
            gone = connection.execute(
                delete(RequestCount).where(RequestCount.day < before.date().isoformat())
            )
            return int(gone.rowcount)

    def _sum(self, now: datetime, whose: object) -> int:
        query = select(func.coalesce(func.sum(RequestCount.requests), 0)).where(
            RequestCount.day == now.date().isoformat(),
            whose,  # type: ignore[arg-type]
        )
        with reading(self._engine) as connection:
            return int(connection.scalar(query) or 0)
