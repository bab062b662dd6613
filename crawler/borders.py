"""What one crawl may reach: its hosts, and of each the addresses that were looked up and checked.

Known to whatever goes out: Scrapy (crawler.guard), the browser and the child that takes pictures,
which has no use for Scrapy and does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crawler import addresses
from crawler.errors import NotAllowed
from crawler.source import SourceSpec
from egress.errors import NotFound, Refused
from egress.policy import Policy
from egress.resolve import PinnedNames, ask_servers
from egress.socks import check_name

if TYPE_CHECKING:
    from scrapy.http import Response

    from crawler.pages import Site

MAX_ADMITTED = 2_000


class Borders:
    """What one crawl may reach. `site` is set as soon as the engine knows it.

    `own` are host:port of the source, `follow` those that links in posts may lead to; raises
    EgressError when `allow_addresses` is no list of networks.
    """

    def __init__(self, spec: SourceSpec) -> None:
        wanted = (*spec.start, *(f for f in spec.feeds if not f.startswith("file:")))
        listed = tuple(h if "://" in h else f"http://{h}" for h in spec.follow_hosts)
        self.own = addresses.site_hosts(wanted)
        self.follow = addresses.site_hosts(listed)
        self.hosts = self.own | self.follow
        parts = [addresses.parse(address) for address in (*wanted, *listed)]
        self.policy = Policy(
            spec.allow_addresses, [p.port for p in parts if p is not None and p.port]
        )
        self.site: Site | None = None
        self.socks = spec.socks
        self._names = PinnedNames(self.policy, look_up=ask_servers(spec.dns) if spec.dns else None)
        self._pins: dict[str, list[str]] = {}
        self._admitted: set[str] = set()
        self.count: Callable[[str], None] = lambda _host: None

    def check(self, untrusted_address: str) -> None:
        """Raise NotAllowed unless the address may be opened; no name is looked up."""
        parts = addresses.parse(untrusted_address)
        if parts is None:
            raise NotAllowed("bad-scheme")
        if (parts.hostname or "").rstrip(".").endswith(".onion") and self.socks is None:
            # RFC 7686: such a name is told to no resolver.
            raise NotAllowed("onion")
        if not addresses.same_site(untrusted_address, self.hosts):
            raise NotAllowed("off-site")
        is_own = addresses.same_site(untrusted_address, self.own)
        harmless = self.site.harmless if self.site and is_own else _harmless
        if not harmless(untrusted_address):
            raise NotAllowed("harmful-link")

    def __deepcopy__(self, _: object) -> Borders:
        """Scrapy copies its settings deeply; a crawl has one border."""
        return self

    async def pin(self, host: str, port: int) -> None:
        """Look the host up once in this crawl and check every answer; raises NotAllowed."""
        try:
            await self.look_up(host, port)
        except Refused:
            raise NotAllowed("refused-address") from None
        except NotFound:
            raise NotAllowed("no-such-host") from None

    async def look_up(self, name: str, port: int) -> list[str]:
        """The crawl's one look-up of a name; raises EgressError. With a proxy the name itself: it
        is the proxy that looks it up."""
        if self.socks is not None:
            self._pins[name] = [check_name(name, port, self.policy)]
            return self._pins[name]
        self._pins[name] = found = await self._names.resolve(name, port)
        return found

    def admit(self, untrusted_address: str) -> None:
        """A page in the browser asks for something there: its host may be dialled."""
        parts = addresses.parse(untrusted_address)
        if parts is not None and parts.hostname and len(self._admitted) < MAX_ADMITTED:
            self._admitted.add(parts.hostname.lower())

    async def look_up_for_browser(self, name: str, port: int) -> list[str]:
        """As `look_up`, for hosts a page asked for; a browser also calls its maker by itself."""
        if name not in self._admitted and name not in self._pins:
            raise Refused("no page asked for this host", "unasked")
        return await self.look_up(name, port)

    def pinned(self, host: str) -> list[str]:
        """The checked addresses of a host; none when it did not pass."""
        return self._pins.get(host.lower(), [])

    def peer(self, response: Response) -> str:
        """The network address the bytes came from; "" when it is not certain."""
        parts = addresses.parse(response.url)
        if parts is None:
            return ""
        if self.socks is not None:
            return ""
        found = str(response.ip_address or "")
        if "rendered" in response.flags:
            # Chromium saw the proxy; the proxy dialled what was pinned.
            pinned = self.pinned(parts.hostname or "")
            found = pinned[0] if len(pinned) == 1 else ""
        port = parts.port or addresses.DEFAULT_PORTS[parts.scheme.lower()]
        return (f"[{found}]:{port}" if ":" in found else f"{found}:{port}") if found else ""


def _harmless(address: str) -> bool:
    return not addresses.changes_something(address)
