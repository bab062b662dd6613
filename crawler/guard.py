"""Where Scrapy's requests may go: the egress guard for static pages.

Every request, each hop of a redirect included, passes `Guard`: only http and https, only hosts
of the source, no address that changes something, and the host's addresses are looked up once
and all checked. `PinnedResolver` is the reactor's only resolver and knows nothing but what the
guard looked up, so what is dialled is what was checked; a connection that did not pass the
guard finds no address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.resolver import HostResolution
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IHostnameResolver,
)
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler import addresses
from crawler.errors import NotAllowed
from crawler.pages import Site
from crawler.source import SourceSpec
from egress.errors import NotFound, Refused
from egress.policy import Policy
from egress.resolve import PinnedNames, ask_servers
from egress.socks import check_name

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


class Guard:
    """Downloader middleware next to the network, so that no other can add a request behind it."""

    def __init__(self, borders: Borders) -> None:
        self._borders = borders

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Guard:
        """Scrapy's way of making one."""
        return cls(crawler.settings["VIGIE_BORDERS"])

    async def process_request(self, request: Request) -> None:
        """Raise NotAllowed for what may not be opened."""
        self._borders.check(request.url)
        parts = addresses.parse(request.url)
        if parts is not None and parts.hostname:
            port = parts.port or addresses.DEFAULT_PORTS[parts.scheme.lower()]
            await self._borders.pin(parts.hostname.lower(), port)


@implementer(IHostnameResolver)
class PinnedResolver:
    """The reactor's resolver: answers with what the guard checked, looks nothing up itself."""

    def __init__(self, reactor: Any, borders: Borders) -> None:
        self._reactor = reactor
        self._borders = borders

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> PinnedResolver:
        """Scrapy's way of making one."""
        return cls(reactor, crawler.settings["VIGIE_BORDERS"])

    def install_on_reactor(self) -> None:
        """Scrapy's way of installing it."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 (Twisted's names, here and below)
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> HostResolution:
        """Twisted's interface."""
        del addressTypes, transportSemantics
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        for text in self._borders.pinned(hostName.strip("[]")):
            kind = IPv6Address if ":" in text else IPv4Address
            resolutionReceiver.addressResolved(kind("TCP", text, portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution
