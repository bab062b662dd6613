"""What `vigie watch` clears away every hour because its time is over."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import Engine

from index.leases import utc_now
from index.sources import SourceStore
from index.threads import ThreadStore

KEEP_CRAWLS = timedelta(days=90)

log = structlog.get_logger("vigie.upkeep")


def clear_old(engine: Engine) -> None:
    """Drop evidence of threads after its 30 days, and crawls and jobs after 90 days unless a
    capture hangs on them."""
    traces = ThreadStore(engine).prune()
    crawls = SourceStore(engine).forget_old(utc_now() - KEEP_CRAWLS)
    if traces or crawls:
        log.info("cleared", thread_traces=traces, crawls=crawls)
