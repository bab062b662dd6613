"""What a day's budget of requests leaves of a source, for crawls and for pictures of its pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from crawler.addresses import host_port
from crawler.source import SourceSpec
from index.spending import Spending


def within_budget(spec: SourceSpec, spending: Spending, now: datetime) -> SourceSpec | None:
    """The source with what is left of its day's budget; None when that is nothing."""
    if spec.host_budget:
        own = {host_port(address) for address in spec.start}
        left = [
            (host, max(0, spec.host_budget - spending.of_host(host, now)))
            for host in sorted({*own, *spec.follow_hosts} - {""})
        ]
        if not any(count for host, count in left if host in own):
            return None
        spec = replace(spec, host_budgets=tuple(left))
    if not spec.daily_budget:
        return spec
    of_source = spec.daily_budget - spending.of_source(spec.id, now)
    return replace(spec, max_requests=of_source) if of_source > 0 else None
