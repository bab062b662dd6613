"""The supervisor's side of links in posts: who fetches them, and the list of those nobody does.

What a child says of a link is untrusted: whether it may be fetched is decided here again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from capture.masking import mask_address
from crawler.addresses import canonical, host_port, identifiers, same_site, site_hosts
from crawler.pointing import OTHER_WAYS
from crawler.source import SourceSpec
from index.frontier import Frontier
from index.links import LeftLink, LinkStore

MAX_LINKS = 20_000
AT_ONCE = 200
REASON = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Links:
    """The links of one crawl, kept until `flush`: they are safe before their page is read."""

    def __init__(
        self,
        spec: SourceSpec,
        frontier: Frontier,
        store: LinkStore | None,
        sister: Callable[[str], str | None],
        wake: Callable[[str], None],
    ) -> None:
        self._source = spec.id
        self._frontier = frontier
        self._store = store
        self._sister = sister
        self._wake = wake
        own = site_hosts((*spec.start, *spec.feeds))
        self._followed = own | site_hosts(tuple(f"http://{host}" for host in spec.follow_hosts))
        self._waiting: dict[str, dict[str, tuple[str, ...]]] = {}
        self._written: dict[str, str] = {}
        self._left: list[LeftLink] = []
        self._count = 0

    def take(self, untrusted_address: str, kind: str, path: Sequence[str]) -> bool:
        """A link that waits to be fetched; False when nobody may fetch it."""
        address = canonical(untrusted_address)
        self._count += 1
        if not address or self._count > MAX_LINKS:
            return False
        if kind == "follow":
            source = self._source if same_site(address, self._followed) else None
        else:
            source = self._sister(host_port(address))
            source = None if source == self._source else source
        if source is None:
            return False
        waiting = self._waiting.setdefault(source, {})
        waiting[address] = tuple(path)
        self._written[address] = untrusted_address
        if len(waiting) >= AT_ONCE:
            self.flush()
        return True

    def leave(self, untrusted_address: str, untrusted_reason: str, path: Sequence[str]) -> bool:
        """A link that is not followed; False when there are too many to list."""
        self._count += 1
        if self._count > MAX_LINKS:
            return False
        address = untrusted_address
        reason = untrusted_reason if REASON.fullmatch(untrusted_reason) else "other"
        self._left.append(
            LeftLink(
                address=address,
                host=_host(address),
                reason=reason,
                shown=_shown(canonical(address) or address),
                path=tuple(mask_address(step, identifiers(step)) for step in path),
                plain_path=tuple(path),
            )
        )
        return True

    def flush(self) -> None:
        """Write them down."""
        waiting, self._waiting = self._waiting, {}
        written, self._written = self._written, {}
        for source, paths in waiting.items():
            added = self._frontier.add_pending(source, list(paths), paths, written)
            if added and source != self._source:
                self._wake(source)
        left, self._left = self._left, []
        if left and self._store is not None:
            self._store.leave(self._source, left)


def _host(address: str) -> str:
    """Where it points; for what is no web address its scheme alone."""
    way = OTHER_WAYS.match(address)
    return re.split(r"[:?]", way[1])[0].lower() if way else host_port(address)


def _shown(address: str) -> str:
    way = OTHER_WAYS.match(address)
    return f"{_host(address)}:•••" if way else mask_address(address, identifiers(address))
