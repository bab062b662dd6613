"""How sources are seen, for commands and the watch: kept after each crawl, told when it turns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from crawler.source import SourceSpec
    from index.canaries import CanaryStore, CanaryView
    from index.sight import Sight
    from index.sight_store import Notice
    from vigie.config import SourceConfig

# The longest interval of a quiet source is four times its bound (crawler.turn); a crawl takes time.
LONGEST_INTERVAL, GRACE = 4.0, 60.0


class Reviewer:
    """Called with each source whose crawl ended."""

    def __init__(self, engine: Engine, notice: Callable[[Notice], None]) -> None:
        from index.sight_store import SightStore

        self._store = SightStore(engine)
        self._notice = notice

    def __call__(self, spec: SourceSpec) -> None:
        """Keep how it is seen; tell when that turned."""
        found = self._store.review(spec.id, spec.every)
        if found is not None:
            self._notice(found)


def limit_of(every: float) -> float:
    """Seconds within which a canary of a source must be found."""
    return LONGEST_INTERVAL * every + GRACE


def settle_canaries(store: CanaryStore, sources: Iterable[SourceConfig]) -> None:
    """The canaries that vigie.toml names; raises WrongChoice for a word that can be none."""
    for source in sources:
        markers = [marker_of(one) for one in source.canary]
        store.settle(source.id, markers, limit_of(source.every))


def marker_of(written: str) -> tuple[str, str]:
    """Kind and marker of what an operator wrote: an address or a word."""
    from crawler.addresses import canonical

    address = canonical(written) if "://" in written else ""
    return ("address", address) if address else ("text", written.strip())


def explained_in(reason: str) -> str:
    """The reason with kinds of faults in brackets as their sentences."""
    from vigie.progress import sentence

    def told(found: re.Match[str]) -> str:
        return f" ({sentence(found[1]).removesuffix('.')})"

    return re.sub(r" \(([a-z][a-z-]*) \(\d+\)[^)]*(?:\(\d+\)[^)]*)*\)", told, reason)


def sight_json(sight: Sight) -> dict[str, Any]:
    """For `--json`."""
    return {
        "level": sight.level,
        "reason": sight.reason,
        "posts_last_day": sight.per_day,
        "posts_expected_a_day": sight.expected,
        "blocked_share": round(sight.blocked, 3),
        "blocked_kinds": list(sight.kinds),
        "empty_share": round(sight.empty, 3),
        "canaries": sight.canaries,
        "canaries_in_time": sight.canaries_in_time,
        "canary_delay_s": sight.canary_delay_s,
    }


def canary_json(canary: CanaryView) -> dict[str, Any]:
    """For `--json`."""
    from index.leases import utc_now
    from index.views import stamp

    state = "found" if canary.found_at else "awaited"
    if canary.is_missed(utc_now()):
        state = "missed"
    return {
        "id": canary.id,
        "kind": canary.kind,
        "state": state,
        "added": stamp(canary.added),
        "by": canary.added_by,
        "within_s": canary.limit_s,
        "found": stamp(canary.found_at),
        "delay_s": canary.delay_s,
        "last_seen": stamp(canary.last_seen),
    }
