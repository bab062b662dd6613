"""What `vigie watch` clears away every hour because its time is over."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import Engine

from index import links, revisits
from index.leases import utc_now
from index.sources import SourceStore
from index.spending import Spending
from index.threads import ThreadStore

KEEP_CRAWLS = timedelta(days=90)

log = structlog.get_logger("vigie.upkeep")


def clear_old(engine: Engine) -> None:
    """Drop evidence of threads after its 30 days, links that were not followed, crawls and jobs
    after 90 days, but no crawl that a capture hangs on; addresses of dismissed alerts."""
    traces = ThreadStore(engine).prune()
    crawls = SourceStore(engine).forget_old(utc_now() - KEEP_CRAWLS)
    Spending(engine).forget_old(utc_now() - KEEP_CRAWLS)
    unfollowed = links.prune(engine, utc_now())
    addresses = revisits.forget(engine)
    if traces or crawls or unfollowed or addresses:
        log.info(
            "cleared", thread_traces=traces, crawls=crawls, links=unfollowed, revisits=addresses
        )
